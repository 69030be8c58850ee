/**
 * The table's sketches after a commit. They are no precondition and no part of a snapshot: whatever is wrong with them, the commit goes on without.
 *
 * Additions merge into what is there. A replacement has the rows of the files that it replaces, mostly: what is there stays, unless the new files hold at least as many rows as it
 * was made of. So a compaction of all rows begins anew, which forgets rows that are gone and brings sketches to a table that had none.
 */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import type { CommitRequest } from "#shared/contracts/snapshot.ts";
import { formatBase64, parseBase64 } from "#shared/contracts/values/binary-text.ts";
import { decodeSketches, encodeSketches, mergeSketches, sketchedRowCount, type TableSketches } from "#shared/sketches/table-sketches.ts";
import { sql } from "drizzle-orm";
import { numberOf, statement, textOf } from "../database/statement.ts";
import type { CatalogDatabase, Statement } from "../ports.ts";

export interface NextSketches {
	/** That was read; 0 where there were none. */
	revision: number;
	/** Base64. */
	sketches: string;
}

/** @returns null where they stay as they are */
export async function nextSketches(database: CatalogDatabase, request: CommitRequest): Promise<NextSketches | null> {
	const { tenantId, tableId, change } = request;
	if (request.sketches === undefined) return null;
	const added = decoded(request.sketches);
	if (added === null) return null;
	try {
		const [rows] = await database.batch("read_sketches", [
			statement(sql`SELECT revision, sketches FROM table_sketches WHERE tenant_id = ${tenantId} AND table_id = ${tableId}`),
		]);
		const row = rows?.[0];
		const known = row === undefined ? null : decoded(parseBase64(textOf(row, "sketches")));
		const next = combine(known ?? new Map(), added, change.kind === "replace");
		if (next === null) return null;
		return { revision: row === undefined ? 0 : numberOf(row, "revision"), sketches: formatBase64(encodeSketches(next)) };
	} catch {
		return null;
	}
}

/** @returns null where `known` stays */
function combine(known: TableSketches, added: TableSketches, isReplacement: boolean): TableSketches | null {
	if (isReplacement) return sketchedRowCount(added) >= sketchedRowCount(known) ? added : null;
	mergeSketches(known, added);
	return known;
}

/** Null for bytes that no version of this code wrote, or of other sizes: estimates begin anew. */
function decoded(bytes: Uint8Array): TableSketches | null {
	try {
		return decodeSketches(bytes);
	} catch {
		return null;
	}
}

/** Another commit between the reading and this leaves its own: the row is not the one that was read. */
export function writeSketches(tenantId: TenantId, tableId: TableId, { revision, sketches }: NextSketches): Statement {
	return statement(sql`
		INSERT INTO table_sketches (tenant_id, table_id, revision, sketches) VALUES (${tenantId}, ${tableId}, ${revision + 1}, ${sketches})
		ON CONFLICT (tenant_id, table_id) DO UPDATE SET revision = excluded.revision, sketches = excluded.sketches WHERE revision = ${revision}`);
}
