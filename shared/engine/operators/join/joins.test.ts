import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { joinTypes } from "#shared/contracts/plan/join-types.ts";
import type { JoinKind, PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKey } from "../../kernels/reference/value.ts";
import { SCALAR_TYPES } from "../../vector/vectors.fixture.ts";
import { call, column, ESTIMATE, evaluateRow, integer, runPlan, scan, type TestTable, tableRows, tablesOf } from "../operators.fixture.ts";

const INTEGER: DataType = { kind: "integer" };

interface JoinOptions {
	join: JoinKind;
	types: DataType[];
	/** Column numbers, the same on both sides; none: a nested loop. */
	keys: number[];
	/** The last key is compared as IN does. */
	nullAware: boolean;
	condition: Expression | null;
	/** Positions of the join's columns that are read above it; absent: all. */
	read?: number[] | undefined;
}

function joinPlan(options: JoinOptions): PhysicalOperator {
	const joined = wholeJoinPlan(options);
	const { read, join, types } = options;
	if (read === undefined) return joined;
	const output = joinTypes(join, types, types);
	return { kind: "project", input: joined, expressions: readOf(options).map((index) => column(index, output[index]!)), estimate: ESTIMATE };
}

/** Those of `read` that the join has. */
const readOf = ({ read = [], join, types }: JoinOptions): number[] => read.filter((index) => index < joinTypes(join, types, types).length);

function wholeJoinPlan({ join, types, keys, condition, nullAware }: JoinOptions): PhysicalOperator {
	const sides = { probe: scan(0, types), build: scan(1, types), join, estimate: ESTIMATE };
	if (keys.length === 0) return { kind: "nested_loop_join", ...sides, condition };
	const expressions = keys.map((index) => column(index, types[index]!));
	return { kind: "hash_join", nullAware, ...sides, probeKeys: expressions, buildKeys: expressions, residual: condition };
}

const equal = (left: SqlValue, right: SqlValue): boolean | null =>
	left === null || right === null ? null : equalityKey(left) === equalityKey(right);

/** Of one pair: whether it matches, as the join's kind and method ask. */
function matchOf({ keys, condition, nullAware, join }: JoinOptions, left: SqlValue[], right: SqlValue[]): boolean | null {
	const held = condition === null ? true : (evaluateRow(condition, (index) => [...left, ...right][index]!) as boolean | null);
	if (keys.length === 0) return join === "mark" ? held : held === true;
	const plain = nullAware ? keys.slice(0, -1) : keys;
	if (held !== true || !plain.every((key) => equal(left[key]!, right[key]!) === true)) return false;
	return nullAware ? equal(left[keys.at(-1)!]!, right[keys.at(-1)!]!) : true;
}

/** By the definition of each kind, row by row; null where a scalar subquery would have two rows. */
function joinRows(options: JoinOptions, probe: SqlValue[][], build: SqlValue[][]): SqlValue[][] | null {
	const { join, types } = options;
	const nulls = types.map(() => null);
	const matchedBuild = new Set<SqlValue[]>();
	const rows: SqlValue[][] = [];
	for (const left of probe) {
		const answers = build.map((right) => matchOf(options, left, right));
		const matches = build.filter((_, index) => answers[index] === true);
		for (const right of matches) matchedBuild.add(right);
		if (join === "single" && matches.length > 1) return null;
		if (join === "right_semi" || join === "right_anti") continue;
		if (join === "semi" || join === "anti") {
			if (matches.length > 0 === (join === "semi")) rows.push(left);
		} else if (join === "mark") rows.push([...left, matches.length > 0 ? true : answers.includes(null) ? null : false]);
		else if (matches.length > 0) rows.push(...matches.map((right) => [...left, ...right]));
		else if (join !== "inner" && join !== "right") rows.push([...left, ...nulls]);
	}
	if (join === "full" || join === "right") for (const right of build) if (!matchedBuild.has(right)) rows.push([...nulls, ...right]);
	if (join === "right_semi" || join === "right_anti") {
		rows.push(...build.filter((right) => matchedBuild.has(right) === (join === "right_semi")));
	}
	return options.read === undefined ? rows : rows.map((row) => readOf(options).map((index) => row[index] as SqlValue));
}

const sorted = (rows: SqlValue[][]): string[] => rows.map((row) => row.map(equalityKey).join("|")).sort();

/** The integer of the probe side below that of the build side. */
const below = (width: number): Expression => call("lt(integer,integer)", [column(1, INTEGER), column(width + 1, INTEGER)]);

async function checkJoin(options: JoinOptions, probe: TestTable, build: TestTable): Promise<void> {
	const expected = joinRows(options, tableRows(probe), tableRows(build));
	if (expected === null) {
		await expect(runPlan(joinPlan(options), [probe, build])).rejects.toMatchObject({
			code: "cardinality_violation",
			message: "more than one row returned by a subquery used as an expression",
			details: { sqlstate: "21000" },
		});
		return;
	}
	const { rows, batchRowCounts, closeCounts } = await runPlan(joinPlan(options), [probe, build]);
	expect(sorted(rows)).toEqual(sorted(expected));
	expect(Math.max(0, ...batchRowCounts)).toBeLessThanOrEqual(BATCH_ROW_COUNT_MAX);
	expect(closeCounts).toEqual([1, 1]);
}

const LOOP_KINDS: JoinKind[] = ["inner", "left", "full", "semi", "anti", "mark", "single"];
const KINDS: JoinKind[] = [...LOOP_KINDS, "right", "right_semi", "right_anti"];
const READ: fc.Arbitrary<number[] | undefined> = fc.option(fc.subarray([0, 1, 2, 3]), { nil: undefined });

describe.each([1, 2, 1000])("batches of at most %d rows", (rowCountMax) => {
	test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("joins of every kind on %s", async (_, type) => {
		const types = [type, INTEGER];
		const tables = fc.tuple(tablesOf(types, rowCountMax), tablesOf(types, rowCountMax === 1000 ? 60 : rowCountMax));
		const options = fc.record({
			join: fc.constantFrom(...KINDS),
			types: fc.constant(types),
			keys: fc.constantFrom<number[]>([0], [0, 1], [1, 0]),
			nullAware: fc.boolean(),
			condition: fc.constantFrom(null, below(2)),
			read: READ,
		});
		await fc.assert(
			fc.asyncProperty(tables, options, async ([probe, build], join) =>
				checkJoin({ ...join, nullAware: join.nullAware && join.join === "mark" }, probe, build),
			),
			{ numRuns: rowCountMax === 1000 ? 14 : 40 },
		);
	});

	test.each([null, below(2)])("a mark join that knows NULLs, residual %j", async (condition) => {
		// Few values: matches, misses and NULLs on either side come in all combinations.
		const few: fc.Arbitrary<TestTable> = fc.array(fc.tuple(fc.option(fc.nat(2)), fc.option(fc.nat(2))), { maxLength: 8 }).map((rows) => ({
			types: [INTEGER, INTEGER],
			batches: Array.from({ length: Math.ceil(rows.length / rowCountMax) }, (_, batch) => {
				const part = rows.slice(batch * rowCountMax, (batch + 1) * rowCountMax);
				const columns = [0, 1].map((index) => ({ type: INTEGER, encoding: "flat" as const, values: part.map((row) => row[index]!) }));
				return { rowCount: part.length, selection: null, columns };
			}),
		}));
		await fc.assert(
			fc.asyncProperty(few, few, fc.constantFrom<number[]>([0], [1, 0]), async (probe, build, keys) =>
				checkJoin({ join: "mark", types: [INTEGER, INTEGER], keys, nullAware: true, condition }, probe, build),
			),
			{ numRuns: 150 },
		);
	});

	test("nested loops of every kind, with and without a condition", async () => {
		const types: DataType[] = [{ kind: "text" }, INTEGER];
		const tables = fc.tuple(tablesOf(types, rowCountMax), tablesOf(types, Math.min(rowCountMax, 40)));
		await fc.assert(
			fc.asyncProperty(tables, fc.constantFrom(...LOOP_KINDS), fc.boolean(), READ, async ([probe, build], join, cross, read) =>
				checkJoin({ join, types, keys: [], nullAware: false, condition: cross ? null : below(2), read }, probe, build),
			),
			{ numRuns: rowCountMax === 1000 ? 20 : 100 },
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
	const plan = joinPlan({ join: "inner", types: [INTEGER], keys: [0], nullAware: false, condition: null });
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
		nullAware: false,
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
		nullAware: false,
		condition: call("lt(integer,integer)", [column(0, INTEGER), integer(0)]),
	});
	const { rows, statistics } = await runPlan(plan, [probe, constantTable(2000, 5, 7)]);
	expect(rows.map(([key]) => key).toSorted((a, b) => (a as number) - (b as number))).toEqual(Array.from({ length: 8000 }, (_, row) => row));
	expect(rows.every(([, match]) => match === null)).toBe(true);
	expect(statistics.workUnits).toBeGreaterThan(10_000);
});
