/** What a query reads: minimums, SnapshotTooOld, StaleEpoch, lost answers (Q1, Q2). Plans are made here; shards are real. */
import { beforeEach, expect, test } from "vitest";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { TableId } from "#shared/base/ids.ts";
import { FLUSH_AGE_MS, GRACE_PERIOD_MS } from "#shared/base/limits.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import { raiseSchemaMinimum } from "../src/directory/minimums.ts";
import { planOf, readTailRows } from "./reading.ts";
import { FAILURES, ports, Tenant, world } from "./world.ts";

let tenant: Tenant;
let context: CallContext;
/** Snapshot versions that the optimizer plans with, one a call; the newest once they are used up. */
let versions: number[] = [];

beforeEach(async () => {
	tenant = await Tenant.open();
	context = { tenantId: tenant.id, role: "reader", requestId: "test", traceparent: "" };
	versions = [];
	world.plan = () => planOf(tenant.table, versions.shift() ?? newest());
});

const table = () => world.catalog.tables.get(tenant.table) as NonNullable<ReturnType<typeof world.catalog.tables.get>>;
const newest = () => table().versions.length - 1;

/** @returns the snapshot's version, and the rows of all tails above its watermarks */
const read = (between?: () => Promise<void>) => readTailRows(context, tenant.table, between);

async function codeOf(call: () => Promise<unknown>): Promise<string> {
	try {
		await call();
		return "ok";
	} catch (error) {
		return isLittoralError(error) ? error.code : String(error);
	}
}

test("a stale snapshot reads a longer tail; a purged one is planned again", async () => {
	await tenant.append("a");
	await tenant.work(FLUSH_AGE_MS + 1);
	await tenant.append("b");
	versions = [0];
	expect(await read()).toEqual({ version: 0, rows: ["a", "b"] });
	expect(await read()).toEqual({ version: 1, rows: ["b"] });
	await tenant.work(GRACE_PERIOD_MS + 1);
	await tenant.append("c");
	versions = [0];
	expect(await read()).toEqual({ version: newest(), rows: ["c"] });
});

test("a plan is told how many rows the tails held when they were last read", async () => {
	const told: unknown[] = [];
	world.plan = (request) => {
		told.push(request.tailRowCounts);
		return planOf(tenant.table);
	};
	await read();
	for (const id of ["a", "b"]) await tenant.append(id);
	await read();
	await tenant.work(FLUSH_AGE_MS + 1);
	await read();
	await read();
	expect(told).toEqual([undefined, { [tenant.table]: 0 }, { [tenant.table]: 2 }, { [tenant.table]: 0 }]);
});

test("a plan of a view's older version is made again", async () => {
	const tableId = "1".repeat(24) as TableId;
	await raiseSchemaMinimum(ports, tenant.id, { tableId, schemaVersion: 3, snapshotVersion: 0 });
	const schemaVersions = [2, 3];
	let planned = 0;
	world.plan = () => {
		const schemaVersion = schemaVersions[planned++] ?? 0;
		const statement = planOf(tenant.table);
		return statement.kind === "query" ? { ...statement, plan: { ...statement.plan, views: [{ tableId, schemaVersion }] } } : statement;
	};
	expect((await read()).rows).toEqual([]);
	expect(planned).toBe(2);
	planned = 0;
	schemaVersions[1] = 2;
	expect(await codeOf(read)).toBe("unavailable");
});

test("a plan below the directory's minimum is made again, once", async () => {
	await tenant.append("a");
	await tenant.work(FLUSH_AGE_MS + 1);
	await tenant.stub(0).raiseMinimum({ tableId: tenant.table, schemaVersion: 0, snapshotVersion: 1 });
	versions = [0];
	expect(await read()).toEqual({ version: 1, rows: [] });
	versions = [0, 0];
	expect(await codeOf(read)).toBe("unavailable");
});

test("an error that a table of other types may have caused is judged again by the directory's minimums", async () => {
	const wrong = () => {
		throw new LittoralError("undefined_function", "operator does not exist: text + integer");
	};
	let plans = 0;
	world.plan = () => (plans++ === 0 ? wrong() : planOf(tenant.table));
	expect(await codeOf(read)).toBe("ok");
	world.plan = wrong;
	expect(await codeOf(read)).toBe("undefined_function");
});

test("a shard set that changes between the rounds is read anew", async () => {
	for (const id of ["a", "b", "c", "d", "e", "f"]) await tenant.append(id);
	const change = async (count: number) => {
		while (!(await tenant.stub(0).changeShards(count)).settled);
	};
	await change(3);
	expect((await read()).rows).toEqual(["a", "b", "c", "d", "e", "f"]);
	const during = await read(async () => {
		await change(2);
		for (const id of ["g", "h"]) await tenant.append(id);
	});
	expect(during.rows).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
});

test("a shard that the directory names before it is open has no rows, and the query no reason to wait for it", async () => {
	for (const id of ["a", "b"]) await tenant.append(id);
	world.inject = (step) => (step === "shard.open" ? "before" : null);
	expect((await tenant.stub(0).changeShards(3)).settled).toBe(false);
	expect((await read()).rows).toEqual(["a", "b"]);
});

for (const failure of FAILURES) {
	test(`a tail read fails ${failure}`, async () => {
		while (!(await tenant.stub(0).changeShards(3)).settled);
		const ids = ["a", "b", "c", "d", "e", "f"];
		for (const id of ids) await tenant.append(id);
		let left = 2;
		world.inject = (step) => (step === "shard.readTail" && left-- > 0 ? failure : null);
		// An error that was answered is the client's to act on.
		if (failure === "after") expect(await codeOf(read)).toBe("unavailable");
		expect((await read()).rows).toEqual(ids);
		expect(left).toBeLessThanOrEqual(0);
		world.inject = (step) => (step === "shard.readTail" ? failure : null);
		expect(await codeOf(read)).toBe("unavailable");
	});
}

test("a suspended tenant is told so before anything else", async () => {
	await tenant.stub(0).setTenantState("suspended");
	world.plan = () => {
		throw new Error("this statement has an error");
	};
	expect(await codeOf(read)).toBe("tenant_suspended");
});
