/** The deletion of a tenant: what its shards hold then, and whoever comes late. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import { routingOf } from "../src/directory/directory.ts";
import { raiseSnapshotMinimum } from "../src/directory/minimums.ts";
import { codeOf, ports, Tenant, testEnv, world } from "./world.ts";

let tenant: Tenant;
beforeEach(async () => {
	tenant = await Tenant.open();
});

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

test("a change of the shard set that a deletion meets opens no shard", async () => {
	let left = 4;
	world.inject = (step) => (step === "shard.open" && left-- > 0 ? "before" : null);
	expect((await tenant.stub(0).changeShards(2)).settled).toBe(false);
	await tenant.stub(0).setTenantState("deleting");
	expect((await tenant.stub(0).changeShards(3)).settled).toBe(false);
	await tenant.work(60_000);
	expect(await tenant.sql(1, "SELECT count(*) AS tables FROM sqlite_master WHERE name = 'shard'")).toEqual([{ tables: 0 }]);
	expect(await runInDurableObject(tenant.stub(0), (_, state) => state.storage.getAlarm())).toBeNull();
});

const LATE = [
	{ call: "open", when: "asks", pause: "pauseAt", step: "shard.open" },
	{ call: "open", when: "has asked", pause: "pauseAfter", step: "shard.readDirectory" },
	{ call: "raiseMinimum", when: "asks", pause: "pauseAt", step: "shard.raiseMinimum" },
	{ call: "raiseMinimum", when: "has asked", pause: "pauseAfter", step: "shard.readDirectory" },
] as const;
for (const { call, when, pause, step } of LATE) {
	test(`${call} of a shard whose tenant is deleted before it ${when} leaves nothing in it`, async () => {
		const { id, table: tableId } = tenant;
		const shard = ports.shard(id, 1);
		const { routing } = await tenant.stub(0).readDirectory({ withTails: false });
		let deleted = false;
		world[pause] = async (reached) => {
			if (reached !== step || deleted) return;
			deleted = true;
			await tenant.changeShards(2);
			while (!(await tenant.stub(0).deleteTenant()).done);
		};
		const late = {
			open: () => shard.open({ identity: { tenantId: id, ordinal: 1 }, routing, minimums: [] }),
			raiseMinimum: () => shard.raiseMinimum({ tenantId: id, tableId, schemaVersion: 2, snapshotVersion: 0 }),
		}[call];
		expect(await codeOf(late)).toBe("tenant_not_found");
		expect(deleted).toBe(true);
		expect(await tenant.sql(1, "SELECT count(*) AS tables FROM sqlite_master WHERE name LIKE 'shard%'")).toEqual([{ tables: 0 }]);
	});
}

test("a deleted tenant leaves no row, key or alarm in any shard it ever had", async () => {
	await tenant.changeShards(3);
	for (const id of ids("row", 10)) await tenant.append(id);
	await tenant.changeShards(2);
	const before = await tenant.directory();
	while (!(await tenant.stub(0).deleteTenant()).done);
	const read = { routing: routingOf(before), tableId: tenant.table, above: 0, upTo: null };
	expect(await codeOf(() => tenant.stub(1).readTail(read))).toBe("stale_epoch");
	for (const ordinal of [0, 1, 2]) {
		expect(await tenant.sql(ordinal, "SELECT count(*) AS tables FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")).toEqual([
			{ tables: 0 },
		]);
		expect(await runInDurableObject(tenant.stub(ordinal), (_, state) => state.storage.getAlarm())).toBeNull();
	}
	expect(await codeOf(() => tenant.append("late"))).toBe("tenant_not_found");
	expect(await runDurableObjectAlarm(tenant.stub(0))).toBe(false);
	expect(await tenant.stub(0).deleteTenant()).toEqual({ done: true });
	// A bulk append that committed before the catalog was emptied.
	const raise = { tableId: tenant.table, snapshotVersion: 1 };
	expect(await codeOf(() => raiseSnapshotMinimum(ports, tenant.id, raise))).toBe("tenant_not_found");
	expect(await tenant.sql(0, "SELECT count(*) AS tables FROM sqlite_master WHERE name = 'shard_table'")).toEqual([{ tables: 0 }]);
	expect((await testEnv.DATA.list({ prefix: `spill/${tenant.id}/` })).objects).toEqual([]);
});
