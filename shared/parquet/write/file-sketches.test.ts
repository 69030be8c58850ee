import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeBound, hasBounds } from "#shared/contracts/bound.ts";
import { typeName, type DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { valueKey } from "#shared/sketches/column-place.ts";
import { type ColumnSketches, decodeSketches, encodeSketches } from "#shared/sketches/table-sketches.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { VectorBuilder } from "#shared/engine/vector/builder.ts";
import { SCALAR_TYPES, valuesOf } from "#shared/engine/vector/vectors.fixture.ts";
import { orderOf } from "../../../workers/optimizer/src/statistics/order.ts";
import { FileSketches } from "./file-sketches.ts";

const BATCH_ROW_COUNT = 2048;

function sketchesOf(type: DataType, values: SqlValue[]): ColumnSketches | undefined {
	const engine = createEngine({ pageCount: 64 });
	const region = new Lease(engine.arena, { owner: "test" }).region();
	const sketches = new FileSketches(engine, [{ fieldId: 7, type }]);
	for (let start = 0; start < values.length; start += BATCH_ROW_COUNT) {
		const batch = values.slice(start, start + BATCH_ROW_COUNT);
		region.reset();
		const builder = new VectorBuilder(engine, region, type, batch.length);
		for (const value of batch) builder.append(value);
		sketches.add([builder.finish()], batch.length);
	}
	return decodeSketches(encodeSketches(sketches.finish())).get(7);
}

const isNaNValue = (value: SqlValue) => typeof value === "number" && Number.isNaN(value);

describe.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("%s", (_, type) => {
	test("keys are those of bounds, places those that the optimizer gives constants", () => {
		fc.assert(
			fc.property(fc.array(fc.option(valuesOf(type)), { minLength: 1, maxLength: 30 }), (values) => {
				const column = sketchesOf(type, values);
				if (!hasBounds(type)) {
					expect(column).toBeUndefined();
					return;
				}
				const present = values.filter((value) => value !== null);
				const keys = new Map<string, number>();
				for (const value of present) {
					const bound = encodeBound(type, value);
					if (bound === null || type.kind === "uuid") continue;
					const key = valueKey(bound);
					keys.set(key, (keys.get(key) ?? 0) + 1);
				}
				expect(column?.rowCount).toBe(values.length);
				expect(new Map(column?.frequent.entries().map(({ key, count }) => [key, count]))).toEqual(keys);
				const places = present.map((value) => orderOf(type, value)).filter((place) => place !== null);
				expect(column?.quantiles.count).toBe(places.length);
				if (places.length > 0 && !present.some(isNaNValue)) {
					// Sums of words round as a whole number does, to within a unit in the last place.
					const [lowest, highest] = [Math.min(...places), Math.max(...places)];
					expect(column?.quantiles.minimum).toBeCloseTo(lowest, Math.abs(lowest) < 1e9 ? 5 : -Math.log10(Math.abs(lowest)) + 12);
					expect(column?.quantiles.maximum).toBeCloseTo(highest, Math.abs(highest) < 1e9 ? 5 : -Math.log10(Math.abs(highest)) + 12);
				}
				const distinct = new Set(present.map((value) => JSON.stringify([encodeBound(type, value)])));
				// Few values may share a register.
				expect(Math.abs((column?.distinct.estimate() ?? 0) - distinct.size)).toBeLessThan(4);
			}),
			{ numRuns: 50 },
		);
	});
});

describe("a long file, sampled", () => {
	const rowCount = 200_000;
	const columns: [string, (row: number) => number, number][] = [
		["sorted", (row) => row, rowCount],
		["alternating", (row) => row % 2, 2],
		["periodic", (row) => row % 512, 512],
		["skewed", (row) => (row % 10 < 3 ? -1 : row), rowCount * 0.7],
	];

	test.each(columns)("%s", (_, valueOf, distinct) => {
		const values = Array.from({ length: rowCount }, (__, row) => valueOf(row));
		const column = sketchesOf({ kind: "integer" }, values) as ColumnSketches;
		expect(column.rowCount).toBe(rowCount);
		expect(Math.abs(column.distinct.estimate() - distinct) / distinct).toBeLessThan(0.1);
		// Sampled weights add up to the rows, nearly.
		expect(Math.abs(column.quantiles.count - rowCount) / rowCount).toBeLessThan(0.03);
		const sorted = Int32Array.from(values).sort();
		for (const percent of [5, 25, 50, 75, 95]) {
			const place = sorted[Math.floor((rowCount * percent) / 100)] as number;
			const exact = sorted.findLastIndex((each) => each <= place) + 1;
			expect(Math.abs(column.quantiles.rank(place, true) - exact / rowCount)).toBeLessThan(0.05);
		}
		const counts = new Map<number, number>();
		for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
		const kept = new Map(column.frequent.entries().map(({ key, count }) => [key, count + column.frequent.errorMax]));
		for (const [value, count] of counts) {
			if (count < rowCount * 0.1) continue;
			const key = valueKey(encodeBound({ kind: "integer" }, value) as Uint8Array);
			expect(Math.abs((kept.get(key) ?? 0) / rowCount - count / rowCount)).toBeLessThan(0.05);
		}
	});
});
