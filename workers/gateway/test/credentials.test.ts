/** Who gets in: API keys, tokens, roles, states of the tenant, and every credential that is no good. */
import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { ROLES, type Role } from "#shared/contracts/principal.ts";
import { createApp } from "../src/app.ts";
import { formatApiKey, newApiKey, parseApiKey } from "../src/identity/api-key.ts";
import { TimedCache } from "../src/identity/timed-cache.ts";
import { ADMIN_KEY, call, type CreatedKey, fault, newKey, newTenant, postJson, problemOf, testEnv } from "./world.ts";
import { clientForm, requestToken, tokenOf } from "./token-requests.ts";

let tenant: string;
let owner: string;
const keys = {} as Record<Role, CreatedKey>;
beforeAll(async () => {
	({ tenant, owner } = await newTenant());
	for (const role of ROLES) keys[role] = await newKey(owner, role);
});

describe("the form of a key", () => {
	test("lit_, 16 of [0-9a-z], _, 43 of [0-9A-Za-z]", () => {
		for (let index = 0; index < 200; index++) expect(formatApiKey(newApiKey())).toMatch(/^lit_[0-9a-z]{16}_[0-9A-Za-z]{43}$/);
	});

	test("only a hash is stored", async () => {
		const { id, secret } = parseApiKey(keys.reader.api_key) as { id: string; secret: string };
		const row = await testEnv.IDENTITY.prepare("SELECT * FROM api_keys WHERE id = ?").bind(id).first();
		expect(row?.["secret_hash"]).toMatch(/^[0-9a-f]{64}$/);
		expect(JSON.stringify(row)).not.toContain(secret);
	});
});

describe("credentials that are no good", () => {
	const wrongSecret = (key: string): string => key.slice(0, -1) + (key.endsWith("a") ? "b" : "a");
	const cases: [string, () => string | undefined][] = [
		["none", () => undefined],
		["Basic", () => `Basic ${btoa("a:b")}`],
		["no scheme", () => owner],
		["an empty bearer", () => "Bearer "],
		["two words", () => "Bearer a b"],
		["another form", () => "Bearer lit_short_secret"],
		["an unknown id", () => `Bearer ${formatApiKey(newApiKey())}`],
		["a wrong secret", () => `Bearer ${wrongSecret(owner)}`],
		["ADMIN_KEY, which is no tenant's", () => `Bearer ${ADMIN_KEY}`],
		["a token of three dots", () => "Bearer a.b.c"],
	];
	test.each(cases)("%s", async (_, authorization) => {
		const header = authorization();
		const response = await call("/v1/tables", { headers: header === undefined ? {} : { Authorization: header } });
		expect(response.headers.get("WWW-Authenticate")).toBe(
			header === undefined ? 'Bearer realm="littoral"' : 'Bearer realm="littoral", error="invalid_token"',
		);
		expect(await fault(response)).toEqual([401, "unauthenticated"]);
	});

	test("a wrong secret of a key whose right one was shown a moment ago, of any length, and then the right one again", async () => {
		const statusOf = async (credential: string): Promise<number> => (await call("/v1/tables", { credential })).status;
		expect(await statusOf(owner)).toBe(200);
		for (const wrong of [wrongSecret(owner), owner.slice(0, -1), `${owner}a`]) expect(await statusOf(wrong)).toBe(401);
		expect(await statusOf(owner)).toBe(200);
	});

	test("the scheme's case does not matter", async () => {
		expect((await call("/v1/tables", { headers: { Authorization: `bearer ${owner}` } })).status).toBe(200);
	});

	test("expired, and not yet expired", async () => {
		const make = async (expires_at: string): Promise<CreatedKey> =>
			await (await postJson("/v1/keys", owner, { name: "k", role: "reader", expires_at })).json();
		const past = await make("2020-01-01T00:00:00Z");
		const future = await make(new Date(Date.now() + 60_000).toISOString());
		expect(await fault(await call("/v1/tables", { credential: past.api_key }))).toEqual([401, "unauthenticated"]);
		expect((await call("/v1/tables", { credential: future.api_key })).status).toBe(200);
	});

	test("revoked, with its tokens", async () => {
		const key = await newKey(owner, "reader");
		const token = await tokenOf(key);
		expect((await call("/v1/tables", { credential: token })).status).toBe(200);
		const revoked = await call(`/v1/keys/${key.id}`, { method: "DELETE", credential: owner });
		expect([revoked.status, await revoked.text()]).toEqual([204, ""]);
		for (const credential of [key.api_key, token]) {
			expect(await fault(await call("/v1/tables", { credential }))).toEqual([401, "unauthenticated"]);
		}
		expect(await fault(await call(`/v1/keys/${key.id}`, { method: "DELETE", credential: owner }))).toEqual([404, "not_found"]);
	});
});

describe("permissions", () => {
	const as = (role: Role) => keys[role].api_key;
	const attempts: [string, (role: Role) => Promise<Response>, Role][] = [
		["SELECT", (role) => postJson("/v1/sql", as(role), { sql: "x" }), "reader"],
		["list tables", (role) => call("/v1/tables", { credential: as(role) }), "reader"],
		[
			"append",
			(role) => call("/v1/tables/t/rows", { method: "POST", credential: as(role), headers: { "Content-Type": "text/csv" }, body: "a" }),
			"writer",
		],
		["list keys", (role) => call("/v1/keys", { credential: as(role) }), "admin"],
		["make a reader's key", (role) => postJson("/v1/keys", as(role), { name: "k", role: "reader" }), "admin"],
		["make an admin's key", (role) => postJson("/v1/keys", as(role), { name: "k", role: "admin" }), "admin"],
		["make an owner's key", (role) => postJson("/v1/keys", as(role), { name: "k", role: "owner" }), "owner"],
	];
	test.each(attempts)("%s", async (_, attempt, lowest) => {
		for (const role of ROLES) {
			const response = await attempt(role);
			const expected = ROLES.indexOf(role) >= ROLES.indexOf(lowest);
			if (expected) expect(response.ok, role).toBe(true);
			else expect(await fault(response), role).toEqual([403, "permission_denied"]);
			await response.body?.cancel().catch(() => {});
		}
	});

	test("an admin does not revoke an owner; another tenant's key does not exist", async () => {
		expect(await fault(await call(`/v1/keys/${keys.owner.id}`, { method: "DELETE", credential: keys.admin.api_key }))).toEqual([
			403,
			"permission_denied",
		]);
		const other = await newTenant();
		expect(await fault(await call(`/v1/keys/${keys.reader.id}`, { method: "DELETE", credential: other.owner }))).toEqual([
			404,
			"not_found",
		]);
		expect((await call("/v1/tables", { credential: keys.reader.api_key })).status).toBe(200);
	});

	test("a tenant's credential is known to the platform, and permits nothing there", async () => {
		for (const path of ["/v1/tenants", "/metrics", `/v1/tenants/${tenant}`]) {
			expect(await fault(await call(path, { credential: owner }))).toEqual([403, "permission_denied"]);
			expect(await fault(await call(path, { credential: `${ADMIN_KEY}x` }))).toEqual([401, "unauthenticated"]);
			expect(await fault(await call(path))).toEqual([401, "unauthenticated"]);
		}
	});

	test("without ADMIN_KEY nobody administers", async () => {
		const { ADMIN_KEY: _, ...env } = testEnv;
		const request = new Request("https://littoral.test/metrics", { headers: { Authorization: "Bearer undefined" } });
		expect((await createApp().fetch(request, env, createExecutionContext())).status).toBe(401);
	});
});

describe("keys", () => {
	test("made, listed in pages, never with a secret", async () => {
		const { owner: own } = await newTenant();
		for (let index = 0; index < 4; index++) await newKey(own, "reader");
		const seen: Record<string, unknown>[] = [];
		let cursor: string | null = "";
		while (cursor !== null) {
			const response = await call(`/v1/keys?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`, { credential: own });
			const page: { keys: Record<string, unknown>[]; next_cursor: string | null } = await response.json();
			seen.push(...page.keys);
			cursor = page.next_cursor;
		}
		expect(seen.map(({ name }) => name)).toEqual(["owner", "reader", "reader", "reader", "reader"]);
		expect(new Set(seen.map(({ id }) => id)).size).toBe(5);
		expect(Object.keys(seen[0] ?? {})).toEqual(["id", "name", "role", "created_at", "expires_at"]);
	});

	const bad: [string, unknown, string][] = [
		["no name", { role: "reader" }, "name: Invalid input: expected string, received undefined"],
		["an unknown role", { name: "k", role: "root" }, 'role: Invalid option: expected one of "reader"|"writer"|"admin"|"owner"'],
		["an unknown member", { name: "k", role: "reader", tenant_id: "x" }, 'the body: Unrecognized key: "tenant_id"'],
		["a time without zone", { name: "k", role: "reader", expires_at: "2027-01-01T00:00:00" }, "expires_at: Invalid ISO datetime"],
		["a date that does not exist", { name: "k", role: "reader", expires_at: "2027-02-30T00:00:00Z" }, "expires_at: Invalid ISO datetime"],
		["broken JSON", "{", "the body is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)"],
		["nothing", "", "the body is not JSON: Unexpected end of JSON input"],
	];
	test.each(bad)("%s", async (_, body, detail) => {
		expect(await problemOf(await postJson("/v1/keys", owner, body))).toMatchObject({ status: 400, code: "malformed_request", detail });
	});

	test.each(["x", "zzzz", "1-short", "-0123456789abcdef"])("cursor %s is malformed", async (cursor) => {
		expect(await fault(await call(`/v1/keys?cursor=${cursor}`, { credential: owner }))).toEqual([400, "malformed_request"]);
	});

	test("the secret is not cached on its way", async () => {
		const response = await postJson("/v1/keys", owner, { name: "k", role: "reader" });
		expect([response.status, response.headers.get("Cache-Control")]).toEqual([201, "no-store"]);
		expect(Object.keys(await response.json<CreatedKey>())).toEqual(["id", "api_key", "role"]);
	});
});

describe("states of the tenant", () => {
	test("suspended is 403 with every credential, resumed is as before; deleting is 401", async () => {
		const { tenant: id, owner: own } = await newTenant();
		const key = await newKey(own, "reader");
		const token = await tokenOf(key);
		const states = async (): Promise<unknown[]> => {
			const answers: unknown[] = [];
			for (const credential of [own, token]) {
				const response = await call("/v1/tables", { credential });
				answers.push(response.ok ? 200 : await fault(response));
			}
			return answers;
		};
		const change = async (verb: string): Promise<unknown> =>
			await (await call(`/v1/tenants/${id}/${verb}`, { method: "POST", credential: ADMIN_KEY })).json();
		expect(await states()).toEqual([200, 200]);
		expect(await change("suspend")).toEqual({ tenant: id, status: "suspended", created_at: "2026-11-23T00:00:00.000Z" });
		expect(await change("suspend")).toMatchObject({ status: "suspended" });
		expect(await states()).toEqual([
			[403, "tenant_suspended"],
			[403, "tenant_suspended"],
		]);
		expect((await requestToken(clientForm(key))).status).toBe(400);
		expect(await change("resume")).toMatchObject({ status: "active" });
		expect(await states()).toEqual([200, 200]);
		expect((await call(`/v1/tenants/${id}`, { method: "DELETE", credential: ADMIN_KEY })).status).toBe(204);
		expect(await states()).toEqual([
			[401, "unauthenticated"],
			[401, "unauthenticated"],
		]);
	});

	test("what another isolate changed is seen once the cache is old", async () => {
		const cache = new TimedCache<number>({ ageMsMax: 4000, countMax: 2 });
		let stored = 1;
		const read = async (): Promise<number> => stored;
		vi.useFakeTimers();
		try {
			expect(await cache.get("a", read)).toBe(1);
			stored = 2;
			vi.advanceTimersByTime(3999);
			expect(await cache.get("a", read)).toBe(1);
			vi.advanceTimersByTime(1);
			expect(await cache.get("a", read)).toBe(2);
			stored = 3;
			await cache.get("b", read);
			await cache.get("c", read);
			expect(await cache.get("a", read)).toBe(3);
			cache.forget("c");
			stored = 4;
			expect([await cache.get("a", read), await cache.get("c", read)]).toEqual([3, 4]);
		} finally {
			vi.useRealTimers();
		}
	});

	test("too many requests with one key", async () => {
		const limited: string[] = [];
		const RATE_LIMIT = {
			limit: async ({ key }: { key: string }) => {
				limited.push(key);
				return { success: limited.length <= 1 };
			},
		};
		const app = createApp();
		const ask = async (): Promise<Response> => {
			const request = new Request("https://littoral.test/v1/tables", { headers: { Authorization: `Bearer ${keys.reader.api_key}` } });
			return await app.fetch(request, { ...testEnv, RATE_LIMIT }, createExecutionContext());
		};
		expect((await ask()).status).toBe(200);
		const second = await ask();
		expect(second.headers.get("Retry-After")).toBe("10");
		expect(await fault(second)).toEqual([429, "rate_limited"]);
		expect(limited).toEqual([keys.reader.id, keys.reader.id]);
	});
});
