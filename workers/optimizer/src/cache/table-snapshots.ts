/**
 * Snapshots by tenant and table name. For flush and compaction an old snapshot plus a longer tail holds the same rows, so a snapshot may be old; what
 * may not be old is said by the directory's minimums, which the coordinator checks on every plan (design, sections 7 and 8).
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { SNAPSHOT_CACHE_AGE_MS_MAX } from "#shared/base/limits.ts";
import type { CatalogRpc, PlanRequest, SnapshotRequest } from "#shared/contracts/rpc.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import { Lru } from "#shared/base/lru.ts";

/** Data files of all snapshots kept. */
const FILE_COUNT_MAX = 200_000;
/** What one takes, roughly; sketches weigh by it. */
const FILE_BYTES = 300;
/** A snapshot without files still weighs as much as so many. */
const SNAPSHOT_WEIGHT = 50;

type Minimums = NonNullable<PlanRequest["minimums"]>;

interface CachedSnapshot {
	snapshot: TableSnapshot;
	readAtMs: number;
}

export class TableSnapshotCache {
	private readonly snapshots = new Lru<CachedSnapshot>(FILE_COUNT_MAX);

	/**
	 * The named tables, each at least at its minimum; a name without a table is absent.
	 *
	 * @throws unavailable when the catalog answers with less than the directory demands
	 */
	async read(
		catalog: Pick<CatalogRpc, "readSnapshots">,
		request: { tenantId: TenantId; names: string[]; minimums: Minimums; fresh: boolean; nowMs: number },
	): Promise<Map<string, TableSnapshot>> {
		const { tenantId, names, minimums, fresh, nowMs } = request;
		const found = new Map<string, TableSnapshot>();
		const missing: string[] = [];
		for (const name of names) {
			const cached = this.snapshots.get(key(tenantId, name));
			const usable =
				cached !== undefined && !fresh && nowMs - cached.readAtMs < SNAPSHOT_CACHE_AGE_MS_MAX && meets(cached.snapshot, minimums);
			if (usable) found.set(name, cached.snapshot);
			else missing.push(name);
		}
		await this.fetch(catalog, { tenantId, names: missing, fresh, nowMs }, found);
		const stale = missing.filter((name) => {
			const snapshot = found.get(name);
			return snapshot !== undefined && !meets(snapshot, minimums);
		});
		// The catalog has a cache of its own: past it, D1's primary decides.
		if (stale.length > 0) await this.fetch(catalog, { tenantId, names: stale, fresh: true, nowMs }, found, minimums);
		for (const name of stale) {
			const snapshot = found.get(name);
			if (snapshot !== undefined && !meets(snapshot, minimums)) {
				throw new LittoralError("unavailable", `the catalog has not reached the version that table "${name}" must be read at`);
			}
		}
		return found;
	}

	private async fetch(
		catalog: Pick<CatalogRpc, "readSnapshots">,
		request: { tenantId: TenantId; names: string[]; fresh: boolean; nowMs: number },
		found: Map<string, TableSnapshot>,
		minimums: Minimums = {},
	): Promise<void> {
		const { tenantId, names, fresh, nowMs } = request;
		if (names.length === 0) return;
		const requests = names.map((name): SnapshotRequest => {
			const known = found.get(name);
			const minimum = known === undefined ? undefined : minimums[known.schema.tableId];
			return {
				table: { name },
				views: true,
				...(fresh ? { fresh: true } : {}),
				...(minimum === undefined ? {} : { minimumSchemaVersion: minimum.schemaVersion, minimumSnapshotVersion: minimum.snapshotVersion }),
			};
		});
		const answers = await catalog.readSnapshots(tenantId, requests);
		for (const [index, name] of names.entries()) {
			const snapshot = answers[index] ?? null;
			if (snapshot === null) {
				this.snapshots.delete(key(tenantId, name));
				found.delete(name);
				continue;
			}
			const fileCount = snapshot.pages.reduce((sum, page) => sum + page.fileCount, 0);
			const weight = SNAPSHOT_WEIGHT + fileCount + Math.ceil((snapshot.sketches?.byteLength ?? 0) / FILE_BYTES);
			this.snapshots.set(key(tenantId, name), { snapshot, readAtMs: nowMs }, weight);
			found.set(name, snapshot);
		}
	}
}

/** Invariant T1: the tenant is part of every key. */
function key(tenantId: TenantId, name: string): string {
	return `${tenantId}/${name}`;
}

function meets(snapshot: TableSnapshot, minimums: Minimums): boolean {
	const minimum = minimums[snapshot.schema.tableId];
	return minimum === undefined || (snapshot.schema.schemaVersion >= minimum.schemaVersion && snapshot.version >= minimum.snapshotVersion);
}
