/**
 * Milliseconds and dollars. Rows and bytes come first; these turn them into what a user pays. Every constant names its unit and its source.
 */
import { DOLLARS } from "#shared/base/prices.ts";
import type { PhysicalOperator, PlanTable } from "#shared/contracts/plan/physical.ts";

/** Of one work unit (an integer addition over a batch): the kernels' filtered int64 sum. Measured (facts.md, engine), 2 cores. */
const NANOSECONDS_PER_WORK_UNIT = 1;
/** Reading and decoding a byte of Parquet: snappy in wasm runs at about 0.5 GB/s. Measured. */
const NANOSECONDS_PER_SCANNED_BYTE = 2;
/** A row into or against a hash table: join 1.5M x 6M in 338 to 648 ms. Measured. */
const NANOSECONDS_PER_HASHED_ROW = 60;
/** A row and a level of a sort. Estimated as half a hashed row. */
const NANOSECONDS_PER_SORT_STEP = 30;
/** First byte of a range from R2 within a region; six at a time. Documented order of magnitude. */
const OBJECT_READ_MILLISECONDS = 20;
const OBJECT_READS_AT_ONCE = 6;
/** Footer and data of one file. */
const OBJECT_READS_PER_FILE = 2;

export const cpuMilliseconds = {
	scan: (byteCount: number, rowCount: number, workUnits: number) =>
		(byteCount * NANOSECONDS_PER_SCANNED_BYTE + rowCount * workUnits * NANOSECONDS_PER_WORK_UNIT) / 1e6,
	evaluate: (rowCount: number, workUnits: number) => (rowCount * workUnits * NANOSECONDS_PER_WORK_UNIT) / 1e6,
	hash: (rowCount: number) => (rowCount * NANOSECONDS_PER_HASHED_ROW) / 1e6,
	sort: (rowCount: number, keptRowCount: number) =>
		(rowCount * Math.log2(Math.max(Math.min(rowCount, keptRowCount), 2)) * NANOSECONDS_PER_SORT_STEP) / 1e6,
	nestedLoop: (leftRowCount: number, rightRowCount: number, workUnits: number) =>
		(leftRowCount * rightRowCount * workUnits * NANOSECONDS_PER_WORK_UNIT) / 1e6,
};

/** Waiting for files, not computing: it takes time and is paid per read. */
export function objectReadMilliseconds(fileCount: number): number {
	return Math.ceil((fileCount * OBJECT_READS_PER_FILE) / OBJECT_READS_AT_ONCE) * OBJECT_READ_MILLISECONDS;
}

/** A query is one request to a Worker (service bindings are free) and at least one to a shard. */
export const REQUEST_DOLLARS = DOLLARS.workerRequest + DOLLARS.objectRequest;

/** What an operator adds: its CPU time, waiting for files left out, and the reads of the files that it scans. */
export function operatorDollars(work: { milliseconds: number; fileCount: number }): number {
	const cpu = Math.max(0, work.milliseconds - objectReadMilliseconds(work.fileCount));
	return cpu * DOLLARS.workerCpuMillisecond + work.fileCount * OBJECT_READS_PER_FILE * DOLLARS.objectStoreClassB;
}

/** Files that an operator reads itself. */
export function scannedFileCount(node: PhysicalOperator, tables: readonly PlanTable[]): number {
	if (node.kind !== "scan") return 0;
	return tables[node.table]?.pages.reduce((sum, page) => sum + page.fileCount, 0) ?? 0;
}
