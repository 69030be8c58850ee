/**
 * Statements made to be expensive, through POST /v1/sql: each ends in an answer, whose work is counted and bounded, or in a typed error; and the next request is answered. What is
 * expensive to plan only is in `bind/hostile.test.ts`.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiError, type LittoralClient } from "../../scripts/client.ts";
import { type Harness, startHarness } from "../harness.ts";

const ROW_COUNT = 200;
/** Work units of what answers, all operators together: rows times declared cost. */
const WORK_UNITS_MAX = 20_000_000;
/** For what would run to the limits of work: the deadline is the nearest of them. */
const DEADLINE = { timeout_ms: 700 };

let harness: Harness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await startHarness({ rateLimitRequestCount: 1_000_000 });
	client = (await harness.tenant()).owner;
	await client.execute("CREATE TABLE h (a INTEGER, x TEXT, j JSONB, l INTEGER[])");
	await client.execute(
		`INSERT INTO h SELECT g, repeat('a', g) || 'b', jsonb_build_object('k', g), ARRAY[g, g + 1] FROM generate_series(1, ${ROW_COUNT}) g`,
	);
});
afterAll(() => harness.stop());

const list = (count: number, item: (index: number) => string, separator = ", "): string =>
	Array.from({ length: count }, (_, index) => item(index)).join(separator);
const nested = (depth: number, open: string, inner: string, close: string): string => `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

/** The rows of an answer, or the SQLSTATE or code of an error. */
type Outcome = unknown[][] | string;

const ANSWERS: [what: string, sql: string, rows: unknown[][]][] = [
	["10,000 numbers in a list", `SELECT count(*) FROM h WHERE a IN (${list(10_000, (i) => String(i * 2))})`, [[ROW_COUNT / 2]]],
	["10,000 texts in a list", `SELECT count(*) FROM h WHERE x IN (${list(10_000, (i) => `'${"a".repeat(i % 90)}b${i}'`)})`, [[0]]],
	["10,000 numbers not in a list", `SELECT count(*) FROM h WHERE a NOT IN (${list(10_000, (i) => String(i * 2))})`, [[ROW_COUNT / 2]]],
	["10,000 members of an array", `SELECT count(*) FROM h WHERE a = ANY (ARRAY[${list(10_000, (i) => String(i * 2))}])`, [[ROW_COUNT / 2]]],
	["10,000 disjuncts", `SELECT count(*) FROM h WHERE ${list(10_000, (i) => `a = ${i * 2}`, " OR ")}`, [[ROW_COUNT / 2]]],
	[
		"10,000 disjuncts over two columns",
		`SELECT count(*) FROM h WHERE ${list(10_000, (i) => (i % 2 ? `a = ${i}` : `x = '${i}'`), " OR ")}`,
		[[ROW_COUNT / 2]],
	],
	["a literal of a megabyte", `SELECT length('${"x".repeat(1_000_000)}')`, [[1_000_000]]],
	["a comparison with a literal of a megabyte", `SELECT count(*) FROM h WHERE x < '${"z".repeat(1_000_000)}'`, [[ROW_COUNT]]],
	["150 parentheses", `SELECT ${nested(150, "(", "1", ")")}`, [[1]]],
	["1,000 rows of VALUES", `SELECT count(*) FROM (VALUES ${list(1000, (i) => `(${i})`)}) v(x)`, [[1000]]],
	["150 statements in a UNION ALL", `SELECT count(*) FROM (${list(150, (i) => `SELECT ${i} AS x`, " UNION ALL ")}) u`, [[150]]],
	["a pattern that backtracks", `SELECT count(*) FROM h WHERE x ~ '^(a+)+$'`, [[0]]],
	["a pattern of nested repetitions", `SELECT count(*) FROM h WHERE x ~ '^(a|a|aa)*c'`, [[0]]],
	["a pattern that backtracks over 30,000 letters", `SELECT repeat('a', 30000) ~ '^(a*)*(a*)*b$'`, [[false]]],
	["LIKE with 30 wildcards over 30,000 letters", `SELECT repeat('a', 30000) LIKE '${"%a".repeat(30)}%b'`, [[false]]],
	["SIMILAR TO that backtracks", `SELECT repeat('a', 30000) SIMILAR TO '((a|aa)*)*b'`, [[false]]],
	["regexp_replace that backtracks", `SELECT length(regexp_replace(repeat('a', 20000), '(a*)*b', 'x', 'g'))`, [[20_000]]],
	["the greatest LIMIT and OFFSET", "SELECT a FROM h LIMIT 9223372036854775807 OFFSET 9223372036854775807", []],
	["the greatest LIMIT in an order", "SELECT a FROM h ORDER BY a DESC LIMIT 9223372036854775807 OFFSET 199", [[1]]],
	["an OFFSET beyond everything in an order", "SELECT a FROM h ORDER BY a LIMIT 5 OFFSET 9223372036854775800", []],
	["the first of an endless series", "SELECT g FROM generate_series(1, 9223372036854775807) g LIMIT 2", [[1], [2]]],
	[
		"the first of an endless recursion",
		"WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r LIMIT 2",
		[[1], [2]],
	],
	["a document 400 levels deep", `SELECT jsonb_typeof('${nested(400, "[", "1", "]")}'::jsonb)`, [["array"]]],
	[
		"fifty joins of a table with itself",
		`SELECT count(*) FROM h t0 ${list(49, (i) => `JOIN h t${i + 1} ON t${i}.a = t${i + 1}.a`, " ")}`,
		[[ROW_COUNT]],
	],
	["1,500 columns", `SELECT count(*) FROM (SELECT ${list(1500, (i) => `a + ${i} AS c${i}`)} FROM h) s`, [[ROW_COUNT]]],
	["a cross join that LIMIT ends", `SELECT 1 FROM ${list(12, (i) => `h t${i}`)} LIMIT 1`, [[1]]],
];

const ERRORS: [what: string, sql: string, outcome: string, settings?: Record<string, unknown>][] = [
	["a statement above a megabyte", `SELECT length('${"x".repeat(1_100_000)}')`, "body_too_large"],
	["100,000 parentheses", `SELECT ${nested(100_000, "(", "1", ")")}`, "54001"],
	["10,000 calls in one another", `SELECT ${nested(10_000, "abs(", "1", ")")}`, "54001"],
	["1,000 subqueries in one another", `SELECT ${nested(1000, "(SELECT ", "1", ")")}`, "54001"],
	["10,000 negations", `SELECT ${"NOT ".repeat(10_000)} true`, "54001"],
	["10,000 CASEs in one another", `SELECT ${nested(10_000, "CASE WHEN true THEN ", "1", " END")}`, "54001"],
	["10,000 additions", `SELECT ${list(10_000, String, " + ")}`, "54001"],
	["1,000 statements in a UNION ALL", list(1000, (i) => `SELECT ${i}`, " UNION ALL "), "54001"],
	["1,000 statements in a UNION", list(1000, (i) => `SELECT ${i}`, " UNION "), "54001"],
	["5,000 columns", `SELECT ${list(5000, (i) => `a + ${i} AS c${i}`)} FROM h`, "54011"],
	["an array 10,000 levels deep", `SELECT ${nested(10_000, "ARRAY[", "1", "]")}`, "54001"],
	["a document 100,000 levels deep", `SELECT '${nested(100_000, "[", "1", "]")}'::jsonb`, "54001"],
	["a text of two billion letters", "SELECT length(repeat('x', 2000000000))", "54000"],
	["a text of two billion letters, padded", "SELECT length(lpad('', 2000000000, 'x'))", "54000"],
	["a text that doubles", `SELECT length(${nested(60, "replace(", "'aa'", ", 'a', 'aa')")})`, "54000"],
	["an array of a billion", "SELECT array_length(array_agg(g), 1) FROM generate_series(1, 1000000000) g", "54000"],
	["a LIMIT beyond bigint", "SELECT a FROM h LIMIT 1e30", "22003"],
	["a pattern too large to be compiled", "SELECT 'a' ~ '((a{1,200}){1,200}){1,200}'", "2201B"],
	["a cross join of everything", `SELECT count(*) FROM ${list(12, (i) => `h t${i}`)}`, "57014", DEADLINE],
	["a cross join of everything, sorted", `SELECT t0.a FROM ${list(12, (i) => `h t${i}`)} ORDER BY 1`, "57014", DEADLINE],
	[
		"a cross join of everything, kept",
		`SELECT DISTINCT ${list(12, (i) => `t${i}.a`)} FROM ${list(12, (i) => `h t${i}`)}`,
		"57014",
		DEADLINE,
	],
	[
		"an endless recursion",
		"WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT count(*) FROM r",
		"54000 or 57014",
		DEADLINE,
	],
	["an endless series", "SELECT count(*) FROM generate_series(1, 9223372036854775807) g", "57014", DEADLINE],
];

async function outcomeOf(sql: string, settings: Record<string, unknown> = {}): Promise<Outcome> {
	try {
		return (await client.query(sql, { settings })).rows;
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		return error.problem.sqlstate ?? error.problem.code;
	}
}

async function workUnitsOf(sql: string): Promise<number> {
	const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`);
	const units = (node: unknown): number => {
		if (typeof node !== "object" || node === null) return 0;
		const own = (node as Record<string, unknown>)["Work Units"];
		return (typeof own === "number" ? own : 0) + Object.values(node).reduce((sum: number, inner) => sum + units(inner), 0);
	};
	return units(rows);
}

test.each(ANSWERS)("%s: an answer, by bounded work", async (_, sql, rows) => {
	expect(await outcomeOf(sql)).toEqual(rows);
	expect(await workUnitsOf(sql)).toBeLessThan(WORK_UNITS_MAX);
});

test.each(ERRORS)("%s: a typed error, and the next request is answered", async (_, sql, outcome, settings) => {
	const [first, meanwhile] = await Promise.all([outcomeOf(sql, settings), outcomeOf("SELECT 1")]);
	expect(outcome.split(" or ")).toContain(first);
	expect(meanwhile).toEqual([[1]]);
	expect(await outcomeOf("SELECT count(*) FROM h")).toEqual([[ROW_COUNT]]);
});
