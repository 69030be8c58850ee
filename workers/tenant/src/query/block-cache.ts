/**
 * What an isolate remembers of data files, which are immutable, under their path, which holds the tenant's id (invariant T1): aligned 1 MiB blocks, and footers as they
 * were understood.
 */
import { BLOCK_CACHE_BYTES_MAX, FOOTER_CACHE_BYTES_MAX, READ_BLOCK_BYTES } from "#shared/base/limits.ts";
import type { ByteRange, ByteSource } from "#shared/parquet/byte-source.ts";
import type { ParquetFile } from "#shared/parquet/footer.ts";
import { openParquet } from "#shared/parquet/open.ts";
import { Lru } from "../lru.ts";
import type { ObjectPort } from "../ports.ts";

const blocks = new Lru<Uint8Array>(BLOCK_CACHE_BYTES_MAX, (block) => block.byteLength);
/** With the bytes that were asked for to read it. */
const footers = new Lru<{ file: ParquetFile; spentBytes: number }>(FOOTER_CACHE_BYTES_MAX, ({ file }) => file.footerByteCount);

const keyOf = (path: string, block: number) => `${path}#${block}`;

/** A data file, and who is told the bytes asked of it, before they are read: it may throw. */
export interface DataObject {
	path: string;
	byteCount: number;
	spend?: (byteCount: number) => void;
}

/** An object in R2 as a byte source. Neighbouring blocks that are missing come in one request; what lies in one block is a view of it. */
export function objectSource(objects: ObjectPort, file: DataObject): ByteSource {
	return {
		byteCount: file.byteCount,
		joinsRanges: true,
		read: async (ranges) => {
			for (const range of ranges) file.spend?.(range.byteCount);
			const held = await readBlocks(objects, file, ranges);
			return ranges.map((range) => cut(held, range));
		},
	};
}

/** @returns the footer of the source's file; a query is charged for it whether it is remembered or not */
export async function openDataFile(objects: ObjectPort, file: DataObject): Promise<ParquetFile> {
	const known = footers.get(file.path);
	if (known !== undefined) {
		file.spend?.(known.spentBytes);
		return known.file;
	}
	let spentBytes = 0;
	const spend = (byteCount: number): void => {
		spentBytes += byteCount;
		file.spend?.(byteCount);
	};
	const opened = await openParquet(objectSource(objects, { ...file, spend }));
	footers.set(file.path, { file: opened, spentBytes });
	return opened;
}

/** The blocks of all ranges, by number. */
async function readBlocks(objects: ObjectPort, file: DataObject, ranges: readonly ByteRange[]): Promise<Map<number, Uint8Array>> {
	const held = new Map<number, Uint8Array>();
	const missing = new Set<number>();
	for (const { offset, byteCount } of ranges) {
		for (let block = Math.floor(offset / READ_BLOCK_BYTES); block * READ_BLOCK_BYTES < offset + byteCount; block++) {
			if (held.has(block)) continue;
			const content = blocks.get(keyOf(file.path, block));
			if (content === undefined) missing.add(block);
			else held.set(block, content);
		}
	}
	const reads: Promise<void>[] = [];
	const wanted = [...missing].sort((left, right) => left - right);
	for (let start = 0; start < wanted.length; ) {
		let end = start + 1;
		while (end < wanted.length && wanted[end] === (wanted[end - 1] as number) + 1) end++;
		reads.push(readRun(objects, file, { first: wanted[start] as number, count: end - start }, held));
		start = end;
	}
	await Promise.all(reads);
	return held;
}

async function readRun(
	objects: ObjectPort,
	file: DataObject,
	{ first, count }: { first: number; count: number },
	held: Map<number, Uint8Array>,
): Promise<void> {
	const start = first * READ_BLOCK_BYTES;
	const run = await objects.read(file.path, start, Math.min((first + count) * READ_BLOCK_BYTES, file.byteCount) - start);
	for (let index = 0; index < count; index++) {
		// A copy of its own: a view would keep the whole run alive.
		const content = count === 1 ? run : run.slice(index * READ_BLOCK_BYTES, (index + 1) * READ_BLOCK_BYTES);
		blocks.set(keyOf(file.path, first + index), content);
		held.set(first + index, content);
	}
}

function cut(held: ReadonlyMap<number, Uint8Array>, { offset, byteCount }: ByteRange): Uint8Array {
	const first = Math.floor(offset / READ_BLOCK_BYTES);
	const from = offset - first * READ_BLOCK_BYTES;
	const content = held.get(first);
	if (content === undefined) return new Uint8Array(0);
	if (from + byteCount <= content.byteLength) return content.subarray(from, from + byteCount);
	const bytes = new Uint8Array(byteCount);
	for (let done = 0; done < byteCount; ) {
		const at = offset + done;
		const block = Math.floor(at / READ_BLOCK_BYTES);
		const part = (held.get(block) as Uint8Array).subarray(at - block * READ_BLOCK_BYTES);
		const taken = Math.min(part.byteLength, byteCount - done);
		if (taken === 0) return bytes.subarray(0, done);
		bytes.set(part.subarray(0, taken), done);
		done += taken;
	}
	return bytes;
}
