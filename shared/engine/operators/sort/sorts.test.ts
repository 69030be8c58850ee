import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { SortKey } from "#shared/contracts/plan/expression.ts";
import type { PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKey, orderValues } from "../../kernels/reference/value.ts";
import { SCALAR_TYPES } from "../../vector/vectors.fixture.ts";
import { column, ESTIMATE, runPlan, scan, type TestTable, tableRows, tablesOf } from "../operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };

type KeyOptions = Omit<SortKey, "expression">;

function keysOf(types: DataType[], options: KeyOptions[]): SortKey[] {
	return options.map((option, index) => ({ ...option, expression: column(index, types[index]!) }));
}

/** Array.prototype.sort is stable. */
function sortRows(rows: SqlValue[][], options: KeyOptions[]): SqlValue[][] {
	return rows.toSorted((left, right) => {
		for (const [index, { descending, nullsFirst }] of options.entries()) {
			const a = left[index]!;
			const b = right[index]!;
			if (a === null && b === null) continue;
			if (a === null || b === null) return (a === null) === nullsFirst ? -1 : 1;
			const order = orderValues(a, b);
			if (order !== 0) return descending ? -order : order;
		}
		return 0;
	});
}

const asKeys = (rows: SqlValue[][]): string[][] => rows.map((row) => row.map(equalityKey));

const keyOptions = fc.record({ descending: fc.boolean(), nullsFirst: fc.boolean() });

describe.each([1, 2, 1000])("batches of at most %d rows", (rowCountMax) => {
	test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("sorts by %s, stable, and top-n agrees", async (_, type) => {
		const types = [type, INTEGER, { kind: "text" } as DataType];
		const options = fc.array(keyOptions, { minLength: 1, maxLength: 2 });
		const cut = fc.record({ limit: fc.integer({ min: 0, max: 30 }), offset: fc.integer({ min: 0, max: 10 }) });
		await fc.assert(
			fc.asyncProperty(tablesOf(types, rowCountMax), options, cut, async (table, keys, { limit, offset }) => {
				const expected = asKeys(sortRows(tableRows(table), keys));
				const node = { input: scan(0, types), keys: keysOf(types, keys), estimate: ESTIMATE };
				expect(asKeys((await runPlan({ kind: "sort", ...node }, [table])).rows)).toEqual(expected);
				const top: PhysicalOperator = { kind: "top_n", ...node, limit, offset };
				expect(asKeys((await runPlan(top, [table])).rows)).toEqual(expected.slice(offset, offset + limit));
			}),
			{ numRuns: rowCountMax === 1000 ? 6 : 15 },
		);
	});
});

/** 16,800 rows of 24 batches with many ties; the second column is the row's number. */
const large: TestTable = {
	types: [{ kind: "text" }, INTEGER],
	batches: Array.from({ length: 24 }, (_, batch) => ({
		rowCount: 700,
		selection: null,
		columns: [
			{
				type: { kind: "text" } as DataType,
				encoding: "dictionary" as const,
				values: Array.from({ length: 700 }, (__, row) => `key-${((batch * 700 + row) * 7919) % 2000}`),
			},
			{ type: INTEGER, encoding: "flat" as const, values: Array.from({ length: 700 }, (__, row) => batch * 700 + row) },
		],
	})),
};
const ascending: KeyOptions[] = [{ descending: false, nullsFirst: false }];

test("a large input is sorted in many merges, stable", async () => {
	const node = { input: scan(0, large.types), keys: keysOf(large.types, ascending), estimate: ESTIMATE };
	const { rows } = await runPlan({ kind: "sort", ...node }, [large]);
	expect(rows).toEqual(sortRows(tableRows(large), ascending));
});

test("top-n holds few rows of a large input, wherever the smallest stand", async () => {
	const node = { input: scan(0, large.types), estimate: ESTIMATE, limit: 2000, offset: 17 };
	for (const descending of [false, true]) {
		const options = [
			{ descending: false, nullsFirst: false },
			{ descending, nullsFirst: false },
		];
		const keys = keysOf(large.types, options);
		const { rows, statistics } = await runPlan({ kind: "top_n", ...node, keys }, [large]);
		expect(rows).toEqual(sortRows(tableRows(large), options).slice(17, 2017));
		expect(statistics.arenaPeakBytes).toBeLessThan(2 * 1024 * 1024);
	}
});

test("a sort beyond the query's memory is refused", async () => {
	const node = { input: scan(0, large.types), keys: keysOf(large.types, ascending), estimate: ESTIMATE };
	await expect(runPlan({ kind: "sort", ...node }, [large], { byteCountMax: 512 * 1024 })).rejects.toMatchObject({
		code: "resource_exhausted",
		message: "the query needs more than its 524288 bytes of memory",
		details: { sqlstate: "53200" },
	});
});
