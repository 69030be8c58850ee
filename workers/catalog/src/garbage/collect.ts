/**
 * A tick of garbage collection: takes what is due, in bounded steps, and says when each is due again. Each step may be cut off and repeated, and two ticks may run at once. What fails
 * is due again a little later and holds nothing else up.
 */
import { COLLECTION_RETRY_MS, COLLECTION_STEPS_PER_TICK_MAX, COLLECTION_TICK_MS, SPILL_AGE_MS } from "#shared/base/limits.ts";
import { log } from "#shared/observability/log.ts";
import { increment, observe } from "#shared/observability/metrics.ts";
import type { CatalogDatabase, CatalogPorts } from "../ports.ts";
import { type CollectedTable, NO_TABLE, readDue, reschedule } from "./collection-row.ts";
import { expireStep } from "./expire.ts";
import { type Collection, nextDueMs } from "./schedule.ts";
import { sweepSpill, sweepStep } from "./sweep.ts";

/** @returns how many tables (and tenants' spills) were looked at */
export async function collectGarbage(ports: CatalogPorts): Promise<number> {
	const startedAtMs = ports.nowMs();
	let count = 0;
	for (const database of ports.databases) {
		for (const { collection, ...table } of await readDue(ports, database, startedAtMs)) {
			if (ports.nowMs() - startedAtMs > COLLECTION_TICK_MS) return count;
			count++;
			await collectOne(ports, database, table, collection);
		}
	}
	return count;
}

async function collectOne(ports: CatalogPorts, database: CatalogDatabase, table: CollectedTable, read: Collection): Promise<void> {
	const startedAtMs = ports.nowMs();
	try {
		const collect = table.tableId === NO_TABLE ? collectSpill : collectTable;
		const dueAtMs = await collect(ports, database, table, read);
		await reschedule(ports, database, table, { read, dueAtMs });
	} catch (error) {
		increment("littoral_garbage_failures_total", { service: "catalog" });
		log("error", "a garbage collection failed", {
			service: "catalog",
			tenant: table.tenantId,
			tableId: table.tableId,
			cause: String(error),
		});
		await reschedule(ports, database, table, { read, dueAtMs: ports.nowMs() + COLLECTION_RETRY_MS }).catch(() => {});
	}
	observe("littoral_garbage_collection_duration_seconds", { service: "catalog" }, (ports.nowMs() - startedAtMs) / 1000);
}

/** @returns when the table is due again; null for good */
async function collectTable(
	ports: CatalogPorts,
	database: CatalogDatabase,
	table: CollectedTable,
	read: Collection,
): Promise<number | null> {
	let collection = read;
	for (let step = 1; ; step++) {
		// What the sweep condemns is due by the rows that are read after it.
		collection = await sweepStep(ports, database, table, collection);
		const { more, left } = await expireStep(ports, database, table);
		if (collection.sweepAfter === null && !more) return nextDueMs(collection, left, ports.nowMs());
		if (step === COLLECTION_STEPS_PER_TICK_MAX) return ports.nowMs();
	}
}

async function collectSpill(ports: CatalogPorts, _: CatalogDatabase, { tenantId }: CollectedTable): Promise<number | null> {
	for (let step = 1; ; step++) {
		const { more, left } = await sweepSpill(ports, tenantId);
		if (!more) return left ? ports.nowMs() + SPILL_AGE_MS : null;
		if (step === COLLECTION_STEPS_PER_TICK_MAX) return ports.nowMs();
	}
}
