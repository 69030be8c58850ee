/**
 * Snapshots, data files and their statistics, as they cross RPC and lie in D1 and R2.
 *
 * Bounds are memcomparable bytes: unsigned byte order is the type's order, so one comparison serves all types.
 * boolean: one byte. i32, i64, i128: big-endian with the sign bit flipped (uuid: its 16 bytes). f32 and f64: big-endian IEEE bits, all
 * flipped when negative, else the sign bit (-0 is stored as 0; NaN never). Fixed numeric: its coefficient. text, bytea: the bytes,
 * cut to STATISTICS_BOUND_BYTES_MAX; a cut upper bound is rounded up, or absent when it cannot be. interval, jsonb, array: absent.
 */
import type { CommitId, TableId, TenantId } from "#shared/base/ids.ts";
import type { TableSchema } from "./table.ts";

export interface ColumnStatistics {
	fieldId: number;
	nullCount: number;
	/** Lower bound, inclusive; null when the file has no bound (all NULL, or a type without bounds). NaN is left out. */
	minimum: Uint8Array | null;
	/** Upper bound, inclusive; may be above the largest value where text was cut. */
	maximum: Uint8Array | null;
	hasNaN: boolean;
}

/** One immutable Parquet object in R2, as its writer describes it to a commit. */
export interface DataFile {
	path: string;
	rowCount: number;
	byteCount: number;
	/** The schema version it was written with. */
	schemaVersion: number;
	columns: ColumnStatistics[];
}

/**
 * Many data files as columns: the shape of a manifest's body, of a snapshot on RPC, and of a scan in a plan. Strings and bounds are
 * `bytes` with `offsets[count + 1]`. A file without a bound for a column has an empty value there and bit 0 (minimum) or bit 1 (maximum) of
 * `flags` clear; bit 2 says the file has NaN; bit 3 says that the column is absent from the file (added later).
 */
export interface FilePage {
	fileCount: number;
	paths: { bytes: Uint8Array; offsets: Uint32Array };
	rowCounts: Float64Array;
	byteCounts: Float64Array;
	schemaVersions: Uint32Array;
	columns: {
		fieldId: number;
		nullCounts: Float64Array;
		flags: Uint8Array;
		minimums: { bytes: Uint8Array; offsets: Uint32Array };
		maximums: { bytes: Uint8Array; offsets: Uint32Array };
	}[];
}

/** Watermark per shard ordinal: the highest sequence number of that shard inside the snapshot's files. Absent is 0. */
export type Watermarks = Record<number, number>;

/** A table at one version: everything a plan needs. Manifests are already expanded to pages by the catalog. */
export interface TableSnapshot {
	schema: TableSchema;
	/** Counts the table's snapshots from 1; version 0 is the empty table just created. */
	version: number;
	watermarks: Watermarks;
	rowCount: number;
	byteCount: number;
	pages: FilePage[];
	/** Of most rows of the files, by column (`sketches/table-sketches.ts`); absent where there are none. Estimates only. */
	sketches?: Uint8Array;
}

export interface SnapshotSummary {
	version: number;
	createdAt: string;
	rowCount: number;
	fileCount: number;
}

/**
 * A change of one table's files. `flush` requires the watermark of `shard` to be `from` and moves it to `to`. `bulk` adds files.
 * `replace` (compaction and, later, statements) exchanges files, all of which must be live.
 */
export type CommitChange =
	| { kind: "flush"; shard: number; from: number; to: number; files: DataFile[] }
	| { kind: "bulk"; files: DataFile[] }
	| { kind: "replace"; removed: string[]; files: DataFile[] };

export interface CommitRequest {
	tenantId: TenantId;
	tableId: TableId;
	/** Derived from the intent or the append id; the same id is the same commit for ever. */
	commitId: CommitId;
	change: CommitChange;
	/** Of the rows of all added files (`sketches/table-sketches.ts`), at most TABLE_SKETCHES_BYTES_MAX. */
	sketches?: Uint8Array;
}

export interface CommitAnswer {
	/** The snapshot version that the first commit of this id made. */
	version: number;
	/** The paths that the first commit of this id added: says which attempt won. */
	paths: string[];
	/** True when the id was known already and nothing changed now. */
	repeated: boolean;
}
