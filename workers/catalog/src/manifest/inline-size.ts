/** How much may stand inline of a table, and in one manifest: in files, and in bytes of their statistics, of which a wide table has many. */
import {
	INLINE_FILE_COUNT_MAX,
	INLINE_STATISTICS_BYTES_MAX,
	MANIFEST_FILE_COUNT_MAX,
	MANIFEST_STATISTICS_BYTES_MAX,
} from "#shared/base/limits.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import { encodeStatistics } from "./statistics.ts";

export interface InlineSize {
	fileCount: number;
	/** Of statistics as text. */
	byteCount: number;
}

/** Too much for the newest version of a table to be read in one piece: it is folded. */
export function isTooMuchInline({ fileCount, byteCount }: InlineSize, fileCountMax: number = INLINE_FILE_COUNT_MAX): boolean {
	return fileCount > fileCountMax || byteCount > INLINE_STATISTICS_BYTES_MAX;
}

/** Files in order, cut into what one manifest may list. */
export function manifestChunks(files: readonly DataFile[]): DataFile[][] {
	const chunks: DataFile[][] = [];
	let chunk: DataFile[] = [];
	let byteCount = 0;
	for (const file of files) {
		const fileBytes = encodeStatistics(file.columns).length;
		if (chunk.length === MANIFEST_FILE_COUNT_MAX || (chunk.length > 0 && byteCount + fileBytes > MANIFEST_STATISTICS_BYTES_MAX)) {
			chunks.push(chunk);
			chunk = [];
			byteCount = 0;
		}
		chunk.push(file);
		byteCount += fileBytes;
	}
	if (chunk.length > 0) chunks.push(chunk);
	return chunks;
}
