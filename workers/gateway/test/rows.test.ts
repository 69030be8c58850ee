/** `POST /v1/tables/{table}/rows` and the tables' descriptions. */
import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { BODY_COMPRESSED_BYTES_MAX } from "#shared/base/limits.ts";
import { createApp } from "../src/app.ts";
import { countedBody } from "../src/request/counted-body.ts";
import { call, fault, newKey, newTenant, problemOf, testEnv } from "./world.ts";

let owner: string;
let reader: string;
beforeAll(async () => {
	owner = (await newTenant()).owner;
	reader = (await newKey(owner, "reader")).api_key;
});

const CSV = { "Content-Type": "text/csv" };

async function append(table: string, headers: Record<string, string>, body: BodyInit = "a\n1\n"): Promise<Response> {
	return await call(`/v1/tables/${table}/rows`, { method: "POST", credential: owner, headers, body });
}

/** What the tenant was given; the stand-in tells it by the bookmark. */
async function ingested(response: Response): Promise<{ request: Record<string, unknown>; context: Record<string, unknown> }> {
	return JSON.parse((await response.json<{ bookmark: string }>()).bookmark);
}

describe("appends", () => {
	const types: [string, string][] = [
		["application/json", "json"],
		["application/json; charset=utf-8", "json"],
		["application/x-ndjson", "ndjson"],
		['Text/CSV; header=present; charset="UTF-8"', "csv"],
		["application/vnd.apache.arrow.stream", "arrow"],
		["application/vnd.apache.parquet", "parquet"],
	];
	test.each(types)("%s is %s", async (type, format) => {
		const { request } = await ingested(await append("t", { "Content-Type": type }));
		expect(request).toEqual({ table: "t", format, gzip: false, idempotencyKey: null });
	});

	test("the answer, its header, the role and the ids", async () => {
		const response = await append("t", { ...CSV, "Content-Encoding": "gzip", "Idempotency-Key": "again" }, "12345");
		expect(response.status).toBe(200);
		const mark = response.headers.get("Bookmark") ?? "";
		expect(await response.json()).toEqual({ accepted: 5, bookmark: mark, duplicate: true });
		expect(JSON.parse(mark)).toMatchObject({
			context: { role: "owner", requestId: response.headers.get("Request-Id"), traceparent: response.headers.get("traceparent") },
			request: { gzip: true, idempotencyKey: "again" },
		});
	});

	test("no body is an empty one", async () => {
		const response = await call("/v1/tables/t/rows", { method: "POST", credential: owner, headers: CSV });
		expect(await response.json()).toMatchObject({ accepted: 0 });
	});

	test("a chunked body arrives whole", async () => {
		let left = 40;
		const chunked = new ReadableStream({
			pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(50_000)) : controller.close()),
		});
		expect(await (await append("t", CSV, chunked)).json()).toMatchObject({ accepted: 2_000_000 });
	});

	test.each([
		["t%C3%A4b%20le", "täb le"],
		["a%2Fb", "a/b"],
		["100%25", "100%"],
		["%2541", "%41"],
		["a%3Fb", "a?b"],
		["Caf%22e", 'Caf"e'],
	])("%s names %s", async (segment, name) => {
		expect((await ingested(await append(segment, CSV))).request["table"]).toBe(name);
	});

	test.each([
		["%zz", 400, "malformed_request"],
		["%ff", 400, "malformed_request"],
		["throw:table_not_found", 404, "table_not_found"],
		["throw:undefined_table", 404, "table_not_found"],
		["throw:invalid_rows", 422, "invalid_rows"],
		["bug", 500, "internal_error"],
	])("table %s: %i %s", async (table, status, code) => {
		expect(await fault(await append(table, CSV))).toEqual([status, code]);
	});

	test.each([
		[{ "Content-Type": "text/html" }, 415, "unsupported_media_type"],
		[{ "Content-Type": "application/x-www-form-urlencoded" }, 415, "unsupported_media_type"],
		[{ "Content-Type": "application/json; charset=utf-16" }, 415, "unsupported_media_type"],
		[{ "Content-Type": "text/csv; header=absent" }, 415, "unsupported_media_type"],
		[{ ...CSV, "Content-Encoding": "br" }, 415, "unsupported_encoding"],
		[{ ...CSV, "Content-Encoding": "gzip, gzip" }, 415, "unsupported_encoding"],
		[{ ...CSV, "Idempotency-Key": "k".repeat(256) }, 400, "malformed_request"],
	])("%o: %i %s", async (headers, status, code) => {
		expect(await fault(await append("t", headers))).toEqual([status, code]);
	});

	test("row errors", async () => {
		const rowErrors = [{ row: 2, line: 3, column: "a", code: "invalid_text_representation", detail: "x" }];
		const details = JSON.stringify({ rowErrors, rowErrorCount: 7 });
		const response = await append(encodeURIComponent(`throw:invalid_rows|${details}`), CSV);
		expect(await problemOf(response)).toMatchObject({ status: 422, code: "invalid_rows", errors: rowErrors, error_count: 7 });
	});

	test("malformed_body says its line", async () => {
		const response = await append(encodeURIComponent('throw:malformed_body|{"line":3}'), CSV);
		expect(await problemOf(response)).toMatchObject({ status: 400, code: "malformed_body", line: 3 });
	});
});

describe("the bound of a body", () => {
	test("Content-Length above it is refused before anything is read", async () => {
		const request = new Request("https://littoral.test/v1/tables/t/rows", {
			method: "POST",
			headers: { Authorization: `Bearer ${owner}`, ...CSV, "Content-Length": String(BODY_COMPRESSED_BYTES_MAX + 1) },
		});
		expect(await fault(await createApp().fetch(request, testEnv, createExecutionContext()))).toEqual([413, "body_too_large"]);
	});

	test("a chunked body breaks off at it, and the source is cancelled", async () => {
		let cancelled = false;
		const source = new ReadableStream({
			pull: (controller) => controller.enqueue(new Uint8Array(60)),
			cancel: () => {
				cancelled = true;
			},
		});
		const body = await countedBody(new Request("https://littoral.test", { method: "POST", body: source }), 100);
		const outcome = await new Response(body.body).arrayBuffer().then(
			() => "whole",
			(error: Error) => error.message,
		);
		expect([outcome, body.tooLarge(), cancelled]).toEqual([`the body is above ${BODY_COMPRESSED_BYTES_MAX} bytes`, true, true]);
	});

	test("a chunked body of just that size goes through", async () => {
		const source = new Response(new Uint8Array(100)).body as ReadableStream;
		const body = await countedBody(new Request("https://littoral.test", { method: "POST", body: source }), 100);
		expect((await new Response(body.body).arrayBuffer()).byteLength).toBe(100);
		expect(body.tooLarge()).toBe(false);
	});
});

describe("descriptions", () => {
	const shown = {
		name: "flights",
		columns: [
			{ name: "date", type: "timestamp without time zone", nullable: false, default: "now()" },
			{ name: "Fare", type: "numeric(18,4)", nullable: true, default: null },
		],
		primary_key: { columns: ["Fare"], enforced: false },
		options: { sort_key: 'date DESC, "Fare" NULLS FIRST' },
		schema_version: 3,
		row_count: 15,
		bytes: 1000,
		file_count: 2,
		tail_rows: 5,
	};

	test("one table", async () => {
		const response = await call("/v1/tables/flights", { credential: reader });
		expect(await response.json()).toEqual({
			...shown,
			snapshots: [{ version: 7, created_at: "2026-11-23T00:00:00.000Z", row_count: 10, file_count: 2 }],
		});
	});

	test("an unknown table is 404, with the nearest name", async () => {
		const response = await call("/v1/tables/missing", { credential: reader });
		expect(await problemOf(response)).toMatchObject({ status: 404, code: "table_not_found", hint: 'Perhaps "flights".' });
	});

	test("the list, its pages", async () => {
		expect(await (await call("/v1/tables", { credential: reader })).json()).toEqual({ tables: [shown], next_cursor: null });
		expect(await (await call("/v1/tables?limit=1", { credential: reader })).json()).toMatchObject({ next_cursor: "flights" });
	});

	test.each([
		"limit=0",
		"limit=1001",
		"limit=x",
		"limit=1.5",
		"limit=",
		"limit=1&limit=2",
		"cursor=",
		"cursor=bad",
		`cursor=${"c".repeat(1001)}`,
	])("?%s is malformed", async (query) => {
		expect(await fault(await call(`/v1/tables?${query}`, { credential: reader }))).toEqual([400, "malformed_request"]);
	});
});
