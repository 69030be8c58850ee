/** Every plan gives the same rows whatever its memory: forced to spill at every opportunity, in batches of one row, with dictionaries that do not fit; and leaves nothing behind. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { AggregateCall, SortKey } from "#shared/contracts/plan/expression.ts";
import type { JoinKind, PhysicalHashAggregate, PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKey } from "../../kernels/reference/value.ts";
import {
	call,
	column,
	ESTIMATE,
	MemorySpillStore,
	runPlan,
	type RunOptions,
	scan,
	tablesOf,
	type TestTable,
} from "../operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };
const TEXT: DataType = { kind: "text" };
const types = [TEXT, INTEGER];
const sides = { probe: scan(0, types), build: scan(1, types), estimate: ESTIMATE };
const below = call("lt(integer,integer)", [column(1, INTEGER), column(3, INTEGER)]);
const [textColumn, integerColumn] = [column(0, TEXT), column(1, INTEGER)];
const sortKeys: SortKey[] = [
	{ expression: textColumn, descending: true, nullsFirst: false },
	{ expression: integerColumn, descending: false, nullsFirst: true },
];

const KINDS: JoinKind[] = ["inner", "left", "right", "full", "semi", "anti", "right_semi", "right_anti", "mark"];
const joins = KINDS.flatMap((join) =>
	[null, below].map((residual): [string, PhysicalOperator] => [
		`${join} join${residual === null ? "" : " with a residual"}`,
		{ kind: "hash_join", nullAware: false, join, ...sides, probeKeys: [textColumn], buildKeys: [textColumn], residual },
	]),
);
/** Of its four columns two are carried: spilled rows too have no more. */
const narrow: PhysicalOperator = {
	kind: "project",
	input: { kind: "hash_join", nullAware: false, join: "left", ...sides, probeKeys: [textColumn], buildKeys: [textColumn], residual: below },
	expressions: [column(3, INTEGER), column(0, TEXT)],
	estimate: ESTIMATE,
};

/** Of those whose build rows need not stay. */
const loops = KINDS.filter((join) => !/full|right/.test(join)).flatMap((join) =>
	[null, below].map((condition): [string, PhysicalOperator] => [
		`${join} ${condition === null ? "cross join" : "join on a condition"}`,
		{ kind: "nested_loop_join", join, ...sides, condition },
	]),
);

function aggregate(functionId: string, args: AggregateCall["arguments"], options: Partial<AggregateCall> = {}): AggregateCall {
	const type = signatureById(functionId)!.result(args.map((argument) => argument.type));
	return { functionId, arguments: args, distinct: false, filter: null, type, ...options };
}
const ordered = aggregate("string_agg(text,text)", [textColumn, textColumn], { orderBy: [sortKeys[0]!, sortKeys[1]!] });
const grouped: PhysicalHashAggregate = {
	kind: "hash_aggregate",
	input: scan(0, types),
	groupKeys: [integerColumn],
	aggregates: [
		aggregate("count()", []),
		aggregate("max(text)", [textColumn]),
		aggregate("count(any)", [textColumn], { distinct: true }),
		ordered,
	],
	estimate: ESTIMATE,
};

/** No keys: only what DISTINCT has seen can fill the memory. */
const distinct: PhysicalHashAggregate = {
	...grouped,
	groupKeys: [],
	aggregates: [
		aggregate("count(any)", [textColumn], { distinct: true }),
		aggregate("sum(integer)", [integerColumn], { distinct: true }),
		aggregate("string_agg(text,text)", [textColumn, textColumn], { distinct: true, orderBy: [sortKeys[0]!] }),
		aggregate("count()", []),
	],
};

/** All rows are one partition, and no call reads the texts. */
const windowed: PhysicalOperator = {
	kind: "window",
	input: scan(0, types),
	partitionKeys: [],
	orderKeys: [],
	calls: ["count()", "max(integer)"].map((functionId) => ({
		functionId,
		arguments: functionId === "count()" ? [] : [integerColumn],
		filter: null,
		frame: {
			mode: "rows",
			start: { kind: "unbounded_preceding" },
			end: { kind: "unbounded_following" },
			exclude: "no_others",
			rangeKey: null,
		},
		type: functionId === "count()" ? { kind: "bigint" } : INTEGER,
	})),
	estimate: ESTIMATE,
};

/** In the order of their rows or not. */
const PLANS: [string, PhysicalOperator, PhysicalOperator[]][] = [
	...[...joins, ...loops].map(([name, plan]): [string, PhysicalOperator, PhysicalOperator[]] => [name, plan, []]),
	["a join of which some columns are read", narrow, []],
	[
		"a mark join that knows NULLs",
		{
			kind: "hash_join",
			nullAware: true,
			join: "mark",
			...sides,
			probeKeys: [integerColumn, textColumn],
			buildKeys: [integerColumn, textColumn],
			residual: null,
		},
		[],
	],
	["an aggregation", grouped, []],
	["DISTINCT aggregates of all rows", distinct, []],
	["a DISTINCT aggregate of all rows", { ...distinct, aggregates: distinct.aggregates.slice(0, 2) }, []],
	[
		"DISTINCT",
		{ kind: "hash_aggregate", input: scan(0, types), groupKeys: [textColumn, integerColumn], aggregates: [], estimate: ESTIMATE },
		[],
	],
	["a window", windowed, []],
	["a top-N", { kind: "top_n", input: scan(0, types), keys: sortKeys, limit: 20_000, offset: 3, estimate: ESTIMATE }, []],
	["a sort", { kind: "sort", input: scan(0, types), keys: sortKeys, estimate: ESTIMATE }, []],
	[
		"except all",
		{ kind: "set_operation", operation: "except", all: true, left: scan(0, types), right: scan(1, types), estimate: ESTIMATE },
		[],
	],
	[
		"intersect",
		{ kind: "set_operation", operation: "intersect", all: false, left: scan(0, types), right: scan(1, types), estimate: ESTIMATE },
		[],
	],
	[
		"a shared subplan read twice",
		{
			kind: "union_all",
			inputs: [0, 0].map((subplan): PhysicalOperator => ({ kind: "subplan_scan", subplan, types, estimate: ESTIMATE })),
			estimate: ESTIMATE,
		},
		[scan(0, types)],
	],
	[
		"a recursion",
		{
			kind: "recursive_union",
			distinct: true,
			worktable: 0,
			types,
			seed: scan(0, types),
			step: {
				kind: "project",
				expressions: [textColumn, column(3, INTEGER)],
				input: {
					kind: "hash_join",
					nullAware: false,
					join: "inner",
					probe: { kind: "worktable_scan", worktable: 0, types, estimate: ESTIMATE },
					build: scan(1, types),
					probeKeys: [textColumn],
					buildKeys: [textColumn],
					residual: null,
					estimate: ESTIMATE,
				},
				estimate: ESTIMATE,
			},
			estimate: ESTIMATE,
		},
		[],
	],
	[
		"all of them at once",
		{
			kind: "sort",
			keys: [sortKeys[1]!],
			input: {
				...grouped,
				input: {
					kind: "hash_join",
					nullAware: false,
					join: "left",
					...sides,
					probeKeys: [textColumn],
					buildKeys: [textColumn],
					residual: null,
				},
			},
			estimate: ESTIMATE,
		} as PhysicalOperator,
		[],
	],
];
/** Sorts by one text column have one answer only if the order is checked apart. */
const isSorted = (plan: PhysicalOperator): boolean => (plan.kind === "sort" || plan.kind === "top_n") && plan.keys.length === 2;

const keysOf = (rows: SqlValue[][]): string[] => rows.map((row) => row.map(equalityKey).join("|"));
const answer = (plan: PhysicalOperator, rows: SqlValue[][]): string[] => (isSorted(plan) ? keysOf(rows) : keysOf(rows).sort());

/** Runs a plan with a spill store, which must be empty afterwards. */
async function runSpilling(plan: PhysicalOperator, tables: TestTable[], options: RunOptions & { spill?: MemorySpillStore }) {
	const spill = options.spill ?? new MemorySpillStore();
	try {
		return await runPlan(plan, tables, { ...options, spill });
	} finally {
		expect([...spill.blocks.keys()]).toEqual([]);
	}
}

describe.each(PLANS)("%s", (_, plan, subplans) => {
	test("is the same in every mode", async () => {
		let spilledBytes = 0;
		await fc.assert(
			fc.asyncProperty(tablesOf(types, 40), tablesOf(types, 40), async (first, second) => {
				const tables = [first, second];
				const expected = answer(plan, (await runPlan(plan, tables, { subplans })).rows);
				const spilled = await runSpilling(plan, tables, { subplans, testModes: { spillAlways: true } });
				expect(answer(plan, spilled.rows)).toEqual(expected);
				spilledBytes += spilled.statistics.spilledBytes;
				const small = await runSpilling(plan, tables, { subplans, testModes: { spillAlways: true, batchRowCountMax: 1 } });
				expect(answer(plan, small.rows)).toEqual(expected);
				const bytes = await runPlan(plan, tables, { subplans, testModes: { dictionaryEntryCountMax: 0, batchRowCountMax: 2 } });
				expect(answer(plan, bytes.rows)).toEqual(expected);
			}),
			{ numRuns: 10, endOnFailure: true },
		);
		expect(spilledBytes).toBeGreaterThan(0);
	});
});

/** Rows with about as many keys as rows. */
function manyRows(rowCount: number, seed: number, textLength = 0): TestTable {
	const batches = Array.from({ length: Math.ceil(rowCount / 2000) }, (_, batch) => {
		const count = Math.min(2000, rowCount - batch * 2000);
		const numbers = Array.from({ length: count }, (__, row) => ((batch * 2000 + row) * seed) % rowCount);
		const columns = [
			{ type: TEXT, encoding: "flat" as const, values: numbers.map((number) => `key of some length ${number}`.padEnd(textLength, "x")) },
			{ type: INTEGER, encoding: "flat" as const, values: numbers },
		];
		return { rowCount: count, selection: null, columns };
	});
	return { types, batches };
}

describe("beyond the query's memory", () => {
	const tables = [manyRows(45_000, 7919), manyRows(45_000, 104_729)];
	const MEMORY = 3 * 1024 * 1024;
	/** Of rows that are kept once and lie close together. */
	const MEMORY_OF_SUBPLANS = 1.5 * 1024 * 1024;

	const MEMORY_OF_LOOPS = 2 * 1024 * 1024;
	/** Three batches of wide rows alone take half of it. */
	const MEMORY_OF_WINDOWS = 8 * 1024 * 1024;

	test.each(
		PLANS.filter(([name]) =>
			/^(inner join|full join|DISTINCT|a DISTINCT aggregate of all rows|a sort|a top-N|intersect|a shared)$|^a shared/.test(name),
		),
	)("%s spills, and without a store fails", async (_, plan, subplans) => {
		const byteCountMax = subplans.length > 0 ? MEMORY_OF_SUBPLANS : MEMORY;
		const expected = answer(plan, (await runPlan(plan, tables, { subplans })).rows);
		const spill = new MemorySpillStore();
		const { rows, statistics, operators } = await runSpilling(plan, tables, { subplans, byteCountMax, spill });
		expect(answer(plan, rows)).toEqual(expected);
		expect(statistics.spilledBytes).toBeGreaterThan(200_000);
		expect(statistics.arenaPeakBytes).toBeLessThanOrEqual(byteCountMax);
		expect(operators.reduce((sum, operator) => sum + operator.statistics.spilledBytes, 0)).toBe(statistics.spilledBytes);
		expect(spill.calls.write).toBeGreaterThan(0);
		await expect(runPlan(plan, tables, { subplans, byteCountMax })).rejects.toMatchObject({ code: "resource_exhausted" });
	});

	test.each(loops.filter(([name]) => /inner|left/.test(name)))("%s spills its build side, and without a store fails", async (_, plan) => {
		const few = [manyRows(2, 1), manyRows(30_000, 104_729)];
		const expected = answer(plan, (await runPlan(plan, few)).rows);
		const { rows, statistics } = await runSpilling(plan, few, { byteCountMax: MEMORY_OF_LOOPS });
		expect(answer(plan, rows)).toEqual(expected);
		expect(statistics.spilledBytes).toBeGreaterThan(200_000);
		expect(statistics.arenaPeakBytes).toBeLessThanOrEqual(MEMORY_OF_LOOPS);
		await expect(runPlan(plan, few, { byteCountMax: MEMORY_OF_LOOPS })).rejects.toMatchObject({ code: "resource_exhausted" });
	});

	test("a window's rows spill but for what its calls read, and without a store fail", async () => {
		const wide = [manyRows(30_000, 7919, 300)];
		const expected = answer(windowed, (await runPlan(windowed, wide)).rows);
		const { rows, statistics } = await runSpilling(windowed, wide, { byteCountMax: MEMORY_OF_WINDOWS });
		expect(answer(windowed, rows)).toEqual(expected);
		expect(statistics.spilledBytes).toBeGreaterThan(1_000_000);
		expect(statistics.arenaPeakBytes).toBeLessThanOrEqual(MEMORY_OF_WINDOWS);
		await expect(runPlan(windowed, wide, { byteCountMax: MEMORY_OF_WINDOWS })).rejects.toMatchObject({ code: "resource_exhausted" });
	});

	test("rows of one key cannot be shared out: resource_exhausted after three levels", async () => {
		const same: TestTable = {
			types,
			batches: tables[0]!.batches.map((batch) => ({
				...batch,
				columns: [{ type: TEXT, encoding: "constant" as const, values: batch.columns[0]!.values.map(() => "one key") }, batch.columns[1]!],
			})),
		};
		const plan = joins[0]![1];
		await expect(
			runSpilling(plan, [manyRows(10, 3), { ...same, batches: [...same.batches, ...same.batches, ...same.batches] }], {
				byteCountMax: MEMORY,
			}),
		).rejects.toMatchObject({
			code: "resource_exhausted",
			details: { sqlstate: "53200" },
		});
	});
});

describe("when something fails", () => {
	const tables = [manyRows(14, 3), manyRows(12, 5)];
	const plan = PLANS.at(-1)![1];
	const testModes = { spillAlways: true };

	test.each(["write", "read", "drop"] as const)("every %s of the store", async (failing) => {
		const whole = new MemorySpillStore();
		await runSpilling(plan, tables, { testModes, spill: whole });
		expect(whole.calls[failing]).toBeGreaterThan(failing === "drop" ? 1 : 5);
		for (let failAt = 1; failAt <= whole.calls[failing]; failAt++) {
			const spill = new MemorySpillStore((name, number) => {
				if (name === failing && number === failAt) throw new Error("the store is away");
			});
			const outcome = await runPlan(plan, tables, { testModes, spill }).then(
				() => "finished",
				(error: unknown) => error,
			);
			// What cannot be dropped is dropped at the end; only the last attempt may leave something behind.
			if (failing === "drop") expect(outcome).toBe("finished");
			else
				expect(outcome).toMatchObject({
					code: "unavailable",
					message: `rows of the query that its memory does not hold cannot be ${failing === "write" ? "written" : "read"}`,
				});
			if (failing !== "drop" || failAt < whole.calls.drop) expect(spill.blocks.size).toBe(0);
		}
	});

	test("every reservation of memory", async () => {
		const { statistics } = await runSpilling(plan, tables, { testModes });
		for (let pageCount = 1; pageCount * 65_536 < statistics.arenaPeakBytes; pageCount++) {
			await expect(runSpilling(plan, tables, { testModes, byteCountMax: pageCount * 65_536 })).rejects.toMatchObject({
				code: "resource_exhausted",
			});
		}
	});

	test("cancelled at every call of the store", async () => {
		const whole = new MemorySpillStore();
		await runSpilling(plan, tables, { testModes, spill: whole });
		const count = whole.calls.write + whole.calls.read;
		for (let abortAt = 1; abortAt <= count; abortAt += 3) {
			const controller = new AbortController();
			let calls = 0;
			const spill = new MemorySpillStore((name) => {
				if (name !== "drop" && ++calls === abortAt) controller.abort(new DOMException("gone", "AbortError"));
			});
			const outcome = await runSpilling(plan, tables, { testModes, spill, signal: controller.signal }).then(
				() => "finished",
				(error: unknown) => error,
			);
			if (outcome !== "finished") expect(outcome).toMatchObject({ code: "query_canceled" });
			else expect(abortAt / count).toBeGreaterThan(0.9);
		}
	});
});
