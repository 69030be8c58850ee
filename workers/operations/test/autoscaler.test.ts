/** Decisions as they are recorded, carried out and resumed: the real store, and a tenant Worker that keeps epochs as the real one does and fails on demand. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { LittoralError } from "#shared/base/errors.ts";
import { newTenantId, type TenantId } from "#shared/base/ids.ts";
import { SCALING_DECISION_COUNT_MAX } from "#shared/base/limits.ts";
import type { LoadSample } from "#shared/contracts/scaling.ts";
import type { Env } from "../src/env.ts";
import { Autoscaler } from "../src/scaling/autoscaler.ts";
import { describeScaling } from "../src/scaling/describe.ts";
import { SCALING_POLICY } from "../src/scaling/policy.ts";
import { ScalingStore } from "../src/scaling/store.ts";

const testEnv = env as unknown as Env & { MIGRATIONS: Parameters<typeof applyD1Migrations>[1] };
const store = new ScalingStore(testEnv.OPERATIONS_DB);
const HOUR_MS = 3_600_000;

let nowMs = 0;
let tenantId: TenantId;
/** The directory of the tenant at hand, and the calls that reached it. */
let directory = { epoch: 1, count: 1 };
let calls: [count: number, fromEpoch: number | undefined][] = [];
let failure: "before" | "lost" | null = null;
/** Something that happens just before the next change. */
let meanwhile = async (): Promise<void> => {};

const scaler = new Autoscaler({
	store,
	policy: SCALING_POLICY,
	now: () => nowMs,
	tenant: {
		async changeShards(_, count, fromEpoch) {
			const before = meanwhile;
			meanwhile = async () => {};
			await before();
			if (failure === "before") throw new LittoralError("unavailable", "fails before");
			calls.push([count, fromEpoch]);
			if ((fromEpoch === undefined || fromEpoch === directory.epoch) && count !== directory.count) {
				directory = { epoch: directory.epoch + 1, count };
			}
			if (failure === "lost") throw new Error("the answer is lost");
			const shards = Array.from({ length: directory.count }, (_shard, index) => ({ name: `shard-${index}`, state: "active" as const }));
			return { epoch: directory.epoch, shards, settled: directory.count === count };
		},
	},
});

beforeAll(async () => {
	await applyD1Migrations(testEnv.OPERATIONS_DB, testEnv.MIGRATIONS);
});

beforeEach(async () => {
	nowMs = 1_000_000 * HOUR_MS;
	tenantId = newTenantId();
	directory = { epoch: 1, count: 1 };
	calls = [];
	failure = null;
	meanwhile = async () => {};
	await testEnv.OPERATIONS_DB.prepare("DELETE FROM scaling").run();
	await testEnv.OPERATIONS_DB.prepare("INSERT INTO tenants (id, tenant_id, status, created_at_ms) VALUES (?1, ?1, 'active', 0)")
		.bind(tenantId)
		.run();
});

/** What each shard of the directory reports now. */
function report(busyFraction: number, parts: Partial<LoadSample> = {}): { tenantId: TenantId; sample: LoadSample }[] {
	return Array.from({ length: directory.count }, (_, shard) => ({
		tenantId,
		sample: {
			shard,
			epoch: directory.epoch,
			activeCount: directory.count,
			fromMs: nowMs - 30_000,
			toMs: nowMs,
			appendCount: 10,
			appendedBytes: 100,
			busyFraction,
			tailBytes: 0,
			refusedCount: 0,
			overloaded: false,
			...parts,
		},
	}));
}

async function minutes(count: number, busyFraction: number): Promise<void> {
	for (let half = 0; half < 2 * count; half++) {
		nowMs += 30_000;
		await scaler.reported(report(busyFraction));
		if (half % 2 === 1) await scaler.cron();
	}
}

const described = async (page: { limit: number; cursor: string | null } = { limit: 100, cursor: null }) =>
	await describeScaling({ store, policy: SCALING_POLICY, nowMs }, tenantId, page);
const decided = async () =>
	(await described()).decisions.map(({ from, to, reason, trigger, outcome }) => `${from} -> ${to} ${reason} by ${trigger}: ${outcome}`);
const count = async (table: string) =>
	(
		await testEnv.OPERATIONS_DB.prepare(`SELECT count(*) AS count FROM ${table} WHERE tenant_id = ?`)
			.bind(tenantId)
			.first<{ count: number }>()
	)?.count;

test("busy: from one shard to two; idle: back, a day later, woken by nobody's report", async () => {
	await minutes(2, 0.9);
	expect(await decided()).toEqual(["1 -> 2 busy by cron: applied"]);
	expect(calls).toEqual([[2, 1]]);
	const { decisions, shardCount, epoch, samples } = await described();
	expect(decisions[0]?.inputs).toMatchObject({ load: expect.closeTo(0.9), hottestBusyFraction: 0.9, sampleCount: 4, lastChangeAtMs: null });
	expect([shardCount, epoch, samples.length]).toEqual([2, 2, 4]);
	for (let hour = 0; hour < 23; hour++) {
		nowMs += HOUR_MS;
		await scaler.cron();
	}
	expect(calls).toHaveLength(1);
	nowMs += 2.5 * HOUR_MS;
	await scaler.cron();
	expect(await decided()).toEqual(["2 -> 1 quiet by cron: applied", "1 -> 2 busy by cron: applied"]);
	expect(calls.slice(1)).toEqual([[1, 2]]);
	// From now on there is nothing to look at.
	nowMs += HOUR_MS;
	await scaler.cron();
	nowMs += HOUR_MS;
	expect(await store.tenantsToLookAt({ reportedMs: nowMs - HOUR_MS, dueMs: nowMs })).toEqual([]);
});

test("a calm tenant of one shard is neither looked at nor recorded", async () => {
	await minutes(3, 0.3);
	expect(await Promise.all(["scaling", "scaling_peaks", "scaling_decisions", "shard_loads"].map(count))).toEqual([0, 0, 0, 1]);
	expect((await described()).verdict).toMatchObject({ to: 1, reason: "steady", inputs: { load: expect.closeTo(0.3) } });
	nowMs += 2 * HOUR_MS - (nowMs % HOUR_MS);
	await scaler.cron();
	expect(await count("shard_loads")).toBe(0);
});

test("an overloaded report acts at once, once", async () => {
	await scaler.reported(report(1, { overloaded: true, fromMs: nowMs - 5000 }));
	await scaler.reported(report(1, { overloaded: true, fromMs: nowMs - 5000 }));
	expect(await decided()).toEqual(["1 -> 2 overloaded by signal: applied"]);
});

test("of twenty who decide at once, one does", async () => {
	await store.recordSamples(report(1, { overloaded: true }));
	await Promise.all(Array.from({ length: 20 }, () => scaler.look(tenantId, "cron")));
	expect(await decided()).toEqual(["1 -> 2 overloaded by cron: applied"]);
	expect(calls).toEqual([[2, 1]]);
});

test.each(["before", "lost"] as const)("a change that fails %s is resumed by the cron", async (when) => {
	failure = when;
	await scaler.reported(report(1, { overloaded: true }));
	expect(await decided()).toEqual(["1 -> 2 overloaded by signal: applying"]);
	failure = null;
	nowMs += 20_000;
	await scaler.cron();
	expect(await decided()).toEqual(["1 -> 2 overloaded by signal: applying"]);
	nowMs += 20_000;
	await scaler.cron();
	expect(await decided()).toEqual(["1 -> 2 overloaded by signal: applied"]);
	expect(directory).toEqual({ epoch: 2, count: 2 });
});

test("what fails for ten minutes is given up, and decided anew", async () => {
	failure = "before";
	await scaler.reported(report(1, { overloaded: true }));
	nowMs += 600_000;
	await scaler.cron();
	expect(await decided()).toEqual(["1 -> 2 overloaded by signal: failed"]);
	failure = null;
	await scaler.reported(report(1, { overloaded: true }));
	expect(await decided()).toEqual(["1 -> 2 overloaded by signal: applied", "1 -> 2 overloaded by signal: failed"]);
});

test("a change that another one overtook does nothing", async () => {
	meanwhile = async () => {
		directory = { epoch: 2, count: 5 };
	};
	await scaler.reported(report(1, { overloaded: true }));
	expect(await decided()).toEqual(["1 -> 2 overloaded by signal: superseded"]);
	expect(await described()).toMatchObject({ epoch: 2, shardCount: 5 });
	expect(directory).toEqual({ epoch: 2, count: 5 });
});

test("the administrator's number is kept, also against a decision under way, until other bounds are given", async () => {
	meanwhile = async () => {
		await scaler.pin(tenantId, 4);
	};
	await scaler.reported(report(1, { overloaded: true }));
	expect(await decided()).toEqual(["1 -> 4 manual by manual: applied", "1 -> 2 overloaded by signal: superseded"]);
	expect(directory).toEqual({ epoch: 2, count: 4 });
	await minutes(3, 1);
	expect(directory.count).toBe(4);
	expect((await described()).verdict).toMatchObject({ to: 4, reason: "at_maximum" });
	await scaler.setBounds(tenantId, { shardCountMin: 1, shardCountMax: 8 });
	await minutes(1, 1);
	expect(directory.count).toBe(8);
	await scaler.setBounds(tenantId, { shardCountMin: 1, shardCountMax: 3 });
	expect(directory.count).toBe(3);
	expect((await decided())[0]).toBe("8 -> 3 manual by manual: applied");
});

test("decisions are paged, and the oldest are forgotten; with the tenant goes everything", async () => {
	for (let index = 0; index < 5; index++) await scaler.pin(tenantId, (index % 2) + 2);
	const first = await described({ limit: 3, cursor: null });
	expect([first.decisions.map(({ number }) => number), first.nextCursor]).toEqual([[5, 4, 3], "3"]);
	const second = await described({ limit: 3, cursor: first.nextCursor });
	expect([second.decisions.map(({ number }) => number), second.nextCursor]).toEqual([[2, 1], null]);
	await testEnv.OPERATIONS_DB.prepare("UPDATE scaling_decisions SET number = number + ? WHERE tenant_id = ? AND number > 3")
		.bind(SCALING_DECISION_COUNT_MAX - 3, tenantId)
		.run();
	await scaler.pin(tenantId, 8);
	expect((await described()).decisions.map(({ number }) => number)).toEqual([203, 202, 201]);
	await store.recordSamples(report(1));
	await testEnv.OPERATIONS_DB.prepare("DELETE FROM tenants WHERE tenant_id = ?").bind(tenantId).run();
	await scaler.look(tenantId, "cron");
	// A report that comes late leaves nothing either.
	await store.recordSamples(report(1));
	expect(await Promise.all(["scaling", "scaling_peaks", "scaling_decisions", "shard_loads"].map(count))).toEqual([0, 0, 0, 0]);
});

test("a shard's reports are few: the last ten, in one row", async () => {
	for (let index = 0; index < 12; index++) {
		nowMs += 30_000;
		await store.recordSamples(report(0.1 * index));
	}
	const { samples } = await described();
	expect(samples.map(({ busyFraction }) => Math.round(busyFraction * 10))).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
	expect(await count("shard_loads")).toBe(1);
});
