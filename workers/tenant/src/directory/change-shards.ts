/** Carries a change of the shard set out, step by step, from shard 0; each step may be repeated at any time, by a caller or by the alarm. */
import type { ShardOrdinal, TableId } from "#shared/base/ids.ts";
import { forgottenAtMs } from "../shard/dropped-table.ts";
import { scheduleWork, finishWork } from "../shard/schedule.ts";
import type { ShardContext } from "../shard/context.ts";
import { storeRouting } from "../shard/shard-row.ts";
import { untilKnown } from "../retry.ts";
import { beginChange, type DirectoryState, dropDrained, finishStep, minimumsCovering, routingOf, shardsToReach } from "./directory.ts";
import { loadDirectory, readMinimums, storeDirectory, storeMinimum } from "./directory-store.ts";

type ShardWatermark = Parameters<typeof minimumsCovering>[1][number];

/** How soon the alarm carries on with a change whose caller went away. */
const CHANGE_RESUME_MS = 2000;

/**
 * One write: the new epoch, and the work that carries it out.
 * @throws conflict after too many changes within a day
 */
export function startChange(context: ShardContext, count: number, fromEpoch: number | null): void {
	const nowMs = context.ports.now();
	context.storage.transactionSync(() => {
		const before = loadDirectory(context.sql);
		if (fromEpoch !== null && before.epoch !== fromEpoch) return;
		const after = beginChange(before, count, nowMs);
		if (after === before || before.state === "deleting") return;
		storeDirectory(context.sql, after);
		scheduleWork(context.sql, { kind: "change", dueMs: nowMs + CHANGE_RESUME_MS });
	});
}

/** Goes on until the change is settled. @throws unavailable when a shard does not answer: the alarm goes on */
export async function carryChange(context: ShardContext): Promise<void> {
	for (;;) {
		const directory = loadDirectory(context.sql);
		if (directory.change === null) break;
		// It would open a shard behind the deletion, which has been there.
		if (directory.state === "deleting") return finishWork(context.sql, "change", "");
		const step = { epoch: directory.epoch, change: directory.change };
		await Promise.all(shardsToReach(directory).map((ordinal) => reach(context, directory, ordinal)));
		const nowMs = context.ports.now();
		context.storage.transactionSync(() => storeDirectory(context.sql, finishStep(loadDirectory(context.sql), step, nowMs)));
	}
	context.storage.transactionSync(() => {
		const nowMs = context.ports.now();
		const directory = loadDirectory(context.sql);
		if (directory.change !== null) return;
		finishWork(context.sql, "change", "");
		storeRouting(context.sql, routingOf(directory), { nowMs, opens: false });
		if (directory.draining.length > 0) scheduleWork(context.sql, { kind: "drain", dueMs: nowMs });
	});
}

async function reach(context: ShardContext, directory: DirectoryState, ordinal: ShardOrdinal): Promise<void> {
	const routing = routingOf(directory);
	if (ordinal === 0) {
		context.storage.transactionSync(() => storeRouting(context.sql, routing, { nowMs: context.ports.now(), opens: false }));
		return;
	}
	const shard = context.ports.shard(context.tenantId(), ordinal, directory.location);
	if (directory.change === "storing") return untilKnown(() => shard.storeEpoch(routing));
	const minimums = Object.entries(readMinimums(context.sql)).map(([tableId, minimum]) => ({
		tableId: tableId as never,
		...minimum,
		forgetAtMs: forgottenAtMs(context.sql, tableId),
	}));
	return untilKnown(() => shard.open({ identity: { tenantId: context.tenantId(), ordinal }, routing, minimums }));
}

/**
 * One round over the draining and retiring shards.
 * @returns whether nothing is left to drain
 */
export async function carryDrain(context: ShardContext): Promise<boolean> {
	for (const ordinal of loadDirectory(context.sql).draining) await drainOne(context, ordinal);
	for (const ordinal of loadDirectory(context.sql).retiring) {
		await untilKnown(() => context.ports.shard(context.tenantId(), ordinal).retire());
		context.storage.transactionSync(() => {
			const directory = loadDirectory(context.sql);
			storeDirectory(context.sql, { ...directory, retiring: directory.retiring.filter((other) => other !== ordinal) });
		});
	}
	const { draining, retiring } = loadDirectory(context.sql);
	return draining.length + retiring.length === 0;
}

/** The catalog has no watermark of a shard in a table that was dropped before that shard ever flushed it. */
async function droppedAmong(context: ShardContext, tables: readonly { tableId: TableId }[]): Promise<ShardWatermark[]> {
	const tenantId = context.tenantId();
	const dropped: ShardWatermark[] = [];
	for (const { tableId } of tables) {
		const [snapshot] = await untilKnown(() => context.ports.catalog.readSnapshots(tenantId, [{ table: { tableId }, fresh: true }]));
		if (!snapshot) dropped.push({ tableId, watermark: 0, snapshotVersion: 0, dropped: true });
	}
	return dropped;
}

/** The write that drops the shard raises each table's minimum to a snapshot which holds that shard's last row (invariants W1, Q1). */
async function drainOne(context: ShardContext, ordinal: ShardOrdinal): Promise<void> {
	const tenantId = context.tenantId();
	const answer = await untilKnown(() => context.ports.shard(tenantId, ordinal).drain(routingOf(loadDirectory(context.sql))));
	if (!answer.drained) return;
	const watermarks = await untilKnown(() => context.ports.catalog.shardWatermarks(tenantId, ordinal));
	const unflushed = answer.tables.filter(
		({ tableId, lastSequence }) => lastSequence > 0 && !watermarks.some((entry) => entry.tableId === tableId),
	);
	const raises = minimumsCovering(answer.tables, [...watermarks, ...(await droppedAmong(context, unflushed))]);
	if (raises === null) return;
	context.storage.transactionSync(() => {
		const before = loadDirectory(context.sql);
		const after = dropDrained(before, ordinal);
		if (after === before) return;
		for (const { tableId, snapshotVersion } of raises) {
			storeMinimum(context.sql, { tableId: tableId as never, schemaVersion: 0, snapshotVersion });
		}
		storeDirectory(context.sql, after);
	});
}
