import { describe, expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalOperator, PhysicalRecursiveUnion, PhysicalTableFunction } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { call, column, ESTIMATE, integer, runPlan, scan, type TestTable } from "./operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };
const types = [INTEGER, INTEGER];

function table(rows: SqlValue[][], rowCountMax = 3): TestTable {
	const batches = Array.from({ length: Math.ceil(rows.length / rowCountMax) }, (_, batch) => {
		const part = rows.slice(batch * rowCountMax, (batch + 1) * rowCountMax);
		const columns = types.map((type, index) => ({ type, encoding: "flat" as const, values: part.map((row) => row[index]!) }));
		return { rowCount: part.length, selection: null, columns };
	});
	return { types, batches };
}

const sorted = (rows: SqlValue[][]): string[] => rows.map((row) => row.join("|")).sort();
const subplanScan = (subplan: number): PhysicalOperator => ({ kind: "subplan_scan", subplan, types, estimate: ESTIMATE });

describe("shared subplans", () => {
	const rows = Array.from({ length: 20 }, (_, row) => [row, row % 3]);
	const filtered: PhysicalOperator = {
		kind: "filter",
		predicate: call("lt(integer,integer)", [column(0, INTEGER), integer(12)]),
		input: scan(0, types),
		estimate: ESTIMATE,
	};

	test("two readers at different places, one subplan reading another: each ran once", async () => {
		const self: PhysicalOperator = {
			kind: "hash_join",
			nullAware: false,
			join: "inner",
			probe: subplanScan(1),
			build: subplanScan(0),
			probeKeys: [column(1, INTEGER)],
			buildKeys: [column(0, INTEGER)],
			residual: null,
			estimate: ESTIMATE,
		};
		const limited: PhysicalOperator = { kind: "limit", limit: 5, offset: 0, input: subplanScan(0), estimate: ESTIMATE };
		const { rows: joined, closeCounts, operators } = await runPlan(self, [table(rows)], { subplans: [filtered, limited] });
		expect(sorted(joined)).toEqual(sorted(rows.slice(0, 5).map(([a, b]) => [a!, b!, b!, b! % 3])));
		expect(closeCounts).toEqual([1]);
		const scans = operators.filter(({ node }) => node.kind === "scan");
		expect(scans.map(({ statistics }) => statistics.rows)).toEqual([20]);
	});

	test("a reader that stops early leaves the rest of the subplan unread", async () => {
		const plan: PhysicalOperator = { kind: "limit", limit: 2, offset: 0, input: subplanScan(0), estimate: ESTIMATE };
		const { operators } = await runPlan(plan, [table(rows)], { subplans: [filtered] });
		expect(operators.find(({ node }) => node.kind === "scan")?.statistics.rows).toBe(3);
	});
});

/** Pairs reachable over edges, or all paths: seed is the edges, the step joins the last end with an edge. */
function reachable(distinct: boolean): PhysicalRecursiveUnion {
	return {
		kind: "recursive_union",
		distinct,
		worktable: 0,
		types,
		seed: scan(0, types),
		step: {
			kind: "project",
			expressions: [column(0, INTEGER), column(3, INTEGER)],
			input: {
				kind: "hash_join",
				nullAware: false,
				join: "inner",
				probe: { kind: "worktable_scan", worktable: 0, types, estimate: ESTIMATE },
				build: scan(0, types),
				probeKeys: [column(1, INTEGER)],
				buildKeys: [column(0, INTEGER)],
				residual: null,
				estimate: ESTIMATE,
			},
			estimate: ESTIMATE,
		},
		estimate: ESTIMATE,
	};
}

/** n, then n + 1 while n is below the limit. */
function counting(limit: number): PhysicalRecursiveUnion {
	return {
		kind: "recursive_union",
		distinct: false,
		worktable: 7,
		types: [INTEGER],
		seed: { kind: "values", types: [INTEGER], rows: [[integer(1)]], estimate: ESTIMATE },
		step: {
			kind: "project",
			expressions: [call("add(integer,integer)", [column(0, INTEGER), integer(1)], INTEGER)],
			input: {
				kind: "filter",
				predicate: call("lt(integer,integer)", [column(0, INTEGER), integer(limit)]),
				input: { kind: "worktable_scan", worktable: 7, types: [INTEGER], estimate: ESTIMATE },
				estimate: ESTIMATE,
			},
			estimate: ESTIMATE,
		},
		estimate: ESTIMATE,
	};
}

describe("recursion", () => {
	test("UNION ends on a cycle", async () => {
		const edges = [
			[1, 2],
			[2, 3],
			[3, 1],
			[3, 4],
			[5, 5],
			[1, 2],
		];
		const { rows } = await runPlan(reachable(true), [table(edges)]);
		const nodes = [1, 2, 3].flatMap((from) => [1, 2, 3, 4].map((to) => [from, to]));
		expect(sorted(rows)).toEqual(sorted([...nodes, [5, 5]]));
	});

	test("UNION ALL gives every path", async () => {
		const edges = [
			[1, 2],
			[1, 3],
			[2, 4],
			[3, 4],
			[4, 5],
		];
		const { rows } = await runPlan(reachable(false), [table(edges, 2)]);
		expect(sorted(rows)).toEqual(sorted([...edges, [1, 4], [1, 4], [2, 5], [3, 5], [1, 5], [1, 5]]));
	});

	test("thousands of rounds take no more memory than one", async () => {
		const { rows, statistics, operators } = await runPlan(counting(3000), []);
		expect(rows.map(([value]) => value)).toEqual(Array.from({ length: 3000 }, (_, index) => index + 1));
		expect(statistics.arenaPeakBytes).toBeLessThan(1024 * 1024);
		const scanned = operators.find(({ node }) => node.kind === "worktable_scan")?.statistics;
		expect(scanned).toMatchObject({ loops: 3000, rows: 3000 });
	});

	test("one that does not end is refused", async () => {
		await expect(runPlan(counting(2_000_000_000), [], { limits: { workUnits: 20_000_000_000 } })).rejects.toMatchObject({
			code: "resource_exhausted",
			message: "a recursive query runs more than 100000 rounds",
			details: { sqlstate: "54000" },
		});
	});
});

describe("functions that return rows", () => {
	const series = (from: number, to: number) => ({
		functionId: "generate_series(integer,integer)",
		arguments: [column(from, INTEGER), column(to, INTEGER)],
		types: [INTEGER],
	});
	const plan = (options: Partial<PhysicalTableFunction>): PhysicalTableFunction => ({
		kind: "table_function",
		input: scan(0, types),
		join: "inner",
		functions: [series(0, 1)],
		ordinality: false,
		estimate: ESTIMATE,
		...options,
	});
	const rows: SqlValue[][] = [
		[1, 3],
		[5, 4],
		[null, 2],
		[7, 7],
	];

	test.each([1, 2, 2048])("batches of %d rows", async (batchRowCountMax) => {
		const options = { testModes: { batchRowCountMax } };
		const inner = await runPlan(plan({}), [table(rows)], options);
		expect(inner.rows).toEqual([
			[1, 3, 1],
			[1, 3, 2],
			[1, 3, 3],
			[7, 7, 7],
		]);
		const left = await runPlan(plan({ join: "left", ordinality: true }), [table(rows)], options);
		expect(left.rows).toEqual([
			[1, 3, 1, 1n],
			[1, 3, 2, 2n],
			[1, 3, 3, 3n],
			[5, 4, null, null],
			[null, 2, null, null],
			[7, 7, 7, 1n],
		]);
		const zipped = await runPlan(plan({ functions: [series(0, 1), series(1, 1)], ordinality: true }), [table(rows)], options);
		expect(zipped.rows).toEqual([
			[1, 3, 1, 3, 1n],
			[1, 3, 2, null, 2n],
			[1, 3, 3, null, 3n],
			[5, 4, null, 4, 1n],
			[null, 2, null, 2, 1n],
			[7, 7, 7, 7, 1n],
		]);
	});

	test("a long result comes in batches, and stops when nobody wants more", async () => {
		const long = plan({});
		const whole = await runPlan(long, [table([[1, 10_000]])]);
		expect(whole.rows.length).toBe(10_000);
		expect(whole.rows.at(-1)).toEqual([1, 10_000, 10_000]);
		const cut = await runPlan({ kind: "limit", limit: 3, offset: 0, input: long, estimate: ESTIMATE }, [table([[1, 2_000_000_000]])]);
		expect(cut.rows.length).toBe(3);
	});
});
