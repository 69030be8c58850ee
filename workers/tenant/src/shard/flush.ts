/**
 * Flush: the rows (lower, upper] of one table become a data file of a committed snapshot (design, section 6; invariants W1, Q1).
 *
 * 1. Record the intent. 2. Record an attempt. 3. Sort and encode. 4. PUT, conditional on absence. 5. Commit, by an id derived from the intent.
 * 6. Mark by intent id. 7. Purge after the grace period. A crash anywhere is resumed from the intent with a new attempt; the catalog answers a
 * repeated commit id with what the first did.
 */
import { assert } from "#shared/base/assert.ts";
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { type CommitId, dataFilePath, type TableId } from "#shared/base/ids.ts";
import { FLUSH_RANGE_BYTES, GRACE_PERIOD_MS } from "#shared/base/limits.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import { increment, observe } from "#shared/observability/metrics.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { encodeSketches } from "#shared/sketches/table-sketches.ts";
import { untilKnown } from "../retry.ts";
import { openShard, type ShardContext } from "./context.ts";
import { createIntent, deleteIntent, type FlushIntent, nextAttempt, readIntent } from "./flush-intent.ts";
import { finishWork, scheduleWork } from "./schedule.ts";
import { countFlushed, countPurged } from "./shard-row.ts";
import { raiseTable, readTable } from "./table-row.ts";
import { batchesOf, rowCountOf } from "./tail-format.ts";
import { mergeBatches } from "./merge-batches.ts";
import { blockHeads, flushEnd, mergeBlocks, mergeGroups, purgeBlocks, rangeBytes, readBlock } from "./tail-store.ts";

/** Attempts lost to garbage collection within one call; more wait for the next. */
const CONDEMNED_RETRY_COUNT_MAX = 3;

/** Flushes one range. Call again while it answers true: rows are left. */
export async function flushTable(context: ShardContext, tableId: TableId): Promise<boolean> {
	const intent = recordIntent(context, tableId);
	if (intent === null) return false;
	const schema = await schemaOf(context, tableId);
	if (schema === null) {
		forgetDroppedTable(context, tableId);
		return false;
	}
	if (await commitRange(context, schema, intent)) markFlushed(context, tableId, intent);
	else forgetDroppedTable(context, tableId);
	const table = readTable(context.sql, tableId);
	return table.lastSequence > table.watermark;
}

function recordIntent(context: ShardContext, tableId: TableId): FlushIntent | null {
	return context.storage.transactionSync(() => {
		const standing = readIntent(context.sql, tableId);
		if (standing !== null) return standing;
		const { watermark } = readTable(context.sql, tableId);
		const upper = flushEnd(context.sql, tableId, watermark, FLUSH_RANGE_BYTES);
		return upper === null ? null : createIntent(context.sql, tableId, { lower: watermark, upper });
	});
}

/**
 * @returns null when the table is dropped: the catalog's primary was asked
 * @throws unavailable where the catalog has lost the table: its rows stay until it is rebuilt
 */
async function schemaOf(context: ShardContext, tableId: TableId): Promise<TableSchema | null> {
	const { tenantId } = openShard(context.sql);
	const minimumSchemaVersion = readTable(context.sql, tableId).minimumSchemaVersion;
	for (const fresh of [false, true]) {
		const [snapshot] = await untilKnown(() =>
			context.ports.catalog.readSnapshots(tenantId, [{ table: { tableId }, minimumSchemaVersion, fresh }]),
		);
		if (snapshot) return snapshot.schema;
	}
	const state = await untilKnown(() => context.ports.catalog.tableState(tenantId, tableId));
	if (state !== "dropped") throw new LittoralError("unavailable", `the catalog does not know table ${tableId}`);
	return null;
}

/** @returns false when the table turned out to be dropped */
async function commitRange(context: ShardContext, schema: TableSchema, intent: FlushIntent): Promise<boolean> {
	const { tenantId, ordinal } = openShard(context.sql);
	const { tableId } = schema;
	const startedAtMs = context.ports.now();
	const encoded = await context.ports.encodeDataFile({ tenantId, schema, batches: batchesInRange(context.sql, tableId, intent) });
	for (let round = 1; ; round++) {
		const current = context.storage.transactionSync(() => nextAttempt(context.sql, tableId, intent.intentId));
		assert(current !== null, "only this process marks the intent");
		await context.storage.sync();
		const path = dataFilePath({ tenantId, tableId, intentId: intent.intentId, attempt: current.attempt });
		const file: DataFile = {
			path,
			rowCount: encoded.rowCount,
			byteCount: encoded.bytes.byteLength,
			schemaVersion: schema.schemaVersion,
			columns: encoded.columns,
		};
		// "exists" is this very attempt, its answer lost: no other process may use the path.
		await untilKnown(() => context.ports.objects.putNew(path, encoded.bytes));
		try {
			await untilKnown(() =>
				context.ports.catalog.commit({
					tenantId,
					tableId,
					commitId: intent.intentId as CommitId,
					change: { kind: "flush", shard: ordinal, from: intent.lower, to: intent.upper, files: [file] },
					sketches: encodeSketches(encoded.sketches),
				}),
			);
			increment("littoral_flushes_total", { service: "tenant" });
			increment("littoral_flushed_rows_total", { service: "tenant" }, encoded.rowCount);
			observe("littoral_flush_duration_seconds", { service: "tenant" }, (context.ports.now() - startedAtMs) / 1000);
			return true;
		} catch (error) {
			if (hasCode(error, "undefined_table")) return false;
			if (hasCode(error, "commit_object_condemned") && round < CONDEMNED_RETRY_COUNT_MAX) continue;
			if (hasCode(error, "commit_precondition_failed") && (await watermarkAtLeast(context, tableId, intent.upper))) return true;
			throw error;
		}
	}
}

/** A watermark at or above the upper end of the shard's own intent means that the intent is committed. */
async function watermarkAtLeast(context: ShardContext, tableId: TableId, upper: number): Promise<boolean> {
	const { tenantId, ordinal } = openShard(context.sql);
	const watermarks = await untilKnown(() => context.ports.catalog.shardWatermarks(tenantId, ordinal));
	return (watermarks.find((entry) => entry.tableId === tableId)?.watermark ?? 0) >= upper;
}

function batchesInRange(sql: SqlStorage, tableId: TableId, { lower, upper }: FlushIntent): Uint8Array[] {
	const batches: Uint8Array[] = [];
	for (const head of blockHeads(sql, tableId, lower, upper)) {
		assert(head.firstSequence > lower && head.lastSequence <= upper, "a block lies inside an intent or outside");
		assert(rowCountOf(head.runs) === head.rowCount, "a block's runs count its rows");
		batches.push(...batchesOf(readBlock(sql, head).bytes));
	}
	return batches;
}

/** By intent id: the answer of an older process changes nothing. */
function markFlushed(context: ShardContext, tableId: TableId, intent: FlushIntent): void {
	const { sql, storage, ports } = context;
	storage.transactionSync(() => {
		if (readIntent(sql, tableId)?.intentId !== intent.intentId) return;
		deleteIntent(sql, tableId);
		raiseTable(sql, tableId, { watermark: intent.upper });
		countFlushed(sql, rangeBytes(sql, tableId, intent.lower, intent.upper));
		scheduleWork(sql, { kind: "purge", key: purgeKey(tableId, intent.upper), dueMs: ports.now() + GRACE_PERIOD_MS });
	});
}

/** The rows of a dropped table are nobody's: its minimum schema version keeps new ones out. */
function forgetDroppedTable(context: ShardContext, tableId: TableId): void {
	const { sql, storage } = context;
	storage.transactionSync(() => {
		const { lastSequence, watermark } = readTable(sql, tableId);
		countFlushed(sql, rangeBytes(sql, tableId, watermark, lastSequence));
		countPurged(sql, purgeBlocks(sql, tableId, lastSequence));
		deleteIntent(sql, tableId);
		raiseTable(sql, tableId, { watermark: lastSequence, purged: lastSequence });
		sql.exec(
			"DELETE FROM schedule WHERE (kind = 'purge' AND key LIKE ?) OR (kind IN ('flush', 'merge') AND key = ?)",
			`${tableId}:%`,
			tableId,
		);
	});
}

function purgeKey(tableId: TableId, upTo: number): string {
	return `${tableId}:${upTo}`;
}

/** Removes rows whose grace period is over, and says so to readers of older snapshots. */
export function purge(context: ShardContext, key: string): void {
	const [tableId, upTo] = key.split(":") as [TableId, string];
	context.storage.transactionSync(() => {
		assert(readTable(context.sql, tableId).watermark >= Number(upTo), "only flushed rows are purged");
		raiseTable(context.sql, tableId, { purged: Number(upTo) });
		countPurged(context.sql, purgeBlocks(context.sql, tableId, Number(upTo)));
		finishWork(context.sql, "purge", key);
	});
}

/** Puts small neighbouring blocks together; never across a watermark or an intent, so that those stay on block borders. */
export function mergeTail(context: ShardContext, tableId: TableId): void {
	const { sql, storage } = context;
	storage.transactionSync(() => {
		const above = Math.max(readTable(sql, tableId).watermark, readIntent(sql, tableId)?.upper ?? 0);
		for (const group of mergeGroups(blockHeads(sql, tableId, above, Number.MAX_SAFE_INTEGER))) {
			// Nothing of these blocks is flushed yet.
			const savedByteCount = mergeBlocks(sql, tableId, group, (batches) => mergeBatches(context.tenantId(), batches));
			countFlushed(sql, savedByteCount);
			countPurged(sql, savedByteCount);
		}
		finishWork(sql, "merge", tableId);
	});
}
