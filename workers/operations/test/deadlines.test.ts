/** No Worker below operations holds up whoever asks by never answering. */
import { applyD1Migrations, createExecutionContext, createMessageBatch, createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { BELOW_OPERATIONS_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import type { Signal } from "#shared/contracts/rpc.ts";
import type { Env } from "../src/env.ts";
import operations, { OperationsService } from "../src/index.ts";
import { TenantStore } from "../src/tenants/store.ts";

const testEnv = env as unknown as Env & { MIGRATIONS: Parameters<typeof applyD1Migrations>[1] };
type Binding = "TENANT" | "CATALOG" | "OPTIMIZER" | "MONITORING";

/** Answers everything at once. */
const willing = new Proxy({}, { get: () => async () => ({ done: true }) }) as never;

/** The bindings while one of the Workers takes every call and answers none. @returns also which of its methods were called */
function whileSilent(binding: Binding): { bindings: Env; asked: string[] } {
	const asked: string[] = [];
	const call = (method: string) => () => {
		asked.push(method);
		return new Promise(() => {});
	};
	const silent = new Proxy({}, { get: (_, method: string) => call(method) });
	return { bindings: { ...testEnv, TENANT: willing, CATALOG: willing, OPTIMIZER: willing, [binding]: silent } as Env, asked };
}

/** D1 answers in real time, which goes on beside the timers'. */
async function until(condition: () => boolean): Promise<void> {
	while (!condition()) await scheduler.wait(1);
}

/** What a call comes to once all the time has gone by that it may take, and what it still is a millisecond before. */
async function outcomes(asked: string[], call: Promise<unknown>): Promise<[string, string]> {
	let outcome = "waits";
	call.then(
		() => (outcome = "done"),
		(error: Error) => (outcome = error.message),
	);
	await until(() => asked.length > 0);
	await vi.advanceTimersByTimeAsync(BELOW_OPERATIONS_ANSWER_MS_MAX - 1);
	const before = outcome;
	await vi.advanceTimersByTimeAsync(1);
	await until(() => outcome !== "waits");
	return [before, outcome];
}

beforeAll(async () => applyD1Migrations(testEnv.OPERATIONS_DB, testEnv.MIGRATIONS));
beforeEach(async () => {
	await testEnv.OPERATIONS_DB.batch(["tenants", "history"].map((table) => testEnv.OPERATIONS_DB.prepare(`DELETE FROM ${table}`)));
	const row = { id: "acme", tenantId: "t-acme", status: "active" as const, location: null, createdAtMs: 0 };
	await new TenantStore(testEnv.OPERATIONS_DB).insert(row);
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => void vi.useRealTimers());

test.each<[string, (service: OperationsService) => Promise<unknown>]>([
	["createTenant", (service) => service.createTenant({ id: "silence", location: null, requestId: "r" })],
	["suspendTenant", (service) => service.suspendTenant("acme")],
	["deleteTenant", (service) => service.deleteTenant("acme")],
	["changeShards", (service) => service.changeShards("acme", 2)],
])("the tenant Worker is silent: %s", async (_, act) => {
	const { bindings, asked } = whileSilent("TENANT");
	const call = act(new OperationsService(createExecutionContext(), bindings));
	expect(await outcomes(asked, call)).toEqual(["waits", "the tenant Worker does not answer; try again"]);
});

test.each<[Binding, string]>([
	["CATALOG", "the catalog Worker"],
	["OPTIMIZER", "the optimizer Worker"],
])("%s is silent while a tenant is deleted, which then goes on where it was", async (binding, name) => {
	const { bindings, asked } = whileSilent(binding);
	const call = new OperationsService(createExecutionContext(), bindings).deleteTenant("acme");
	expect(await outcomes(asked, call)).toEqual(["waits", `${name} does not answer; try again`]);
	expect(await new OperationsService(createExecutionContext(), whileSilent("MONITORING").bindings).deleteTenant("acme")).toMatchObject({
		done: true,
	});
});

test("a signal whose step meets a silent Worker is taken again", async () => {
	const { bindings, asked } = whileSilent("TENANT");
	const body: Signal = { kind: "tenant_sweep", tenantId: "t-acme" as never };
	const batch = createMessageBatch("littoral-signals", [{ id: "m", timestamp: new Date(), attempts: 1, body }]) as MessageBatch<Signal>;
	const retry = vi.spyOn(batch.messages[0] as Message<Signal>, "retry");
	expect(await outcomes(asked, operations.queue(batch, bindings, createExecutionContext()))).toEqual(["waits", "done"]);
	expect(retry).toHaveBeenCalledOnce();
});

test("a cron whose probes failed does not wait for monitoring for ever", async () => {
	const { bindings, asked } = whileSilent("MONITORING");
	// The stand-in of the optimizer's is down.
	const env = { ...bindings, OPTIMIZER: testEnv.OPTIMIZER };
	const cron = operations.scheduled(createScheduledController({ cron: "* * * * *" }), env, createExecutionContext());
	expect(await outcomes(asked, cron)).toEqual(["waits", "the monitoring Worker does not answer; try again"]);
	expect(asked).toContain("recordHealth");
});
