/** Credentials: missing, wrong, expired, of another tenant, under-privileged, revoked; what a change of state does within five seconds. */
import { beforeAll, expect, test } from "vitest";
import { LittoralClient, type Problem } from "../../scripts/client.ts";
import { sharedHarness, type SharedHarness } from "../harness.ts";

let harness: SharedHarness;

beforeAll(async () => {
	harness = await sharedHarness();
});

const JSON_TYPE = { "Content-Type": "application/json" };
const within = { timeout: 6000, interval: 200 };

async function outcome(client: LittoralClient, sql: string): Promise<string> {
	const response = await client.request("/v1/sql", { headers: { "Content-Type": "text/plain" }, body: sql });
	const body = (await response.json()) as Problem;
	return response.ok ? "200" : `${response.status} ${body.code}${body.sqlstate ? ` ${body.sqlstate}` : ""}`;
}

test("no credential, a wrong one, one of the wrong kind", async () => {
	const { apiKey } = await harness.tenant();
	const wrongSecret = `${apiKey.slice(0, -1)}${apiKey.endsWith("A") ? "B" : "A"}`;
	for (const credential of ["", "nonsense", wrongSecret, "eyJhbGciOiJub25lIn0.e30."]) {
		expect(await outcome(new LittoralClient(harness.littoral.url, credential), "SELECT 1"), credential).toBe("401 unauthenticated");
	}
	const owner = new LittoralClient(harness.littoral.url, apiKey);
	expect((await owner.request("/v1/tenants")).status).toBe(403);
	expect((await harness.admin.request("/v1/tables")).status).toBeGreaterThanOrEqual(400);
});

test("each role may do what the table says, and SQL denies with 42501", async () => {
	const { owner } = await harness.tenant();
	await owner.execute("CREATE TABLE t (a INTEGER)");
	const outcomes: Record<string, string[]> = {};
	for (const role of ["reader", "writer", "admin"]) {
		const { api_key: key } = await owner.json<{ api_key: string }>("/v1/keys", {
			headers: JSON_TYPE,
			body: JSON.stringify({ name: role, role }),
		});
		const client = new LittoralClient(harness.littoral.url, key);
		const append = await client.request("/v1/tables/t/rows", { method: "POST", headers: JSON_TYPE, body: '[{"a":1}]' });
		outcomes[role] = [
			await outcome(client, "SELECT count(*) FROM t"),
			await outcome(client, "INSERT INTO t VALUES (1)"),
			await outcome(client, `CREATE TABLE of_${role} (a INTEGER)`),
			String(append.status),
			String((await client.request("/v1/keys")).status),
		];
	}
	const denied = "403 permission_denied 42501";
	expect(outcomes).toEqual({
		reader: ["200", denied, denied, "403", "403"],
		writer: ["200", "200", denied, "200", "403"],
		admin: ["200", "200", "200", "200", "200"],
	});
});

test("one tenant sees nothing of another", async () => {
	const [one, two] = [(await harness.tenant()).owner, (await harness.tenant()).owner];
	await one.execute("CREATE TABLE secret (a INTEGER)");
	await one.append("secret", '[{"a":42}]');
	expect(await outcome(two, "SELECT * FROM secret")).toBe("422 undefined_table 42P01");
	expect((await two.request("/v1/tables/secret")).status).toBe(404);
	await two.execute("CREATE TABLE secret (a INTEGER)");
	expect((await two.query("SELECT count(*) FROM secret")).rows).toEqual([[0]]);
});

test("a token carries its key's role, and dies with the key within five seconds", async () => {
	const { owner } = await harness.tenant();
	const { id, api_key: key } = await owner.json<{ id: string; api_key: string }>("/v1/keys", {
		headers: JSON_TYPE,
		body: JSON.stringify({ name: "w", role: "writer" }),
	});
	const form = new URLSearchParams({
		grant_type: "client_credentials",
		client_id: id,
		client_secret: key.split("_")[2] as string,
		scope: "reader",
	});
	const token = await fetch(`${harness.littoral.url}/v1/auth/token`, { method: "POST", body: form });
	expect(token.headers.get("Cache-Control")).toBe("no-store");
	const { access_token: access, token_type: type, expires_in: expires } = (await token.json()) as Record<string, unknown>;
	expect([type, expires]).toEqual(["Bearer", 900]);
	const client = new LittoralClient(harness.littoral.url, String(access));
	expect(await outcome(client, "SELECT 1")).toBe("200");
	expect(await outcome(client, "CREATE TABLE no (a INTEGER)")).toBe("403 permission_denied 42501");
	const keys = (await (await fetch(`${harness.littoral.url}/.well-known/jwks.json`)).json()) as { keys: { kty: string; d?: string }[] };
	expect(keys.keys[0]).toMatchObject({ kty: "OKP" });
	expect(keys.keys[0]).not.toHaveProperty("d");
	expect((await owner.request(`/v1/keys/${id}`, { method: "DELETE" })).status).toBe(204);
	await expect.poll(() => outcome(client, "SELECT 1"), within).toBe("401 unauthenticated");
});

test("an expired key is refused", async () => {
	const { owner } = await harness.tenant();
	const soon = new Date(Date.now() + 1500).toISOString();
	const { api_key: key } = await owner.json<{ api_key: string }>("/v1/keys", {
		headers: JSON_TYPE,
		body: JSON.stringify({ name: "x", role: "reader", expires_at: soon }),
	});
	const client = new LittoralClient(harness.littoral.url, key);
	expect(await outcome(client, "SELECT 1")).toBe("200");
	await expect.poll(() => outcome(client, "SELECT 1"), within).toBe("401 unauthenticated");
});

test("a suspended tenant is told so, a resumed one works, a deleted one's key is nobody's", async () => {
	const { id, owner } = await harness.tenant();
	await owner.execute("CREATE TABLE t (a INTEGER)");
	const call = async (path: string, method = "POST") => await harness.admin.request(`/v1/tenants/${id}${path}`, { method });
	expect(await (await call("/suspend")).json()).toMatchObject({ tenant: id, status: "suspended" });
	await expect.poll(() => outcome(owner, "SELECT 1"), within).toBe("403 tenant_suspended");
	expect(await (await call("/resume")).json()).toMatchObject({ tenant: id, status: "active" });
	await expect.poll(() => outcome(owner, "SELECT count(*) FROM t"), within).toBe("200");
	await expect.poll(async () => (await call("", "DELETE")).status, { timeout: 20_000, interval: 500 }).toBe(204);
	await expect.poll(() => outcome(owner, "SELECT 1"), within).toBe("401 unauthenticated");
	expect((await harness.admin.request(`/v1/tenants/${id}`)).status).toBe(404);
});
