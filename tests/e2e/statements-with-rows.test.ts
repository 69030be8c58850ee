/** CREATE TABLE AS and INSERT with rows for an answer, from outside: large results, failures early and late, names that are taken, roles. */
import { beforeAll, expect, test } from "vitest";
import { ApiError, LittoralClient } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";

let harness: SharedHarness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await sharedHarness();
	client = (await harness.tenant()).owner;
	await client.execute("CREATE TABLE source (a INTEGER, b TEXT)");
	await client.execute("INSERT INTO source SELECT x, 'row ' || x FROM generate_series(1, 300000) x");
});

async function codeOf(answer: Promise<unknown>): Promise<string> {
	try {
		await answer;
		return "none";
	} catch (error) {
		return error instanceof ApiError ? error.problem.code : String(error);
	}
}

const tables = async () =>
	(await client.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")).rows.flat();

test("all rows arrive, small results and those that go straight to files, and are there at once", async () => {
	expect(await client.execute("CREATE TABLE small AS SELECT a, b FROM source WHERE a <= 3")).toMatchObject({
		command: "SELECT",
		row_count: 3,
	});
	expect((await client.query("SELECT a FROM small ORDER BY a")).rows).toEqual([[1], [2], [3]]);
	const wide = "CREATE TABLE large WITH (sort_key = 'k') AS SELECT a AS k, repeat(b, 4) AS text FROM source";
	expect(await client.execute(wide)).toMatchObject({ command: "SELECT", row_count: 300000 });
	expect((await client.query("SELECT count(*), count(DISTINCT k), min(length(text)) FROM large")).rows).toEqual([[300000, 300000, 20]]);
	expect(await client.execute("SELECT a INTO into_new FROM source WHERE a = 7")).toMatchObject({ command: "SELECT", row_count: 1 });
	expect((await client.query("SELECT * FROM into_new")).rows).toEqual([[7]]);
});

test("what fails, before the first row or after many, leaves no table and a free name", async () => {
	const before = await tables();
	for (const bad of [1, 299_999]) {
		expect(await codeOf(client.execute(`CREATE TABLE bad AS SELECT 1 / (a - ${bad}) AS x, b FROM source`))).toBe("division_by_zero");
		expect(await tables()).toEqual(before);
	}
	expect(await client.execute("CREATE TABLE bad AS SELECT 1 AS x")).toMatchObject({ row_count: 1 });
	expect((await client.query("SELECT * FROM bad")).rows).toEqual([[1]]);
});

test("a name that is taken is refused before anything is run, or passed over with IF NOT EXISTS", async () => {
	await client.execute("CREATE VIEW seen AS SELECT 1 AS x");
	for (const name of ["source", "seen"]) {
		expect(await codeOf(client.execute(`CREATE TABLE ${name} AS SELECT 1 / 0 AS x`))).toBe("duplicate_table");
		expect(await client.execute(`CREATE TABLE IF NOT EXISTS ${name} AS SELECT 1 / 0 AS x`)).toMatchObject({
			command: "CREATE TABLE AS",
			row_count: 0,
		});
	}
	const outcomes = await Promise.all(
		Array.from({ length: 4 }, (_, index) => codeOf(client.execute(`CREATE TABLE raced AS SELECT ${index} AS x`))),
	);
	expect(outcomes.toSorted()).toEqual(["duplicate_table", "duplicate_table", "duplicate_table", "none"]);
	expect((await client.query("SELECT count(*) FROM raced")).rows).toEqual([[1]]);
});

test("it takes a role that may define tables", async () => {
	const body = JSON.stringify({ name: "writer", role: "writer" });
	const { api_key } = await client.json<{ api_key: string }>("/v1/keys", { headers: { "Content-Type": "application/json" }, body });
	const writer = new LittoralClient(harness.littoral.url, api_key);
	for (const statement of ["CREATE TABLE mine AS SELECT 1 AS a", "SELECT 1 AS a INTO mine"]) {
		expect(await codeOf(writer.execute(statement)), statement).toBe("permission_denied");
	}
});

test("an INSERT that returns rows stores all of its rows, or none where the answer fails or is too large", async () => {
	await client.execute("CREATE TABLE kept (a INTEGER, b TEXT)");
	const stored = async () => (await client.query("SELECT count(*), count(DISTINCT a) FROM kept")).rows[0];
	expect((await client.query("INSERT INTO kept VALUES (-1, 'x'), (-2, NULL) RETURNING a, b, a * 2 AS twice")).rows).toEqual([
		[-1, "x", -2],
		[-2, null, -4],
	]);
	const all = "WITH new AS (INSERT INTO kept SELECT a, repeat(b, 4) FROM source RETURNING a)";
	expect((await client.query(`${all} SELECT count(*), sum(a), (SELECT count(*) FROM kept) FROM new`)).rows).toEqual([
		[300000, 45000150000, 2],
	]);
	expect(await stored()).toEqual([300002, 300002]);
	expect(await codeOf(client.query(`${all} SELECT 1 / (max(a) - 300000) FROM new`))).toBe("division_by_zero");
	expect(await codeOf(client.query("INSERT INTO kept SELECT a, repeat(b, 4) FROM source RETURNING a, b"))).toBe("resource_exhausted");
	const headers = { "Content-Type": "application/json", "Idempotency-Key": "k" };
	const body = JSON.stringify({ sql: "INSERT INTO kept VALUES (5) RETURNING a" });
	expect(await (await client.request("/v1/sql", { headers, body })).json()).toMatchObject({ code: "feature_not_supported" });
	expect(await stored()).toEqual([300002, 300002]);
});
