/**
 * The isolate's snapshots. One may be stale by its age bound; never below the minimum versions that the caller brings from the directory. A
 * missing table is never remembered.
 */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { CATALOG_CACHE_AGE_MS_MAX, SNAPSHOT_CACHE_BYTES_MAX } from "#shared/base/limits.ts";
import { pageByteCount } from "#shared/contracts/file-page.ts";
import type { SnapshotRequest } from "#shared/contracts/rpc.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import { Lru } from "#shared/base/lru.ts";

/** Bytes counted for a snapshot beside its pages: the schema as objects, roughly. */
const COLUMN_BYTES = 400;

export class SnapshotCache {
	readonly #byTable = new Lru<{ snapshot: TableSnapshot; readAtMs: number }>(SNAPSHOT_CACHE_BYTES_MAX);
	/** Name to id: as good as the snapshot behind it, and gone with it. */
	readonly #names = new Lru<TableId>(SNAPSHOT_CACHE_BYTES_MAX / 16);

	get(tenantId: TenantId, request: SnapshotRequest, nowMs: number): TableSnapshot | null {
		if (request.fresh === true) return null;
		const tableId = "name" in request.table ? this.#names.get(nameKey(tenantId, request.table.name)) : request.table.tableId;
		const entry = tableId === undefined ? undefined : this.#byTable.get(tableKey(tenantId, tableId));
		if (entry === undefined || nowMs - entry.readAtMs > CATALOG_CACHE_AGE_MS_MAX) return null;
		return satisfies(entry.snapshot, request) ? entry.snapshot : null;
	}

	/** @param readAtMs when the read began: a snapshot is at least that old */
	set(tenantId: TenantId, snapshot: TableSnapshot, readAtMs: number): void {
		const { tableId, name, columns } = snapshot.schema;
		const key = tableKey(tenantId, tableId);
		// Two reads may end in the other order: the newer version stays.
		const known = this.#byTable.get(key);
		if (known !== undefined && known.snapshot.version > snapshot.version) return;
		const fixedBytes = (columns.length + 1) * COLUMN_BYTES + (snapshot.sketches?.byteLength ?? 0);
		const byteCount = snapshot.pages.reduce((sum, page) => sum + pageByteCount(page), fixedBytes);
		this.#byTable.set(key, { snapshot, readAtMs }, byteCount);
		this.#names.set(nameKey(tenantId, name), tableId, COLUMN_BYTES);
	}

	delete(tenantId: TenantId, tableId: TableId): void {
		this.#byTable.delete(tableKey(tenantId, tableId));
	}
}

/** True when the snapshot is not below the versions that the request must be given. */
export function satisfies(snapshot: TableSnapshot, request: SnapshotRequest): boolean {
	return snapshot.version >= (request.minimumSnapshotVersion ?? 0) && snapshot.schema.schemaVersion >= (request.minimumSchemaVersion ?? 0);
}

const tableKey = (tenantId: TenantId, tableId: TableId) => `${tenantId}/${tableId}`;
const nameKey = (tenantId: TenantId, name: string) => `${tenantId}/${name}`;
