/** The benches' own tables: the same seed gives the same bytes, keys meet, and distributions are those that the queries were written for. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hitsDataset } from "../../bench/clickbench/dataset.ts";
import { type StoredDataset, storeDataset } from "../../bench/data/dataset.ts";
import { tpchDataset } from "../../bench/tpch/dataset.ts";
import { tpchCounts } from "../../bench/tpch/rows.ts";
import { type DuckDb, openDuckDb } from "../../bench/world/peers.ts";

let root: string;
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "littoral-datasets-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const digests = ({ directory }: StoredDataset): Record<string, string> =>
	Object.fromEntries(
		readdirSync(directory).map((file) => [
			file,
			createHash("sha256")
				.update(readFileSync(join(directory, file)))
				.digest("hex"),
		]),
	);

async function view(duckdb: DuckDb, { tables }: StoredDataset): Promise<void> {
	for (const { name, files } of tables) {
		await duckdb.query(`CREATE VIEW ${name} AS SELECT * FROM read_parquet([${files.map(({ path }) => `'${path}'`).join(", ")}])`);
	}
}

describe("TPC-H's tables", () => {
	const SCALE = 0.02;
	let stored: StoredDataset;
	let duckdb: DuckDb;
	beforeAll(async () => {
		stored = await storeDataset(tpchDataset(SCALE), root);
		duckdb = await openDuckDb();
		await view(duckdb, stored);
	});
	afterAll(() => duckdb.close());

	/** The one row of a query, as numbers. */
	async function numbers(sql: string): Promise<number[]> {
		const [row, ...others] = await duckdb.query(sql);
		expect(others).toEqual([]);
		return (row as string[]).map(Number);
	}

	test("the same seed gives the same bytes, another seed others", async () => {
		const [first, again, other] = [
			await storeDataset(tpchDataset(0.001), join(root, "first")),
			await storeDataset(tpchDataset(0.001), join(root, "again")),
			await storeDataset(tpchDataset(0.001, 7), join(root, "other")),
		].map(digests) as [Record<string, string>, Record<string, string>, Record<string, string>];
		expect(Object.keys(first)).toHaveLength(9);
		expect(again).toEqual(first);
		const same = Object.keys(first).filter((file) => first[file] === other[file]);
		expect(same).toEqual([]);
	});

	test("rows by table", async () => {
		const { suppliers, parts, customers, orders } = tpchCounts(SCALE);
		expect([suppliers, parts, customers, orders]).toEqual([200, 4000, 3000, 30_000]);
		const counts = Object.fromEntries(stored.tables.map(({ name, files }) => [name, files.reduce((sum, file) => sum + file.rowCount, 0)]));
		const { lineitem, ...others } = counts;
		expect(others).toEqual({ region: 5, nation: 25, supplier: suppliers, part: parts, partsupp: 4 * parts, customer: customers, orders });
		expect(Math.abs((lineitem as number) / orders - 4)).toBeLessThan(0.05);
	});

	test.each([
		["nation", "n_regionkey", "region", "r_regionkey"],
		["supplier", "s_nationkey", "nation", "n_nationkey"],
		["customer", "c_nationkey", "nation", "n_nationkey"],
		["partsupp", "ps_partkey", "part", "p_partkey"],
		["partsupp", "ps_suppkey", "supplier", "s_suppkey"],
		["orders", "o_custkey", "customer", "c_custkey"],
		["lineitem", "l_orderkey", "orders", "o_orderkey"],
		["lineitem", "(l_partkey, l_suppkey)", "partsupp", "(ps_partkey, ps_suppkey)"],
	])("%s: every %s is in %s", async (table, foreign, parent, key) => {
		expect(await numbers(`SELECT count(*) FROM ${table} WHERE ${foreign} NOT IN (SELECT ${key} FROM ${parent})`)).toEqual([0]);
		expect(await numbers(`SELECT count(*) - count(DISTINCT ${key}) FROM ${parent}`)).toEqual([0]);
	});

	test("orders agree with their lines, though the two are made apart", async () => {
		const disagreeing = `SELECT count(*) FROM (
			SELECT any_value(o_totalprice) AS price, any_value(o_orderstatus) AS status, any_value(o_orderdate) AS ordered,
				sum(round(l_extendedprice * (1 - l_discount) * (1 + l_tax), 2)) AS lines_price,
				CASE WHEN bool_and(l_linestatus = 'F') THEN 'F' WHEN bool_and(l_linestatus = 'O') THEN 'O' ELSE 'P' END AS lines_status,
				min(l_shipdate) AS shipped, count(*) AS lines, max(l_linenumber) AS last_line
			FROM orders JOIN lineitem ON l_orderkey = o_orderkey GROUP BY o_orderkey
		) WHERE abs(price - lines_price) > 0.07 OR status <> lines_status OR shipped <= ordered OR lines <> last_line`;
		expect(await numbers(disagreeing)).toEqual([0]);
		expect(await numbers("SELECT count(*) FROM orders WHERE o_orderkey NOT IN (SELECT l_orderkey FROM lineitem)")).toEqual([0]);
		expect(await numbers("SELECT count(*) FROM orders WHERE (o_orderkey - 1) % 32 >= 8 OR o_custkey % 3 = 0")).toEqual([0]);
	});

	test("lines: bounds, and values in the proportions of the specification", async () => {
		expect(
			await numbers(`SELECT min(l_quantity), max(l_quantity), min(l_discount), max(l_discount), min(l_tax), max(l_tax), max(l_linenumber),
				count(DISTINCT l_shipmode), count(DISTINCT l_shipinstruct), count(DISTINCT (l_returnflag, l_linestatus)) FROM lineitem`),
		).toEqual([1, 50, 0, 0.1, 0, 0.08, 7, 7, 4, 4]);
		const wrong = `SELECT count(*) FROM lineitem JOIN part ON p_partkey = l_partkey JOIN orders ON o_orderkey = l_orderkey
			WHERE l_extendedprice <> l_quantity * p_retailprice OR l_shipdate - o_orderdate NOT BETWEEN 1 AND 121
				OR l_commitdate - o_orderdate NOT BETWEEN 30 AND 90 OR l_receiptdate - l_shipdate NOT BETWEEN 1 AND 30
				OR (l_returnflag = 'N') <> (l_receiptdate > DATE '1995-06-17') OR (l_linestatus = 'O') <> (l_shipdate > DATE '1995-06-17')
				OR o_orderdate NOT BETWEEN DATE '1992-01-01' AND DATE '1998-08-02'`;
		expect(await numbers(wrong)).toEqual([0]);
		const [quantity, late] = await numbers("SELECT avg(l_quantity), avg((l_receiptdate > l_commitdate)::INT) FROM lineitem");
		expect(Math.abs((quantity as number) - 25.5)).toBeLessThan(0.3);
		expect(Math.abs((late as number) - 0.63)).toBeLessThan(0.02);
	});

	test("texts: names of five colours, comments of the grammar, and what the queries look for in them", async () => {
		expect(
			await numbers(`SELECT count(*) FILTER (WHERE len(list_distinct(string_split(p_name, ' '))) <> 5), count(DISTINCT p_type), count(DISTINCT p_container),
				count(DISTINCT p_brand), count(*) FILTER (WHERE p_brand[7] <> p_mfgr[14]) FROM part`),
		).toEqual([0, 150, 40, 25, 0]);
		const [green, special] = await numbers(
			"SELECT (SELECT avg((p_name LIKE '%green%')::INT) FROM part), (SELECT avg((o_comment LIKE '%special%requests%')::INT) FROM orders)",
		);
		expect(Math.abs((green as number) - 5 / 92)).toBeLessThan(0.02);
		expect(special).toBeGreaterThan(0.003);
		expect(special).toBeLessThan(0.03);
		expect(await numbers("SELECT min(len(o_comment)), max(len(o_comment)) FROM orders")).toEqual([19, 78]);
		expect(await numbers("SELECT min(len(ps_comment)), max(len(ps_comment)) FROM partsupp")).toEqual([49, 198]);
	});
});

test("ClickBench's table: the same seed gives the same bytes; skewed, mostly without a search phrase, and what the queries look for is there", async () => {
	const [stored, again] = [await storeDataset(hitsDataset(30_000), join(root, "hits")), await storeDataset(hitsDataset(30_000), root)];
	expect(digests(again)).toEqual(digests(stored));
	const duckdb = await openDuckDb();
	await view(duckdb, stored);
	const [row] =
		await duckdb.query(`SELECT count(*), count(DISTINCT WatchID), avg((SearchPhrase = '')::INT), count(DISTINCT UserID) / count(*),
		count(*) FILTER (WHERE UserID = 435090932899640449) > 0, avg((URL LIKE '%google%')::INT) BETWEEN 0.0001 AND 0.1,
		count(*) FILTER (WHERE CounterID = 62 AND RefererHash = 3594120000172545465) > 0,
		count(*) FILTER (WHERE CounterID = 62 AND URLHash = 2868770270353813622) > 0,
		min(EventDate), max(EventDate), count(*) FILTER (WHERE EventTime::DATE <> EventDate),
		(SELECT count(*) FROM (SELECT UserID FROM hits GROUP BY UserID HAVING count(*) > 1000)) > 0 FROM hits`);
	duckdb.close();
	const [rowCount, distinct, empty, users, ...others] = row as string[];
	expect([rowCount, distinct]).toEqual(["30000", "30000"]);
	expect(Math.abs(Number(empty) - 0.87)).toBeLessThan(0.01);
	expect(Number(users)).toBeGreaterThan(0.1);
	expect(Number(users)).toBeLessThan(0.5);
	expect(others).toEqual(["true", "true", "true", "true", "2013-07-01", "2013-07-31", "0", "true"]);
});
