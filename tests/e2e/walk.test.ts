/** A new user's walk over HTTP: tables, five formats in, five out, statements, idempotency, names. */
import { gzipSync } from "node:zlib";
import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import { beforeAll, expect, test } from "vitest";
import type { LittoralClient } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";
import { parquetOf } from "./parquet-file.ts";

let harness: SharedHarness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await sharedHarness();
	client = (await harness.tenant()).owner;
	await client.execute(
		"CREATE TABLE events (id BIGINT NOT NULL, kind TEXT DEFAULT 'none', amount NUMERIC(12,2), at TIMESTAMPTZ, day DATE, ok BOOLEAN) WITH (sort_key = 'at, id DESC')",
	);
});

test("rows of every format are visible to the next query, exact", async () => {
	const json =
		'[{"id":9007199254740993,"kind":"sale","amount":0.1,"at":"2026-01-31T12:34:56.5Z","day":"2026-01-31","ok":true},{"id":2,"kind":null}]';
	expect(await client.append("events", json)).toMatchObject({ accepted: 2, duplicate: false });
	const ndjson = '{"id":3,"amount":"12.345"}\n\n{"id":4,"at":"2026-01-31 10:00:00+02","day":"2026/02/28"}\n';
	expect(await client.append("events", gzipSync(ndjson), "application/x-ndjson", { "Content-Encoding": "gzip" })).toMatchObject({
		accepted: 2,
	});
	expect(await client.append("events", '\uFEFFkind,id\n"",5\n,6\n', "text/csv; charset=utf-8")).toMatchObject({ accepted: 2 });
	const arrow = tableToIPC(tableFromArrays({ id: BigInt64Array.from([7n]), kind: ["arrow"] }), "stream");
	expect(await client.append("events", Uint8Array.from(arrow), "application/vnd.apache.arrow.stream")).toMatchObject({ accepted: 1 });
	const parquet = await parquetOf("SELECT 8::BIGINT AS id, 'parquet' AS kind, 1.50::DECIMAL(12,2) AS amount");
	expect(await client.append("events", parquet, "application/vnd.apache.parquet")).toMatchObject({ accepted: 1 });
	const { rows, columns } = await client.query("SELECT id, kind, amount, at, day, ok FROM events ORDER BY id");
	expect(rows).toEqual([
		[2, null, null, null, null, null],
		[3, "none", "12.35", null, null, null],
		[4, "none", null, "2026-01-31T08:00:00Z", "2026-02-28", null],
		[5, "", null, null, null, null],
		[6, null, null, null, null, null],
		[7, "arrow", null, null, null, null],
		[8, "parquet", "1.50", null, null, null],
		["9007199254740993", "sale", "0.10", "2026-01-31T12:34:56.5Z", "2026-01-31", true],
	]);
	expect(columns).toEqual([
		{ name: "id", type: "bigint", nullable: false },
		{ name: "kind", type: "text", nullable: true },
		{ name: "amount", type: "numeric(12,2)", nullable: true },
		{ name: "at", type: "timestamp with time zone", nullable: true },
		{ name: "day", type: "date", nullable: true },
		{ name: "ok", type: "boolean", nullable: true },
	]);
});

const SQL = "SELECT id, kind, amount, id AS id FROM events WHERE id BETWEEN 5 AND 8 ORDER BY 1";

async function answer(accept: string, sql = SQL): Promise<Response> {
	return await client.request("/v1/sql", { headers: { "Content-Type": "text/plain", Accept: accept }, body: sql });
}

test("results come in every format", async () => {
	expect(await (await answer("text/csv")).text()).toBe('id,kind,amount,id\n5,"",,5\n6,,,6\n7,arrow,,7\n8,parquet,1.50,8\n');
	expect(await (await answer("application/x-ndjson")).text()).toBe(
		'{"id":5,"kind":"","amount":null,"id_1":5}\n{"id":6,"kind":null,"amount":null,"id_1":6}\n{"id":7,"kind":"arrow","amount":null,"id_1":7}\n{"id":8,"kind":"parquet","amount":"1.50","id_1":8}\n',
	);
	const arrow = tableFromIPC(new Uint8Array(await (await answer("application/vnd.apache.arrow.stream")).arrayBuffer()));
	expect(arrow.schema.fields.map((field) => `${field.name} ${String(field.type)}`)).toEqual([
		"id Int64",
		"kind Utf8",
		"amount Decimal[12e+2]",
		"id_1 Int64",
	]);
	expect(arrow.numRows).toBe(4);
	const parquet = await (await answer("application/vnd.apache.parquet")).arrayBuffer();
	expect((await parquetReadObjects({ file: parquet })).map((row) => row["kind"])).toEqual(["", null, "arrow", "parquet"]);
});

test("no rows still give the header or the schema", async () => {
	const none = "SELECT id, amount FROM events WHERE id = -1";
	expect(await (await answer("text/csv", none)).text()).toBe("id,amount\n");
	expect(await (await answer("application/x-ndjson", none)).text()).toBe("");
	const arrow = tableFromIPC(new Uint8Array(await (await answer("application/vnd.apache.arrow.stream", none)).arrayBuffer()));
	expect([arrow.numRows, arrow.schema.fields.map((field) => field.name)]).toEqual([0, ["id", "amount"]]);
	expect(await client.query(none)).toMatchObject({ rows: [], row_count: 0 });
});

test("q-values choose the format, and none that we have is 406", async () => {
	expect((await answer("text/csv;q=0.5, application/x-ndjson;q=0.9")).headers.get("Content-Type")).toContain("application/x-ndjson");
	expect((await answer("text/html, */*;q=0.1")).headers.get("Content-Type")).toContain("application/json");
	const refused = await answer("text/html");
	expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([406, "not_acceptable"]);
});

test("an idempotency key is one append: the first answer again, other rows are refused", async () => {
	const rows = '[{"id":100}]';
	const key = { "Idempotency-Key": "order-100" };
	const first = await client.append("events", rows, "application/json", key);
	expect(await client.append("events", gzipSync(rows), "application/json", { ...key, "Content-Encoding": "gzip" })).toEqual({
		...first,
		duplicate: true,
	});
	const other = await client.request("/v1/tables/events/rows", {
		headers: { "Content-Type": "application/json", ...key },
		body: '[{"id":101}]',
	});
	expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([409, "idempotency_key_reused"]);
	expect((await client.query("SELECT count(*) FROM events WHERE id BETWEEN 100 AND 199")).rows).toEqual([[1]]);
	const twenty = await Promise.all(
		Array.from({ length: 20 }, () => client.append("events", '[{"id":200}]', "application/json", { "Idempotency-Key": "order-200" })),
	);
	expect(twenty.filter((one) => !one.duplicate)).toHaveLength(1);
	expect((await client.query("SELECT count(*) FROM events WHERE id = 200")).rows).toEqual([[1]]);
});

test("INSERT takes values, a query, defaults, parameters and an idempotency key", async () => {
	await client.execute("CREATE TABLE copied (id BIGINT, kind TEXT DEFAULT 'copied', n INTEGER)");
	expect(await client.execute("INSERT INTO copied (n, id) VALUES (1, $1), (2, DEFAULT)", { params: [7] })).toMatchObject({
		command: "INSERT",
		row_count: 2,
	});
	expect(await client.execute("INSERT INTO copied SELECT id, kind FROM events WHERE id <= 4")).toMatchObject({ row_count: 3 });
	const once = await client.execute("INSERT INTO copied VALUES (50)", { idempotencyKey: "k" });
	expect(await client.execute("INSERT INTO copied VALUES (50)", { idempotencyKey: "k" })).toMatchObject({
		bookmark: once.bookmark,
		row_count: 1,
		duplicate: true,
	});
	expect((await client.query("SELECT id, kind, n FROM copied ORDER BY id NULLS FIRST, n")).rows).toEqual([
		[null, "copied", 2],
		[2, null, null],
		[3, "none", null],
		[4, "none", null],
		[7, "copied", 1],
		[50, "copied", null],
	]);
});

test("a table describes itself, is listed, dropped and created again empty", async () => {
	await client.execute('CREATE TABLE "Odd Name" (a INTEGER PRIMARY KEY, b VARCHAR(5))');
	await client.append("Odd Name", '[{"a":1,"b":"x"}]');
	expect(await client.json("/v1/tables/Odd%20Name")).toMatchObject({
		name: "Odd Name",
		columns: [
			{ name: "a", type: "integer", nullable: false, default: null },
			{ name: "b", type: "character varying(5)", nullable: true, default: null },
		],
		primary_key: { columns: ["a"], enforced: false },
		options: {},
		schema_version: 1,
		tail_rows: 1,
		file_count: 0,
	});
	expect(await client.json("/v1/tables/events")).toMatchObject({ options: { sort_key: "at, id DESC" } });
	const { tables, next_cursor: cursor } = await client.json<{ tables: { name: string }[]; next_cursor: string }>("/v1/tables?limit=2");
	const rest = await client.json<{ tables: { name: string }[]; next_cursor: null }>(
		`/v1/tables?limit=2&cursor=${encodeURIComponent(cursor)}`,
	);
	expect([...tables, ...rest.tables].map((table) => table.name).toSorted()).toEqual(["Odd Name", "copied", "events"]);
	expect(rest.next_cursor).toBeNull();
	expect(await client.execute('DROP TABLE "Odd Name"')).toMatchObject({ command: "DROP TABLE" });
	await client.execute('CREATE TABLE "Odd Name" (c TEXT)');
	expect((await client.query('SELECT count(*) FROM "Odd Name"')).rows).toEqual([[0]]);
});

test("a bookmark is taken back, a foreign or malformed one is not", async () => {
	const { bookmark } = await client.append("events", '[{"id":300}]');
	const read = (value: string) =>
		client.request("/v1/sql", {
			headers: { "Content-Type": "text/plain", Bookmark: value },
			body: "SELECT count(*) FROM events WHERE id = 300",
		});
	expect(((await (await read(bookmark)).json()) as { rows: unknown }).rows).toEqual([[1]]);
	const foreign = (await harness.tenant()).owner;
	await foreign.execute("CREATE TABLE t (a INTEGER)");
	const theirs = (await foreign.append("t", '[{"a":1}]')).bookmark;
	for (const wrong of ["nonsense", theirs]) {
		const refused = await read(wrong);
		expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([400, "invalid_bookmark"]);
	}
});

test("EXPLAIN tells rows, bytes, milliseconds and dollars, in text and JSON", async () => {
	const text = await client.query("EXPLAIN SELECT kind, count(*) FROM events WHERE id > 3 GROUP BY kind");
	expect(text.columns).toEqual([{ name: "QUERY PLAN", type: "text", nullable: expect.any(Boolean) }]);
	const lines = text.rows.map(([line]) => String(line)).join("\n");
	for (const word of ["rows=", "bytes=", "ms", "$"]) expect(lines).toContain(word);
	const run = await client.query("EXPLAIN ANALYZE SELECT kind, count(*) FROM events WHERE id > 3 GROUP BY kind");
	const scan = run.rows.map(([line]) => String(line)).find((line) => line.includes("Scan on events"));
	expect(scan).toMatch(/\(actual rows=\d+ bytes=[1-9]\d* loops=1 batches=\d+ work=\d+ ms=[\d.]+\.\.[\d.]+ arena=\d+ spilled=0\)$/);
	const measured = await client.query("EXPLAIN (ANALYZE, FORMAT JSON) SELECT kind FROM events WHERE id > 3");
	const counted = await client.query("SELECT count(*) FROM events WHERE id > 3");
	expect(measured.rows[0]?.[0]).toMatchObject([{ Plan: { "Actual Rows": counted.rows[0]?.[0], "Actual Loops": 1 } }]);
	const json = await client.query("EXPLAIN (FORMAT JSON) SELECT 1");
	expect(json.columns[0]?.type).toBe("jsonb");
	expect(json.rows).toHaveLength(1);
});
