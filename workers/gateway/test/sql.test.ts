/** `POST /v1/sql` from outside: what reaches the tenant, what comes back, and every way to ask wrongly. */
import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { QUERY_TIMEOUT_MS, REQUEST_BODY_BYTES_MAX, SQL_BYTES_MAX } from "#shared/base/limits.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { QueryRequest } from "#shared/contracts/rpc.ts";
import { createApp } from "../src/app.ts";
import { call, fault, newTenant, postJson, problemOf, testEnv } from "./world.ts";

let owner: string;
beforeAll(async () => {
	owner = (await newTenant()).owner;
});

/** What the tenant was given for a body of `/v1/sql`. */
async function echoed(body: unknown, headers: Record<string, string> = {}): Promise<{ context: CallContext; request: QueryRequest }> {
	return await (await postJson("/v1/sql", owner, body, headers)).json();
}

describe("requests", () => {
	test("JSON: sql, params, settings, headers, identity and trace arrive", async () => {
		const traceId = "0af7651916cd43dd8448eb211c80319c";
		const response = await postJson(
			"/v1/sql",
			owner,
			{
				sql: "SELECT $1",
				params: [1, "a", null, true, [1, 2]],
				settings: { timeout_ms: 10, row_limit: 5, memory_bytes: 1e6, bytes_scanned: 7, time_zone: "Europe/Paris", bigint: "string" },
			},
			{ "Idempotency-Key": "k 1", Bookmark: "mark", traceparent: `00-${traceId}-b7ad6b7169203331-01` },
		);
		expect(response.status).toBe(200);
		expect(response.headers.get("Content-Type")).toBe("application/json");
		const { context, request } = await response.json<{ context: CallContext; request: QueryRequest }>();
		expect(request).toEqual({
			queryId: response.headers.get("Query-Id"),
			sql: "SELECT $1",
			parameters: [1, "a", null, true, [1, 2]],
			settings: { timeoutMs: 10, rowLimit: 5, memoryBytes: 1e6, bytesScanned: 7, timeZone: "Europe/Paris", bigintAsString: true },
			format: "json",
			idempotencyKey: "k 1",
			bookmark: "mark",
		});
		expect(context).toEqual({
			tenantId: expect.stringMatching(/^[0-9a-f]{24}$/),
			role: "owner",
			requestId: response.headers.get("Request-Id"),
			traceparent: response.headers.get("traceparent"),
		});
		expect(context.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
	});

	test("text/plain is the SQL itself, empty too: PostgreSQL's syntax error is the optimizer's to raise", async () => {
		for (const sql of ["SELECT 'é'", ""]) {
			const response = await call("/v1/sql", { credential: owner, headers: { "Content-Type": "text/plain; charset=UTF-8" }, body: sql });
			expect((await response.json<{ request: QueryRequest }>()).request).toMatchObject({ sql, parameters: [], settings: {} });
		}
	});

	test("numbers that a double would change keep their characters", async () => {
		const { request } = await echoed('{"sql":"x","params":[9007199254740993,0.1,1.50,-1e400,[12345678901234567890],{"a":[1.0,"b"]}]}');
		expect(request.parameters).toEqual(["9007199254740993", 0.1, "1.50", "-1e400", ["12345678901234567890"], '{"a":[1.0,"b"]}']);
	});

	test("a number of settings may be written as 1e3 or 10.0", async () => {
		const { request } = await echoed('{"sql":"x","settings":{"timeout_ms":1e3,"row_limit":10.0}}');
		expect(request.settings).toEqual({ timeoutMs: 1000, rowLimit: 10 });
	});
});

describe("Accept", () => {
	const accepted: [string | undefined, string][] = [
		[undefined, "json"],
		["", "json"],
		["*/*", "json"],
		["application/*", "json"],
		["text/*", "csv"],
		["application/json", "json"],
		["application/x-ndjson", "ndjson"],
		["text/csv;charset=utf-8", "csv"],
		["application/vnd.apache.arrow.stream", "arrow"],
		["application/vnd.apache.parquet", "parquet"],
		["TEXT/CSV", "csv"],
		["text/csv;q=0.5, application/x-ndjson;q=0.9", "ndjson"],
		["text/csv, */*;q=0.1", "csv"],
		["text/csv, */*", "csv"],
		["*/*, application/json;q=0", "ndjson"],
		["application/json;q=0.2, */*;q=0.5", "ndjson"],
		["text/html, application/xhtml+xml, */*;q=0.8", "json"],
		["image/png, text/csv;q=0.001", "csv"],
		["text/csv;q=1.000, application/json;q=1.0", "csv"],
		["nonsense, text/csv", "csv"],
	];
	test.each(accepted)("%s gives %s", async (accept, format) => {
		const { request } = await echoed({ sql: "x" }, accept === undefined ? {} : { Accept: accept });
		expect(request.format).toBe(format);
	});

	test.each(["text/html", "application/json;q=0", "*/*;q=0", "nonsense", "text/csv;q=2", "application/json;q=0.0, text/html"])(
		"%s is not acceptable",
		async (accept) => {
			expect(await fault(await postJson("/v1/sql", owner, { sql: "x" }, { Accept: accept }))).toEqual([406, "not_acceptable"]);
		},
	);

	test("Content-Type names the format", async () => {
		const response = await postJson("/v1/sql", owner, { sql: "x" }, { Accept: "text/csv" });
		expect(response.headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
		await response.body?.cancel();
	});
});

describe("statements that change something", () => {
	test("answer JSON whatever Accept says, with Bookmark", async () => {
		const response = await postJson("/v1/sql", owner, { sql: "command" }, { Accept: "text/csv" });
		expect(response.headers.get("Bookmark")).toBe("mark");
		expect(response.headers.get("Content-Type")).toBe("application/json");
		expect(await response.json()).toEqual({
			query_id: response.headers.get("Query-Id"),
			command: "CREATE TABLE",
			row_count: 0,
			bookmark: "mark",
		});
	});

	test("say duplicate where the tenant does", async () => {
		const response = await postJson("/v1/sql", owner, { sql: "insert" }, { "Idempotency-Key": "k" });
		expect(await response.json()).toMatchObject({ command: "INSERT", row_count: 2, duplicate: false });
	});
});

describe("bad requests", () => {
	const bad: [string, unknown, [number, string], string][] = [
		["broken JSON", '{"sql": ', [400, "malformed_request"], "the body is not JSON: "],
		["an array", [], [400, "malformed_request"], "the body: Invalid input: expected object, received array"],
		["no sql", {}, [400, "malformed_request"], "sql: Invalid input: expected string, received undefined"],
		["sql that is a number", { sql: 1 }, [400, "malformed_request"], "sql: Invalid input: expected string, received number"],
		["an unknown member", { sql: "x", parameters: [] }, [400, "malformed_request"], 'the body: Unrecognized key: "parameters"'],
		[
			"params that are no array",
			{ sql: "x", params: {} },
			[400, "malformed_request"],
			"params: Invalid input: expected array, received object",
		],
		["a lone surrogate", '{"sql":"\\ud800"}', [400, "malformed_request"], "sql: a surrogate stands alone"],
		["a NUL", { sql: "SELECT 1;\0 x" }, [422, "character_not_in_repertoire"], "the SQL has a NUL character"],
		["an unknown setting", { sql: "x", settings: { limit: 1 } }, [400, "unknown_setting"], 'there is no setting "limit"'],
		["a setting named as what objects have", { sql: "x", settings: { constructor: 1 } }, [400, "unknown_setting"], ""],
		["__proto__ as a setting", '{"sql":"x","settings":{"__proto__":1}}', [400, "unknown_setting"], ""],
		[
			"a setting above its limit",
			{ sql: "x", settings: { timeout_ms: QUERY_TIMEOUT_MS + 1 } },
			[400, "invalid_setting"],
			"timeout_ms is an integer from 1",
		],
		["zero", { sql: "x", settings: { row_limit: 0 } }, [400, "invalid_setting"], "row_limit is an integer from 1"],
		["a fraction", { sql: "x", settings: { memory_bytes: 1.5 } }, [400, "invalid_setting"], "memory_bytes is an integer"],
		["text for a number", { sql: "x", settings: { bytes_scanned: "1" } }, [400, "invalid_setting"], "bytes_scanned is an integer"],
		["an unknown zone", { sql: "x", settings: { time_zone: "Mars/Olympus" } }, [400, "invalid_setting"], "time_zone is the name"],
		["an offset as zone", { sql: "x", settings: { time_zone: "+02:00" } }, [400, "invalid_setting"], "time_zone is the name"],
		["another bigint", { sql: "x", settings: { bigint: "number" } }, [400, "invalid_setting"], "bigint can only be"],
		["settings that are no object", { sql: "x", settings: [] }, [400, "malformed_request"], "settings: Invalid input: expected object"],
		["SQL that is too long", { sql: "é".repeat(SQL_BYTES_MAX / 2 + 1) }, [413, "body_too_large"], "the SQL is above 1048576 bytes"],
		["a body that is too long", " ".repeat(REQUEST_BODY_BYTES_MAX + 1), [413, "body_too_large"], "the body is above 2097152 bytes"],
	];
	test.each(bad)("%s", async (_, body, expected, detail) => {
		const response = await postJson("/v1/sql", owner, body);
		const problem = await problemOf(response);
		expect([response.status, problem.code]).toEqual(expected);
		expect(problem.detail.startsWith(detail), problem.detail).toBe(true);
		expect(problem.request_id).toBe(response.headers.get("Request-Id"));
		expect(response.headers.get("Query-Id")).toMatch(/^[0-9a-f-]{36}$/);
		expect(response.headers.get("Content-Type")).toBe("application/problem+json");
	});

	test.each([
		["application/x-www-form-urlencoded", 415, "unsupported_media_type"],
		["application/json; charset=latin1", 415, "unsupported_media_type"],
		["nonsense", 415, "unsupported_media_type"],
	])("Content-Type %s", async (type, status, code) => {
		const response = await call("/v1/sql", { credential: owner, headers: { "Content-Type": type }, body: "SELECT 1" });
		expect(await fault(response)).toEqual([status, code]);
	});

	test("gzip, not UTF-8, a chunked body that is too long, a bad idempotency key", async () => {
		const json = { "Content-Type": "application/json" };
		const gzip = await call("/v1/sql", { credential: owner, headers: { ...json, "Content-Encoding": "gzip" }, body: "x" });
		expect(await fault(gzip)).toEqual([415, "unsupported_encoding"]);
		const latin1 = await call("/v1/sql", { credential: owner, headers: json, body: new Uint8Array([0x22, 0xe9, 0x22]) });
		expect(await problemOf(latin1)).toMatchObject({ status: 400, code: "malformed_request", detail: "the body is not UTF-8" });
		let left = REQUEST_BODY_BYTES_MAX / 65_536 + 1;
		const chunked = new ReadableStream({
			pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(65_536)) : controller.close()),
		});
		expect(await fault(await call("/v1/sql", { credential: owner, headers: json, body: chunked }))).toEqual([413, "body_too_large"]);
		for (const key of ["", "é", "k".repeat(256), "a\tb"]) {
			expect(await fault(await postJson("/v1/sql", owner, { sql: "x" }, { "Idempotency-Key": key }))).toEqual([400, "malformed_request"]);
		}
	});
});

describe("errors of the tenant", () => {
	test("SQL errors carry sqlstate, position and hint", async () => {
		const details = JSON.stringify({ position: 8, hint: 'Perhaps "delay".' });
		const response = await postJson("/v1/sql", owner, { sql: `throw:undefined_column|${details}` });
		expect(response.status).toBe(422);
		expect(await problemOf(response)).toEqual({
			type: "/docs/errors#undefined_column",
			title: "Undefined column",
			status: 422,
			code: "undefined_column",
			detail: "raised undefined_column",
			request_id: response.headers.get("Request-Id"),
			sqlstate: "42703",
			position: 8,
			hint: 'Perhaps "delay".',
		});
	});

	const raised: [string, number, string, string | undefined, string | null][] = [
		["throw:insufficient_privilege", 403, "permission_denied", "42501", null],
		['throw:permission_denied|{"sqlstate":"42501"}', 403, "permission_denied", "42501", null],
		["throw:serialization_failure", 409, "serialization_failure", "40001", null],
		["throw:undefined_table", 422, "undefined_table", "42P01", null],
		["throw:multiple_statements", 400, "multiple_statements", undefined, null],
		["throw:invalid_bookmark", 400, "invalid_bookmark", undefined, null],
		["throw:resource_exhausted", 422, "resource_exhausted", "53200", null],
		['throw:resource_exhausted|{"sqlstate":"54000"}', 422, "resource_exhausted", "54000", null],
		["throw:query_timeout", 422, "query_timeout", "57014", null],
		["throw:statement_too_complex", 422, "statement_too_complex", "54001", null],
		['throw:overloaded|{"retryAfterSeconds":3}', 429, "overloaded", undefined, "3"],
		["throw:in_progress", 409, "in_progress", undefined, "1"],
		["throw:idempotency_key_reused", 409, "idempotency_key_reused", undefined, null],
		["flooded", 429, "overloaded", undefined, "1"],
		["reset", 503, "unavailable", undefined, "1"],
	];
	test.each(raised)("%s is %i %s", async (sql, status, code, sqlstate, retryAfter) => {
		const response = await postJson("/v1/sql", owner, { sql });
		const problem = await problemOf(response);
		expect([response.status, problem.code, problem.sqlstate]).toEqual([status, code, sqlstate]);
		expect(response.headers.get("Retry-After")).toBe(retryAfter);
	});

	test.each(["bug", "throw:stale_epoch", "throw:commit_object_condemned", "throw:from_the_future", "throw:toString"])(
		"%s is a 500 that tells nothing",
		async (sql) => {
			const response = await postJson("/v1/sql", owner, { sql });
			expect(await problemOf(response)).toEqual({
				type: "/docs/errors#internal_error",
				title: "Internal error",
				status: 500,
				code: "internal_error",
				detail: "Something failed inside Littoral. Report the request id.",
				request_id: response.headers.get("Request-Id"),
			});
		},
	);

	test("a result that breaks off never ends cleanly", async () => {
		// Called here and not over HTTP: workerd ends the chunks of a response that broke off as if it were whole.
		const context = createExecutionContext();
		const request = new Request("https://littoral.test/v1/sql", {
			method: "POST",
			headers: { Authorization: `Bearer ${owner}`, "Content-Type": "text/plain" },
			body: "broken",
		});
		const response = await createApp().fetch(request, testEnv, context);
		expect(response.status).toBe(200);
		const outcome = await response.text().then(
			() => "ended",
			() => "broke off",
		);
		expect(outcome).toBe("broke off");
	});

	test("a client that goes away cancels its query", async () => {
		const before = await testEnv.TENANT.cancelledQueries();
		const response = await postJson("/v1/sql", owner, { sql: "endless" });
		const reader = (response.body as ReadableStream<Uint8Array>).getReader();
		expect((await reader.read()).done).toBe(false);
		await reader.cancel();
		await expect.poll(() => testEnv.TENANT.cancelledQueries()).toBe(before + 1);
	});
});
