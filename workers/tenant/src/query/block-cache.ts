/**
 * What an isolate remembers of data files, which are immutable, under their path, which holds the tenant's id (invariant T1): aligned 1 MiB blocks, and footers as they
 * were understood.
 */
import { BLOCK_CACHE_BYTES_MAX, FOOTER_CACHE_BYTES_MAX, READ_BLOCK_BYTES } from "#shared/base/limits.ts";
import type { ByteRange, ByteSource } from "#shared/parquet/read/byte-source.ts";
import type { ParquetFile } from "#shared/parquet/read/footer.ts";
import { openParquet } from "#shared/parquet/read/open.ts";
import { Lru } from "#shared/base/lru.ts";
import type { ObjectPort } from "../ports.ts";
import { PassingReads } from "./passing-reads.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { readObject, readPieces } from "./read-object.ts";

const blocks = new Lru<Uint8Array>(BLOCK_CACHE_BYTES_MAX);
/** With the bytes that were asked for to read it. */
const footers = new Lru<{ file: ParquetFile; spentBytes: number }>(FOOTER_CACHE_BYTES_MAX);

const keyOf = (path: string, block: number) => `${path}#${block}`;

/**
 * How much of the cache one query may pass through, what it finds there included; the rest of what it reads goes by the cache. A scan larger than the cache would else drop
 * every block before it comes again, other queries' too: so its beginning stays, and is found again by the next one like it.
 */
export class CacheShare {
	#leftByteCount = BLOCK_CACHE_BYTES_MAX;

	/** @returns false where that is more than what is left */
	take(byteCount: number): boolean {
		this.#leftByteCount -= byteCount;
		return this.#leftByteCount >= 0;
	}
}

/** A data file, and who is told the bytes asked of it, before they are read: it may throw. */
export interface DataObject {
	path: string;
	byteCount: number;
	spend?: (byteCount: number) => void;
	/** The query's; absent where little is read. */
	share?: CacheShare;
	/** The query's, for what goes by the cache. */
	buffers?: ReadBuffers;
}

/**
 * An object in R2 as a byte source. Neighbouring blocks that are missing come in one request; what lies in one block is a view of it. With what is missing come the
 * blocks that are expected next, and when only half of what may be read ahead is left, more is asked for: the scan goes on meanwhile.
 *
 * @param aheadByteCount how much may be read ahead now; asked before each read
 */
export function objectSource(objects: ObjectPort, file: DataObject, aheadByteCount: () => number = () => 0): ByteSource {
	/** Blocks under way, of this scan alone: a promise that another request resolves would tie two requests together. */
	const underWay = new Map<number, Promise<Uint8Array>>();
	let expected: ByteRange[] = [];
	/** Blocks that the query's share has been asked for, each once. */
	const shared = new Set<number>();
	const byteCountOf = (numbers: number[]): number =>
		numbers.reduce((sum, block) => sum + Math.min(READ_BLOCK_BYTES, file.byteCount - block * READ_BLOCK_BYTES), 0);
	/** Blocks that are expected next, as far as they may be read ahead and the query's share goes: beyond it they would drop from the cache what is found there again. */
	const sharedAhead = (): number[] => {
		const ahead: number[] = [];
		for (const block of blocksOf(expected).slice(0, Math.floor(aheadByteCount() / READ_BLOCK_BYTES))) {
			if (!shared.has(block) && file.share?.take(byteCountOf([block])) === false) break;
			shared.add(block);
			ahead.push(block);
		}
		return ahead;
	};
	const passing = new PassingReads(objects, file.path, file.buffers ?? new ReadBuffers(() => 0));
	return {
		byteCount: file.byteCount,
		joinsRanges: true,
		expect(ranges) {
			expected = ranges;
		},
		release: () => passing.release(),
		async read(ranges) {
			for (const range of ranges) file.spend?.(range.byteCount);
			const numbers = blocksOf(ranges);
			const fresh = numbers.filter((block) => !shared.has(block));
			if (fresh.length > 0 && file.share?.take(byteCountOf(fresh)) === false) {
				return await passing.read(ranges, { expected, byteCount: aheadByteCount() });
			}
			for (const block of fresh) shared.add(block);
			const held = new Map<number, Uint8Array>();
			const missing: number[] = [];
			const awaited: number[] = [];
			for (const block of numbers) {
				const content = blocks.get(keyOf(file.path, block));
				if (content !== undefined) held.set(block, content);
				else if (underWay.has(block)) awaited.push(block);
				else missing.push(block);
			}
			const isHere = (block: number): boolean => underWay.has(block) || blocks.has(keyOf(file.path, block));
			const ahead = sharedAhead();
			const isDue = missing.length > 0 || ahead.slice(0, Math.ceil(ahead.length / 2)).some((block) => !isHere(block));
			const wanted = isDue ? [...missing, ...ahead.filter((block) => !isHere(block) && !missing.includes(block))] : [];
			for (const run of runsOf(wanted)) startRun(objects, file, run, underWay);
			await Promise.all([...missing, ...awaited].map(async (block) => held.set(block, await (underWay.get(block) as Promise<Uint8Array>))));
			return ranges.map((range) => cut(held, range));
		},
	};
}

/** Reads what is asked for, as it is. */
const plainSource = (objects: ObjectPort, file: DataObject): ByteSource => ({
	byteCount: file.byteCount,
	read: async (ranges) => {
		for (const range of ranges) file.spend?.(range.byteCount);
		return await Promise.all(ranges.map((range) => readObject(objects, file.path, range)));
	},
});

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
	const charged = { ...file, spend };
	// Of a file of several blocks the end alone: the last one would be a MiB for some KiB, and most scans do not want its rows.
	const opened = await openParquet(file.byteCount > READ_BLOCK_BYTES ? plainSource(objects, charged) : objectSource(objects, charged));
	footers.set(file.path, { file: opened, spentBytes }, opened.footerByteCount);
	return opened;
}

/** Each once, in the order of the ranges. */
function blocksOf(ranges: readonly ByteRange[]): number[] {
	const found = new Set<number>();
	for (const { offset, byteCount } of ranges) {
		for (let block = Math.floor(offset / READ_BLOCK_BYTES); block * READ_BLOCK_BYTES < offset + byteCount; block++) found.add(block);
	}
	return [...found];
}

interface Run {
	first: number;
	count: number;
}

function runsOf(wanted: readonly number[]): Run[] {
	const runs: Run[] = [];
	for (const block of wanted.toSorted((left, right) => left - right)) {
		const last = runs.at(-1);
		if (last !== undefined && last.first + last.count === block) last.count++;
		else runs.push({ first: block, count: 1 });
	}
	return runs;
}

/** One read of neighbouring blocks, each of which is under way until it is among those kept. */
function startRun(objects: ObjectPort, file: DataObject, { first, count }: Run, underWay: Map<number, Promise<Uint8Array>>): void {
	const start = first * READ_BLOCK_BYTES;
	const byteCount = Math.min((first + count) * READ_BLOCK_BYTES, file.byteCount) - start;
	const byteCounts = Array.from({ length: count }, (_, index) => Math.min(READ_BLOCK_BYTES, byteCount - index * READ_BLOCK_BYTES));
	const pieces =
		count === 1 ? [readObject(objects, file.path, { offset: start, byteCount })] : readPieces(objects, file.path, start, byteCounts);
	for (const [index, piece] of pieces.entries()) {
		const block = first + index;
		const arriving = piece.then((content) => {
			blocks.set(keyOf(file.path, block), content, content.byteLength);
			return content;
		});
		underWay.set(block, arriving);
		// Whoever waits for the block hears of a failure; one that was read ahead is read again when it is needed.
		const landed = (): void => void underWay.delete(block);
		arriving.then(landed, landed);
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
