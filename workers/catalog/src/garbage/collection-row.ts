/** Rows of `collection`: who has something to collect, and when. */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { ACTIVITY_NOTE_MS, COLLECTION_TABLES_PER_TICK_MAX, SWEEP_PERIOD_MS } from "#shared/base/limits.ts";
import { type SQL, sql } from "drizzle-orm";
import { repeated } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts, Row, Statement } from "../ports.ts";
import type { Collection } from "./schedule.ts";

/** Of spill, which belongs to no table. */
export const NO_TABLE = "" as TableId;

export interface CollectedTable {
	tenantId: TenantId;
	/** {@link NO_TABLE} for the tenant's spill. */
	tableId: TableId;
}

/**
 * Notes that a table is active, and that something of it is due at `dueAtMs` at the latest. Writes nothing where a note of the last hour says so already.
 *
 * @param options.where a condition without which nothing is written
 */
export function noteActivity(
	{ tenantId, tableId }: { tenantId: TenantId; tableId: TableId | SQL },
	{ nowMs, dueAtMs = sql`${nowMs + SWEEP_PERIOD_MS}`, where = sql`TRUE` }: { nowMs: number; dueAtMs?: SQL; where?: SQL },
): Statement {
	return statement(sql`
		INSERT INTO collection (tenant_id, table_id, active_at_ms, swept_at_ms, due_at_ms)
		SELECT ${tenantId}, ${tableId}, ${nowMs}, ${nowMs}, ${dueAtMs} WHERE ${where}
		ON CONFLICT (tenant_id, table_id) DO UPDATE
			SET active_at_ms = excluded.active_at_ms, due_at_ms = min(due_at_ms, excluded.due_at_ms)
			WHERE active_at_ms <= excluded.active_at_ms - ${ACTIVITY_NOTE_MS} OR due_at_ms > excluded.due_at_ms`);
}

/** The rows that are due, the longest first. The one thing that a tick reads when there are none. */
export async function readDue(
	ports: CatalogPorts,
	database: CatalogDatabase,
	nowMs: number,
): Promise<(CollectedTable & { collection: Collection })[]> {
	const [rows = []] = await repeated(ports, () =>
		database.batch("read_garbage_due", [
			statement(sql`
				SELECT tenant_id, table_id, active_at_ms, swept_at_ms, sweep_after, due_at_ms FROM collection
				WHERE due_at_ms <= ${nowMs} ORDER BY due_at_ms LIMIT ${COLLECTION_TABLES_PER_TICK_MAX}`),
		]),
	);
	return rows.map((row) => ({
		tenantId: textOf(row, "tenant_id") as TenantId,
		tableId: textOf(row, "table_id") as TableId,
		collection: collectionOf(row),
	}));
}

function collectionOf(row: Row): Collection {
	return {
		activeAtMs: numberOf(row, "active_at_ms"),
		sweptAtMs: numberOf(row, "swept_at_ms"),
		sweepAfter: row["sweep_after"] === null ? null : textOf(row, "sweep_after"),
		dueAtMs: numberOf(row, "due_at_ms"),
	};
}

/** Sets the next due time, or removes the row; a row that was noted meanwhile stays as it is, and is due still. */
export async function reschedule(
	ports: CatalogPorts,
	database: CatalogDatabase,
	{ tenantId, tableId }: CollectedTable,
	{ read, dueAtMs }: { read: Collection; dueAtMs: number | null },
): Promise<void> {
	const asRead = sql`tenant_id = ${tenantId} AND table_id = ${tableId} AND active_at_ms = ${read.activeAtMs} AND due_at_ms = ${read.dueAtMs}`;
	await repeated(ports, () =>
		database.batch("reschedule", [
			statement(
				dueAtMs === null
					? sql`DELETE FROM collection WHERE ${asRead} AND sweep_after IS NULL`
					: sql`UPDATE collection SET due_at_ms = ${dueAtMs} WHERE ${asRead}`,
			),
		]),
	);
}
