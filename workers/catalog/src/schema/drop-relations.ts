/**
 * DROP TABLE and DROP VIEW: one batch that frees the names and raises the schema versions. Watermarks and object rows stay: a shard may still ask, and garbage collection
 * finds the files by them.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { randomHex, type TableId, type TenantId } from "#shared/base/ids.ts";
import { GRACE_PERIOD_MS } from "#shared/base/limits.ts";
import type { DroppedRelation, DropRequest } from "#shared/contracts/rpc.ts";
import { sql } from "drizzle-orm";
import { checkpoint } from "../backup/checkpoint.ts";
import { settled } from "../database/attempts.ts";
import { numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, CatalogPorts, Row, Statement } from "../ports.ts";
import { lastDropped } from "./last-dropped.ts";

/**
 * @returns what was dropped; of a name that no relation has, the last one that had it
 * @throws LittoralError undefined_table, wrong_object_type, dependent_objects_still_exist: then nothing was dropped; unavailable
 */
export async function dropRelations(
	ports: CatalogPorts,
	database: CatalogDatabase,
	tenantId: TenantId,
	request: DropRequest,
): Promise<DroppedRelation[]> {
	const names = [...new Set(request.names)];
	const dropped = await settled<DroppedRelation[]>(
		ports,
		async () => {
			const results = await database.batch("drop_table", dropStatements(tenantId, { ...request, names }, ports.nowMs()));
			const relations = (results.at(-1) ?? []).map(droppedRelation);
			if (relations.length > 0 || request.ifExists) return relations;
			throw missingRelation(request.kind, names[0] ?? "");
		},
		() => lookUp(database, tenantId, { ...request, names }),
	);
	for (const { tableId } of dropped) await checkpoint(ports, database, { tenantId, tableId });
	const before = await Promise.all(names.map((name) => lastDropped(ports, database, tenantId, name)));
	return [...dropped, ...before.flatMap((relation) => (relation === null || dropped.some(sameAs(relation)) ? [] : [relation]))];
}

const sameAs = (relation: DroppedRelation) => (other: DroppedRelation) => other.tableId === relation.tableId;

/** Live relations of the names, and with CASCADE the live views over them. */
function goneIds(tenantId: TenantId, { names, cascade, onlyId }: Pick<DropRequest, "names" | "cascade" | "onlyId">) {
	const named = sql`
		SELECT table_id FROM tables
		WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL AND name IN (SELECT value FROM json_each(${JSON.stringify(names)}))
			AND (${onlyId ?? null} IS NULL OR table_id = ${onlyId ?? null})`;
	if (!cascade) return sql`gone (table_id) AS (${named})`;
	return sql`gone (table_id) AS (${named} UNION
		SELECT d.view_id FROM gone JOIN dependency d ON d.tenant_id = ${tenantId} AND d.used_id = gone.table_id
			JOIN tables v ON v.tenant_id = d.tenant_id AND v.table_id = d.view_id AND v.dropped_at_ms IS NULL)`;
}

/** Live views, none of them dropped now, that use what is. */
const dependents = (tenantId: TenantId) => sql`
	SELECT v.name AS dependent, u.name AS used, v.kind AS dependent_kind, u.kind AS used_kind FROM gone
		JOIN dependency d ON d.tenant_id = ${tenantId} AND d.used_id = gone.table_id
		JOIN tables v ON v.tenant_id = d.tenant_id AND v.table_id = d.view_id AND v.dropped_at_ms IS NULL
		JOIN tables u ON u.tenant_id = d.tenant_id AND u.table_id = d.used_id
	WHERE d.view_id NOT IN (SELECT table_id FROM gone) ORDER BY v.created_at_ms, v.name`;

/** Keys of the commit log that belong to one request: `/` comes before `0`. */
const ownCommits = (tenantId: TenantId, commitId: string) =>
	sql`tenant_id = ${tenantId} AND commit_id > ${`${commitId}/`} AND commit_id < ${`${commitId}0`}`;

function dropStatements(tenantId: TenantId, request: DropRequest, nowMs: number): Statement[] {
	const { commitId, kind, names, ifExists } = request;
	const own = ownCommits(tenantId, commitId);
	const ids = sql`(SELECT table_id FROM commit_log WHERE ${own})`;
	const named = sql`FROM tables WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL AND name IN (SELECT value FROM json_each(${JSON.stringify(names)}))`;
	return [
		// A NULL version, and so a failed batch, where a relation is missing or of the other kind, something depends on one, or this request was done before.
		statement(sql`
			WITH RECURSIVE ${goneIds(tenantId, request)}
			INSERT INTO commit_log (tenant_id, commit_id, kind, table_id, version, input_count, paths, token, created_at_ms, pending)
			SELECT ${tenantId}, ${commitId} || '/' || t.table_id, 'drop_table', t.table_id,
				CASE WHEN NOT EXISTS (SELECT 1 FROM commit_log WHERE ${own}) AND NOT EXISTS (${dependents(tenantId)}) AND NOT EXISTS (SELECT 1 ${named} AND kind <> ${kind})
					AND (${ifExists ? 1 : 0} OR ${names.length} = (SELECT count(*) ${named})) THEN t.version END,
				0, '[]', ${randomHex(8)}, ${nowMs}, 1
			FROM gone JOIN tables t ON t.tenant_id = ${tenantId} AND t.table_id = gone.table_id`),
		statement(sql`
			UPDATE tables SET schema_version = schema_version + 1,
				dropped_at_ms = max(${nowMs}, 1 + coalesce((SELECT max(b.dropped_at_ms) FROM tables b WHERE b.tenant_id = ${tenantId} AND b.name = tables.name), 0))
			WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL AND table_id IN ${ids}`),
		statement(sql`
			INSERT INTO collection (tenant_id, table_id, active_at_ms, swept_at_ms, due_at_ms)
			SELECT tenant_id, table_id, ${nowMs}, ${nowMs}, ${nowMs + GRACE_PERIOD_MS} FROM commit_log WHERE ${own}
			ON CONFLICT (tenant_id, table_id) DO UPDATE SET active_at_ms = excluded.active_at_ms, due_at_ms = min(due_at_ms, excluded.due_at_ms)`),
		statement(sql`DELETE FROM table_sketches WHERE tenant_id = ${tenantId} AND table_id IN ${ids}`),
		readDropped(tenantId, commitId),
	];
}

const readDropped = (tenantId: TenantId, commitId: string) =>
	statement(sql`
		SELECT t.table_id, t.schema_version FROM commit_log l JOIN tables t ON t.tenant_id = l.tenant_id AND t.table_id = l.table_id
		WHERE l.tenant_id = ${tenantId} AND l.commit_id > ${`${commitId}/`} AND l.commit_id < ${`${commitId}0`} ORDER BY l.commit_id`);

/** What the first call of this commit id dropped; else why nothing can be; else null. */
async function lookUp(database: CatalogDatabase, tenantId: TenantId, request: DropRequest): Promise<DroppedRelation[] | null> {
	const { commitId, kind, names, ifExists } = request;
	const [done = [], live = [], blocking = []] = await database.batch("drop_table_outcome", [
		readDropped(tenantId, commitId),
		statement(sql`
			SELECT name, kind FROM tables
			WHERE tenant_id = ${tenantId} AND dropped_at_ms IS NULL AND name IN (SELECT value FROM json_each(${JSON.stringify(names)}))`),
		statement(sql`WITH RECURSIVE ${goneIds(tenantId, request)} ${dependents(tenantId)} LIMIT 1`),
	]);
	if (done.length > 0) return done.map(droppedRelation);
	for (const name of names) {
		const found = live.find((row) => row["name"] === name);
		if (found === undefined && !ifExists) throw missingRelation(kind, name);
		if (found !== undefined && found["kind"] !== kind) {
			throw new LittoralError("wrong_object_type", `"${name}" is not a ${kind}`, {
				hint: kind === "table" ? "Use DROP VIEW to remove a view." : "Use DROP TABLE to remove a table.",
			});
		}
	}
	const [blocked] = blocking;
	if (blocked !== undefined) throw stillUsed(kind, names, blocked);
	return null;
}

export function missingRelation(kind: string, name: string): LittoralError {
	return new LittoralError("undefined_table", `${kind} "${name}" does not exist`);
}

function stillUsed(kind: string, names: readonly string[], row: Row): LittoralError {
	const what = names.length === 1 ? `${kind} ${names[0] ?? ""}` : "desired object(s)";
	const dependency = `${textOf(row, "dependent_kind")} ${textOf(row, "dependent")} depends on ${textOf(row, "used_kind")} ${textOf(row, "used")}`;
	const which = names.length === 1 ? "it" : "them";
	return new LittoralError("dependent_objects_still_exist", `cannot drop ${what} because other objects depend on ${which}`, {
		hint: `${dependency}. Use DROP ... CASCADE to drop the dependent objects too.`,
	});
}

function droppedRelation(row: Row): DroppedRelation {
	return { tableId: textOf(row, "table_id") as TableId, schemaVersion: numberOf(row, "schema_version") };
}
