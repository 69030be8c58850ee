import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKey } from "../kernels/reference/value.ts";
import { SCALAR_TYPES } from "../vector/vectors.fixture.ts";
import { call, column, ESTIMATE, evaluateRow, integer, runPlan, scan, type TestTable, tableRows, tablesOf } from "./operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };

interface JoinOptions {
	join: "inner" | "left";
	types: DataType[];
	/** Column numbers, the same on both sides; none: a nested loop. */
	keys: number[];
	condition: Expression | null;
}

function joinPlan({ join, types, keys, condition }: JoinOptions): PhysicalOperator {
	const sides = { probe: scan(0, types), build: scan(1, types), join, estimate: ESTIMATE };
	if (keys.length === 0) return { kind: "nested_loop_join", ...sides, condition };
	const expressions = keys.map((index) => column(index, types[index]!));
	return { kind: "hash_join", nullAware: false, ...sides, probeKeys: expressions, buildKeys: expressions, residual: condition };
}

function joinRows({ join, types, keys, condition }: JoinOptions, probe: SqlValue[][], build: SqlValue[][]): SqlValue[][] {
	return probe.flatMap((left) => {
		const matches = build
			.filter((right) =>
				keys.every((key) => left[key] !== null && right[key] !== null && equalityKey(left[key]!) === equalityKey(right[key]!)),
			)
			.map((right) => [...left, ...right])
			.filter((joined) => condition === null || evaluateRow(condition, (index) => joined[index]!) === true);
		return matches.length === 0 && join === "left" ? [[...left, ...types.map(() => null)]] : matches;
	});
}

const sorted = (rows: SqlValue[][]): string[] => rows.map((row) => row.map(equalityKey).join("|")).sort();

/** The integer of the probe side below that of the build side. */
const below = (width: number): Expression => call("lt(integer,integer)", [column(1, INTEGER), column(width + 1, INTEGER)]);

describe.each([1, 2, 1000])("batches of at most %d rows", (rowCountMax) => {
	const numRuns = rowCountMax === 1000 ? 4 : 12;

	test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("joins on %s", async (_, type) => {
		const types = [type, INTEGER];
		const tables = fc.tuple(tablesOf(types, rowCountMax), tablesOf(types, rowCountMax === 1000 ? 60 : rowCountMax));
		const options = fc.record({
			join: fc.constantFrom("inner" as const, "left" as const),
			types: fc.constant(types),
			keys: fc.constantFrom<number[]>([0], [0, 1]),
			condition: fc.constantFrom(null, below(2)),
		});
		await fc.assert(
			fc.asyncProperty(tables, options, async ([probe, build], join) => {
				const { rows, batchRowCounts, closeCounts } = await runPlan(joinPlan(join), [probe, build]);
				expect(sorted(rows)).toEqual(sorted(joinRows(join, tableRows(probe), tableRows(build))));
				expect(Math.max(0, ...batchRowCounts)).toBeLessThanOrEqual(BATCH_ROW_COUNT_MAX);
				expect(closeCounts).toEqual([1, 1]);
			}),
			{ numRuns },
		);
	});

	test("nested loops, with and without a condition", async () => {
		const types: DataType[] = [{ kind: "text" }, INTEGER];
		const tables = fc.tuple(tablesOf(types, rowCountMax), tablesOf(types, Math.min(rowCountMax, 40)));
		await fc.assert(
			fc.asyncProperty(tables, fc.constantFrom("inner" as const, "left" as const), fc.boolean(), async ([probe, build], join, cross) => {
				const options: JoinOptions = { join, types, keys: [], condition: cross ? null : below(2) };
				const { rows, batchRowCounts } = await runPlan(joinPlan(options), [probe, build]);
				expect(sorted(rows)).toEqual(sorted(joinRows(options, tableRows(probe), tableRows(build))));
				expect(Math.max(0, ...batchRowCounts)).toBeLessThanOrEqual(BATCH_ROW_COUNT_MAX);
			}),
			{ numRuns: rowCountMax === 1000 ? 4 : 30 },
		);
	});
});

const constantTable = (rowCount: number, batchCount: number, value: number): TestTable => ({
	types: [INTEGER],
	batches: Array.from({ length: batchCount }, () => ({
		rowCount,
		selection: null,
		columns: [{ type: INTEGER, encoding: "constant" as const, values: Array.from({ length: rowCount }, () => value) }],
	})),
});

test("one probe row with 100,000 matches comes out in batches", async () => {
	const plan = joinPlan({ join: "inner", types: [INTEGER], keys: [0], condition: null });
	const { batchRowCounts, statistics } = await runPlan(plan, [constantTable(1, 1, 7), constantTable(2000, 50, 7)]);
	expect(batchRowCounts.reduce((sum, count) => sum + count, 0)).toBe(100_000);
	expect(Math.max(...batchRowCounts)).toBe(BATCH_ROW_COUNT_MAX);
	expect(statistics.workUnits).toBeGreaterThan(100_000);
});

test("a key that is an expression is stored beside the build side's columns, and not emitted", async () => {
	const next: Expression = call("add(integer,integer)", [column(0, INTEGER), integer(1)], INTEGER);
	const plan: PhysicalOperator = {
		kind: "hash_join",
		nullAware: false,
		join: "left",
		probe: scan(0, [INTEGER]),
		build: scan(1, [INTEGER]),
		probeKeys: [column(0, INTEGER)],
		buildKeys: [next],
		residual: null,
		estimate: ESTIMATE,
	};
	const { rows } = await runPlan(plan, [constantTable(1, 1, 8), constantTable(2, 1, 7)]);
	expect(rows).toEqual([
		[8, 7],
		[8, 7],
	]);
});

test("pairs that the residual rejects still let the event loop in and count as work", async () => {
	const plan = joinPlan({
		join: "inner",
		types: [INTEGER],
		keys: [0],
		condition: call("lt(integer,integer)", [column(0, INTEGER), integer(0)]),
	});
	const run = runPlan(plan, [constantTable(500, 1, 7), constantTable(500, 4, 7)], { limits: { workUnits: 2_500_000 } });
	await expect(run).rejects.toMatchObject({
		code: "resource_exhausted",
		message: "the query does more than its 2500000 units of work",
		details: { sqlstate: "54000" },
	});
});

test("a long chain whose pairs are all rejected keeps its probe row once", async () => {
	// 10,000 build rows of one key: the chain of key 7 is walked whole, and every pair rejected, so that each probe row is kept once.
	const probe: TestTable = {
		types: [INTEGER],
		batches: Array.from({ length: 4 }, (_, batch) => ({
			rowCount: 2000,
			selection: null,
			columns: [{ type: INTEGER, encoding: "flat" as const, values: Array.from({ length: 2000 }, (__, row) => batch * 2000 + row) }],
		})),
	};
	const plan = joinPlan({
		join: "left",
		types: [INTEGER],
		keys: [0],
		condition: call("lt(integer,integer)", [column(0, INTEGER), integer(0)]),
	});
	const { rows, statistics } = await runPlan(plan, [probe, constantTable(2000, 5, 7)]);
	expect(rows.map(([key]) => key).toSorted((a, b) => (a as number) - (b as number))).toEqual(Array.from({ length: 8000 }, (_, row) => row));
	expect(rows.every(([, match]) => match === null)).toBe(true);
	expect(statistics.workUnits).toBeGreaterThan(10_000);
});
