/** Statements made to be expensive to plan end in a plan or in a typed error: nothing grows without a bound. */
import { beforeAll, describe, expect, it } from "vitest";
import { TestPlanner } from "./planner.ts";

const planner = new TestPlanner();
beforeAll(async () => await planner.create("CREATE TABLE t (a INT, b INT, x TEXT)", { rowCount: 1000, bounds: {} }));

const list = (count: number, item: (index: number) => string, separator: string) =>
	Array.from({ length: count }, (_, index) => item(index)).join(separator);
const joined = (count: number, on: string) => `SELECT count(*) FROM ${list(count, (index) => `t t${index}`, ",")} WHERE ${on}`;
const nested = (depth: number): string => (depth === 0 ? "SELECT 1" : `SELECT 1 FROM t t${depth} WHERE EXISTS (${nested(depth - 1)})`);
const doubled = (hint: string) =>
	`WITH q0 AS ${hint} (SELECT a FROM t), ${list(25, (index) => `q${index + 1} AS ${hint} (SELECT x.a FROM q${index} x JOIN q${index} y ON x.a = y.a)`, ", ")} SELECT * FROM q25`;

describe("hostile statements", () => {
	it.each<[string, string, string | undefined]>([
		["10,000 values in a list", `SELECT a FROM t WHERE a IN (${list(10_000, String, ",")})`, undefined],
		[
			"a clique of ten tables",
			joined(
				10,
				list(10, (i) => ["true", ...Array.from({ length: i }, (_, j) => `t${i}.a = t${j}.b`)].join(" AND "), " AND "),
			),
			undefined,
		],
		[
			"a chain of thirty tables",
			joined(
				30,
				list(29, (i) => `t${i}.a = t${i + 1}.b`, " AND "),
			),
			undefined,
		],
		[
			"a chain of sixty tables",
			joined(
				60,
				list(59, (i) => `t${i}.a = t${i + 1}.b`, " AND "),
			),
			undefined,
		],
		["sixty levels of EXISTS", nested(60), undefined],
		[
			"a hundred correlated scalars",
			`SELECT ${list(100, (i) => `(SELECT count(*) FROM t u WHERE u.a < t.a AND u.b > ${i})`, ",")} FROM t`,
			undefined,
		],
		["WITH queries that double, shared", doubled(""), undefined],
		["WITH queries that double, copied", doubled("NOT MATERIALIZED"), "54001"],
		[
			"WITH queries that double in a recursion, where each round has its own",
			`WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL (${doubled("").replace("FROM t)", "FROM r)")})) SELECT * FROM r`,
			"54001",
		],
		["a cube of thirteen columns", `SELECT count(*) FROM t GROUP BY CUBE (${list(13, (i) => `a + ${i}`, ",")})`, "54011"],
		["too many grouping sets", `SELECT count(*) FROM t GROUP BY CUBE (a, b), CUBE (${list(11, (i) => `a + ${i}`, ",")})`, "54001"],
	])("%s", async (_what, sql, sqlstate) => {
		expect((await planner.describe(sql)).error?.sqlstate).toBe(sqlstate);
	});
});
