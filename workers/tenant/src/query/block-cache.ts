/** Aligned 1 MiB blocks of data files, which are immutable, under (path, block); the path holds the tenant's id (invariant T1). */
import { BLOCK_CACHE_BYTES_MAX, READ_BLOCK_BYTES } from "#shared/base/limits.ts";
import type { ByteRange, ByteSource } from "#shared/parquet/byte-source.ts";
import { Lru } from "../lru.ts";
import type { ObjectPort } from "../ports.ts";

const blocks = new Lru<Uint8Array>(BLOCK_CACHE_BYTES_MAX, (block) => block.byteLength);

const keyOf = (path: string, block: number) => `${path}#${block}`;

/**
 * An object in R2 as a byte source. Neighbouring blocks that are missing come in one request.
 *
 * @param file.spend is told the bytes asked for, before they are read; it may throw
 */
export function objectSource(
	objects: ObjectPort,
	file: { path: string; byteCount: number; spend?: (byteCount: number) => void },
): ByteSource {
	return {
		byteCount: file.byteCount,
		read: async (ranges) => {
			for (const range of ranges) file.spend?.(range.byteCount);
			return await Promise.all(ranges.map((range) => readRange(objects, file, range)));
		},
	};
}

async function readRange(objects: ObjectPort, file: { path: string; byteCount: number }, range: ByteRange): Promise<Uint8Array> {
	const first = Math.floor(range.offset / READ_BLOCK_BYTES);
	const end = Math.ceil((range.offset + range.byteCount) / READ_BLOCK_BYTES);
	const held: (Uint8Array | undefined)[] = [];
	for (let block = first; block < end; block++) held.push(blocks.get(keyOf(file.path, block)));
	const bytes = new Uint8Array(range.byteCount);
	const place = (block: number, content: Uint8Array) => {
		const blockStart = block * READ_BLOCK_BYTES;
		const from = Math.max(range.offset, blockStart);
		const to = Math.min(range.offset + range.byteCount, blockStart + content.byteLength);
		bytes.set(content.subarray(from - blockStart, to - blockStart), from - range.offset);
	};
	const reads: Promise<void>[] = [];
	for (let block = first; block < end; ) {
		const content = held[block - first];
		if (content !== undefined) {
			place(block++, content);
			continue;
		}
		let runEnd = block + 1;
		while (runEnd < end && held[runEnd - first] === undefined) runEnd++;
		reads.push(readRun(objects, file, block, runEnd, place));
		block = runEnd;
	}
	await Promise.all(reads);
	return bytes;
}

async function readRun(
	objects: ObjectPort,
	file: { path: string; byteCount: number },
	first: number,
	end: number,
	place: (block: number, content: Uint8Array) => void,
): Promise<void> {
	const start = first * READ_BLOCK_BYTES;
	const run = await objects.read(file.path, start, Math.min(end * READ_BLOCK_BYTES, file.byteCount) - start);
	for (let block = first; block < end; block++) {
		// A copy of its own: a view would keep the whole run alive.
		const content = run.slice((block - first) * READ_BLOCK_BYTES, (block - first + 1) * READ_BLOCK_BYTES);
		blocks.set(keyOf(file.path, block), content);
		place(block, content);
	}
}
