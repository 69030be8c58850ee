/** Reads and writes of D1 `operations`. Transitions are conditional on the state they leave, and record their history in the same batch. */
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import type { TenantId } from "#shared/base/ids.ts";
import type { TenantDescription } from "#shared/contracts/rpc.ts";
import { history, tenants } from "./tables.ts";

export type TenantRow = typeof tenants.$inferSelect;
export type HistoryEvent = (typeof history.$inferInsert)["event"];

export function describe(row: TenantRow): TenantDescription {
	return { id: row.id, tenantId: row.tenantId as TenantId, status: row.status, createdAt: new Date(row.createdAtMs).toISOString() };
}

export class TenantStore {
	readonly #db: DrizzleD1Database;

	constructor(database: D1Database) {
		this.#db = drizzle(database);
	}

	async byName(id: string): Promise<TenantRow | null> {
		return (await this.#db.select().from(tenants).where(eq(tenants.id, id)))[0] ?? null;
	}

	async byTenantId(tenantId: TenantId): Promise<TenantRow | null> {
		return (await this.#db.select().from(tenants).where(eq(tenants.tenantId, tenantId)))[0] ?? null;
	}

	/** Inserts unless the name is taken; the row that stands afterwards. */
	async insert(row: TenantRow): Promise<TenantRow> {
		await this.#db.insert(tenants).values(row).onConflictDoNothing();
		return (await this.byName(row.id)) as TenantRow;
	}

	/** @returns at most `limit` rows with names above `cursor`, in order of name */
	async list(limit: number, cursor: string | null): Promise<TenantRow[]> {
		return await this.#db
			.select()
			.from(tenants)
			.where(cursor === null ? undefined : gt(tenants.id, cursor))
			.orderBy(asc(tenants.id))
			.limit(limit);
	}

	/** Moves a tenant from one of `from` to `to`. @returns false when it stood elsewhere, and nothing was written */
	async transition(
		row: TenantRow,
		change: { from: TenantRow["status"][]; to: TenantRow["status"]; event: HistoryEvent; requestId: string | null; atMs: number },
	): Promise<boolean> {
		const standsThere = and(eq(tenants.tenantId, row.tenantId), inArray(tenants.status, change.from));
		const [, updated] = await this.#db.batch([
			this.#db.insert(history).select(
				this.#db
					.select({
						sequence: sql<number>`NULL`.as("sequence"),
						id: tenants.id,
						tenantId: tenants.tenantId,
						event: sql<HistoryEvent>`${change.event}`.as("event"),
						detail: sql<string | null>`NULL`.as("detail"),
						requestId: sql<string | null>`${change.requestId}`.as("request_id"),
						atMs: sql<number>`${change.atMs}`.as("at_ms"),
					})
					.from(tenants)
					.where(standsThere),
			),
			this.#db.update(tenants).set({ status: change.to }).where(standsThere).returning(),
		]);
		return updated.length === 1;
	}

	async record(entry: Omit<typeof history.$inferInsert, "sequence">): Promise<void> {
		await this.#db.insert(history).values(entry);
	}

	/** Removes the tenant and records that it is gone, in one batch; repeated, it changes nothing. */
	async remove(row: TenantRow, atMs: number): Promise<void> {
		await this.#db.batch([
			this.#db.insert(history).select(
				this.#db
					.select({
						sequence: sql<number>`NULL`.as("sequence"),
						id: tenants.id,
						tenantId: tenants.tenantId,
						event: sql<HistoryEvent>`'deleted'`.as("event"),
						detail: sql<string | null>`NULL`.as("detail"),
						requestId: sql<string | null>`NULL`.as("request_id"),
						atMs: sql<number>`${atMs}`.as("at_ms"),
					})
					.from(tenants)
					.where(eq(tenants.tenantId, row.tenantId)),
			),
			this.#db.delete(tenants).where(eq(tenants.tenantId, row.tenantId)),
		]);
	}

	/** The last tenant of this name that was deleted, null if there never was one. */
	async lastDeleted(id: string): Promise<TenantId | null> {
		const rows = await this.#db
			.select({ tenantId: history.tenantId })
			.from(history)
			.where(and(eq(history.id, id), eq(history.event, "deleted")))
			.orderBy(sql`${history.sequence} DESC`)
			.limit(1);
		return (rows[0]?.tenantId ?? null) as TenantId | null;
	}
}
