/**
 * Milliseconds of CPU. Rows and bytes come first; these turn them into time, and `shared/explain/operator-cost.ts` into what a user pays. Every constant
 * names its unit and its source.
 */
import { DOLLARS } from "#shared/base/prices.ts";

/** Of one work unit (an integer addition over a batch): the kernels' filtered int64 sum. Measured (facts.md, engine), 2 cores. */
const NANOSECONDS_PER_WORK_UNIT = 1;
/** Reading and decoding a byte of Parquet: snappy in wasm runs at about 0.5 GB/s. Measured. */
const NANOSECONDS_PER_SCANNED_BYTE = 2;
/** A row into or against a hash table: join 1.5M x 6M in 338 to 648 ms. Measured. */
const NANOSECONDS_PER_HASHED_ROW = 60;
/** A row and a level of a sort. Estimated as half a hashed row. */
const NANOSECONDS_PER_SORT_STEP = 30;
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

/** A query is one request to a Worker (service bindings are free) and at least one to a shard. */
export const REQUEST_DOLLARS = DOLLARS.workerRequest + DOLLARS.objectRequest;
