/** The storage protocol on real Durable Objects: W1, W2, W3, Q1, shard-set changes, crashes at each step of a flush. */
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import type { AppendId } from "#shared/base/ids.ts";
import { DROPPED_TABLE_MEMORY_MS, FLUSH_AGE_MS, FLUSH_TAIL_BYTES, GRACE_PERIOD_MS, PRINCIPAL_CACHE_MS } from "#shared/base/limits.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { recentDirectory } from "../src/directory/directory-cache.ts";
import { createTable, dropRelations } from "../src/query/define-table.ts";
import { rendezvous } from "#shared/base/hash.ts";
import type { Birth } from "../src/shard/contract.ts";
import { appendRows } from "../src/ingest/append-rows.ts";
import { planOf, readTailRows } from "./reading.ts";
import { codeOf, FAILURES, ports, Tenant, world } from "./world.ts";

let tenant: Tenant;
beforeEach(async () => {
	tenant = await Tenant.open();
});

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

test("twenty parallel copies of one append are one append", async () => {
	const outcomes = await Promise.all(Array.from({ length: 20 }, () => tenant.append("same")));
	const duplicates = outcomes.map((outcome) => (outcome.kind === "done" ? outcome.duplicate : outcome.kind));
	expect(duplicates.filter((duplicate) => duplicate === false)).toHaveLength(1);
	expect(duplicates.filter((duplicate) => duplicate === true)).toHaveLength(19);
	expect(await tenant.read()).toEqual(["same"]);
});

test("an append id with other rows is refused, and is free again after a day", async () => {
	await tenant.append("key");
	expect(await codeOf(() => tenant.append("key", { hash: "other" }))).toBe("idempotency_key_reused");
	world.clockMs += 25 * 3_600_000;
	expect(await codeOf(() => tenant.append("key", { hash: "other" }))).toBe("ok");
	expect(await tenant.read()).toEqual(["key", "key"]);
});

test("an append below the table's minimum schema version is refused", async () => {
	await tenant.stub(0).raiseMinimum({ tableId: tenant.table, schemaVersion: 2, snapshotVersion: 0 });
	expect(await codeOf(() => tenant.append("old"))).toBe("schema_changed");
	expect((await tenant.directory()).minimums[tenant.table]).toEqual({ schemaVersion: 2, snapshotVersion: 0 });
});

test("a tail flushes by age, is purged after the grace period, and then nothing is due", async () => {
	for (const id of ids("row", 5)) await tenant.append(id);
	expect(await tenant.alarmDueMs(0)).toBeNull();
	await tenant.work(FLUSH_AGE_MS + 1);
	expect(world.catalog.tables.get(tenant.table)?.versions.at(-1)?.watermarks).toEqual({ 0: 5 });
	expect(await tenant.read()).toEqual(ids("row", 5));
	expect(await tenant.sql(0, "SELECT count(*) AS blocks FROM tail_block")).toEqual([{ blocks: 5 }]);
	await tenant.work(GRACE_PERIOD_MS + 1);
	expect(await tenant.sql(0, "SELECT count(*) AS blocks FROM tail_block")).toEqual([{ blocks: 0 }]);
	expect(await tenant.sql(0, "SELECT unflushed_bytes, retained_bytes, appended_rows FROM shard")).toEqual([
		{ unflushed_bytes: 0, retained_bytes: 0, appended_rows: 5 },
	]);
	expect(await runInDurableObject(tenant.stub(0), (_, state) => state.storage.getAlarm())).toBeNull();
	const { routing } = await tenant.stub(0).readDirectory({ withTails: false });
	expect(await codeOf(() => tenant.stub(0).readTail({ routing, tableId: tenant.table, above: 3, upTo: null }))).toBe("snapshot_too_old");
	expect(await tenant.read()).toEqual(ids("row", 5));
});

test("an idle tenant has no alarm, and reading it writes nothing", async () => {
	await tenant.changeShards(2);
	for (const id of ids("row", 6)) await tenant.append(id);
	await tenant.work(FLUSH_AGE_MS + 1);
	await tenant.work(GRACE_PERIOD_MS + 1);
	const context: CallContext = { tenantId: tenant.id, role: "reader", requestId: "test", traceparent: "" };
	world.plan = () => planOf(tenant.table);
	const writes = async () => {
		const changes = await Promise.all([0, 1].map((ordinal) => tenant.sql(ordinal, "SELECT total_changes() AS changes")));
		return changes.map(([row]) => row?.["changes"]);
	};
	const before = await writes();
	expect((await readTailRows(context, tenant.table)).rows).toEqual([]);
	expect(await tenant.read()).toEqual(ids("row", 6));
	for (const ordinal of [0, 1]) {
		expect(await tenant.stub(ordinal).tailRowCount({ tableId: tenant.table, above: 0 })).toBe(0);
		expect(await runInDurableObject(tenant.stub(ordinal), (_, state) => state.storage.getAlarm())).toBeNull();
	}
	expect(await writes()).toEqual(before);
});

test("small appends are merged into blocks that keep every sequence number", async () => {
	for (const id of ids("row", 64)) await tenant.append(id);
	await tenant.work(2000);
	const blocks = await tenant.sql(0, "SELECT first_sequence, last_sequence, row_count FROM tail_block");
	expect(blocks).toEqual([{ first_sequence: 1, last_sequence: 64, row_count: 64 }]);
	expect(await tenant.read()).toEqual(ids("row", 64).toSorted());
});

test("a large append spans several parts and pages", async () => {
	const large = "x".repeat(2_500_000);
	for (const id of ["a", "b", "c", "d", "e"]) await tenant.append(id, { rows: [id + large, id] });
	const rows = (await tenant.read()).map((row) => `${row[0]} ${row.length}`);
	expect(rows).toEqual(["a", "b", "c", "d", "e"].flatMap((id) => [`${id} 1`, `${id} 2500001`]));
});

const FLUSH_STEPS = ["catalog.readSnapshots", "objects.putNew", "catalog.commit"];
for (const step of FLUSH_STEPS) {
	for (const failure of FAILURES) {
		for (const times of [1, 4]) {
			test(`flush: ${step} fails ${failure}, ${times} times`, async () => {
				for (const id of ids("row", 4)) await tenant.append(id);
				let left = times;
				world.inject = (called) => (called === step && left-- > 0 ? failure : null);
				await tenant.work(FLUSH_AGE_MS + 1, 1);
				await tenant.append("later");
				await tenant.work(60_000);
				for (let round = 0; round < times; round++) await tenant.work(FLUSH_AGE_MS + 60_000);
				expect(left).toBeLessThan(times);
				expect(await tenant.read()).toEqual(["later", ...ids("row", 4)].toSorted());
				expect(world.catalog.tables.get(tenant.table)?.versions.at(-1)?.watermarks).toEqual({ 0: 5 });
			});
		}
	}
}

test("a condemned attempt is followed by a new one", async () => {
	await tenant.append("row");
	const commit = world.catalog.commit.bind(world.catalog);
	let first = true;
	world.catalog.commit = async (request) => {
		if (first) {
			first = false;
			world.catalog.objects.set(request.change.files[0]?.path as string, "condemned");
		}
		return commit(request);
	};
	tenant = await reopened(tenant);
	await tenant.work(FLUSH_AGE_MS + 1);
	world.catalog.commit = commit;
	const files = world.catalog.tables.get(tenant.table)?.versions.at(-1)?.files ?? [];
	expect(files.map((file) => file.path.slice(-10))).toEqual(["-2.parquet"]);
	expect(await tenant.read()).toEqual(["row"]);
});

/** Throws the objects' instances away, so that their ports are opened anew. */
async function reopened(old: Tenant): Promise<Tenant> {
	try {
		await runInDurableObject(old.stub(0), (_, state) => state.abort("evicted by a test"));
	} catch {
		// The abort breaks this very call.
	}
	return old;
}

test("rows that arrive while a flush runs wait for their own age", async () => {
	await tenant.append("row");
	const commit = world.catalog.commit.bind(world.catalog);
	let arrived = 0;
	world.catalog.commit = async (request) => {
		if (arrived < 4) await tenant.append(`late-${arrived++}`);
		return commit(request);
	};
	tenant = await reopened(tenant);
	await tenant.work(FLUSH_AGE_MS + 1, 1);
	expect(arrived).toBe(1);
	expect(world.catalog.tables.get(tenant.table)?.versions.at(-1)?.watermarks).toEqual({ 0: 1 });
	await tenant.work(FLUSH_AGE_MS + 1, 1);
	world.catalog.commit = commit;
	expect(world.catalog.tables.get(tenant.table)?.versions.at(-1)?.watermarks).toEqual({ 0: 2 });
	expect(await tenant.read()).toEqual(["late-0", "late-1", "row"]);
});

test("a flush that fails waits its time out, also while rows keep coming above the flush threshold", async () => {
	world.inject = (step) => (step === "objects.putNew" ? "before" : null);
	const row = "x".repeat(7_000_000);
	for (let index = 0; index * row.length < FLUSH_TAIL_BYTES; index++) await tenant.append(`big-${index}`, { rows: [row] });
	const flush = async () =>
		(await tenant.sql(0, "SELECT due_ms, failures FROM schedule WHERE kind = 'flush'"))[0] as { due_ms: number; failures: number };
	await expect.poll(async () => (await flush()).failures, { timeout: 20_000 }).toBeGreaterThan(0);
	const failed = await flush();
	await tenant.append("more");
	await tenant.stub(0).drain((await tenant.stub(0).readDirectory({ withTails: false })).routing);
	expect((await flush()).due_ms).toBeGreaterThanOrEqual(failed.due_ms);
}, 30_000);

test("appends do not keep the directory that they go by young", async () => {
	const schema = world.catalog.tables.get(tenant.table)?.schema as TableSchema;
	expect((await recentDirectory(ports, tenant.id)).state).toBe("active");
	await tenant.stub(0).setTenantState("suspended");
	for (const id of ids("row", 3)) {
		world.clockMs += PRINCIPAL_CACHE_MS / 2;
		const batches = (async function* () {
			yield { bytes: new TextEncoder().encode(id), rowCount: 1 };
		})();
		await appendRows(ports, { tenantId: tenant.id, schema, appendId: id as AppendId, batches, hash: async () => "hash" });
	}
	expect((await recentDirectory(ports, tenant.id)).state).toBe("suspended");
});

test("a dropped table is forgotten by the directory and every shard, also by one that opened since, once no cache can take it for live", async () => {
	await tenant.append("a");
	const { name } = (world.catalog.tables.get(tenant.table) as { schema: TableSchema }).schema;
	await dropRelations(ports, tenant.id, { kind: "drop_table", names: [name], ifExists: false });
	while (!(await tenant.stub(0).changeShards(2)).settled);
	const known = async () => [
		Object.keys((await tenant.directory()).minimums),
		...(await Promise.all(
			[0, 1].map(async (ordinal) => (await tenant.sql(ordinal, "SELECT table_id FROM shard_table")).map((row) => row["table_id"])),
		)),
	];
	await tenant.work(DROPPED_TABLE_MEMORY_MS - 60_000);
	expect(await known()).toEqual([[tenant.table], [tenant.table], [tenant.table]]);
	await tenant.work(60_001);
	expect(await known()).toEqual([[], [], []]);
	for (const ordinal of [0, 1]) expect(await runInDurableObject(tenant.stub(ordinal), (_, state) => state.storage.getAlarm())).toBeNull();
});

test("a shard drains although a table of it was dropped before its first flush", async () => {
	await tenant.changeShards(2);
	for (const id of ids("row", 12)) await tenant.append(id);
	expect(await tenant.sql(1, "SELECT count(*) AS tables FROM shard_table WHERE last_sequence > 0")).toEqual([{ tables: 1 }]);
	const table = world.catalog.tables.get(tenant.table);
	if (table) table.dropped = true;
	await tenant.changeShards(1);
	for (let round = 0; round < 4; round++) await tenant.work(2000);
	expect((await tenant.directory()).draining).toEqual([]);
});

test("rows for a dropped table are refused before its name means another, also when the drop was cut off", async () => {
	const name = world.catalog.tables.get(tenant.table)?.schema.name as string;
	world.inject = (step) => (step === "shard.raiseMinimum" ? "before" : null);
	expect(await codeOf(() => dropRelations(ports, tenant.id, { kind: "drop_table", names: [name], ifExists: false }))).toBe("unavailable");
	world.inject = () => null;
	const definition = { name, ifNotExists: false, columns: [], primaryKey: null, sortKey: [] };
	await createTable(ports, tenant.id, { kind: "create_table", definition });
	// By an isolate that knows the old table.
	expect(await codeOf(() => tenant.append("row"))).toBe("schema_changed");
	expect((await tenant.directory()).minimums[tenant.table]?.schemaVersion).toBe(2);
});

test("rows for a dropped table are refused after DROP, CREATE and DROP of its name of which the first two were cut off", async () => {
	const name = world.catalog.tables.get(tenant.table)?.schema.name as string;
	const drop = () => dropRelations(ports, tenant.id, { kind: "drop_table", names: [name], ifExists: true });
	const definition = { name, ifNotExists: false, columns: [], primaryKey: null, sortKey: [] };
	world.inject = (step) => (step === "shard.raiseMinimum" ? "before" : null);
	expect(await codeOf(drop)).toBe("unavailable");
	expect(await codeOf(() => createTable(ports, tenant.id, { kind: "create_table", definition }))).toBe("unavailable");
	world.inject = () => null;
	await drop();
	// By an isolate that knows the first table.
	expect(await codeOf(() => tenant.append("row"))).toBe("schema_changed");
});

test("a dropped table's rows are forgotten, and the alarm with them", async () => {
	await tenant.append("row");
	const table = world.catalog.tables.get(tenant.table);
	if (table) table.dropped = true;
	await tenant.work(FLUSH_AGE_MS + 1);
	expect(await tenant.sql(0, "SELECT count(*) AS blocks FROM tail_block")).toEqual([{ blocks: 0 }]);
	expect(await runInDurableObject(tenant.stub(0), (_, state) => state.storage.getAlarm())).toBeNull();
});

test("1 -> 3 -> 2 shards under concurrent appends with lost answers: every row once", async () => {
	let turn = 0;
	world.inject = (step) => {
		turn++;
		if (step === "shard.append" && turn % 5 === 0) return "lost";
		if (step === "shard.askId" && turn % 7 === 0) return "before";
		if (step === "shard.storeEpoch" || step === "shard.open") return turn % 2 === 0 ? "lost" : null;
		return null;
	};
	const hint = await tenant.directory();
	const sent: string[] = [];
	const send = async (prefix: string) => {
		for (const id of ids(prefix, 20)) {
			sent.push(id);
			for (;;) {
				const code = await codeOf(() => Promise.all([tenant.append(id, { hint }), tenant.append(id)]));
				if (code === "ok") break;
				if (code !== "unavailable") throw new Error(`append of ${id}: ${code}`);
			}
		}
	};
	const same = () => Promise.all(Array.from({ length: 10 }, () => tenant.append("same", { hint })));
	await Promise.all([send("a"), send("b"), same(), tenant.changeShards(3)]);
	expect(await tenant.read()).toEqual([...sent, "same"].toSorted());
	await Promise.all([send("c"), same(), tenant.changeShards(2)]);
	world.inject = () => null;
	expect(await tenant.read()).toEqual([...sent, "same"].toSorted());
	const { directory } = await tenant.stub(0).readDirectory({ withTails: false });
	expect(directory.history.map((set) => set.active)).toEqual([[0], [0, 1, 2], [0, 1]]);
	for (let round = 0; round < 4; round++) await tenant.work(2000);
	expect((await tenant.directory()).draining).toEqual([]);
	expect(await tenant.read()).toEqual([...sent, "same"].toSorted());
	// Every id is known everywhere it may be asked for again.
	for (const id of sent) {
		const outcome = await tenant.append(id);
		expect(outcome.kind === "done" && outcome.duplicate).toBe(true);
	}
	expect(await tenant.read()).toEqual([...sent, "same"].toSorted());
});

test("an id that was minted after the last change of the shard set is asked for nowhere, a client's key at its former owner", async () => {
	const asked = async (append: () => Promise<unknown>) => {
		world.calls = [];
		await append();
		return world.calls.filter((call) => call === "shard.askId").length;
	};
	await tenant.changeShards(3);
	const moved = ids("id", 30).filter((id) => rendezvous(id, [0, 1, 2]) !== 0);
	expect(moved.length).toBeGreaterThan(10);
	for (const id of moved) expect(await asked(() => tenant.append(`minted ${id}`, { birth: { epoch: null } }))).toBe(0);
	for (const id of moved) expect(await asked(() => tenant.append(id))).toBe(1);
	await tenant.changeShards(2);
	const born = moved.find((id) => rendezvous(id, [0, 1, 2]) === 2 && rendezvous(id, [0, 1]) === 1) as string;
	// Shard 2 since epoch 2, shard 0 before: only the one is asked of an id born at epoch 2.
	expect(await asked(() => tenant.append(`${born}`, { birth: { epoch: 2 } }))).toBe(1);
});

test("a minted id whose answer was lost before the shard set changed is one append: its birth is kept over every repetition", async () => {
	const moved = ids("id", 30).filter((id) => rendezvous(id, [0, 1, 2]) !== 0);
	const births = new Map(moved.map((id) => [id, { epoch: null as number | null }]));
	for (const id of moved) {
		world.inject = (step) => (step === "shard.append" ? "after" : null);
		expect(await codeOf(() => tenant.append(id, { birth: births.get(id) as Birth }))).toBe("unavailable");
	}
	world.inject = () => null;
	await tenant.changeShards(3);
	for (const id of moved) {
		const outcome = await tenant.append(id, { birth: births.get(id) as Birth });
		expect(outcome).toMatchObject({ kind: "done", duplicate: true });
	}
	expect(await tenant.read()).toEqual(moved.toSorted());
});

test("a dropped shard raises the minimum snapshot version with the same write, keeps a tombstone, and is emptied after a day", async () => {
	await tenant.changeShards(3);
	for (const id of ids("row", 30)) await tenant.append(id);
	await tenant.changeShards(1);
	expect(await tenant.read()).toEqual(ids("row", 30).toSorted());
	for (let round = 0; round < 4; round++) await tenant.work(2000);
	const directory = await tenant.directory();
	expect(directory.draining).toEqual([]);
	expect(directory.minimums[tenant.table]?.snapshotVersion).toBeGreaterThanOrEqual(1);
	expect(await tenant.read()).toEqual(ids("row", 30).toSorted());
	expect(await tenant.sql(2, "SELECT count(*) AS ids FROM append_id")).not.toEqual([{ ids: 0 }]);
	await tenant.work(26 * 3_600_000);
	for (const ordinal of [1, 2]) {
		expect(await tenant.sql(ordinal, "SELECT count(*) AS tables FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")).toEqual([
			{ tables: 0 },
		]);
		expect(await runInDurableObject(tenant.stub(ordinal), (_, state) => state.storage.getAlarm())).toBeNull();
	}
	await tenant.changeShards(2);
	// Sets that no append id can come from any more are forgotten.
	expect((await tenant.directory()).history.map((set) => set.active)).toEqual([[0], [0, 3]]);
});

test("older appends and older tail reads meet StaleEpoch; a shard that is not open has no rows, and a range begun elsewhere does not end there", async () => {
	const { routing: old } = await tenant.stub(0).readDirectory({ withTails: false });
	await tenant.changeShards(2);
	expect(await codeOf(() => tenant.stub(0).readTail({ routing: old, tableId: tenant.table, above: 0, upTo: null }))).toBe("stale_epoch");
	const { routing } = await tenant.stub(0).readDirectory({ withTails: false });
	const read = { routing, tableId: tenant.table, above: 7 };
	expect(await tenant.stub(5).readTail({ ...read, upTo: null })).toEqual({ blocks: [], upTo: 7, next: null });
	expect(await codeOf(() => tenant.stub(5).readTail({ ...read, upTo: 9 }))).toBe("stale_epoch");
	expect(await tenant.sql(5, "SELECT count(*) AS tables FROM sqlite_master WHERE name = 'shard'")).toEqual([{ tables: 0 }]);
});
