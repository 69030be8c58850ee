/** Snapshots of all that a statement reads: what it names, and what the views among that name. */
import { LittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { VIEW_DEPTH_MAX } from "#shared/base/limits.ts";
import type { CatalogRpc, PlanRequest } from "#shared/contracts/rpc.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { ParsedStatementCache } from "./cache/parsed-statements.ts";
import type { TableSnapshotCache } from "./cache/table-snapshots.ts";
import type { ParsedStatement } from "./sql/parse/parser.ts";
import { relationNames } from "./sql/bind/walk.ts";

export interface ReadRelations {
	snapshots: Map<string, TableSnapshot>;
	/** Queries of the views among them, by name. */
	views: Map<string, ParsedStatement>;
}

/**
 * Level by level; each name is read once, so that every reference sees one snapshot (invariant Q1), and a view that reads itself ends the reading.
 *
 * @throws statement_too_complex (54001) beyond VIEW_DEPTH_MAX levels of views
 */
export async function readRelations(
	ports: { catalog: Pick<CatalogRpc, "readSnapshots">; parsed: ParsedStatementCache; snapshots: TableSnapshotCache; nowMs: () => number },
	tenantId: TenantId,
	names: string[],
	request: PlanRequest,
): Promise<ReadRelations> {
	const read: ReadRelations = { snapshots: new Map(), views: new Map() };
	const asked = new Set<string>();
	let level = names;
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > VIEW_DEPTH_MAX) throw new LittoralError("statement_too_complex", `views may nest at most ${VIEW_DEPTH_MAX} deep`);
		const { minimums = {}, fresh = false } = request;
		const found = await ports.snapshots.read(ports.catalog, { tenantId, names: level, minimums, fresh, nowMs: ports.nowMs() });
		for (const name of level) asked.add(name);
		const next = new Set<string>();
		for (const [name, snapshot] of found) {
			read.snapshots.set(name, snapshot);
			if (snapshot.schema.view === undefined) continue;
			const parsed = await ports.parsed.parse(snapshot.schema.view.sql);
			read.views.set(name, parsed);
			for (const inner of relationNames(parsed.node)) if (!asked.has(inner)) next.add(inner);
		}
		level = [...next];
	}
	return read;
}
