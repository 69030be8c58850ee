/** Where a Parquet file's bytes come from: an object in R2, an upload, an array in a test. The rest of the folder does no other I/O. */
import { malformed } from "./malformed.ts";

export interface ByteRange {
	offset: number;
	byteCount: number;
}

export interface ByteSource {
	/** Size of the file. */
	byteCount: number;
	/** True where it joins ranges itself, or need not: they are handed to it as they are. */
	joinsRanges?: boolean;
	/** The bytes of each range, in the order asked, to be read only: they may be views of what others read. A source that cannot give them all rejects. */
	read(ranges: ByteRange[]): Promise<Uint8Array[]>;
	/** What will be read soon, in this order: a source may begin to fetch it with the next read. What was expected before no longer is. */
	expect?(ranges: ByteRange[]): void;
	/** What it gave so far is no longer looked at: its memory may be filled anew. */
	release?(): void;
}

/** A file that lies in memory already. */
export function memorySource(bytes: Uint8Array): ByteSource {
	return {
		byteCount: bytes.length,
		joinsRanges: true,
		read: async (ranges) => ranges.map((range) => bytes.subarray(range.offset, range.offset + range.byteCount)),
	};
}

/**
 * Reads ranges after joining those closer than `gapByteCount`, and hands each back as a view of the joined bytes.
 *
 * @param ranges within the file, in any order
 * @throws malformed_body when the source gives fewer bytes than the file has
 */
export async function readCoalesced(source: ByteSource, ranges: readonly ByteRange[], gapByteCount: number): Promise<Uint8Array[]> {
	const joined = source.joinsRanges ? [...ranges] : coalesce(ranges, gapByteCount);
	const parts = await source.read(joined);
	return ranges.map((range) => {
		const index = joined.findIndex(
			(whole) => range.offset >= whole.offset && range.offset + range.byteCount <= whole.offset + whole.byteCount,
		);
		const whole = joined[index] as ByteRange;
		const part = parts[index];
		if (part === undefined || part.length !== whole.byteCount) throw malformed("the file ends before its own footer says");
		return part.subarray(range.offset - whole.offset, range.offset - whole.offset + range.byteCount);
	});
}

/** Ranges in ascending order, those that overlap or lie within `gapByteCount` of each other joined. */
export function coalesce(ranges: readonly ByteRange[], gapByteCount: number): ByteRange[] {
	const joined: ByteRange[] = [];
	for (const range of ranges.toSorted((left, right) => left.offset - right.offset)) {
		const last = joined.at(-1);
		if (last !== undefined && range.offset <= last.offset + last.byteCount + gapByteCount) {
			last.byteCount = Math.max(last.byteCount, range.offset + range.byteCount - last.offset);
		} else joined.push({ ...range });
	}
	return joined;
}
