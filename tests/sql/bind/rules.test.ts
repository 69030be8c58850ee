/** What rules of the optimizer make of a statement, and what they must leave: each line is an operator with its first property. That answers stay is tested in `select/`. */
import { beforeAll, describe, expect, test } from "vitest";
import { explainText } from "#shared/explain/text.ts";
import { TestPlanner } from "./planner.ts";

const planner = new TestPlanner();

beforeAll(async () => {
	const rowCount = 1_000_000;
	const bounds = { k: [1, 100_000], a: [1, 1000] } satisfies Record<string, [number, number]>;
	await planner.create("CREATE TABLE t (k INTEGER NOT NULL PRIMARY KEY, a INTEGER, x TEXT, d DOUBLE PRECISION)", { rowCount, bounds });
	await planner.create("CREATE TABLE u (k INTEGER NOT NULL, a INTEGER, y TEXT)", { rowCount, bounds });
});

/** Operators by title, scans without their files, and what follows a title as far as `shown` names it. */
async function plan(sql: string, shown: readonly string[]): Promise<string[]> {
	const planned = await planner.plan(sql);
	if (planned.kind !== "query") throw new Error("a query is planned");
	return explainText(planned.plan).flatMap((line) => {
		const property = /^ *([A-Z][A-Za-z ]*): (.*)$/.exec(line);
		if (property === null) return [line.replace(/^ *(->)? */, "").replace(/ {2}\(.*$/, "")];
		return shown.includes(property[1] as string) ? [`${property[1]}: ${property[2]}`] : [];
	});
}

describe("reduce-group-keys, delay-projections", () => {
	const keys = (sql: string): Promise<string[]> => plan(sql, ["Group Key", "Output", "Aggregates"]);

	test.each([
		["an expression of another key", "SELECT k, k - 1, count(*) FROM t GROUP BY k, k - 1", "k"],
		["a constant", "SELECT 7, x, count(*) FROM t GROUP BY 1, x", "x"],
		["a column with one value", "SELECT k, a, count(*) FROM t WHERE a = 5 GROUP BY k, a", "k"],
		["a column that a join makes equal", "SELECT t.k, u.k, count(*) FROM t JOIN u ON t.k = u.k GROUP BY t.k, u.k", "k"],
		["a text of groups below", "SELECT g.a, g.m FROM (SELECT a, max(y) AS m FROM u GROUP BY a) g, t GROUP BY g.a, g.m", "a"],
	])("%s is no key", async (_what, sql, key) => {
		expect((await keys(sql)).find((line) => line.startsWith("Group Key"))).toBe(`Group Key: ${key}`);
	});

	test.each([
		["what only a PRIMARY KEY says", "SELECT k, x, count(*) FROM t GROUP BY k, x", "k, x"],
		["an expression of doubles", "SELECT d, 1 / d FROM t GROUP BY d, 1 / d", "d, (1 / d)"],
		["chance", "SELECT k, random() FROM t GROUP BY k, random()", "k, random()"],
		["the only key", "SELECT 'x', 'y' FROM t GROUP BY 1, 2", "'y'"],
		["the NULL side of a join", "SELECT t.k, u.k FROM t LEFT JOIN u ON t.k = u.k GROUP BY t.k, u.k", "k, k"],
		[
			"a text of groups that a join may leave out",
			"SELECT g.a, g.m FROM t LEFT JOIN (SELECT a, max(y) AS m FROM u GROUP BY a) g ON t.a = g.a GROUP BY g.a, g.m",
			"a, max(y)",
		],
	])("%s stays a key", async (_what, sql, expected) => {
		expect((await keys(sql)).find((line) => line.startsWith("Group Key"))).toBe(`Group Key: ${expected}`);
	});

	test("the top-N stands on the group-by, unless what is computed may raise", async () => {
		expect(await keys("SELECT 1, k, count(*) AS c FROM t GROUP BY 1, k ORDER BY c DESC LIMIT 10")).toEqual([
			"Project",
			"Output: 1, k, count(*)",
			"Top-N",
			"Hash Aggregate",
			"Group Key: k",
			"Aggregates: count(*)",
			"Scan on t",
		]);
		expect((await keys("SELECT k, k - 1, count(*) AS c FROM t GROUP BY k, k - 1 ORDER BY c DESC LIMIT 10")).slice(0, 3)).toEqual([
			"Top-N",
			"Project",
			"Output: k, (k - 1), count(*)",
		]);
	});
});

describe("share-subplans", () => {
	const scans = async (sql: string): Promise<{ shared: number; scanned: number }> => {
		const lines = await plan(sql, []);
		return {
			shared: lines.filter((line) => line.startsWith("Subplan Scan")).length,
			scanned: lines.filter((line) => line.startsWith("Scan on")).length,
		};
	};

	test.each([
		[
			"a group-by",
			"SELECT a FROM (SELECT a, sum(k) AS s FROM t GROUP BY a) q WHERE s = (SELECT max(s) FROM (SELECT a, sum(k) AS s FROM t GROUP BY a) r)",
			2,
		],
		[
			"aggregates of the same rows",
			"SELECT (SELECT max(a) FROM t WHERE k > 9), (SELECT min(x) FROM t WHERE k > 9), (SELECT count(*) FROM t WHERE k > 9)",
			3,
		],
		[
			"a join, written in another order",
			"SELECT sum(t.a) FROM t JOIN u ON t.k = u.k WHERE t.a = 1 AND u.a = 2 HAVING sum(t.a) > (SELECT avg(u.a) FROM u, t WHERE u.a = 2 AND u.k = t.k AND t.a = 1)",
			2,
		],
		[
			"few rows of a scan",
			"SELECT l.k FROM (SELECT * FROM t WHERE x LIKE 'long pattern%') l JOIN (SELECT * FROM t WHERE x LIKE 'long pattern%') r ON l.a = r.k",
			2,
		],
	])("%s", async (_what, sql, readerCount) => {
		expect(await scans(sql)).toEqual({ shared: readerCount, scanned: sql.includes(" u ") ? 2 : 1 });
	});

	test.each([
		[
			"rows that cost more to keep",
			"SELECT count(*) FROM (SELECT * FROM t WHERE a > 1) l JOIN (SELECT * FROM t WHERE a > 1) r ON l.k = r.k AND l.x = r.x",
		],
		[
			"chance",
			"SELECT l.a FROM (SELECT a, sum(random()) AS s FROM t GROUP BY a) l JOIN (SELECT a, sum(random()) AS s FROM t GROUP BY a) r ON l.s = r.s",
		],
		["other predicates", "SELECT (SELECT max(a) FROM t WHERE k > 9), (SELECT max(a) FROM t WHERE k > 8)"],
		["aggregates of which one may raise", "SELECT (SELECT max(a) FROM t), (SELECT max(1 / a) FROM t)"],
		["whole tables", "SELECT l.k FROM t l JOIN t r ON l.k = r.a"],
	])("%s stay apart", async (_what, sql) => {
		expect((await scans(sql)).shared).toBe(0);
	});
});

describe("use-extremes", () => {
	const aggregates = async (sql: string): Promise<string[]> =>
		(await plan(sql, ["Aggregates"])).filter((line) => line.startsWith("Aggregates: m"));

	test.each([
		["another value", "SELECT k FROM t WHERE EXISTS (SELECT FROM t o WHERE o.a = t.a AND o.k <> t.k)", "min(k), max(k)"],
		["a lower value", "SELECT k FROM t WHERE NOT EXISTS (SELECT FROM t o WHERE o.a = t.a AND o.k < t.k)", "min(k)"],
		["a higher value, the other way about", "SELECT k FROM t WHERE EXISTS (SELECT FROM t o WHERE o.a = t.a AND t.x <= o.x)", "max(x)"],
	])("%s", async (_what, sql, expected) => {
		expect(await aggregates(sql)).toEqual([`Aggregates: ${expected}`]);
	});

	test.each([
		["few pairs", "SELECT k FROM t WHERE t.a = 3 AND EXISTS (SELECT FROM t o WHERE o.k = t.k AND o.x <> t.x)"],
		["two conditions over both", "SELECT k FROM t WHERE EXISTS (SELECT FROM t o WHERE o.a = t.a AND o.k <> t.k AND o.d <> t.d)"],
		["a computed value", "SELECT k FROM t WHERE EXISTS (SELECT FROM t o WHERE o.a = t.a AND 1 / o.k <> t.k)"],
	])("not %s", async (_what, sql) => {
		expect(await aggregates(sql)).toEqual([]);
	});
});

describe("limit-groups", () => {
	const limits = async (sql: string): Promise<string[]> =>
		(await plan(sql, ["Group Limit", "Group Limit Key"])).filter((line) => line.startsWith("Group Limit"));

	test.each([
		["any", "SELECT k, x, count(*) FROM t GROUP BY k, x LIMIT 10 OFFSET 5", ["Group Limit: 15"]],
		["any, under a projection", "SELECT count(*) + 1.5, x FROM t GROUP BY x LIMIT 3", ["Group Limit: 3"]],
		["distinct rows", "SELECT DISTINCT a, x FROM t LIMIT 4", ["Group Limit: 4"]],
		[
			"the first by every key",
			"SELECT k, x, count(*) FROM t GROUP BY k, x ORDER BY x DESC, k LIMIT 10",
			["Group Limit: 10", "Group Limit Key: x DESC, k"],
		],
		[
			"the first by keys before an aggregate",
			"SELECT a, x, count(*) FROM t GROUP BY a, x ORDER BY a, 3, x LIMIT 2",
			["Group Limit: 2", "Group Limit Key: a"],
		],
	])("%s", async (_what, sql, expected) => {
		expect(await limits(sql)).toEqual(expected);
	});

	test.each([
		["an order by an aggregate first", "SELECT a, count(*) FROM t GROUP BY a ORDER BY 2, 1 LIMIT 10"],
		["groups that HAVING may drop", "SELECT a, count(*) FROM t GROUP BY a HAVING count(*) > 3 LIMIT 10"],
		["groups that HAVING may drop, by their key", "SELECT a, count(*) FROM t GROUP BY a HAVING count(*) > 3 ORDER BY a LIMIT 10"],
		["an argument that may raise", "SELECT a, sum(1 / k) FROM t GROUP BY a LIMIT 10"],
		["distinct rows of what may raise", "SELECT DISTINCT a FROM t WHERE 1 / k = 1 LIMIT 10"],
		["a filter that may raise", "SELECT a, count(*) FILTER (WHERE 1 / k = 1) FROM t GROUP BY a LIMIT 10"],
		["groups that a join reads", "SELECT * FROM (SELECT a, count(*) FROM t GROUP BY a) g JOIN u ON g.a = u.a LIMIT 10"],
		["no keys", "SELECT count(*) FROM t LIMIT 10"],
		["no limit", "SELECT a, count(*) FROM t GROUP BY a OFFSET 3"],
	])("not %s", async (_what, sql) => {
		expect(await limits(sql)).toEqual([]);
	});

	test("a run of some groups teaches nothing of how many there are", async () => {
		const planned = await planner.plan("SELECT k, count(*) FROM t GROUP BY k LIMIT 10");
		if (planned.kind !== "query" || planned.plan.root.kind !== "limit") throw new Error("a limit is planned");
		expect(planned.plan.root.input.estimate).toMatchObject({ rowCount: 10 });
		expect(planned.plan.root.input.estimate.shape).toBeUndefined();
	});
});

describe("order-conjuncts", () => {
	const filter = async (sql: string): Promise<string | undefined> =>
		(await plan(sql, ["Filter"])).find((line) => line.startsWith("Filter"));

	test.each([
		["what costs less and keeps fewer first", "x LIKE '%sea%' AND a = 3", "((a = 3) AND (x ~~ '%sea%'))"],
		["what keeps everything last", "k > 0 AND x LIKE '%sea%' AND a < 9", "((a < 9) AND (x ~~ '%sea%') AND (k > 0))"],
		["one column's parts together", "k >= 3 AND a < 900 AND k <= 40", "((k >= 3) AND (k <= 40) AND (a < 900))"],
		["a list of few before a range of many", "k > 500 AND a IN (1, 2)", "((a IN (1, 2)) AND (k > 500))"],
		["nothing passes what may raise: a guard", "a <> 5 AND 1 / (a - 5) < 2", "((a <> 5) AND ((1 / (a - 5)) < 2))"],
		["PostgreSQL asks fewer calls first", "1 / (a - 5) < 2 AND x LIKE '%s%'", "((x ~~ '%s%') AND ((1 / (a - 5)) < 2))"],
		[
			"nothing passes what may raise: after it",
			"k / a > 3 AND lower(lower(x)) = 's' AND a = 9",
			"((a = 9) AND ((k / a) > 3) AND (lower(lower(x)) = 's'))",
		],
		["chance", "random() < 0.5 AND lower(x) = 's'", "((random() < 0.5) AND (lower(x) = 's'))"],
	])("%s", async (_what, where, expected) => {
		expect(await filter(`SELECT k FROM t WHERE ${where}`)).toBe(`Filter: ${expected}`);
	});

	test("of groups, too", async () => {
		const sql = "SELECT a, count(*) FROM t GROUP BY a HAVING max(x) LIKE '%sea%' AND count(*) = 3";
		expect(await plan(sql, ["Condition"])).toContain("Condition: ((count(*) = 3) AND (max(x) ~~ '%sea%'))");
	});
});
