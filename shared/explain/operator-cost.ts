/** What an operator of a plan waits for and costs, by its estimate. */
import { DOLLARS } from "#shared/base/prices.ts";
import type { PhysicalOperator, PlanTable } from "#shared/contracts/plan/physical.ts";

/** First byte of a range from R2 within a region; six at a time. Documented order of magnitude. */
const OBJECT_READ_MILLISECONDS = 20;
const OBJECT_READS_AT_ONCE = 6;
/** Footer and data of one file. */
const OBJECT_READS_PER_FILE = 2;

/** Waiting for files, not computing: it takes time and is paid per read. */
export function objectReadMilliseconds(fileCount: number): number {
	return Math.ceil((fileCount * OBJECT_READS_PER_FILE) / OBJECT_READS_AT_ONCE) * OBJECT_READ_MILLISECONDS;
}

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
