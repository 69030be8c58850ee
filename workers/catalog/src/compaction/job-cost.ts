/** What a merge costs and saves, in dollars by the price table. Every constant names its unit and its source. */
import { COMPACTION_FILE_BYTES, COMPACTION_PART_BYTES } from "#shared/base/limits.ts";
import { DOLLARS } from "#shared/base/prices.ts";

/** Reading, merging and writing a compressed byte: estimated as 25 MB/s on one core; `npm run bench -- compaction` measures it. */
const CPU_NANOSECONDS_PER_BYTE = 40;
/** Of a job without its bytes: statements, footers. Estimated. */
const CPU_MILLISECONDS_PER_JOB = 20;
/** Bytes of one range read from an input, about: its window. */
const READ_BYTES = 512 * 1024;
/** A query reads a file's footer and its data. */
const QUERY_READS_PER_FILE = 2;
const QUERY_CPU_MILLISECONDS_PER_FILE = 0.5;
/** Rows and index entries of D1 written by a job itself, per file that it removes, and per file that it adds. Counted by hand from the statements. */
const ROWS_PER_JOB = 18;
const ROWS_PER_INPUT = 4;
const ROWS_PER_OUTPUT = 4;
const QUEUE_OPERATIONS_PER_JOB = 3;

export interface JobCost {
	dollars: number;
	outputFileCount: number;
}

/** Files that a merge of so many bytes writes. */
export function outputFileCount(byteCount: number, fileBytes: number = COMPACTION_FILE_BYTES): number {
	return Math.max(1, Math.round(byteCount / fileBytes));
}

export function mergeCost(inputs: readonly { byteCount: number }[]): JobCost {
	const byteCount = inputs.reduce((sum, file) => sum + file.byteCount, 0);
	const outputs = outputFileCount(byteCount);
	const reads = inputs.reduce((sum, file) => sum + 1 + Math.ceil(file.byteCount / READ_BYTES), 0);
	const partCount = Math.ceil(byteCount / outputs / COMPACTION_PART_BYTES);
	const writes = outputs * (partCount <= 1 ? 1 : partCount + 2);
	const cpuMilliseconds = CPU_MILLISECONDS_PER_JOB + (byteCount * CPU_NANOSECONDS_PER_BYTE) / 1e6;
	return {
		outputFileCount: outputs,
		dollars:
			reads * DOLLARS.objectStoreClassB +
			writes * DOLLARS.objectStoreClassA +
			cpuMilliseconds * DOLLARS.workerCpuMillisecond +
			(ROWS_PER_JOB + inputs.length * ROWS_PER_INPUT + outputs * ROWS_PER_OUTPUT) * DOLLARS.rowWritten +
			QUEUE_OPERATIONS_PER_JOB * DOLLARS.queueOperation,
	};
}

/** What one query saves that need not open so many files. */
export function readsSavedDollars(fileCount: number): number {
	return fileCount * (QUERY_READS_PER_FILE * DOLLARS.objectStoreClassB + QUERY_CPU_MILLISECONDS_PER_FILE * DOLLARS.workerCpuMillisecond);
}
