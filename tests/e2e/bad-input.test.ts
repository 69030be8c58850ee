/** Bad input: each a 4xx with its code, each leaving nothing behind, none ends workerd. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { tableFromArrays, tableToIPC } from "apache-arrow";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { LittoralClient, Problem } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";
import { sendRows } from "../send-rows.ts";
import { Random } from "../sql/random.ts";
import { parquetOf } from "./parquet-file.ts";

let harness: SharedHarness;
let client: LittoralClient;

beforeAll(async () => {
	harness = await sharedHarness();
	client = (await harness.tenant()).owner;
	await client.execute("CREATE TABLE t (id INTEGER NOT NULL, s SMALLINT, d DATE, n NUMERIC(6,2), name TEXT, at TIMESTAMP)");
	await client.append("t", '[{"id":1}]');
});

afterEach(async () => {
	expect((await client.query("SELECT count(*) FROM t")).rows).toEqual([[1]]);
});

async function post(
	body: string | Uint8Array<ArrayBuffer>,
	contentType = "application/json",
	headers: Record<string, string> = {},
): Promise<{ status: number; problem: Problem }> {
	const response = await client.request("/v1/tables/t/rows", {
		method: "POST",
		headers: { "Content-Type": contentType, ...headers },
		body,
	});
	return { status: response.status, problem: (await response.json()) as Problem };
}

const NDJSON = "application/x-ndjson";

test.each([
	["malformed JSON on line 3", '{"id":2}\n{"id":3}\n{"id":\n', NDJSON, { status: 400, code: "malformed_body", line: 3 }],
	["a JSON array that ends early", '[\n{"id":2},\n{"id":3}', "application/json", { status: 400, code: "malformed_body", line: 3 }],
	["JSON that is no array of objects", "[1]", "application/json", { status: 400, code: "malformed_body" }],
	[
		"bytes that are not UTF-8",
		Uint8Array.from([0x5b, 0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0x5d]),
		"application/json",
		{ status: 400, code: "malformed_body" },
	],
	["a short CSV row", "id,s\n2,1\n3\n", "text/csv", { status: 400, code: "malformed_body", line: 3 }],
	["an unclosed CSV quote", 'id,name\n2,"abc\n', "text/csv", { status: 400, code: "malformed_body" }],
	["truncated gzip", gzipSync('[{"id":2}]').subarray(0, 15), "gzip", { status: 400, code: "malformed_body" }],
	["text as Arrow", "hello", "application/vnd.apache.arrow.stream", { status: 400, code: "malformed_body" }],
	["text as Parquet", "hello, this is no Parquet", "application/vnd.apache.parquet", { status: 400, code: "malformed_body" }],
	["an unknown media type", "x", "text/xml", { status: 415, code: "unsupported_media_type" }],
])("%s", async (_, body, contentType, expected) => {
	const bytes = typeof body === "string" ? body : Uint8Array.from(body);
	const gzip = contentType === "gzip";
	const { status, problem } = await post(bytes, gzip ? "application/json" : contentType, gzip ? { "Content-Encoding": "gzip" } : {});
	expect([status, problem]).toMatchObject([expected.status, expected]);
});

test.each([
	["overflow", '{"id":2147483648}', "id", "numeric_value_out_of_range"],
	["overflow of a smallint", '{"id":2,"s":40000}', "s", "numeric_value_out_of_range"],
	["overflow of a numeric", '{"id":2,"n":10000}', "n", "numeric_value_out_of_range"],
	["a date that does not exist", '{"id":2,"d":"2026-02-30"}', "d", "datetime_field_overflow"],
	["text in a number", '{"id":"two"}', "id", "invalid_text_representation"],
	["1.5 in an integer", '{"id":1.5}', "id", "invalid_text_representation"],
	["NULL in NOT NULL", '{"id":null}', "id", "not_null_violation"],
	["an absent NOT NULL column", '{"s":1}', "id", "not_null_violation"],
	["an offset on TIMESTAMP", '{"id":2,"at":"2026-01-01T00:00:00Z"}', "at", "invalid_datetime_format"],
	["an unknown column", '{"id":2,"nmae":"x"}', "nmae", "unknown_column"],
])("a bad value: %s", async (_, row, column, code) => {
	const { status, problem } = await post(`{"id":5}\n${row}\n`, NDJSON);
	expect([status, problem.code]).toEqual([422, "invalid_rows"]);
	expect(problem.error_count).toBe(1);
	expect(problem.errors).toMatchObject([{ row: 2, line: 2, column }]);
	expect(problem.errors?.[0]?.code).toBe(code);
});

test("the same bad rows in CSV say the row without the header and the line with it", async () => {
	const { problem } = await post("id,d\n5,2026-01-01\nx,2026-02-30\n", "text/csv");
	expect(problem.errors).toMatchObject([
		{ row: 2, line: 3, column: "id" },
		{ row: 2, line: 3, column: "d" },
	]);
});

test("of many bad rows a hundred are reported and all are counted", async () => {
	const { status, problem } = await post(Array.from({ length: 1000 }, () => '{"id":null}').join("\n"), NDJSON);
	expect([status, problem.error_count, problem.errors?.length]).toEqual([422, 1000, 100]);
});

test("a decompression bomb ends at the limit", async () => {
	const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
	const bomb = Buffer.concat(Array.from({ length: 20 }, () => zeros));
	const { status, problem } = await post(Uint8Array.from(bomb), "application/json", { "Content-Encoding": "gzip" });
	expect([400, 413]).toContain(status);
	expect(["body_too_large", "malformed_body"]).toContain(problem.code);
});

test("a body declared above 100 MB is refused, before it is sent", async () => {
	const headers = { Authorization: `Bearer ${client.credential}`, "Content-Type": NDJSON, "Content-Length": 101 * 1024 * 1024 };
	const sent = request(`${client.url}/v1/tables/t/rows`, { method: "POST", headers });
	sent.flushHeaders();
	const [response] = (await once(sent, "response")) as [IncomingMessage];
	expect([response.statusCode, ((await json(response)) as Problem).code]).toEqual([413, "body_too_large"]);
	sent.destroy();
});

for (const [name, contentType, make] of [
	[
		"Parquet",
		"application/vnd.apache.parquet",
		async () => await parquetOf("SELECT i::INTEGER AS id, 'name ' || i AS name FROM range(5) r(i)"),
	],
	[
		"Arrow",
		"application/vnd.apache.arrow.stream",
		async () => Uint8Array.from(tableToIPC(tableFromArrays({ id: Int32Array.from([5, 6, 7]), name: ["a", "b", "c"] }), "stream")),
	],
] as const) {
	test(`every prefix of a small ${name} file is refused`, async () => {
		const file = await make();
		const prefixes = Array.from({ length: Math.min(60, file.length - 9) }, (_, index) =>
			Math.floor((index * (file.length - 9)) / Math.min(60, file.length - 9)),
		);
		for (let start = 0; start < prefixes.length; start += 20) {
			const answers = await Promise.all(prefixes.slice(start, start + 20).map((length) => post(file.slice(0, length), contentType)));
			for (const [index, { status, problem }] of answers.entries()) {
				expect([status, problem.code], `prefix of ${prefixes[start + index]} bytes`).toEqual([400, "malformed_body"]);
			}
		}
	});

	test(`flipped bits of a ${name} file never end in a 500`, async () => {
		const file = await make();
		const random = new Random(7);
		// A table of its own: a flip in a value is a valid file with another value.
		const table = `flips_${name.toLowerCase()}`;
		await client.execute(`CREATE TABLE ${table} (id INTEGER, name TEXT)`);
		for (let round = 0; round < 8; round++) {
			const answers = await Promise.all(
				Array.from({ length: 25 }, async () => {
					const flipped = file.slice();
					const position = random.below(file.length * 8);
					flipped[position >> 3] = (flipped[position >> 3] as number) ^ (1 << (position & 7));
					const response = await client.request(`/v1/tables/${table}/rows`, {
						method: "POST",
						headers: { "Content-Type": contentType },
						body: flipped,
					});
					return { status: response.status, text: await response.text(), position };
				}),
			);
			for (const { status, text, position } of answers) expect([200, 400, 413, 422], `bit ${position}: ${text}`).toContain(status);
		}
	});
}

async function sqlProblem(sql: string): Promise<Problem> {
	const response = await client.request("/v1/sql", { headers: { "Content-Type": "text/plain" }, body: sql });
	return (await response.json()) as Problem;
}

test.each([
	["an unknown table, with the nearest", "SELECT * FROM tt", { status: 422, code: "undefined_table", sqlstate: "42P01", position: 15 }],
	["a syntax error", "SELECT 1 +", { status: 422, code: "syntax_error", sqlstate: "42601", position: 11 }],
	["an unknown column, with the nearest", "SELECT nmae FROM t", { status: 422, code: "undefined_column", sqlstate: "42703", position: 8 }],
	["two statements", "SELECT 1; SELECT 2", { status: 400, code: "multiple_statements" }],
	["nothing", "  ", { status: 422, code: "syntax_error", sqlstate: "42601" }],
	["SQL too deep", `SELECT ${"(".repeat(5000)}1${")".repeat(5000)}`, { status: 422, code: "statement_too_complex", sqlstate: "54001" }],
	["SQL too long", `SELECT '${"x".repeat(1024 * 1024 + 10)}'`, { status: 413, code: "body_too_large" }],
	["a transaction", "BEGIN", { status: 422, code: "feature_not_supported", sqlstate: "0A000" }],
	["a duplicate table", "CREATE TABLE t (a INTEGER)", { status: 422, code: "duplicate_table", sqlstate: "42P07" }],
	[
		"an unknown option",
		"CREATE TABLE u (a INTEGER) WITH (sorted = 'a')",
		{ status: 422, code: "invalid_parameter_value", sqlstate: "22023" },
	],
	["another schema", "SELECT * FROM other.t", { status: 422, code: "invalid_schema_name", sqlstate: "3F000" }],
	["division by zero", "SELECT 1/0", { status: 422, code: "division_by_zero", sqlstate: "22012" }],
	["NULL in NOT NULL by INSERT", "INSERT INTO t VALUES (NULL)", { status: 422, code: "not_null_violation", sqlstate: "23502" }],
	["numeric without a scale", "CREATE TABLE u (a NUMERIC)", { status: 422, code: "feature_not_supported" }],
])("SQL: %s", async (_, sql, expected) => {
	expect(await sqlProblem(sql)).toMatchObject(expected);
});

test("hints name what was probably meant", async () => {
	expect((await sqlProblem("SELECT nmae FROM t")).hint).toContain("name");
	expect((await sqlProblem("SELECT * FROM tt")).hint).toContain("t");
});

test("an append to a table that does not exist makes none", async () => {
	const response = await client.request("/v1/tables/nothing/rows", {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: '[{"id":1}]',
	});
	expect([response.status, ((await response.json()) as Problem).code]).toEqual([404, "table_not_found"]);
});

test("ten concurrent 40 MB queries in one isolate: each is answered or told to wait", async () => {
	await client.execute("CREATE TABLE wide (id INTEGER, text TEXT)");
	const rows = Array.from({ length: 60_000 }, (_, id) => `{"id":${id},"text":"${"x".repeat(150)}${id}"}`).join("\n");
	await sendRows(client, "wide", rows, NDJSON);
	const answers = await Promise.all(
		Array.from({ length: 10 }, async () => {
			const response = await client.request("/v1/sql", {
				headers: { "Content-Type": "text/plain" },
				body: "SELECT text, id FROM wide ORDER BY text DESC, id",
			});
			const text = await response.text();
			return { status: response.status, text };
		}),
	);
	for (const { status, text } of answers) {
		expect([200, 429]).toContain(status);
		if (status === 200) expect((JSON.parse(text) as { row_count: number }).row_count).toBe(60_000);
	}
	expect(answers.some(({ status }) => status === 200)).toBe(true);
});
