/**
 * What the backup in R2 holds of a table, under `backup/<tenant id>/<table id>/`: checkpoints, each the whole table at one version, and a record for each commit since. JSON,
 * format 1; golden text in the tests.
 */
import { backupPrefix, type CommitId, type TableId, type TenantId } from "#shared/base/ids.ts";
import type { CommitChange } from "#shared/contracts/snapshot.ts";
import { z } from "zod";

/** Path, rows, bytes, schema version, statistics as in `inline_file`. */
const FileEntry = z.tuple([z.string(), z.int(), z.int(), z.int(), z.string()]);
export type FileEntry = z.infer<typeof FileEntry>;

const ManifestEntry = z.object({ manifestId: z.string(), path: z.string(), fileCount: z.int() });
export type ManifestEntry = z.infer<typeof ManifestEntry>;

/** A row of the commit log: the id is what makes the commit happen once, also after a rebuild. */
const CommitEntry = z.object({
	commitId: z.string().transform((text) => text as CommitId),
	kind: z.string(),
	version: z.int(),
	paths: z.array(z.string()),
	token: z.string(),
	atMs: z.int(),
});
export type CommitEntry = z.infer<typeof CommitEntry>;

const COMMON = {
	format: z.literal(1),
	version: z.int(),
	atMs: z.int(),
	/** Position of the tenant's database in the catalog's list. */
	database: z.int(),
	files: z.array(FileEntry),
	manifests: z.array(ManifestEntry),
};

export const CommitRecord = z.object({
	...COMMON,
	kind: z.enum(["flush", "bulk", "replace"]) satisfies z.ZodType<CommitChange["kind"]>,
	commit: CommitEntry,
	removed: z.array(z.string()),
	/** What a flush moves its shard's watermark to. */
	watermark: z.object({ shard: z.int(), to: z.int() }).nullable(),
});
export type CommitRecord = z.infer<typeof CommitRecord>;

export const Checkpoint = z.object({
	...COMMON,
	kind: z.literal("checkpoint"),
	name: z.string(),
	schemaVersion: z.int(),
	nextFieldId: z.int(),
	createdAtMs: z.int(),
	/** A dropped table is listed without its files. */
	droppedAtMs: z.int().nullable(),
	/** Every version of the schema, as in `table_schema`. */
	schemas: z.array(z.tuple([z.int(), z.string()])),
	/** Shard ordinal to sequence number. */
	watermarks: z.record(z.string(), z.int()),
	/** Files that the manifests list and that were replaced. */
	removed: z.array(z.string()),
	/** Of the last COMMIT_ID_RETENTION_MS. */
	commits: z.array(CommitEntry),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

type Table = { tenantId: TenantId; tableId: TableId };
/** A key's parts; keys sort by version. */
export interface BackupKey {
	path: string;
	version: number;
	kind: string;
	/** Of a checkpoint, its `atMs`; else 0. */
	atMs: number;
}

const digits = (value: number) => String(value).padStart(16, "0");

/** One a version: whoever writes a commit's record writes the same. */
export function recordPath(table: Table, record: { version: number; kind: string }): string {
	return `${backupPrefix(table)}${digits(record.version)}-${record.kind}.json`;
}

/** A dropped table's last word has a name of its own: it wins over any checkpoint of the same moment. */
export function checkpointPath(table: Table, { version, atMs, droppedAtMs }: Pick<Checkpoint, "version" | "atMs" | "droppedAtMs">): string {
	return `${backupPrefix(table)}${digits(version)}-${droppedAtMs === null ? "checkpoint" : "dropped"}-${digits(atMs)}.json`;
}

/** @returns null for a key that is not of the backup */
export function parseBackupKey(path: string): BackupKey | null {
	const match = /\/(\d{16})-([a-z]+)(?:-(\d{16}))?\.json$/.exec(path);
	return match === null ? null : { path, version: Number(match[1]), kind: match[2] as string, atMs: Number(match[3] ?? 0) };
}

export const isCheckpoint = (key: BackupKey): boolean => key.kind === "checkpoint" || key.kind === "dropped";

/** True where `later` holds all that `earlier` does: what a checkpoint covers may go. */
export function covers(later: BackupKey, earlier: BackupKey): boolean {
	if (!isCheckpoint(later) || later.path === earlier.path) return false;
	if (later.version !== earlier.version) return later.version > earlier.version;
	if (!isCheckpoint(earlier)) return true;
	return later.kind === earlier.kind ? later.atMs > earlier.atMs : later.kind === "dropped";
}

/** The checkpoint that a rebuild starts from. */
export function newestCheckpoint(keys: readonly BackupKey[]): BackupKey | null {
	return keys.filter(isCheckpoint).reduce<BackupKey | null>((best, key) => (best === null || covers(key, best) ? key : best), null);
}
