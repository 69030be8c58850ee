/** Merging sorted sources: against a stable sort of all their rows, in any type, encoding and direction; within bounded memory. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine, type Engine } from "../../kernels/kernels.ts";
import { equalityKey, orderValues } from "../../kernels/reference/value.ts";
import { Lease } from "../../memory/lease.ts";
import { readRows } from "../../vector/read.ts";
import { type BatchSpec, SCALAR_TYPES, valuesOf } from "../../vector/vectors.fixture.ts";
import { run } from "../driver.ts";
import { ExecutionContext } from "../execution-context.ts";
import { type MergeKey, MergeSorted } from "./merge-sorted.ts";
import { FIXTURE_EVALUATOR, ScribblingSource } from "../operators.fixture.ts";

const engine = createEngine({ pageCount: 400 });
const INTEGER: DataType = { kind: "integer" };
const TEXT: DataType = { kind: "text" };
const LIST: DataType = { kind: "array", element: INTEGER };

type KeyOptions = Omit<MergeKey, "column">;

interface Merged {
	rows: SqlValue[][];
	arenaPeakBytes: number;
	closed: number[];
}

/** Merges, and checks that no page stays leased. */
async function merge(
	inputs: BatchSpec[][],
	options: { types: DataType[]; keys: MergeKey[]; sliceBytes?: number; engine?: Engine },
): Promise<Merged> {
	const own = options.engine ?? engine;
	const lease = new Lease(own.arena, { owner: "test" });
	try {
		const context = new ExecutionContext({
			engine: own,
			lease,
			statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] },
			tables: [],
			signal: new AbortController().signal,
			evaluator: FIXTURE_EVALUATOR,
		});
		const sources = inputs.map((batches) => new ScribblingSource(context, batches));
		const merged = new MergeSorted(
			context,
			{ types: options.types, keys: options.keys, sliceBytes: options.sliceBytes ?? 65_536 },
			sources.map((source, index) => ({ source, name: `input ${index}` })),
		);
		const rows: SqlValue[][] = [];
		for await (const batch of run(merged, context)) rows.push(...readRows(own, batch));
		return { rows, arenaPeakBytes: lease.peakByteCount, closed: sources.map((source) => source.closed) };
	} finally {
		lease.release();
		expect(own.arena.leasedPageCount).toBe(0);
	}
}

/** Array.prototype.sort is stable. */
function sortRows(rows: SqlValue[][], options: KeyOptions[]): SqlValue[][] {
	return rows.toSorted((left, right) => {
		for (const [index, { descending, nullsFirst }] of options.entries()) {
			const [a, b] = [left[index] as SqlValue, right[index] as SqlValue];
			if (a === null && b === null) continue;
			if (a === null || b === null) return (a === null) === nullsFirst ? -1 : 1;
			const order = orderValues(a, b);
			if (order !== 0) return descending ? -order : order;
		}
		return 0;
	});
}

/** Rows cut into batches of the given sizes, over and over, each column in the next of its encodings. */
function batchesFrom(types: DataType[], rows: SqlValue[][], sizes: number[]): BatchSpec[] {
	const batches: BatchSpec[] = [];
	for (let start = 0; start < rows.length; ) {
		const size = sizes[batches.length % sizes.length] as number;
		const part = rows.slice(start, start + size);
		// Every other row of a batch with a selection is not live.
		const sparse = batches.length % 3 === 2;
		const stored = sparse ? part.flatMap((row) => [row, rows[0] as SqlValue[]]) : part;
		batches.push({
			rowCount: stored.length,
			selection: sparse ? part.map((_, index) => index * 2) : null,
			columns: types.map((type, column) => ({
				type,
				encoding: (batches.length + column) % 2 === 0 ? ("flat" as const) : ("dictionary" as const),
				values: stored.map((row) => row[column] as SqlValue),
			})),
		});
		start += part.length;
	}
	return batches;
}

const asKeys = (rows: SqlValue[][]): string[][] => rows.map((row) => row.map(equalityKey));
const keyOptions = fc.record({ descending: fc.boolean(), nullsFirst: fc.boolean() });

describe.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("by %s", (_, type) => {
	test("is a stable sort of all inputs", async () => {
		const value = fc.option(valuesOf(type), { freq: 5 });
		// Few values: many ties. The last column says where a row came from.
		const pool = fc.array(value, { minLength: 1, maxLength: 8 });
		const inputs = fc.array(fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 }), { minLength: 1, maxLength: 9 });
		const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 });
		const options = fc.array(keyOptions, { minLength: 1, maxLength: 2 });
		const types = [type, TEXT, INTEGER, LIST];
		await fc.assert(
			fc.asyncProperty(pool, inputs, sizes, options, async (values, picks, batchSizes, keys) => {
				const sorted = picks.map((input, number) =>
					sortRows(
						input.map(([a, b], row): SqlValue[] => [
							values[a % values.length] as SqlValue,
							b % 4 === 0 ? null : `key-${b % 7}`,
							number * 1000 + row,
							row % 3 === 0 ? null : Array.from({ length: row % 5 }, (__, element) => (element === 1 ? null : row + element)),
						]),
						keys,
					),
				);
				const { rows, closed } = await merge(
					sorted.map((input) => batchesFrom(types, input, batchSizes)),
					{ types, keys: keys.map((option, column) => ({ column, ...option })), sliceBytes: 1000 },
				);
				expect(asKeys(rows)).toEqual(asKeys(sortRows(sorted.flat(), keys)));
				expect(closed).toEqual(sorted.map(() => 1));
			}),
			{ numRuns: 12 },
		);
	});
});

const ascending: KeyOptions = { descending: false, nullsFirst: false };
const KEYS: MergeKey[] = [{ column: 0, ...ascending }];

function numbered(count: number, step: number, offset: number): SqlValue[][] {
	return Array.from({ length: count }, (_, row) => [row * step + offset, `${"pad".repeat(30)}-${row}`]);
}

test("inputs far larger than the memory that the merge takes", async () => {
	const own = createEngine({ pageCount: 400 });
	const types = [INTEGER, TEXT];
	const inputs = Array.from({ length: 6 }, (_, input) => numbered(12_000, 6, input));
	const { rows, arenaPeakBytes } = await merge(
		inputs.map((input) => batchesFrom(types, input, [300])),
		{ types, keys: KEYS, sliceBytes: 65_536, engine: own },
	);
	expect(rows.map((row) => row[0])).toEqual(Array.from({ length: 72_000 }, (_, index) => index));
	expect(rows[71_999]?.[1]).toBe(`${"pad".repeat(30)}-11999`);
	// 72,000 rows of about 110 bytes are 8 MB; the sources themselves hold two batches each.
	expect(arenaPeakBytes).toBeLessThan(6 * 1024 * 1024);
});

test("many small inputs, most of them used up at once", async () => {
	const types = [INTEGER, TEXT];
	const inputs = Array.from({ length: 60 }, (_, input) => numbered(3, 60, input));
	const { rows } = await merge([...inputs.map((input) => batchesFrom(types, input, [2])), []], {
		types,
		keys: KEYS,
		engine: createEngine({ pageCount: 1000 }),
	});
	expect(rows.map((row) => row[0])).toEqual(Array.from({ length: 180 }, (_, index) => index));
});

describe("an input out of order is refused, wherever its order breaks", () => {
	test.each([
		["inside a batch", [[1, 3, 2, 4]]],
		[
			"between two batches",
			[
				[1, 2, 3],
				[2, 4],
			],
		],
	])("%s", async (_, batches) => {
		const spec = batches.map(
			(values): BatchSpec => ({
				rowCount: values.length,
				selection: null,
				columns: [
					{ type: INTEGER, encoding: "flat", values },
					{ type: TEXT, encoding: "flat", values: values.map(() => "x") },
				],
			}),
		);
		await expect(
			merge([batchesFrom([INTEGER, TEXT], numbered(5, 1, 0), [5]), spec], { types: [INTEGER, TEXT], keys: KEYS }),
		).rejects.toThrow("input 1 is not in the order of its sort key");
	});
});
