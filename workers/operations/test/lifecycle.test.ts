import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { Env } from "../src/env.ts";
import { type LifecyclePorts, TenantLifecycle } from "../src/tenants/lifecycle.ts";
import { TenantStore } from "../src/tenants/store.ts";

const testEnv = env as unknown as Env & { MIGRATIONS: Parameters<typeof applyD1Migrations>[1] };
const store = new TenantStore(testEnv.OPERATIONS_DB);

/** A port fails before it did anything, after it did it and says so, or with a lost answer. */
const FAILURES = ["before", "after", "lost"] as const;
type Failure = (typeof FAILURES)[number];

/** Calls of the ports by name, and the next failures. */
let calls: string[] = [];
let failures: { port: string; when: Failure }[] = [];
/** Fails one call, whatever port it is of: counted from 0 in the order in which they begin. */
let failCall: { index: number; when: Failure } | null = null;
let begun: string[] = [];
let tenantSteps = 0;
let catalogSteps = 0;
/** Tenants whose directory stands in shard 0: deleting the tenant empties it. */
const directories = new Set<string>();

async function port<Answer>(name: string, answer: () => Answer | Promise<Answer>): Promise<Answer> {
	begun.push(name);
	const failure = failures[0]?.port === name ? failures.shift() : failCall?.index === begun.length - 1 ? failCall : undefined;
	if (failure?.when === "before") throw new LittoralError("unavailable", `${name} fails before`);
	calls.push(name);
	const answered = await answer();
	if (failure?.when === "after") throw new LittoralError("unavailable", `${name} fails after`);
	if (failure?.when === "lost") throw new Error(`the answer of ${name} is lost`);
	return answered;
}

/** The real store, each of whose calls is a step that can fail. */
const faultyStore = new Proxy(store, {
	get: (target, method) => {
		const call = Reflect.get(target, method) as (...input: unknown[]) => unknown;
		return async (...input: unknown[]) => await port(`store.${String(method)}`, () => call.apply(target, input));
	},
});

const directory = { state: "active" as const, epoch: 1, history: [], draining: [], minimums: {} };
const ports: LifecyclePorts = {
	store: faultyStore,
	tenant: {
		openTenant: async (tenantId) =>
			await port("openTenant", () => {
				directories.add(tenantId);
				return directory;
			}),
		setTenantState: async (tenantId, state) =>
			await port(`setTenantState ${state}`, () => {
				if (!directories.has(tenantId)) throw new LittoralError("tenant_not_found", "there is no such tenant");
				return { ...directory, state };
			}),
		deleteTenant: async (tenantId) =>
			await port("tenant.deleteTenant", () => {
				if (--tenantSteps > 0) return { done: false };
				directories.delete(tenantId);
				return { done: true };
			}),
	},
	optimizer: { forgetTenant: async () => await port("optimizer.forgetTenant", () => undefined) },
	catalog: { deleteTenant: async () => await port("catalog.deleteTenant", () => ({ done: --catalogSteps <= 0 })) },
	pinShards: async () => await port("pinShards", () => ({ epoch: 2, shards: [], settled: true })),
	forgetScaling: async () => await port("forgetScaling", () => undefined),
	signalStep: async () => await port("signalStep", () => undefined),
	signalSweep: async () => await port("signalSweep", () => undefined),
	now: () => 1_000_000,
};
const lifecycle = new TenantLifecycle(ports);

beforeAll(async () => {
	await applyD1Migrations(testEnv.OPERATIONS_DB, testEnv.MIGRATIONS);
});

beforeEach(() => {
	calls = [];
	failures = [];
	failCall = null;
	begun = [];
	tenantSteps = 3;
	catalogSteps = 2;
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
	try {
		await promise;
		return "ok";
	} catch (error) {
		return isLittoralError(error) ? error.code : String(error);
	}
}

const create = (id: string) => lifecycle.create({ id, location: null, requestId: "r" });

test("a name is created once, also by twenty at once, and again only after its deletion", async () => {
	const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(create("acme"))));
	expect(codes.filter((code) => code === "ok")).toHaveLength(1);
	expect(codes.filter((code) => code === "tenant_exists")).toHaveLength(19);
	const first = (await lifecycle.require("acme")).tenantId;
	expect(await lifecycle.delete("acme")).toEqual({ done: true, tenantId: first });
	expect(await lifecycle.delete("acme")).toEqual({ done: true, tenantId: first });
	const second = (await create("acme")).tenantId;
	expect(second).not.toBe(first);
	// Whoever means the first one does not delete the second.
	expect(await lifecycle.delete("acme", first as TenantId)).toEqual({ done: true, tenantId: first });
	expect((await lifecycle.require("acme")).tenantId).toBe(second);
	expect(await lifecycle.delete("acme", second)).toEqual({ done: true, tenantId: second });
});

for (const when of FAILURES) {
	test(`a creation whose directory fails ${when} goes on when it is asked for again`, async () => {
		const id = `cut-${when}`;
		failures = [{ port: "openTenant", when }];
		expect(await codeOf(create(id))).not.toBe("ok");
		const { tenantId } = await lifecycle.require(id);
		expect(await create(id)).toEqual({ id, tenantId, status: "active", createdAt: "1970-01-01T00:16:40.000Z" });
	});

	for (const failing of [
		"signalStep",
		"setTenantState deleting",
		"tenant.deleteTenant",
		"catalog.deleteTenant",
		"optimizer.forgetTenant",
		"signalSweep",
	]) {
		test(`a deletion in which ${failing} fails ${when} ends with nothing left but history`, async () => {
			const id = `gone-${when}-${failing.replaceAll(/\W/g, "")}`.toLowerCase();
			const { tenantId } = await create(id);
			failures = [{ port: failing, when }];
			expect(await codeOf(lifecycle.delete(id))).not.toBe("ok");
			expect((await lifecycle.require(id)).status).toBe("deleting");
			expect(await lifecycle.continueDeletion(tenantId)).toBe(true);
			expect(await store.byName(id)).toBeNull();
			const events = await testEnv.OPERATIONS_DB.prepare("SELECT event FROM history WHERE tenant_id = ? ORDER BY sequence")
				.bind(tenantId)
				.all();
			expect(events.results.map((row) => row["event"])).toEqual(["created", "deleting", "deleted"]);
			expect(await lifecycle.continueDeletion(tenantId)).toBe(true);
		});
	}
}

test("a deletion that outlives one call goes on after the shards are gone", async () => {
	const { tenantId } = await create("huge");
	catalogSteps = 120;
	expect(await lifecycle.delete("huge")).toEqual({ done: false, tenantId });
	expect(await lifecycle.continueDeletion(tenantId)).toBe(false);
	expect(await lifecycle.continueDeletion(tenantId)).toBe(true);
	expect(await store.byName("huge")).toBeNull();
});

test("a tenant that was never opened can be deleted", async () => {
	failures = [{ port: "openTenant", when: "before" }];
	expect(await codeOf(create("stillborn"))).toBe("unavailable");
	expect((await lifecycle.delete("stillborn")).done).toBe(true);
	expect(await store.byName("stillborn")).toBeNull();
});

test("suspend and resume are idempotent and bring the directory along each time", async () => {
	await create("pause");
	calls = [];
	expect((await lifecycle.suspend("pause")).status).toBe("suspended");
	expect((await lifecycle.suspend("pause")).status).toBe("suspended");
	expect((await lifecycle.resume("pause")).status).toBe("active");
	expect(calls.filter((call) => !call.startsWith("store."))).toEqual([
		"setTenantState suspended",
		"setTenantState suspended",
		"setTenantState active",
	]);
	expect(await codeOf(lifecycle.suspend("nobody"))).toBe("tenant_not_found");
});

test.each(["store.transition", "signalStep"])(
	"a deletion that failed at %s is carried on by the queue once it is asked for again",
	async (failing) => {
		const id = `cut-at-${failing.replaceAll(/\W/g, "-").toLowerCase()}`;
		await create(id);
		calls = [];
		failures = [{ port: failing, when: failing === "signalStep" ? "before" : "lost" }];
		expect(await codeOf(lifecycle.delete(id))).not.toBe("ok");
		expect(calls).not.toContain("signalStep");
		// More steps than one call takes.
		tenantSteps = 10_000;
		expect((await lifecycle.delete(id)).done).toBe(false);
		expect(calls).toContain("signalStep");
	},
);

interface Operation {
	act: (id: string) => Promise<unknown>;
	/** Answers of a repetition that say the same as `ok`. */
	repeated: string[];
	/** The tenant's row and the events of its history, whatever failed. */
	ends: { status: string | undefined; events: string[] };
}

const OPERATIONS: Record<string, Operation> = {
	create: { act: create, repeated: ["tenant_exists"], ends: { status: "active", events: ["created"] } },
	suspend: {
		act: (id) => lifecycle.suspend(id),
		repeated: [],
		ends: { status: "suspended", events: ["created", "suspended"] },
	},
	changeShards: {
		act: (id) => lifecycle.changeShards(id, 2),
		repeated: [],
		ends: { status: "active", events: ["created", "shards_changed"] },
	},
	delete: { act: (id) => lifecycle.delete(id), repeated: [], ends: { status: undefined, events: ["created", "deleting", "deleted"] } },
};

for (const [name, { act, repeated, ends }] of Object.entries(OPERATIONS)) {
	test.each(FAILURES)(`${name}: each of its calls fails %s, and a repetition ends it`, async (when) => {
		const callCount = (await ready(name, `undisturbed-${name.toLowerCase()}-${when}`, act)).length;
		for (let index = 0; index < callCount; index++) {
			const id = `each-${name.toLowerCase()}-${when}-${index}`;
			const [failing] = await ready(name, id, act, { index, when });
			failCall = null;
			let code = "";
			for (let attempt = 0; code !== "ok" && !repeated.includes(code); attempt++) {
				expect(attempt, failing).toBeLessThan(2);
				code = await codeOf(act(id));
			}
			expect((await store.byName(id))?.status, failing).toBe(ends.status);
			expect(new Set(await eventsOf(id)), failing).toEqual(new Set(ends.events));
		}
	});
}

/**
 * Runs an operation once on a new tenant.
 * @returns the ports' calls; with a failure, only the one that failed
 */
async function ready(name: string, id: string, act: Operation["act"], failure: typeof failCall = null): Promise<string[]> {
	failCall = null;
	if (name !== "create") await create(id);
	[tenantSteps, catalogSteps, calls, begun] = [3, 2, [], []];
	failCall = failure;
	const code = await codeOf(act(id));
	expect(code === "ok", `${id}: ${code}`).toBe(failure === null);
	return failure === null ? begun : begun.slice(failure.index);
}

async function eventsOf(id: string): Promise<string[]> {
	const { results } = await testEnv.OPERATIONS_DB.prepare("SELECT event FROM history WHERE id = ? ORDER BY sequence").bind(id).all();
	return results.map((row) => String(row["event"]));
}
