/** Platform administration: tenants through crashes, the rebuild of the catalog, jobs; paths and methods. */
import { describe, expect, test } from "vitest";
import type { TenantId } from "#shared/base/ids.ts";
import { finishChange, finishChanges } from "../src/identity/tenant-changes.ts";
import { ADMIN_KEY, call, fault, newKey, newTenant, postJson, problemOf, testEnv } from "./world.ts";

const admin = { credential: ADMIN_KEY };

/** Rows left in IDENTITY by table, for a tenant that is gone. */
async function leftOf(tenantId: TenantId): Promise<Record<string, number>> {
	const { results } = await testEnv.IDENTITY.prepare(
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%migrations%'",
	).all<{
		name: string;
	}>();
	const left: Record<string, number> = {};
	for (const { name } of results.filter(({ name }) => !name.startsWith("_") && !name.startsWith("sqlite"))) {
		const rows = await testEnv.IDENTITY.prepare(`SELECT * FROM "${name}"`).all();
		const count = rows.results.filter((row) => JSON.stringify(row).includes(tenantId)).length;
		if (count > 0) left[name] = count;
	}
	return left;
}

async function changes(): Promise<Record<string, unknown>[]> {
	return (await testEnv.IDENTITY.prepare("SELECT name, kind FROM tenant_changes").all<Record<string, unknown>>()).results;
}

describe("tenants", () => {
	test("created once, with an owner key", async () => {
		const response = await postJson("/v1/tenants", ADMIN_KEY, { id: "acme", location: "weur" });
		expect([response.status, response.headers.get("Cache-Control")]).toEqual([201, "no-store"]);
		const { tenant, api_key } = await response.json<Record<string, string>>();
		expect(tenant).toBe("acme");
		expect((await call("/v1/keys", { credential: api_key ?? "" })).status).toBe(200);
		expect(await fault(await postJson("/v1/tenants", ADMIN_KEY, { id: "acme" }))).toEqual([409, "tenant_exists"]);
		expect(await (await call("/v1/tenants/acme", admin)).json()).toEqual({
			tenant: "acme",
			status: "active",
			created_at: "2026-11-23T00:00:00.000Z",
		});
		expect(await changes()).toEqual([]);
	});

	test("of many that create it at once, one does", async () => {
		const responses = await Promise.all(Array.from({ length: 8 }, () => postJson("/v1/tenants", ADMIN_KEY, { id: "race" })));
		expect(responses.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
		expect(await changes()).toEqual([]);
	});

	test("a creation whose answer was lost is finished by asking again", async () => {
		await testEnv.OPERATIONS.loseNextCreation();
		expect(await fault(await postJson("/v1/tenants", ADMIN_KEY, { id: "lost" }))).toEqual([500, "internal_error"]);
		expect(await changes()).toEqual([{ name: "lost", kind: "create" }]);
		const again = await postJson("/v1/tenants", ADMIN_KEY, { id: "lost" });
		expect(again.status).toBe(201);
		expect(await fault(await postJson("/v1/tenants", ADMIN_KEY, { id: "lost" }))).toEqual([409, "tenant_exists"]);
		expect(await changes()).toEqual([]);
	});

	test("the cron finishes what was interrupted, and leaves what is young", async () => {
		await testEnv.OPERATIONS.loseNextCreation();
		await postJson("/v1/tenants", ADMIN_KEY, { id: "cron-made" });
		const doomed = await newTenant();
		const { tenantId } = await testEnv.OPERATIONS.getTenant(doomed.tenant);
		await testEnv.OPERATIONS.setDeletionSteps(doomed.tenant, 1);
		expect((await call(`/v1/tenants/${doomed.tenant}`, { ...admin, method: "DELETE" })).status).toBe(202);
		await finishChanges(testEnv, Date.now());
		expect(await changes()).toHaveLength(2);
		await finishChanges(testEnv, Date.now() + 60_000);
		expect(await changes()).toEqual([]);
		expect(await leftOf(tenantId)).toEqual({ audit_log: 3 });
		expect((await postJson("/v1/tenants", ADMIN_KEY, { id: "cron-made" })).status).toBe(201);
	});

	test("an intent that somebody else has finished since the cron read it touches no later tenant of the name", async () => {
		const { tenant, tenantId: first } = await newTenant().then(async (made) => ({
			...made,
			tenantId: (await testEnv.OPERATIONS.getTenant(made.tenant)).tenantId,
		}));
		const read = { name: tenant, location: null, startedAt: Date.now() - 60_000 };
		expect((await call(`/v1/tenants/${tenant}`, { ...admin, method: "DELETE" })).status).toBe(204);
		await finishChange(testEnv, { ...read, kind: "create", tenantId: null });
		expect(await fault(await call(`/v1/tenants/${tenant}`, admin))).toEqual([404, "tenant_not_found"]);
		expect((await postJson("/v1/tenants", ADMIN_KEY, { id: tenant })).status).toBe(201);
		await finishChange(testEnv, { ...read, kind: "delete", tenantId: first });
		expect((await testEnv.OPERATIONS.getTenant(tenant)).status).toBe("active");
	});

	test("deleted: 202 while it goes on, then 204, again and again; nothing is left but the audit", async () => {
		const { tenant, owner } = await newTenant();
		await newKey(owner, "reader");
		const { tenantId } = await testEnv.OPERATIONS.getTenant(tenant);
		await testEnv.OPERATIONS.setDeletionSteps(tenant, 2);
		const statuses: number[] = [];
		for (let index = 0; index < 5; index++) {
			statuses.push((await call(`/v1/tenants/${tenant}`, { ...admin, method: "DELETE" })).status);
			expect(await fault(await call("/v1/tables", { credential: owner }))).toEqual([401, "unauthenticated"]);
			if (index === 0) expect(await fault(await postJson("/v1/tenants", ADMIN_KEY, { id: tenant }))).toEqual([409, "tenant_exists"]);
		}
		expect(statuses).toEqual([202, 202, 204, 204, 204]);
		expect(await leftOf(tenantId)).toEqual({ audit_log: 4 });
		expect(await fault(await call(`/v1/tenants/${tenant}`, admin))).toEqual([404, "tenant_not_found"]);
		expect((await postJson("/v1/tenants", ADMIN_KEY, { id: tenant })).status).toBe(201);
	});

	test("a key asked for while the deletion goes on is not made", async () => {
		const { tenant, owner } = await newTenant();
		const { tenantId } = await testEnv.OPERATIONS.getTenant(tenant);
		await call("/v1/tables", { credential: owner });
		await testEnv.IDENTITY.prepare("DELETE FROM api_keys WHERE tenant_id = ?").bind(tenantId).run();
		expect(await fault(await postJson("/v1/keys", owner, { name: "k", role: "owner" }))).toEqual([401, "unauthenticated"]);
		expect(await leftOf(tenantId)).toEqual({ audit_log: 2 });
	});

	test("shards", async () => {
		const { tenant } = await newTenant();
		const response = await postJson(`/v1/tenants/${tenant}/shards`, ADMIN_KEY, { count: 2 });
		expect(await response.json()).toEqual({
			epoch: 2,
			shards: [
				{ name: "shard-0", state: "active" },
				{ name: "shard-1", state: "active" },
			],
		});
		expect(await (await call(`/v1/tenants/${tenant}/shards`, admin)).json()).toEqual({
			epoch: 2,
			shards: [
				{ name: "shard-0", state: "active" },
				{ name: "shard-2", state: "active" },
				{ name: "shard-1", state: "draining" },
			],
		});
		expect(await fault(await call("/v1/tenants/nobody/shards", admin))).toEqual([404, "tenant_not_found"]);
		for (const count of [0, 9, 1.5, "2", null]) {
			expect(await fault(await postJson(`/v1/tenants/${tenant}/shards`, ADMIN_KEY, { count }))).toEqual([400, "malformed_request"]);
		}
	});

	test("scaling: set, bounds, reports and decisions", async () => {
		const { tenant } = await newTenant();
		const path = `/v1/tenants/${tenant}/scaling`;
		const inputs = {
			load: 1.25,
			peak_load: 1.5,
			hottest_busy_fraction: null,
			samples: 1,
			last_change_at: "1970-01-01T00:00:01.000Z",
			min_shards: 1,
			max_shards: 8,
		};
		expect(await (await call(`${path}?limit=1`, admin)).json()).toEqual({
			shards: 2,
			epoch: 2,
			min_shards: 1,
			max_shards: 8,
			verdict: { to: 2, reason: "steady", inputs },
			samples: [
				{
					shard: "shard-0",
					epoch: 2,
					from: "1970-01-01T00:00:00.000Z",
					to: "1970-01-01T00:00:02.000Z",
					appends_per_second: 5,
					bytes_per_second: 2048,
					busy_fraction: 0.5,
					tail_bytes: 7,
					refused: 0,
					overloaded: false,
				},
			],
			decisions: [
				{
					number: 1,
					from: 1,
					to: 2,
					reason: "busy",
					trigger: "cron",
					inputs,
					outcome: "applied",
					epoch: 2,
					decided_at: "2026-11-23T00:00:00.000Z",
					finished_at: null,
				},
			],
			next_cursor: "1",
		});
		const set = await postJson(path, ADMIN_KEY, { min_shards: 2, max_shards: 4 });
		expect(await set.json()).toMatchObject({ min_shards: 2, max_shards: 4 });
		for (const body of [
			{ min_shards: 3, max_shards: 2 },
			{ min_shards: 0, max_shards: 2 },
			{ min_shards: 1, max_shards: 9 },
			{ min_shards: 1 },
		]) {
			expect(await fault(await postJson(path, ADMIN_KEY, body))).toEqual([400, "malformed_request"]);
		}
		expect(await fault(await call(`${path}?cursor=bad`, admin))).toEqual([400, "malformed_request"]);
		expect(await fault(await call("/v1/tenants/nobody/scaling", admin))).toEqual([404, "tenant_not_found"]);
	});

	test.each(["", "A", "1a", "-a", "a_b", "a".repeat(64), "é", "a b"])("id %j is malformed", async (id) => {
		expect(await fault(await postJson("/v1/tenants", ADMIN_KEY, { id }))).toEqual([400, "malformed_request"]);
	});

	test.each([{ id: "ok", location: "mars" }, { id: "ok", extra: 1 }, { location: "weur" }, [], "ok"])("%j is malformed", async (body) => {
		expect(await fault(await postJson("/v1/tenants", ADMIN_KEY, JSON.stringify(body)))).toEqual([400, "malformed_request"]);
	});

	test("unknown tenants", async () => {
		const asks: [string, Parameters<typeof call>[1]][] = [
			["/v1/tenants/nobody", admin],
			["/v1/tenants/NOT-A-NAME", admin],
			["/v1/tenants/nobody", { ...admin, method: "DELETE" }],
			["/v1/tenants/nobody/suspend", { ...admin, method: "POST" }],
			["/v1/tenants/nobody/resume", { ...admin, method: "POST" }],
			["/v1/tenants/nobody/shards", { ...admin, headers: { "Content-Type": "application/json" }, body: '{"count":1}' }],
		];
		for (const [path, init] of asks) expect(await fault(await call(path, init)), path).toEqual([404, "tenant_not_found"]);
	});

	test("the list, in pages", async () => {
		const { tenants, next_cursor } = await (await call("/v1/tenants?limit=1", admin)).json<{ tenants: unknown[]; next_cursor: string }>();
		expect(tenants).toHaveLength(1);
		const rest = await (await call(`/v1/tenants?cursor=${next_cursor}`, admin)).json<{
			tenants: { tenant: string }[];
			next_cursor: null;
		}>();
		expect(rest.next_cursor).toBeNull();
		expect(rest.tenants.every(({ tenant }) => tenant > next_cursor)).toBe(true);
	});
});

describe("rebuilding the catalog", () => {
	test("goes on by the cursor, names tenants, and says what failed", async () => {
		const first = await (await postJson("/v1/catalog/rebuild", ADMIN_KEY, {})).json<{ tables: unknown[]; cursor: string }>();
		expect(first.tables).toMatchObject([{ table: "flights", outcome: "restored", problem: null, rows: 100, files: 2 }]);
		const { cursor } = first;
		const last = await (await postJson("/v1/catalog/rebuild", ADMIN_KEY, { cursor })).json();
		expect(last).toMatchObject({ tables: [{ tenant: null, outcome: "failed", problem: "its backup has no checkpoint" }], cursor: null });
	});

	test("only platform administration may, with a cursor of its own", async () => {
		const { owner } = await newTenant();
		expect(await fault(await postJson("/v1/catalog/rebuild", owner, {}))).toEqual([403, "permission_denied"]);
		expect(await fault(await postJson("/v1/catalog/rebuild", ADMIN_KEY, { cursor: "../x" }))).toEqual([400, "malformed_request"]);
	});
});

describe("jobs", () => {
	interface JobList {
		jobs: { id: string; tenant: string | null; state: string }[];
		next_cursor: string | null;
	}

	test("of one tenant, as the catalog says", async () => {
		const { tenant } = await newTenant();
		const { jobs, next_cursor } = await (await call(`/v1/jobs?tenant=${tenant}`, admin)).json<JobList>();
		expect(next_cursor).toBeNull();
		expect(jobs.map(({ state }) => state)).toEqual(["done", "dead"]);
		expect(jobs[0]).toEqual({
			id: expect.stringMatching(/^[0-9a-f]{24}$/),
			kind: "compaction",
			tenant,
			table: "flights",
			state: "done",
			attempts: 1,
			reason: "8 files become 1",
			inputs: { files: 8, rows: 100, bytes: 4000 },
			figures: { files: 1, rows: 100, bytes_read: 4100, bytes_written: 2000, arena_peak_bytes: 65_536, elapsed_ms: 12 },
			error: null,
			created_at: "2026-11-23T00:00:00.000Z",
			updated_at: "2026-11-23T00:00:01.000Z",
		});
		expect(jobs[1]).toMatchObject({ state: "dead", figures: null, error: "internal_error: broken" });
	});

	test("of all, in pages, each under its tenant's public name", async () => {
		const { tenant } = await newTenant();
		await testEnv.CATALOG.addJobs((await testEnv.OPERATIONS.getTenant(tenant)).tenantId);
		const { jobs } = await (await call("/v1/jobs?limit=1000", admin)).json<JobList>();
		expect(jobs.some((job) => job.tenant === tenant)).toBe(true);
		expect(await (await call("/v1/jobs?limit=1", admin)).json<JobList>()).toMatchObject({ jobs: [{}], next_cursor: "next" });
		expect(await fault(await call("/v1/jobs?cursor=bad", admin))).toEqual([400, "malformed_request"]);
		expect(await fault(await call("/v1/jobs?limit=0", admin))).toEqual([400, "malformed_request"]);
		expect(await fault(await call("/v1/jobs?tenant=nobody", admin))).toEqual([404, "tenant_not_found"]);
	});

	test("dead letters: of a tenant that is gone, of no job at all, and of one that is tried again", async () => {
		const { tenant, owner } = await newTenant();
		await testEnv.CATALOG.addJobs((await testEnv.OPERATIONS.getTenant(tenant)).tenantId);
		type Letters = {
			dead_letters: { queue: string; id: string; job: { tenant: string | null } | null; message: string }[];
			next_cursor: string | null;
		};
		const first = await (await call("/v1/dead-letters", admin)).json<Letters>();
		expect([first.dead_letters.map(({ queue, id, job }) => [queue, id, job]), first.next_cursor]).toEqual([
			[["signals", "signal-2", null]],
			"signals:2",
		]);
		const { dead_letters, next_cursor } = await (await call("/v1/dead-letters?cursor=signals:2", admin)).json<Letters>();
		expect(dead_letters.map(({ queue, job }) => [queue, job === null ? "no job" : typeof job.tenant])).toEqual([
			["signals", "no job"],
			["compaction", "object"],
			["compaction", "no job"],
			["compaction", "string"],
		]);
		expect(next_cursor).toBeNull();
		const full = await (await call("/v1/dead-letters?cursor=signals:2&limit=1", admin)).json<Letters>();
		expect(full.next_cursor).toBe("compaction:");
		expect((await (await call("/v1/dead-letters?cursor=compaction:", admin)).json<Letters>()).dead_letters).toHaveLength(3);
		expect(await fault(await call("/v1/dead-letters?cursor=other:1", admin))).toEqual([400, "malformed_request"]);
		expect((await call("/v1/dead-letters/signal-1/redrive", { ...admin, method: "POST" })).status).toBe(204);
		const redriven = await call("/v1/dead-letters/x/redrive", { ...admin, method: "POST" });
		expect(redriven.status).toBe(200);
		expect(await redriven.json()).toMatchObject({ state: "queued", attempts: 0, tenant: dead_letters[3]?.job?.tenant });
		const { results } = await testEnv.IDENTITY.prepare(
			"SELECT action FROM audit_log WHERE action IN ('job.redrive', 'signal.redrive')",
		).all();
		expect(results).toHaveLength(2);
		const redrive = async (id: string, credential: string) =>
			await fault(await call(`/v1/dead-letters/${id}/redrive`, { method: "POST", credential }));
		expect(await redrive("throw:not_found", ADMIN_KEY)).toEqual([404, "not_found"]);
		expect(await redrive("throw:conflict", ADMIN_KEY)).toEqual([409, "conflict"]);
		expect(await redrive("x", owner)).toEqual([403, "permission_denied"]);
		expect(await fault(await call("/v1/jobs", { credential: owner }))).toEqual([403, "permission_denied"]);
	});
});

describe("paths and methods", () => {
	test.each([
		["GET", "/v1/sql", "POST"],
		["PUT", "/v1/keys", "POST, GET, HEAD"],
		["DELETE", "/v1/tables/t/rows", "POST"],
		["POST", "/health", "GET, HEAD"],
		["OPTIONS", "/v1/tenants/a", "GET, HEAD, DELETE"],
		["PATCH", "/v1/keys/0123456789abcdef", "DELETE"],
	])("%s %s", async (method, path, allow) => {
		const response = await call(path, { method });
		expect(response.headers.get("Allow")).toBe(allow);
		expect(await fault(response)).toEqual([405, "method_not_allowed"]);
	});

	test.each(["/", "/v1", "/v1/sql/", "/v1/tables/", "/v1/tables//rows", "/v2/sql", "/.well-known/none", "/openapiXjson"])(
		"%s is not found",
		async (path) => {
			const response = await call(path);
			const requestId = response.headers.get("Request-Id");
			expect(await problemOf(response)).toEqual({
				type: "/docs/errors#not_found",
				title: "Not found",
				status: 404,
				code: "not_found",
				detail: `there is nothing under ${path}`,
				request_id: requestId,
			});
		},
	);
});
