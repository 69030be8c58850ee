/** The API as it describes itself: every route and every error, the same as what it does. */
import { beforeAll, describe, expect, test } from "vitest";
import { SQLSTATES } from "#shared/base/sqlstates.ts";
import { API_ERRORS, ERRORS } from "../src/problem.ts";
import { call } from "./world.ts";

interface Operation {
	security: Record<string, string[]>[];
	responses: Record<string, { description: string; content?: Record<string, { schema: unknown }>; headers?: Record<string, unknown> }>;
	requestBody?: { required: boolean; content: Record<string, { schema: unknown }> };
	parameters?: { name: string; in: string; required?: boolean }[];
}
interface Document {
	openapi: string;
	paths: Record<string, Record<string, Operation>>;
	components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}

let document: Document;
beforeAll(async () => {
	document = await (await call("/openapi.json")).json();
});

/** Routes of the contract, with the credential each takes: `-` none, `a` ADMIN_KEY, `t` the tenant's, `c` the client's own. */
const ROUTES = `
t post /v1/sql
t post /v1/tables/{table}/rows
t get /v1/tables
t get /v1/tables/{table}
t post /v1/keys
t get /v1/keys
t delete /v1/keys/{id}
c post /v1/auth/token
- get /.well-known/jwks.json
a post /v1/tenants
a get /v1/tenants
a get /v1/tenants/{id}
a delete /v1/tenants/{id}
a post /v1/tenants/{id}/suspend
a post /v1/tenants/{id}/resume
a get /v1/tenants/{id}/shards
a post /v1/tenants/{id}/shards
a get /v1/tenants/{id}/scaling
a post /v1/tenants/{id}/scaling
a get /v1/jobs
a get /v1/dead-letters
a post /v1/dead-letters/{id}/redrive
a post /v1/catalog/rebuild
- get /health
- get /ready
a get /metrics
a get /v1/status
- get /openapi.json
- get /docs
- get /docs/errors`
	.trim()
	.split("\n")
	.map((line) => line.split(" ") as [keyof typeof CREDENTIALS, string, string]);

const CREDENTIALS = {
	"-": [],
	a: [{ adminKey: [] }],
	t: [{ apiKey: [] }, { accessToken: [] }],
	c: [{ client: [] }, {}],
};

describe("/openapi.json", () => {
	test("is 3.1 and has the contract's routes, no others", () => {
		expect(document.openapi).toBe("3.1.0");
		const described = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`));
		expect(described.toSorted()).toEqual(ROUTES.map(([, method, path]) => `${method} ${path}`).toSorted());
	});

	test.each(ROUTES)("%s %s %s: credentials, errors, ids", (credential, method, path) => {
		const operation = document.paths[path]?.[method] as Operation;
		expect(operation.security).toEqual(CREDENTIALS[credential]);
		const errors = Object.entries(operation.responses).filter(([, { content }]) => content?.["application/problem+json"] !== undefined);
		expect(errors.map(([status]) => status)).toContain("500");
		if (credential === "t") expect(errors.map(([status]) => status)).toEqual(expect.arrayContaining(["401", "403", "429", "503"]));
		for (const [, { content, headers }] of errors) {
			expect(content?.["application/problem+json"]?.schema).toEqual({ $ref: "#/components/schemas/Problem" });
			expect(Object.keys(headers ?? {})).toContain("Request-Id");
		}
		const named = [...path.matchAll(/{(\w+)}/g)].map((match) => match[1]);
		const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
		expect(parameters).toMatchObject(named.map((name) => ({ name, required: true })));
		if (operation.requestBody) expect(operation.requestBody.required).toBe(true);
	});

	test("every reference leads somewhere, every schema is referred to", () => {
		const text = JSON.stringify(document);
		const references = new Set([...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]));
		expect(references).toEqual(new Set(Object.keys(document.components.schemas)));
		for (const scheme of ["apiKey", "accessToken", "adminKey", "client"])
			expect(document.components.securitySchemes).toHaveProperty(scheme);
	});

	test("rows and results come in five formats", () => {
		const formats = [
			"application/json",
			"application/x-ndjson",
			"text/csv",
			"application/vnd.apache.arrow.stream",
			"application/vnd.apache.parquet",
		];
		const rows = document.paths["/v1/tables/{table}/rows"]?.["post"] as Operation;
		expect(Object.keys(rows.requestBody?.content ?? {})).toEqual(formats);
		const sql = document.paths["/v1/sql"]?.["post"] as Operation;
		expect(Object.keys(sql.responses["200"]?.content ?? {})).toEqual(formats);
		expect(Object.keys(sql.requestBody?.content ?? {})).toEqual(["application/json", "text/plain"]);
	});

	test("no handler's own validation has crept in: bodies refuse unknown members", () => {
		for (const name of ["SqlRequest", "NewKey", "NewTenant", "ShardCount"]) {
			expect(document.components.schemas[name]).toMatchObject({ type: "object", additionalProperties: false });
		}
	});
});

describe("/docs", () => {
	test.each(["/docs", "/docs/errors"])("%s has every code as an anchor, with its status", async (path) => {
		const response = await call(path);
		expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
		const text = await response.text();
		for (const [code, { status }] of ERRORS) {
			expect(text).toContain(`<tr id="${code}"><td><code>${code}</code></td><td>${status}</td>`);
		}
	});

	test("the codes are those of the API and of PostgreSQL, but for those shown under another name", () => {
		const renamed = ["insufficient_privilege", "out_of_memory", "query_canceled"];
		const expected = [...Object.keys(API_ERRORS), ...Object.keys(SQLSTATES).filter((condition) => !renamed.includes(condition))];
		expect([...ERRORS.keys()].toSorted()).toEqual(expected.toSorted());
	});

	test("the page has every route, and escapes what it shows", async () => {
		const text = await (await call("/docs")).text();
		for (const [, method, path] of ROUTES) expect(text).toContain(`<code>${method.toUpperCase()} ${path}</code>`);
		expect(text).toContain("{&quot;error&quot;: ...}");
	});
});
