/** Rows are in order exactly where a stable sort would leave each in its place. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine } from "../../kernels/kernels.ts";
import { orderValues } from "../../kernels/reference/value.ts";
import { Lease } from "../../memory/lease.ts";
import { buildBatch, SCALAR_TYPES } from "../../vector/vectors.fixture.ts";
import { OrderCheck, type OrderKey } from "./order-check.ts";
import { tableRows, tablesOf, type TestTable } from "../operators.fixture.ts";

function compare(left: SqlValue[], right: SqlValue[], keys: OrderKey[]): number {
	for (const { column, descending, nullsFirst } of keys) {
		const [a, b] = [left[column]!, right[column]!];
		if (a === null && b === null) continue;
		if (a === null || b === null) return (a === null) === nullsFirst ? -1 : 1;
		const order = orderValues(a, b);
		if (order !== 0) return descending ? -order : order;
	}
	return 0;
}

const engine = createEngine({ pageCount: 64 });

function follows(table: TestTable, keys: OrderKey[]): boolean {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		const check = new OrderCheck(engine, lease, keys);
		const region = lease.region();
		return table.batches.every((batch) => {
			// What the check remembers must not lie in the batch's memory.
			region.reset();
			engine.arena.views.u8.fill(0xaa, region.allocate(60_000), region.allocate(1));
			region.reset();
			return check.follows(buildBatch(engine, region, batch));
		});
	} finally {
		lease.release();
	}
}

/** The same live rows in order, dealt to the same batches. */
function sorted(table: TestTable, keys: OrderKey[]): TestTable {
	const rows = tableRows(table).toSorted((left, right) => compare(left, right, keys));
	let next = 0;
	const batches = table.batches.map((batch) => {
		const columns = batch.columns.map((column) => ({ ...column, values: [...column.values] }));
		const positions = batch.selection ?? Array.from({ length: batch.rowCount }, (_, row) => row);
		for (const row of positions) {
			const values = rows[next++]!;
			columns.forEach((column, index) => (column.values[row] = values[index]!));
		}
		return { ...batch, columns };
	});
	return { ...table, batches };
}

test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("rows by %s, then a number", (_, type) => {
	const types: DataType[] = [type, { kind: "integer" }];
	const directions = fc.record({ descending: fc.boolean(), nullsFirst: fc.boolean() });
	fc.assert(
		fc.property(tablesOf(types, 8, 4), fc.array(directions, { maxLength: 2 }), (table, options) => {
			const keys = options.map((option, column): OrderKey => ({ ...option, column, type: types[column]! }));
			const rows = tableRows(table);
			const expected = rows.every((row, index) => index === 0 || compare(rows[index - 1]!, row, keys) <= 0);
			expect(follows(table, keys)).toBe(expected);
			if (table.batches.every((batch) => batch.columns.every((column) => column.encoding === "flat")))
				expect(follows(sorted(table, keys), keys)).toBe(true);
		}),
		{ numRuns: 60 },
	);
});
