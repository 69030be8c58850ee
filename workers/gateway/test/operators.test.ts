/** What operators of the platform see and do. */
import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import type { Env } from "../src/env.ts";
import worker from "../src/index.ts";
import { ADMIN_KEY, call, newTenant, testEnv } from "./world.ts";

function raise(): never {
	throw new Error("down");
}

const admin = { credential: ADMIN_KEY };

describe("operators", () => {
	test("/health", async () => {
		expect(await (await call("/health")).json()).toEqual({ status: "ok", service: "gateway" });
		const head = await call("/health", { method: "HEAD" });
		expect([head.status, await head.text()]).toEqual([200, ""]);
	});

	const latency = { status: "ok", latency_ms: expect.any(Number) };
	test("/ready asks all six", async () => {
		const response = await call("/ready");
		expect(response.status).toBe(200);
		expect(await response.json()).toEqual({
			status: "ok",
			services: { gateway: latency, operations: latency, tenant: latency, optimizer: latency, catalog: latency, monitoring: latency },
		});
	});

	test("/ready is 503 where one fails", async () => {
		const failed = { status: "failed", latency_ms: expect.any(Number) };
		const ask = async (operations: Partial<Env["OPERATIONS"]>): Promise<[number, unknown]> => {
			const OPERATIONS = { ready: async () => {}, probe: () => testEnv.OPERATIONS.probe(), ...operations };
			const request = new Request("https://littoral.test/ready");
			const response = await createApp().fetch(request, { ...testEnv, OPERATIONS }, createExecutionContext());
			return [response.status, await response.json()];
		};
		const ok = { status: "ok" as const, latencyMs: 1 };
		const probe = async () => ({ tenant: ok, optimizer: { status: "failed" as const, latencyMs: 7 }, catalog: ok, monitoring: ok });
		expect(await ask({ probe })).toEqual([
			503,
			{
				status: "failed",
				services: {
					gateway: latency,
					operations: latency,
					tenant: latency,
					optimizer: { status: "failed", latency_ms: 7 },
					catalog: latency,
					monitoring: latency,
				},
			},
		]);
		const down = async (): Promise<never> => {
			throw new Error("down");
		};
		expect(await ask({ ready: down, probe: down })).toEqual([
			503,
			{
				status: "failed",
				services: { gateway: latency, operations: failed, tenant: failed, optimizer: failed, catalog: failed, monitoring: failed },
			},
		]);
	});

	test("every request is counted, under its route and its outcome", async () => {
		const { owner } = await newTenant();
		for (let index = 0; index < 20; index++) await call("/v1/tables/some-name", { credential: owner });
		await call("/nowhere/at/all");
		const text = async (): Promise<string> => await (await call("/metrics", admin)).text();
		await expect
			.poll(async () =>
				(await text())
					.split("\n")
					.filter((line) =>
						line.startsWith('littoral_http_requests_total{"service":"gateway","route":"/v1/tables/{table}","method":"GET","status":"200"}'),
					)
					.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0),
			)
			.toBe(20);
		await expect
			.poll(text)
			.toContain('littoral_http_requests_total{"service":"gateway","route":"unmatched","method":"GET","status":"404"} 1');
		expect(await text()).not.toContain("some-name");
	});

	test("a request has all six probed in the background; the cron tells monitoring only of a failure", async () => {
		await call("/health");
		const recorded = async (): Promise<string[]> =>
			(await testEnv.MONITORING.status()).history.map(({ service, status }) => `${service} ${status}`);
		await expect.poll(recorded).toEqual(["gateway ok", "operations ok", "tenant ok", "optimizer ok", "catalog ok", "monitoring ok"]);
		const before = (await recorded()).length;
		const cron = createScheduledController({ cron: "* * * * *" });
		await worker.scheduled(cron, testEnv);
		expect(await recorded()).toHaveLength(before);
		const IDENTITY = { prepare: () => raise() } as unknown as D1Database;
		await worker.scheduled(cron, { ...testEnv, MONITORING: testEnv.MONITORING, IDENTITY });
		expect((await recorded()).at(-1)).toBe("gateway failed");
	});

	test("/v1/status is for the administrator; the gravest alert is the status", async () => {
		const { owner } = await newTenant();
		expect([(await call("/v1/status")).status, (await call("/v1/status", { credential: owner })).status]).toEqual([401, 403]);
		const status = async (): Promise<Record<string, unknown>> => await (await call("/v1/status", admin)).json();
		expect(await status()).toMatchObject({ status: "ok", alerts: [] });
		const slow = { name: "LittoralAppendsSlow", severity: "warning", sinceMs: 0, summary: "Slow." } as const;
		await testEnv.MONITORING.fire([slow]);
		expect(await status()).toMatchObject({
			status: "warning",
			alerts: [{ name: "LittoralAppendsSlow", severity: "warning", since: "1970-01-01T00:00:00.000Z", summary: "Slow." }],
			history: { tenant: [{ at: expect.any(String), status: "ok", latency_ms: 1 }] },
		});
		await testEnv.MONITORING.fire([slow, { ...slow, severity: "critical" }]);
		expect(await status()).toMatchObject({ status: "critical" });
	});
});
