/** approx_count_distinct and approx_quantile beside the exact answers, over distributions, groups, NULLs and rows in files: within the errors that docs/sql.md states. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { DirectLittoral } from "../slt/direct.ts";

const littoral = new DirectLittoral("files");

const ROW_COUNT = 40_000;
/** One in 16,000 estimates is further off than four standard errors. */
const DISTINCT_ERROR_MAX = 4 * 0.01625;
const RANK_ERROR_MAX = 0.013;

async function rowsOf(sql: string): Promise<(string | null)[][]> {
	const { rows, error } = await littoral.execute(sql);
	expect(error, sql).toBeUndefined();
	return rows;
}

/** Columns of distributions: the second a NULL in five, the last three of types that hash by other ways. */
const COLUMNS: Record<string, string> = {
	every: "n",
	few: "CASE WHEN n % 5 = 0 THEN NULL ELSE n % 1000 END",
	skewed: "floor(exp(random_like / 100000.0))::bigint",
	spread: "(random_like * 37 % 20011)::double precision / 7",
	text: "'https://example.com/' || n % 7000",
	price: "(n % 9000)::numeric / 100",
	day: "date '2000-01-01' + n % 3000",
};

beforeAll(async () => {
	await littoral.execute(
		"CREATE TABLE v (g int, every int, few int, skewed bigint, spread double precision, text text, price numeric(12,2), day date)",
	);
	await rowsOf(
		`INSERT INTO v SELECT n % 7, ${Object.values(COLUMNS).join(", ")} FROM (SELECT n, n::bigint * 7919 % 1000003 AS random_like FROM generate_series(1, ${ROW_COUNT}) n) s`,
	);
});
afterAll(() => expect(littoral.leasedPageCount).toBe(0));

test.each(Object.keys(COLUMNS))("approx_count_distinct(%s), of all and of groups", async (column) => {
	const counts = `count(DISTINCT ${column}), approx_count_distinct(${column})`;
	const rows = [...(await rowsOf(`SELECT ${counts} FROM v`)), ...(await rowsOf(`SELECT ${counts} FROM v GROUP BY g`))];
	expect(rows).toHaveLength(8);
	for (const [exact, approximate] of rows) {
		expect(Math.abs(Number(approximate) - Number(exact)) / Number(exact)).toBeLessThan(DISTINCT_ERROR_MAX);
	}
});

test("equal numbers of other scales, and both zeros, are one value", async () => {
	expect(await rowsOf("SELECT approx_count_distinct(x) FROM (VALUES (1.0), (1.00), (2), (NULL)) v(x)")).toEqual([["2"]]);
	expect(await rowsOf("SELECT approx_count_distinct(x) FROM (VALUES (float8 '0'), (float8 '-0'), ('NaN')) v(x)")).toEqual([["2"]]);
	expect(await rowsOf("SELECT approx_count_distinct(x) FROM (VALUES (interval '1 mon'), (interval '30 days')) v(x)")).toEqual([["1"]]);
});

test("of nothing there is 0 and NULL", async () => {
	const sql = "SELECT approx_count_distinct(few), approx_quantile(few, 0.5), approx_quantile(few, ARRAY[0.5]) FROM v WHERE false";
	expect(await rowsOf(sql)).toEqual([["0", null, null]]);
	expect(await rowsOf("SELECT approx_quantile(NULL::int, 0.5), approx_count_distinct(NULL::int) FROM v")).toEqual([[null, "0"]]);
});

test.each(["every", "few", "skewed", "spread", "price"])(
	"approx_quantile(%s) is at about its rank, of all and of groups",
	async (column) => {
		for (const fraction of [0, 0.01, 0.25, 0.5, 0.9, 0.999, 1]) {
			const ranks = (where: string) =>
				`SELECT avg(CASE WHEN ${column} < q THEN 1.0 ELSE 0 END), avg(CASE WHEN ${column} <= q THEN 1.0 ELSE 0 END) FROM v, LATERAL (SELECT approx_quantile(o.${column}, ${fraction}) AS q FROM v o ${where}) s WHERE ${column} IS NOT NULL ${where.replace("WHERE o.", "AND v.")}`;
			for (const [below, upTo] of [...(await rowsOf(ranks(""))), ...(await rowsOf(ranks("WHERE o.g = 3")))]) {
				expect(Number(below)).toBeLessThanOrEqual(fraction + RANK_ERROR_MAX);
				expect(Number(upTo)).toBeGreaterThanOrEqual(fraction - RANK_ERROR_MAX);
			}
		}
	},
);

test("approx_quantile of several fractions, by group", async () => {
	const rows = await rowsOf("SELECT approx_quantile(every, ARRAY[0, 0.5, NULL, 1]), min(every), max(every) FROM v GROUP BY g");
	for (const [quantiles, low, high] of rows) {
		const [first, middle, nothing, last] = (quantiles as string).slice(1, -1).split(",");
		expect([first, nothing, last]).toEqual([low, "NULL", high]);
		expect(Math.abs(Number(middle) / ROW_COUNT - 0.5)).toBeLessThan(RANK_ERROR_MAX);
	}
});

test("a fraction beyond 1 is refused", async () => {
	const { error } = await littoral.execute("SELECT approx_quantile(every, 1.5) FROM v");
	expect(error).toMatchObject({ sqlstate: "22003", message: "percentile value 1.5 is not between 0 and 1" });
});
