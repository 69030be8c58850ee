/** What the alarm does: every piece of due work, each failure caught, logged and due again later. */
import { unreachable } from "#shared/base/assert.ts";
import type { TableId } from "#shared/base/ids.ts";
import { FLUSH_AGE_MS, FLUSH_TAIL_BYTES } from "#shared/base/limits.ts";
import { observe } from "#shared/observability/metrics.ts";
import { carryChange, carryDrain } from "../directory/change-shards.ts";
import { openShard, type ShardContext } from "./context.ts";
import { forgetTable } from "./dropped-table.ts";
import { flushTable, mergeTail, purge } from "./flush.ts";
import { backoffMs, delayMs, dueWork, finishWork, postponeWork, type Work } from "./schedule.ts";
import { readTable } from "./table-row.ts";

const DRAIN_POLL_MS = 1000;

/** `empty` is left to the object itself: nothing of it remains afterwards. */
export async function runDueWork(
	context: ShardContext,
	actions: { empty: () => Promise<void>; reportFailure: (work: Work, error: unknown) => void },
): Promise<void> {
	for (const work of dueWork(context.sql, context.ports.now())) {
		if (work.kind === "empty") return actions.empty();
		try {
			await run(context, work);
		} catch (error) {
			actions.reportFailure(work, error);
			const dueMs = context.ports.now() + backoffMs(work.failures);
			postponeWork(context.sql, { ...work, dueMs, failures: work.failures + 1 });
		}
	}
}

/** What has come until now. Rows that arrive meanwhile wait for their own bytes or age: a steady trickle would be a file a moment, and hold up all other work. */
async function flush(context: ShardContext, work: Work): Promise<void> {
	const { sql } = context;
	const tableId = work.key as TableId;
	const upTo = readTable(sql, tableId).lastSequence;
	while (readTable(sql, tableId).watermark < upTo && (await flushTable(context, tableId)));
	observe("littoral_flush_delay_seconds", { service: "tenant" }, delayMs(work, context.ports.now()) / 1000);
	context.storage.transactionSync(() => {
		const { lastSequence, watermark } = readTable(sql, tableId);
		if (lastSequence === watermark) return finishWork(sql, "flush", tableId);
		const isFull = openShard(sql).unflushedBytes >= FLUSH_TAIL_BYTES;
		postponeWork(sql, { ...work, dueMs: context.ports.now() + (isFull ? 0 : FLUSH_AGE_MS), failures: 0 });
	});
}

async function run(context: ShardContext, work: Work): Promise<void> {
	switch (work.kind) {
		case "flush":
			return flush(context, work);
		case "merge":
			return mergeTail(context, work.key as TableId);
		case "purge":
			return purge(context, work.key);
		case "change":
			return carryChange(context);
		case "drain":
			if (await carryDrain(context)) finishWork(context.sql, "drain", "");
			else postponeWork(context.sql, { ...work, dueMs: context.ports.now() + DRAIN_POLL_MS });
			return;
		case "forget":
			return forgetTable(context, work.key as TableId);
		case "empty":
			return;
		default:
			return unreachable(work.kind);
	}
}
