/** Alerts in the hubs: when they are evaluated and when nobody wakes, what the webhook gets. */
import { env, exports } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ALERT_NOTIFICATION_ATTEMPT_COUNT_MAX, ALERT_NOTIFICATION_COUNT_MAX, HEALTH_HISTORY_MINUTE_COUNT } from "#shared/base/limits.ts";
import type { Transition } from "../src/alerts/evaluate.ts";
import { ALERT_RULES, type AlertRule } from "../src/alerts/rules.ts";
import type { Env } from "../src/env.ts";
import { HealthHistory } from "../src/hub/health-history.ts";
import { allHubs, HUB_COUNT } from "../src/hub/hubs.ts";
import type { MetricsHub } from "../src/hub/metrics-hub.ts";
import { backoffMs, NotificationQueue } from "../src/webhook/notifications.ts";
import { signedHeaders } from "../src/webhook/sign.ts";

const MINUTE_MS = 60_000;
const testEnv = env as unknown as Env;
const service = (exports as unknown as { MonitoringService: import("../src/index.ts").MonitoringService }).MonitoringService;
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** Never goes back from one test to the next: the hubs live on. */
let clockMs = Date.now();
/** Requests that the webhook was sent, and what it answers next. */
let received: { id: string; body: { type: string; data: Record<string, string> } }[] = [];
let answer: () => Promise<Response>;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: clockMs });
	received = [];
	answer = async () => new Response(null, { status: 204 });
	vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
		const { "webhook-id": id } = (init?.headers ?? {}) as Record<string, string>;
		expect([init?.redirect, init?.signal instanceof AbortSignal]).toEqual(["manual", true]);
		received.push({ id: id as string, body: JSON.parse(init?.body as string) as (typeof received)[number]["body"] });
		return await answer();
	});
});

afterEach(() => {
	clockMs = Date.now();
	vi.restoreAllMocks();
	vi.useRealTimers();
});

/** Time goes on, from one alarm to the next. @returns how many ran */
async function pass(ms: number): Promise<number> {
	const endMs = Date.now() + ms;
	for (let ran = 0; ; ran++) {
		const due: { hub: DurableObjectStub<MetricsHub>; atMs: number }[] = [];
		for (const hub of allHubs(testEnv)) {
			const atMs = await runInDurableObject(hub, (_, state) => state.storage.getAlarm());
			if (atMs !== null) due.push({ hub, atMs });
		}
		const [next] = due.toSorted((left, right) => left.atMs - right.atMs);
		vi.setSystemTime(next === undefined ? endMs : Math.min(endMs, Math.max(Date.now(), next.atMs)));
		if (next === undefined || next.atMs > endMs) return ran;
		await runDurableObjectAlarm(next.hub);
	}
}

let sequence = 0;
async function count(name: string, labels: Record<string, string>, value = 1, isolateId = "isolate"): Promise<void> {
	await service.push({ isolateId, sequence: ++sequence, service: "test", samples: [{ name, labels, kind: "counter", value }] });
}

const deadLetter = (): Promise<void> => count("littoral_dead_letters_total", { service: "operations", queue: "signals" });

describe("evaluation", () => {
	test("goes on while something happens, once more, and then no hub has an alarm", async () => {
		for (let isolate = 0; isolate < 3 * HUB_COUNT; isolate++) {
			await count("littoral_calls_total", { service: "tenant", operation: "query", code: "ok" }, 1, `isolate-${isolate}`);
		}
		expect(await pass(MINUTE_MS)).toBeGreaterThanOrEqual(HUB_COUNT);
		await pass(3 * MINUTE_MS);
		expect(await pass(60 * MINUTE_MS)).toBe(0);
		expect(await service.status()).toMatchObject({ alerts: [] });
		expect(received).toEqual([]);
	});

	test("an alert fires, is announced once, signed, and is resolved and announced again; then all sleep", async () => {
		await count("littoral_calls_total", { service: "tenant", operation: "query", code: "ok" });
		await pass(2 * MINUTE_MS);
		await deadLetter();
		await pass(2 * MINUTE_MS);
		const { alerts } = await service.status();
		const summary = "1 messages of queues failed every time within an hour: see GET /v1/dead-letters.";
		expect(alerts).toEqual([{ name: "LittoralDeadLetters", severity: "critical", sinceMs: expect.any(Number), summary }]);
		await pass(30 * MINUTE_MS);
		const sinceMs = alerts[0]?.sinceMs ?? 0;
		const since = new Date(sinceMs).toISOString();
		const fired = {
			id: `LittoralDeadLetters-${sinceMs}-firing`,
			body: { type: "alert.firing", data: { name: "LittoralDeadLetters", since, summary } },
		};
		expect(received).toMatchObject([fired]);
		await pass(60 * MINUTE_MS);
		expect(await service.status()).toMatchObject({ alerts: [] });
		expect(received).toMatchObject([fired, { id: `LittoralDeadLetters-${sinceMs}-resolved`, body: { type: "alert.resolved" } }]);
		expect(await pass(60 * MINUTE_MS)).toBe(0);
	});

	test("a receiver that fails, and one that never answers, get the same notification again, ever more seldom, and a failing webhook is an alert itself", async () => {
		await count("littoral_calls_total", { service: "tenant", operation: "query", code: "ok" });
		await pass(2 * MINUTE_MS);
		const answers = [
			async () => new Response("busy", { status: 503 }),
			async () => await Promise.reject(new DOMException("no answer in time", "TimeoutError")),
			async () => new Response(null, { status: 302, headers: { Location: "https://elsewhere.invalid" } }),
		];
		answer = async () => await (answers.shift()?.() ?? Promise.resolve(new Response(null, { status: 200 })));
		await deadLetter();
		await pass(5 * MINUTE_MS);
		expect(new Set(received.slice(0, 4).map(({ id }) => id)).size).toBe(1);
		expect(received.slice(4).map(({ body }) => body.data["name"])).toEqual(["LittoralAlertWebhookFails"]);
		expect((await service.status()).alerts.map(({ name }) => name)).toEqual(["LittoralDeadLetters", "LittoralAlertWebhookFails"]);
		expect(await service.scrape()).toContain('littoral_alert_notifications_total{service="monitoring",outcome="failed"} 3\n');
		await pass(120 * MINUTE_MS);
	});

	test("a hub that has something due and no alarm gets one when it wakes", async () => {
		await count("littoral_calls_total", { service: "tenant", operation: "query", code: "ok" });
		await pass(MINUTE_MS / 2);
		const chief = (): DurableObjectStub<MetricsHub> => allHubs(testEnv)[0] as DurableObjectStub<MetricsHub>;
		await runInDurableObject(chief(), (_, state) => state.storage.deleteAlarm());
		try {
			await runInDurableObject(chief(), (_, state) => state.abort("lost by a test"));
		} catch {
			// The abort breaks this very call.
		}
		expect(await runInDurableObject(chief(), (_, state) => state.storage.getAlarm())).not.toBeNull();
		await pass(10 * MINUTE_MS);
		expect(await pass(60 * MINUTE_MS)).toBe(0);
	});

	test("a service that does not answer is an alert, and one that is not probed any more is none", async () => {
		const probed = async (status: "ok" | "failed"): Promise<void> => {
			await service.recordHealth([
				{ service: "tenant", status, latencyMs: 7, atMs: Date.now() },
				{ service: "catalog", status: "ok", latencyMs: 3, atMs: Date.now() },
			]);
		};
		for (let minute = 0; minute < 4; minute++) {
			await probed("failed");
			await pass(MINUTE_MS);
		}
		expect((await service.status()).alerts).toMatchObject([{ name: "LittoralServiceDown", severity: "critical" }]);
		expect(await service.scrape("tenant")).toContain('littoral_service_up{service="tenant"} 0\n');
		await pass(10 * MINUTE_MS);
		expect((await service.status()).alerts).toEqual([]);
		expect(await service.scrape()).not.toContain("littoral_service_up{");
	});
});

test("the health history keeps the worst of each minute, for a day", async () => {
	const stub = testEnv.METRICS_HUB.get(testEnv.METRICS_HUB.idFromName("history"));
	await runInDurableObject(stub, (_, state) => {
		const history = new HealthHistory(state.storage.sql);
		const minutes = HEALTH_HISTORY_MINUTE_COUNT + 60;
		for (let minute = 0; minute < minutes; minute++) {
			const atMs = minute * MINUTE_MS;
			history.record([{ service: "gateway", status: "ok", latencyMs: 1, atMs }]);
			history.record([{ service: "gateway", status: minute % 2 === 0 ? "failed" : "ok", latencyMs: 5, atMs: atMs + 30_000 }]);
			history.record([{ service: "gateway", status: "ok", latencyMs: 3, atMs: atMs + 40_000 }]);
		}
		const records = history.all();
		expect(records).toHaveLength(HEALTH_HISTORY_MINUTE_COUNT);
		expect(records.slice(-2)).toEqual([
			{ service: "gateway", status: "failed", latencyMs: 5, atMs: (minutes - 2) * MINUTE_MS },
			{ service: "gateway", status: "ok", latencyMs: 5, atMs: (minutes - 1) * MINUTE_MS },
		]);
	});
});

describe("notifications", () => {
	const rule = ALERT_RULES[0] as AlertRule;
	const transition = (sinceMs: number): Transition => ({ kind: "firing", rule, episode: { state: "firing", sinceMs, value: 1 } });
	const target = { url: "https://receiver.invalid/hook", secret: SECRET };

	async function withQueue(name: string, work: (queue: NotificationQueue) => Promise<void>): Promise<void> {
		const stub = testEnv.METRICS_HUB.get(testEnv.METRICS_HUB.idFromName(name));
		await runInDurableObject(stub, (_, state) => work(new NotificationQueue(state.storage.sql)));
	}

	test("one that is never taken is given up; the next one follows", async () => {
		await withQueue("given-up", async (queue) => {
			const outcomes: string[] = [];
			let nowMs = 0;
			queue.add([transition(1), transition(2)], nowMs);
			// The same episode again.
			expect(queue.add([transition(1)], nowMs)).toBe(0);
			answer = async () => new Response(null, { status: received[0]?.id === received.at(-1)?.id ? 500 : 200 });
			for (let due = queue.dueMs(); due !== null; due = queue.dueMs()) {
				nowMs = due;
				await queue.deliver(target, { now: () => nowMs }, (outcome) => outcomes.push(outcome));
			}
			expect(outcomes).toEqual([...Array.from({ length: ALERT_NOTIFICATION_ATTEMPT_COUNT_MAX }, () => "failed"), "dropped", "delivered"]);
			expect(received.map(({ id }) => id).at(-1)).toBe(`${rule.name}-2-firing`);
			expect(nowMs).toBeGreaterThan(90 * MINUTE_MS);
		});
	});

	test("at most so many wait, the oldest go", async () => {
		await withQueue("full", async (queue) => {
			let dropped = 0;
			for (let since = 1; since <= ALERT_NOTIFICATION_COUNT_MAX + 5; since++) dropped += queue.add([transition(since)], 0);
			expect(dropped).toBe(5);
			await queue.deliver(target, { now: () => 0 }, () => {});
			expect(received).toHaveLength(ALERT_NOTIFICATION_COUNT_MAX);
			expect(received[0]?.id).toBe(`${rule.name}-6-firing`);
		});
	});

	test("waits double up to a quarter of an hour", () => {
		expect([1, 2, 3, 7, 8, 100].map(backoffMs)).toEqual([10_000, 20_000, 40_000, 640_000, 900_000, 900_000]);
	});

	test("the signature is Standard Webhooks'", async () => {
		const message = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}' };
		expect(await signedHeaders(message, SECRET, 1_614_265_330_999)).toEqual({
			"webhook-id": message.id,
			"webhook-timestamp": "1614265330",
			"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		});
	});
});
