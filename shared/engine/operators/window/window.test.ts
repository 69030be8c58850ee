/** Windows against PostgreSQL: random rows with ties and NULLs, every function, every mode of frame, over batches of 1, 2 and 1,000 rows. */
import type { PGlite } from "@electric-sql/pglite";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DataType } from "#shared/contracts/data-type.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { Expression, FrameBound, WindowCall, WindowFrame } from "#shared/contracts/plan/expression.ts";
import type { PhysicalWindow } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { call, column, ESTIMATE, integer, runPlan, scan, type TestTable } from "../operators.fixture.ts";
import { startPostgres } from "../../../../tests/postgres.ts";

let database: PGlite;
beforeAll(async () => {
	database = await startPostgres();
	await database.exec("CREATE TABLE t (p integer, o integer, v integer, s text, n integer, id integer)");
});
afterAll(async () => {
	await database.close();
});

const INTEGER: DataType = { kind: "integer" };
const TEXT: DataType = { kind: "text" };
const BIGINT: DataType = { kind: "bigint" };
const TYPES = [INTEGER, INTEGER, INTEGER, TEXT, INTEGER, INTEGER];
const [P, O, V, S, N, ID] = TYPES.map((type, index) => column(index, type)) as [
	Expression,
	Expression,
	Expression,
	Expression,
	Expression,
	Expression,
];
const positive: Expression = call("lt(integer,integer)", [integer(0), V]);

interface Shape {
	descending: boolean;
	nullsFirst: boolean;
	/** Without it every row of a partition is a peer. */
	ordered: boolean;
}
interface BoundShape {
	kind: FrameBound["kind"];
	offset: number;
}
interface FrameShape {
	mode: WindowFrame["mode"];
	start: BoundShape;
	end: BoundShape;
	exclude: WindowFrame["exclude"];
}

const BOUND_ORDER = ["unbounded_preceding", "preceding", "current_row", "following", "unbounded_following"] as const;

/** Frames that PostgreSQL allows: the start is not of a later kind than the end. */
const frames: fc.Arbitrary<FrameShape> = fc
	.record({
		mode: fc.constantFrom("rows" as const, "range" as const, "groups" as const),
		kinds: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 4 })).filter(([start, end]) => start <= end),
		offsets: fc.tuple(fc.nat(4), fc.nat(4)),
		exclude: fc.constantFrom("no_others" as const, "no_others" as const, "current_row" as const, "group" as const, "ties" as const),
	})
	.map(({ mode, kinds, offsets, exclude }) => ({
		mode,
		start: { kind: BOUND_ORDER[kinds[0]]!, offset: offsets[0] },
		end: { kind: BOUND_ORDER[kinds[1]]!, offset: offsets[1] },
		exclude,
	}));

function boundOf({ kind, offset }: BoundShape, mode: FrameShape["mode"], shape: Shape): FrameBound {
	if (kind !== "preceding" && kind !== "following") return { kind };
	if (mode !== "range") return { kind, offset: { kind: "constant", value: BigInt(offset), type: BIGINT } };
	const sign = (kind === "preceding") === shape.descending ? 1 : -1;
	return { kind, offset: call("add(integer,integer)", [O, integer(offset * sign)], INTEGER) };
}

function frameOf(frame: FrameShape, shape: Shape): WindowFrame {
	const start = boundOf(frame.start, frame.mode, shape);
	const end = boundOf(frame.end, frame.mode, shape);
	const needsKey = frame.mode === "range" && ("offset" in start || "offset" in end);
	return { mode: frame.mode, start, end, exclude: frame.exclude, rangeKey: needsKey ? O : null };
}

const sqlBound = ({ kind, offset }: BoundShape): string =>
	kind === "preceding" || kind === "following" ? `${offset} ${kind}` : kind.replace("_", " ");
const sqlFrame = ({ mode, start, end, exclude }: FrameShape): string =>
	`${mode} BETWEEN ${sqlBound(start)} AND ${sqlBound(end)} EXCLUDE ${exclude.replace("_", " ")}`;

/** Each as the plan has it and as SQL has it. */
const CALLS: { functionId: string; arguments: Expression[]; filter?: Expression; sql: string }[] = [
	{ functionId: "row_number()", arguments: [], sql: "row_number() OVER w" },
	{ functionId: "rank()", arguments: [], sql: "rank() OVER w" },
	{ functionId: "dense_rank()", arguments: [], sql: "dense_rank() OVER w" },
	{ functionId: "percent_rank()", arguments: [], sql: "percent_rank() OVER w" },
	{ functionId: "cume_dist()", arguments: [], sql: "cume_dist() OVER w" },
	{ functionId: "ntile(integer)", arguments: [integer(3)], sql: "ntile(3) OVER w" },
	{ functionId: "lag(any)", arguments: [V], sql: "lag(v) OVER w" },
	{ functionId: "lead(any,integer)", arguments: [S, integer(2)], sql: "lead(s, 2) OVER w" },
	{ functionId: "lag(any,integer,any)", arguments: [V, N, ID], sql: "lag(v, n, id) OVER w" },
	{ functionId: "lead(any,integer,any)", arguments: [S, N, S], sql: "lead(s, n, s) OVER w" },
	{ functionId: "first_value(any)", arguments: [ID], sql: "first_value(id) OVER w" },
	{ functionId: "last_value(any)", arguments: [S], sql: "last_value(s) OVER w" },
	{ functionId: "nth_value(any,integer)", arguments: [ID, integer(2)], sql: "nth_value(id, 2) OVER w" },
	{ functionId: "count()", arguments: [], sql: "count(*) OVER w" },
	{ functionId: "count(any)", arguments: [S], filter: positive, sql: "count(s) FILTER (WHERE 0 < v) OVER w" },
	{ functionId: "sum(integer)", arguments: [V], sql: "sum(v) OVER w" },
	{ functionId: "avg(integer)", arguments: [V], sql: "avg(v) OVER w" },
	{ functionId: "min(text)", arguments: [S], sql: 'min(s COLLATE "C") OVER w' },
	{ functionId: "max(integer)", arguments: [V], filter: positive, sql: "max(v) FILTER (WHERE 0 < v) OVER w" },
	{ functionId: "string_agg(text,text)", arguments: [S, S], sql: "string_agg(s, s) OVER w" },
];

function windowPlan(shape: Shape, frame: FrameShape, list = CALLS): PhysicalWindow {
	const calls = list.map(({ functionId, arguments: args, filter }): WindowCall => {
		const type = signatureById(functionId)!.result(args.map((argument) => argument.type));
		return { functionId, arguments: args, filter: filter ?? null, frame: frameOf(frame, shape), type };
	});
	const key = { expression: O, descending: shape.descending, nullsFirst: shape.nullsFirst };
	return { kind: "window", input: scan(0, TYPES), partitionKeys: [P], orderKeys: shape.ordered ? [key] : [], calls, estimate: ESTIMATE };
}

type Row = [number | null, number | null, number | null, string | null, number | null, number];

function sortedRows(rows: Row[], shape: Shape): Row[] {
	const nulls = (a: unknown, b: unknown): number => ((a === null) === (b === null) ? 0 : (a === null) === shape.nullsFirst ? -1 : 1);
	return rows.toSorted((a, b) => {
		if (a[0] !== b[0]) return a[0] === null ? 1 : b[0] === null ? -1 : a[0] - b[0];
		if (!shape.ordered) return a[5] - b[5];
		if (a[1] === null || b[1] === null) return nulls(a[1], b[1]) || a[5] - b[5];
		return (shape.descending ? b[1] - a[1] : a[1] - b[1]) || a[5] - b[5];
	});
}

function tableOf(rows: Row[], rowCountMax: number): TestTable {
	const batches = Array.from({ length: Math.ceil(rows.length / rowCountMax) }, (_, batch) => {
		const part = rows.slice(batch * rowCountMax, (batch + 1) * rowCountMax);
		const columns = TYPES.map((type, index) => ({ type, encoding: "flat" as const, values: part.map((row) => row[index] as SqlValue) }));
		return { rowCount: part.length, selection: null, columns };
	});
	return { types: TYPES, batches };
}

/** PostgreSQL does not sort again what a subquery has sorted already: ties stay in the order of `id` for both. */
async function postgres(rows: Row[], shape: Shape, frame: FrameShape, list = CALLS): Promise<string[][]> {
	await database.exec("TRUNCATE t");
	const values = rows.map(
		(row) => `(${row.map((value) => (value === null ? "NULL" : typeof value === "string" ? `'${value}'` : value)).join(",")})`,
	);
	if (values.length > 0) await database.exec(`INSERT INTO t VALUES ${values.join(",")}`);
	const order = shape.ordered ? `o ${shape.descending ? "DESC" : "ASC"} NULLS ${shape.nullsFirst ? "FIRST" : "LAST"}` : "";
	const sql = `SELECT id, ${list.map(({ sql: one }) => `(${one})::text`).join(", ")}
		FROM (SELECT * FROM t ORDER BY p${order && `, ${order}`}, id) sorted
		WINDOW w AS (PARTITION BY p ${order && `ORDER BY ${order}`} ${sqlFrame(frame)})`;
	const { rows: answers } = await database.query<unknown[]>(sql, [], { rowMode: "array" });
	return answers.map((row) => row.map((value) => (value === null ? "null" : String(value))));
}

async function engineRows(
	rows: Row[],
	shape: Shape,
	frame: FrameShape,
	options: { rowCountMax: number; list?: typeof CALLS },
): Promise<string[][]> {
	const plan = windowPlan(shape, frame, options.list);
	const result = await runPlan(plan, [tableOf(sortedRows(rows, shape), options.rowCountMax)]);
	return result.rows.map((row) =>
		row.slice(5).map((value, index) => (value === null ? "null" : formatValue(index === 0 ? INTEGER : plan.calls[index - 1]!.type, value))),
	);
}

const shapes: fc.Arbitrary<Shape> = fc.record({ descending: fc.boolean(), nullsFirst: fc.boolean(), ordered: fc.constant(true) });

/** Partitions of all sizes, up to one that holds everything. */
function rowsOf(maxLength: number, partitions: number): fc.Arbitrary<Row[]> {
	const small = (max: number) => fc.option(fc.integer({ min: -3, max }), { freq: 8 });
	const text = fc.option(fc.constantFrom("", "a", "b", "ab", "é", "ccc"), { freq: 6 });
	return fc
		.array(fc.tuple(fc.option(fc.nat(partitions), { freq: 9 }), small(12), small(9), text, small(3)), { maxLength, size: "max" })
		.map((rows) => rows.map((row, id): Row => [...row, id]));
}

const byId = (rows: string[][]): string[][] => rows.toSorted((a, b) => Number(a[0]) - Number(b[0]));

describe.each([1, 2, 1000])("batches of at most %d rows", (rowCountMax) => {
	test("every function over every frame", async () => {
		await fc.assert(
			fc.asyncProperty(rowsOf(30, 3), shapes, frames, async (rows, shape, frame) => {
				expect(byId(await engineRows(rows, shape, frame, { rowCountMax }))).toEqual(byId(await postgres(rows, shape, frame)));
			}),
			{ numRuns: rowCountMax === 1000 ? 120 : 40 },
		);
	});
});

test("long frames: running states and the tree", async () => {
	const wide: fc.Arbitrary<FrameShape> = frames.map((frame) => ({
		...frame,
		start: { ...frame.start, offset: frame.start.offset * 60 },
		end: { ...frame.end, offset: frame.end.offset * 45 },
	}));
	const list = CALLS.filter(({ functionId }) => !/rank|row_number|dist/.test(functionId));
	await fc.assert(
		fc.asyncProperty(rowsOf(600, 0), shapes, wide, async (rows, shape, frame) => {
			expect(byId(await engineRows(rows, shape, frame, { rowCountMax: 1000, list }))).toEqual(
				byId(await postgres(rows, shape, frame, list)),
			);
		}),
		// Six hundred rows shrink for minutes: the seed is enough.
		{ numRuns: 25, endOnFailure: true },
	);
});

const FRAME: FrameShape = {
	mode: "rows",
	start: { kind: "unbounded_preceding", offset: 0 },
	end: { kind: "current_row", offset: 0 },
	exclude: "no_others",
};
const SHAPE: Shape = { descending: false, nullsFirst: false, ordered: true };

test("without an order every row of the partition is a peer", async () => {
	const shape = { ...SHAPE, ordered: false };
	const rows = Array.from({ length: 50 }, (_, id): Row => [id % 3, id % 7, id % 5, `${id % 4}`, 1, id]);
	for (const mode of ["rows", "range"] as const) {
		const frame = { ...FRAME, mode };
		expect(byId(await engineRows(rows, shape, frame, { rowCountMax: 1000 }))).toEqual(byId(await postgres(rows, shape, frame)));
	}
});

test("a partition of 200,000 rows streams in bounded memory where the frames allow it", async () => {
	const rowCount = 2000;
	const batches = Array.from({ length: 100 }, (_, batch) => ({
		rowCount,
		selection: null,
		columns: TYPES.map((type, index) => ({
			type,
			encoding: index === 0 ? ("constant" as const) : ("flat" as const),
			values: Array.from({ length: rowCount }, (__, row): SqlValue => (index === 0 ? 1 : index === 3 ? "x" : batch * rowCount + row)),
		})),
	}));
	const streaming = CALLS.filter(({ functionId }) =>
		/^(row_number|rank|dense_rank|first_value|last_value|count|sum)|^lag\(any\)$/.test(functionId),
	);
	const plan = windowPlan(SHAPE, FRAME, streaming);
	let last: SqlValue[] = [];
	const { statistics, rows } = await runPlan(plan, [{ types: TYPES, batches }], { byteCountMax: 6 * 1024 * 1024 });
	last = rows.at(-1)!;
	expect(rows.length).toBe(200_000);
	// row_number, rank, dense_rank, lag(v), first_value(id), last_value(s), count(*), count(s) of v > 0, sum(v).
	expect(last.slice(6)).toEqual([200_000n, 200_000n, 200_000n, 199_998, 0, "x", 200_000n, 199_999n, 19_999_900_000n]);
	expect(statistics.arenaPeakBytes).toBeLessThan(6 * 1024 * 1024);
	const sliding = windowPlan(SHAPE, { ...FRAME, start: { kind: "preceding", offset: 500 } }, streaming);
	const slid = await runPlan(sliding, [{ types: TYPES, batches }], { byteCountMax: 12 * 1024 * 1024 });
	expect(slid.rows.at(-1)!.at(-1)).toBe(((199_999n + 199_499n) * 501n) / 2n);
});

test.each([
	["ntile(integer)", [integer(0)], "invalid_argument_for_ntile_function", "22014", "argument of ntile must be greater than zero"],
	[
		"nth_value(any,integer)",
		[V, integer(-1)],
		"invalid_argument_for_nth_value_function",
		"22016",
		"argument of nth_value must be greater than zero",
	],
] as const)("%s refuses its argument as PostgreSQL does", async (functionId, args, code, sqlstate, message) => {
	const plan = windowPlan(SHAPE, FRAME, [{ functionId, arguments: [...args], sql: "" }]);
	await expect(runPlan(plan, [tableOf([[1, 1, 1, "a", 1, 0]], 1)])).rejects.toMatchObject({ code, message, details: { sqlstate } });
});

test.each([
	[null, "null_value_not_allowed", "22004", "frame starting offset must not be null"],
	[-1n, "invalid_preceding_or_following_size", "22013", "frame starting offset must not be negative"],
])("a frame's offset of %s is refused", async (value, code, sqlstate, message) => {
	const plan = windowPlan(SHAPE, { ...FRAME, start: { kind: "preceding", offset: 1 } }, CALLS.slice(0, 1));
	plan.calls[0]!.frame.start = { kind: "preceding", offset: { kind: "constant", value, type: BIGINT } };
	await expect(runPlan(plan, [tableOf([[1, 1, 1, "a", 1, 0]], 1)])).rejects.toMatchObject({ code, message, details: { sqlstate } });
});
