import fc from "fast-check";
import { expect, test } from "vitest";
import { typeName } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine } from "../kernels/kernels.ts";
import { Lease } from "../memory/lease.ts";
import { BatchBuilder } from "./builder.ts";
import { compactBatch, copyBatch, flatten, takeBatch } from "./copy.ts";
import { readRows, readValue } from "./read.ts";
import { batchesOf, buildBatch, LIST_TYPES, liveRows, SCALAR_TYPES } from "./vectors.fixture.ts";

const engine = createEngine({ pageCount: 400 });

function withLease(use: (lease: Lease) => void): void {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		use(lease);
	} finally {
		lease.release();
	}
}

test("a builder's batch reads back as it was appended, beyond its first capacity of bytes", () => {
	withLease((lease) => {
		const rows: SqlValue[][] = Array.from({ length: 2048 }, (_, row) => [
			row % 7 === 0 ? null : row,
			row % 5 === 0 ? null : "x".repeat(row % 50),
			{ coefficient: BigInt(row) ** 10n, scale: row % 39 },
			row % 3 === 0 ? null : [`${row}`, null],
		]);
		const builder = new BatchBuilder(engine, lease.region(), [
			{ kind: "integer" },
			{ kind: "text" },
			{ kind: "numeric" },
			{ kind: "array", element: { kind: "text" } },
		]);
		for (const row of rows) builder.appendRow(row);
		expect(readRows(engine, builder.finish())).toEqual(rows);
	});
});

test.each([...SCALAR_TYPES, ...LIST_TYPES].map((type) => [typeName(type), type] as const))(
	"%s: copy, compact, take and flatten keep every live value, whatever the encoding",
	(_, type) => {
		fc.assert(
			fc.property(batchesOf([type]), fc.array(fc.nat(), { maxLength: 50 }), (spec, picks) => {
				withLease((lease) => {
					const region = lease.region();
					const batch = buildBatch(engine, region, spec);
					const expected = liveRows(spec);
					expect(readRows(engine, batch)).toEqual(expected);
					expect(readRows(engine, copyBatch(engine, batch, region))).toEqual(expected);
					const compacted = compactBatch(engine, batch, region);
					expect(compacted.selection).toBe(0);
					expect(readRows(engine, compacted)).toEqual(expected);

					const flat = flatten(engine, batch.columns[0]!, batch, region);
					expect(readRows(engine, { ...batch, columns: [flat] })).toEqual(expected);

					if (expected.length === 0) return;
					const positions = region.allocate(picks.length * 2);
					engine.arena.views.u16.set(
						picks.map((pick) => pick % expected.length),
						positions / 2,
					);
					const taken = takeBatch(engine, compacted, { positions, count: picks.length }, region);
					expect(readRows(engine, taken)).toEqual(picks.map((pick) => expected[pick % expected.length]));
				});
			}),
			{ numRuns: 60 },
		);
	},
);

test("the lane under a NULL of a flattened vector is zero", () => {
	withLease((lease) => {
		const region = lease.region();
		const values = ["one", null, "two", null];
		const spec = { rowCount: 4, selection: null, columns: [{ type: { kind: "text" as const }, encoding: "dictionary" as const, values }] };
		const flat = flatten(engine, buildBatch(engine, region, spec).columns[0]!, { rowCount: 4, selection: 0, selectedCount: 4 }, region);
		expect(values.map((_, row) => readValue(engine, { ...flat, validity: 0 }, row))).toEqual(["one", "", "two", ""]);
	});
});
