import {
	applyD1Migrations,
	createExecutionContext,
	createMessageBatch,
	createScheduledController,
	waitOnExecutionContext,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { TenantId } from "#shared/base/ids.ts";
import type { Signal } from "#shared/contracts/rpc.ts";
import type { Env } from "../src/env.ts";
import operations from "../src/index.ts";

const testEnv = env as unknown as Env & { MIGRATIONS: Parameters<typeof applyD1Migrations>[1] };
const service = (exports as unknown as { OperationsService: import("../src/index.ts").OperationsService }).OperationsService;

beforeAll(async () => {
	await applyD1Migrations(testEnv.OPERATIONS_DB, testEnv.MIGRATIONS);
});

test("a probe tells which service cannot serve", async () => {
	const answer = await service.probe();
	const statuses = Object.entries(answer).map(([name, { status }]) => `${name} ${status}`);
	expect(statuses).toEqual(["tenant ok", "optimizer failed", "catalog ok", "monitoring ok"]);
	await service.ready();
});

test("the cron records what the probes found while one fails", async () => {
	const ctx = createExecutionContext();
	await operations.scheduled(createScheduledController({ cron: "* * * * *" }), testEnv, ctx);
	await waitOnExecutionContext(ctx);
	const { history } = await testEnv.MONITORING.status();
	expect(history.map((record) => `${record.service} ${record.status}`).toSorted()).toEqual(["catalog ok", "optimizer failed", "tenant ok"]);
});

test("lists are paged by name", async () => {
	for (const id of ["b", "a", "c"]) {
		await testEnv.OPERATIONS_DB.prepare("INSERT INTO tenants (id, tenant_id, status, created_at_ms) VALUES (?, ?, 'active', 0)")
			.bind(id, `t-${id}`)
			.run();
	}
	const first = await service.listTenants({ limit: 2, cursor: null });
	expect(first.tenants.map((tenant) => tenant.id)).toEqual(["a", "b"]);
	const second = await service.listTenants({ limit: 2, cursor: first.nextCursor });
	expect(second.tenants.map((tenant) => tenant.id)).toEqual(["c"]);
	expect(second.nextCursor).toBeNull();
});

test("signals that failed every time are kept once, listed newest first, and sent again when asked", async () => {
	const dead = async (queue: string, ids: string[]) => {
		const body: Signal = { kind: "tenant_step", tenantId: "nobody" as TenantId };
		const messages = ids.map((id) => ({ id, timestamp: new Date(), attempts: 1, body }));
		const ctx = createExecutionContext();
		await operations.queue(createMessageBatch(queue, messages) as MessageBatch<Signal>, testEnv, ctx);
		await waitOnExecutionContext(ctx);
	};
	await dead("littoral-staging-signals-dead", ["m1", "m2", "m3"]);
	await dead("littoral-signals-dead", ["m2"]);
	const first = await service.deadLetters({ limit: 2, cursor: null });
	expect(first.deadLetters.map(({ id, message }) => [id, JSON.parse(message)])).toEqual(
		["m3", "m2"].map((id) => [id, { kind: "tenant_step", tenantId: "nobody" }]),
	);
	const second = await service.deadLetters({ limit: 2, cursor: first.nextCursor });
	expect(second).toEqual({ deadLetters: [expect.objectContaining({ id: "m1" })], nextCursor: null });
	expect([await service.redrive("m2"), await service.redrive("m2")]).toEqual([{ kind: "tenant_step", tenantId: "nobody" }, null]);
	expect((await service.deadLetters({ limit: 10, cursor: null })).deadLetters.map(({ id }) => id)).toEqual(["m3", "m1"]);
});
