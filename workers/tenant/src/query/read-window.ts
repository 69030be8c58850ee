/** How many compressed bytes a scan's reader may hold: what all readers may hold together is shared by those there are, and each has its least for certain. */
import { ADMISSION_RUNNING_MAX, PARQUET_READ_WINDOW_BYTES, PARQUET_READ_WINDOW_BYTES_MAX } from "#shared/base/limits.ts";

/**
 * @param runningCount queries of the isolate, 0 where none is counted
 * @param scanCount of the query
 */
export function windowByteCount(runningCount: number, scanCount: number): number {
	const share = (ADMISSION_RUNNING_MAX * PARQUET_READ_WINDOW_BYTES) / (Math.max(1, runningCount) * Math.max(1, scanCount));
	return Math.max(PARQUET_READ_WINDOW_BYTES, Math.min(PARQUET_READ_WINDOW_BYTES_MAX, Math.floor(share)));
}
