/** No Worker behind the gateway holds up whoever asks by never answering. */
import { createExecutionContext } from "cloudflare:test";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WORKER_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import { installAnswerLimit, withDeadlines } from "../src/deadlines.ts";
import type { Env } from "../src/env.ts";
import worker from "../src/index.ts";
import type { Problem } from "../src/problem.ts";
import { ADMIN_KEY, newTenant, testEnv } from "./world.ts";

type Binding = "OPERATIONS" | "TENANT" | "CATALOG" | "MONITORING";

/** Takes every call and answers none. */
const silent = new Proxy({}, { get: () => () => new Promise(() => {}) }) as never;

/** The gateway's answer while one of the Workers behind it is silent. */
async function askWhile(
	binding: Binding,
	path: string,
	{ method = "GET", credential = ADMIN_KEY, body }: Partial<Record<string, string>> = {},
) {
	const headers = { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" };
	const request = new Request(`https://littoral.test${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
	const response = await worker.fetch(request, { ...testEnv, [binding]: silent } as Env, createExecutionContext());
	const { code, detail } = (await response.json()) as Problem;
	return [response.status, code, response.headers.get("Retry-After"), detail];
}

const unavailable = (name: string) => [503, "unavailable", "1", `the ${name} Worker does not answer; try again`];

let known: Awaited<ReturnType<typeof newTenant>>;
beforeAll(async () => {
	known = await newTenant();
	installAnswerLimit(() => 1);
});
afterAll(() => installAnswerLimit(() => WORKER_ANSWER_MS_MAX));

test.each([
	["GET", "/v1/tenants", null],
	["POST", "/v1/tenants", { id: "silence" }],
	["GET", "/v1/tenants/acme", null],
	["DELETE", "/v1/tenants/acme", null],
	["GET", "/v1/tenants/acme/shards", null],
	["POST", "/v1/tenants/acme/shards", { count: 2 }],
	["GET", "/v1/tenants/acme/scaling", null],
	["GET", "/v1/jobs?tenant=acme", null],
	["GET", "/v1/dead-letters", null],
] as const)("operations is silent: %s %s", async (method, path, body) => {
	expect(await askWhile("OPERATIONS", path, { method, ...(body === null ? {} : { body: JSON.stringify(body) }) })).toEqual(
		unavailable("operations"),
	);
});

test("catalog is silent", async () => {
	expect(await askWhile("CATALOG", "/v1/jobs")).toEqual(unavailable("catalog"));
	expect(await askWhile("CATALOG", "/v1/catalog/rebuild", { method: "POST", body: "{}" })).toEqual(unavailable("catalog"));
});

test("the tenant Worker is silent where what is asked for is small", async () => {
	for (const path of ["/v1/tables", "/v1/tables/events"]) {
		expect(await askWhile("TENANT", path, { credential: known.owner })).toEqual(unavailable("tenant"));
	}
	expect(await askWhile("TENANT", `/v1/tenants/${known.tenant}/shards`)).toEqual(unavailable("tenant"));
});

test("monitoring is silent", async () => {
	expect(await askWhile("MONITORING", "/v1/status")).toEqual(unavailable("monitoring"));
});

test("rows and statements have the time of their routes, everything else that of a small answer", async () => {
	const bound = withDeadlines({ ...testEnv, TENANT: silent, OPERATIONS: silent } as Env);
	const within = async (call: Promise<unknown>): Promise<string> =>
		await Promise.race([call.then(String, String), scheduler.wait(50).then(() => "waits")]);
	expect(await within(bound.TENANT.query({} as never, {} as never))).toBe("waits");
	expect(await within(bound.TENANT.ingest({} as never, {} as never))).toBe("waits");
	expect(await within(bound.TENANT.directory("t" as never))).toContain("the tenant Worker does not answer");
	expect(await within(bound.OPERATIONS.tenantById("t" as never))).toContain("the operations Worker does not answer");
});
