import fc from "fast-check";
import { expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { JoinKind, PhysicalHashJoin, PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKey } from "../../kernels/reference/value.ts";
import { call, column, ESTIMATE, runPlan, scan, type TestTable, tablesOf } from "../operators.fixture.ts";
import { filteredColumns } from "./key-filter-targets.ts";

const INTEGER: DataType = { kind: "integer" };
const BIGINT: DataType = { kind: "bigint" };
const PAIR = [INTEGER, INTEGER];

const sorted = (rows: SqlValue[][]): string[] => rows.map((row) => row.map(equalityKey).join("|")).sort();

/** One pair of integer keys, by position. */
function join(
	kind: JoinKind,
	sides: { probe: PhysicalOperator; build: PhysicalOperator },
	[probe, build]: [number, number],
): PhysicalHashJoin {
	const keys = { probeKeys: [column(probe, INTEGER)], buildKeys: [column(build, INTEGER)] };
	return { kind: "hash_join", join: kind, nullAware: false, ...sides, ...keys, residual: null, estimate: ESTIMATE };
}

/** A table of one batch a column of values each. */
const table = (types: DataType[], rows: SqlValue[][]): TestTable => ({
	types,
	batches: [
		{
			rowCount: rows.length,
			selection: null,
			columns: types.map((type, index) => ({ type, encoding: "flat", values: rows.map((row) => row[index]!) })),
		},
	],
});

const count = (input: PhysicalOperator): PhysicalOperator => ({
	kind: "hash_aggregate",
	input,
	groupKeys: [column(1, INTEGER), column(0, INTEGER)],
	aggregates: [{ functionId: "count()", arguments: [], distinct: false, filter: null, type: BIGINT }],
	estimate: ESTIMATE,
});

/** Plans over tables 0, 1 and 2 of two integers whose upper join has an inner one, or more, below its probe side. */
const LOWER: [string, (kind: JoinKind) => PhysicalOperator, JoinKind[]][] = [
	["a scan", () => scan(0, PAIR), ["inner"]],
	[
		"a join",
		(kind) => join(kind, { probe: scan(0, PAIR), build: scan(2, PAIR) }, [0, 1]),
		["inner", "left", "right", "full", "semi", "anti", "single", "mark", "right_semi", "right_anti"],
	],
	["groups", () => count(scan(0, PAIR)), ["inner"]],
	[
		"a projection, filtered and sorted",
		() => ({
			kind: "project",
			input: {
				kind: "filter",
				input: {
					kind: "sort",
					input: scan(0, PAIR),
					keys: [{ expression: column(0, INTEGER), descending: true, nullsFirst: false }],
					estimate: ESTIMATE,
				},
				predicate: call("lt(integer,integer)", [column(0, INTEGER), column(1, INTEGER)]),
				estimate: ESTIMATE,
			},
			expressions: [column(1, INTEGER), column(0, INTEGER)],
			estimate: ESTIMATE,
		}),
		["inner"],
	],
	["a union", () => ({ kind: "union_all", inputs: [scan(0, PAIR), scan(2, PAIR)], estimate: ESTIMATE }), ["inner"]],
	["a limit", () => ({ kind: "limit", input: scan(0, PAIR), limit: 3, offset: 1, estimate: ESTIMATE }), ["inner"]],
];

test.each(LOWER)("a join's keys filter %s below it, and answers are the same", async (_, lower, kinds) => {
	const few = fc.array(fc.tuple(fc.option(fc.integer({ min: -2, max: 5 })), fc.option(fc.integer({ min: -2, max: 5 }))), { maxLength: 12 });
	const upper = fc.constantFrom<JoinKind>("inner", "semi", "right", "right_semi", "right_anti", "left", "anti", "full", "mark");
	await fc.assert(
		fc.asyncProperty(fc.tuple(few, few, few), fc.constantFrom(...kinds), upper, fc.nat(1), async (rows, kind, top, key) => {
			const tables = rows.map((part) => table(PAIR, part));
			const plan = join(top, { probe: lower(kind), build: scan(1, PAIR) }, [key, 0]);
			// An expression is no column that could be traced: there are no filters then.
			const untraced = {
				...plan,
				probeKeys: [call("add(integer,integer)", [column(key, INTEGER), { kind: "constant", value: 0, type: INTEGER }], INTEGER)],
			};
			const ran = await Promise.allSettled([runPlan(plan, tables), runPlan(untraced, tables)]);
			const [filtered, whole] = ran.map((one) => (one.status === "fulfilled" ? sorted(one.value.rows) : null));
			// A scalar subquery's second row is no error where nobody reads it.
			if (whole !== null) expect(filtered).toEqual(whole);
		}),
		{ numRuns: 120 },
	);
});

const TEXT: DataType = { kind: "text" };
const UUID: DataType = { kind: "uuid" };

test.each([INTEGER, BIGINT, TEXT, UUID])(
	"keys of %j far apart, close together, over the whole range, NULL and in dictionaries",
	async (type) => {
		const values: fc.Arbitrary<SqlValue> =
			type.kind === "text"
				? fc.oneof(fc.constantFrom("", "a", "b", "a longer text than others"), fc.string())
				: type.kind === "uuid"
					? fc.uuid()
					: type.kind === "integer"
						? fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
						: fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
		const tables = fc.tuple(
			tablesOf([type], 60),
			fc.array(fc.option(values), { maxLength: 40 }),
			fc.array(fc.option(values), { maxLength: 40 }),
		);
		await fc.assert(
			fc.asyncProperty(tables, async ([any, probe, build]) => {
				const keys = { probeKeys: [column(0, type)], buildKeys: [column(0, type)] };
				const plan: PhysicalHashJoin = {
					kind: "hash_join",
					join: "inner",
					nullAware: false,
					probe: scan(0, [type]),
					build: scan(1, [type]),
					...keys,
					residual: null,
					estimate: ESTIMATE,
				};
				const built = table(
					[type],
					build.map((value) => [value]),
				);
				for (const probed of [
					any,
					table(
						[type],
						[...probe, ...build].map((value) => [value]),
					),
				]) {
					const { rows } = await runPlan(plan, [probed, built]);
					const wanted = probed.batches.flatMap((batch) =>
						(batch.selection ?? Array.from({ length: batch.rowCount }, (_, row) => row)).map((row) => batch.columns[0]!.values[row]!),
					);
					const pairs = wanted.flatMap((left) => build.filter((right) => left !== null && left === right).map((right) => [left, right]));
					expect(sorted(rows)).toEqual(sorted(pairs as SqlValue[][]));
				}
			}),
			{ numRuns: 150 },
		);
	},
);

test("rows that match nothing are dropped by the scan, and what lies below the join is said to be short of them", async () => {
	const probe = table(
		PAIR,
		Array.from({ length: 2000 }, (_, row) => [row, row]),
	);
	const plan = join("inner", { probe: count(scan(0, PAIR)), build: scan(1, PAIR) }, [1, 0]);
	const { rows, operators } = await runPlan(plan, [
		probe,
		table(PAIR, [
			[7, 0],
			[1700, 0],
		]),
	]);
	expect(rows.length).toBe(2);
	expect(operators.map((one) => [one.node.kind, one.statistics.rows, one.droppedByKeysCount, one.isKeyFiltered])).toEqual([
		["hash_join", 2, 0, false],
		["hash_aggregate", 2, 0, true],
		["scan", 2, 1998, false],
		["scan", 2, 0, false],
	]);
});

test("texts are filtered by their hashes, of rows and of a dictionary's entries, where they are the only key", async () => {
	const texts = Array.from({ length: 2000 }, (_, row) => `text ${row % 500}`);
	const keys = (count: number) => ({
		probeKeys: Array.from({ length: count }, () => column(0, TEXT)),
		buildKeys: Array.from({ length: count }, () => column(0, TEXT)),
	});
	const droppedOf = async (encoding: "flat" | "dictionary", keyCount: number): Promise<number[]> => {
		const sides = { probe: scan(0, [TEXT]), build: scan(1, [TEXT]) };
		const plan: PhysicalHashJoin = { ...join("inner", sides, [0, 0]), ...keys(keyCount) };
		const probe: TestTable = {
			types: [TEXT],
			batches: [{ rowCount: texts.length, selection: null, columns: [{ type: TEXT, encoding, values: texts }] }],
		};
		const { rows, operators } = await runPlan(plan, [probe, table([TEXT], [["text 7"], ["none"], [null]])]);
		expect(rows.length).toBe(4);
		return operators.map(({ droppedByKeysCount }) => droppedByKeysCount);
	};
	expect(await droppedOf("flat", 1)).toEqual([0, 1996, 0]);
	expect(await droppedOf("dictionary", 1)).toEqual([0, 1996, 0]);
	expect(await droppedOf("dictionary", 2)).toEqual([0, 0, 0]);
});

test("a filter goes to both sides of a join whose keys it is, and not where rows are counted or made up", () => {
	const widthOf = (): number => 2;
	const targets = (node: PhysicalOperator, position: number): [number, number][] =>
		filteredColumns(node, position, widthOf).map((target) => [target.scan.table, target.column]);
	const sides = { probe: scan(0, PAIR), build: scan(2, PAIR) };
	expect(targets(join("inner", sides, [0, 1]), 0)).toEqual([
		[0, 0],
		[2, 1],
	]);
	expect(targets(join("inner", sides, [0, 1]), 1)).toEqual([[0, 1]]);
	expect(targets(join("inner", sides, [0, 1]), 3)).toEqual([
		[2, 1],
		[0, 0],
	]);
	expect(targets(join("left", sides, [0, 1]), 0)).toEqual([
		[0, 0],
		[2, 1],
	]);
	expect(targets(join("left", sides, [0, 1]), 3)).toEqual([]);
	expect(targets(join("right", sides, [0, 1]), 1)).toEqual([]);
	expect(targets(join("right", sides, [0, 1]), 3)).toEqual([
		[2, 1],
		[0, 0],
	]);
	expect(targets(join("right_anti", sides, [0, 1]), 1)).toEqual([
		[2, 1],
		[0, 0],
	]);
	expect(targets(join("full", sides, [0, 1]), 0)).toEqual([]);
	expect(targets(count(scan(0, PAIR)), 0)).toEqual([[0, 1]]);
	expect(targets(count(scan(0, PAIR)), 2)).toEqual([]);
});
