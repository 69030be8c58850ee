/** The directory in shard 0's SQLite: one row, and one per table for the minimums. */
import { LittoralError } from "#shared/base/errors.ts";
import type { Directory, TableMinimum } from "#shared/contracts/directory.ts";
import type { MinimumRaise } from "../shard/contract.ts";
import { type DirectoryState, raiseMinimum } from "./directory.ts";

/** @returns null in a shard without a directory */
export function findDirectory(sql: SqlStorage): DirectoryState | null {
	const [row] = sql.exec("SELECT value FROM directory").toArray();
	return row === undefined ? null : (JSON.parse(row["value"] as string) as DirectoryState);
}

/** @throws tenant_not_found */
export function loadDirectory(sql: SqlStorage): DirectoryState {
	const directory = findDirectory(sql);
	if (directory === null) throw new LittoralError("tenant_not_found", "there is no such tenant");
	return directory;
}

export function storeDirectory(sql: SqlStorage, directory: DirectoryState): void {
	sql.exec("INSERT OR REPLACE INTO directory (only, value) VALUES (0, ?)", JSON.stringify(directory));
}

export function readMinimums(sql: SqlStorage): Record<string, TableMinimum> {
	const minimums: Record<string, TableMinimum> = {};
	for (const row of sql.exec("SELECT * FROM minimum")) {
		minimums[row["table_id"] as string] = {
			schemaVersion: row["schema_version"] as number,
			snapshotVersion: row["snapshot_version"] as number,
		};
	}
	return minimums;
}

/** A minimum never decreases. */
export function storeMinimum(sql: SqlStorage, raise: MinimumRaise): void {
	const minimum = raiseMinimum(readMinimums(sql)[raise.tableId], raise);
	sql.exec(
		"INSERT OR REPLACE INTO minimum (table_id, schema_version, snapshot_version) VALUES (?, ?, ?)",
		raise.tableId,
		minimum.schemaVersion,
		minimum.snapshotVersion,
	);
}

/** As other Workers see it. */
export function publicDirectory(sql: SqlStorage): Directory {
	const { state, epoch, history, draining } = loadDirectory(sql);
	return { state, epoch, history, draining, minimums: readMinimums(sql) };
}
