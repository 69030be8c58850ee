import { describe, expect, test } from "vitest";
import { concatBytes } from "#shared/base/bytes.ts";
import { BLOCK_CACHE_BYTES_MAX, READ_BLOCK_BYTES } from "#shared/base/limits.ts";
import { encodeFooter } from "#shared/parquet/write/footer-writer.ts";
import { readingObjects } from "../../../tests/sql/file-ports.ts";
import { type ObjectPort, openPorts } from "../src/ports.ts";
import { CacheShare, objectSource, openDataFile } from "../src/query/block-cache.ts";
import { ReadBuffers } from "../src/query/read-buffers.ts";
import { testEnv } from "./world.ts";

const BYTE_COUNT = 2 * READ_BLOCK_BYTES + 1000;

/** An object whose bytes tell their place, and the reads that it had. */
function patterned(): { objects: ObjectPort; reads: [number, number][]; path: string; bytes: Uint8Array } {
	const bytes = new Uint8Array(BYTE_COUNT);
	for (let index = 0; index < BYTE_COUNT; index++) bytes[index] = (index * 31 + (index >> 12)) & 0xff;
	const reads: [number, number][] = [];
	const read: ObjectPort["read"] = async (_, offset, byteCount) => {
		reads.push([offset, byteCount]);
		return bytes.slice(offset, offset + byteCount);
	};
	return { objects: readingObjects(read) as ObjectPort, reads, path: `data/${crypto.randomUUID()}`, bytes };
}

/** Compared by its bytes at once: the matcher walks them one by one, a second for a million. */
function expectBytes(part: Uint8Array | undefined, expected: Uint8Array): void {
	expect(part?.length).toBe(expected.length);
	expect(Buffer.compare(part as Uint8Array, expected)).toBe(0);
}

test("ranges within a block, over its edge, over all blocks, of nothing and at the end, in any order", async () => {
	const { objects, bytes, path } = patterned();
	const ranges = [
		{ offset: READ_BLOCK_BYTES - 10, byteCount: 20 },
		{ offset: 0, byteCount: BYTE_COUNT },
		{ offset: BYTE_COUNT - 7, byteCount: 7 },
		{ offset: 5, byteCount: 3 },
		{ offset: BYTE_COUNT, byteCount: 0 },
		{ offset: READ_BLOCK_BYTES, byteCount: READ_BLOCK_BYTES },
	];
	const parts = await objectSource(objects, { path, byteCount: BYTE_COUNT }).read(ranges);
	for (const [index, { offset, byteCount }] of ranges.entries()) expectBytes(parts[index], bytes.subarray(offset, offset + byteCount));
});

test("a missing block is read once for all ranges in it, neighbours together, and what is here not at all", async () => {
	const { objects, reads, path } = patterned();
	const spent: number[] = [];
	const source = objectSource(objects, { path, byteCount: BYTE_COUNT, spend: (byteCount) => spent.push(byteCount) });
	await source.read([{ offset: READ_BLOCK_BYTES + 1, byteCount: 10 }]);
	expect(reads.splice(0)).toEqual([[READ_BLOCK_BYTES, READ_BLOCK_BYTES]]);
	await source.read([
		{ offset: 2 * READ_BLOCK_BYTES, byteCount: 1 },
		{ offset: 0, byteCount: 1 },
		{ offset: 10, byteCount: 2 * READ_BLOCK_BYTES },
	]);
	expect(reads.splice(0).sort(([left], [right]) => left - right)).toEqual([
		[0, READ_BLOCK_BYTES],
		[2 * READ_BLOCK_BYTES, 1000],
	]);
	await source.read([{ offset: 0, byteCount: BYTE_COUNT }]);
	expect(reads).toEqual([]);
	expect(spent).toEqual([10, 1, 1, 2 * READ_BLOCK_BYTES, BYTE_COUNT]);

	const other = patterned();
	await objectSource(other.objects, { path: other.path, byteCount: BYTE_COUNT }).read([{ offset: 0, byteCount: BYTE_COUNT }]);
	expect(other.reads).toEqual([[0, BYTE_COUNT]]);
});

test("of a file of several blocks the end alone is read for its footer, of a smaller one the whole, and each once", async () => {
	for (const [paddingBytes, expected] of [
		[READ_BLOCK_BYTES, 64 * 1024],
		[1000, null],
	] as const) {
		const footer = encodeFooter([], [], paddingBytes);
		const bytes = concatBytes([new Uint8Array(paddingBytes), footer]);
		const reads: [number, number][] = [];
		const read: ObjectPort["read"] = async (_, offset, byteCount) => {
			reads.push([offset, byteCount]);
			return bytes.slice(offset, offset + byteCount);
		};
		const path = `data/${crypto.randomUUID()}`;
		const charges: number[] = [];
		const file = { path, byteCount: bytes.length, spend: (byteCount: number) => void charges.push(byteCount) };
		await openDataFile(readingObjects(read) as ObjectPort, file);
		await openDataFile(readingObjects(read) as ObjectPort, file);
		const readBytes = expected ?? bytes.length;
		expect(reads).toEqual([[bytes.length - readBytes, readBytes]]);
		expect(charges).toEqual([readBytes, readBytes]);
	}
});

describe("reading ahead", () => {
	const wholeBlock = (block: number) => ({ offset: block * READ_BLOCK_BYTES, byteCount: READ_BLOCK_BYTES });
	/** An object of eight blocks, each filled with its number, whose reads end when they are told to. */
	function slow() {
		const reads: { from: number; to: number; end: () => void; fail: () => void }[] = [];
		const read: ObjectPort["read"] = async (_, offset, byteCount) => {
			const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
			const bytes = new Uint8Array(byteCount);
			for (let at = 0; at < byteCount; at += READ_BLOCK_BYTES) bytes.fill((offset + at) / READ_BLOCK_BYTES, at, at + READ_BLOCK_BYTES);
			const [from, to] = [offset / READ_BLOCK_BYTES, (offset + byteCount) / READ_BLOCK_BYTES];
			reads.push({ from, to, end: () => resolve(bytes), fail: () => reject(new Error("R2 is away")) });
			return await promise;
		};
		const file = { path: `data/${crypto.randomUUID()}`, byteCount: 8 * READ_BLOCK_BYTES };
		const source = objectSource(readingObjects(read) as ObjectPort, file, () => 4 * READ_BLOCK_BYTES);
		source.expect?.([1, 2, 3, 5, 6, 7].map(wholeBlock));
		return { source, reads, spans: () => reads.map(({ from, to }) => [from, to]) };
	}
	const numberOf = (parts: Uint8Array[]): number | undefined => parts[0]?.[0];

	test("what is expected comes with what is missing, neighbours in one read, no further than allowed", async () => {
		const { source, reads, spans } = slow();
		const first = source.read([wholeBlock(0)]);
		expect(spans()).toEqual([
			[0, 4],
			[5, 6],
		]);
		reads[0]?.end();
		// The other read is still under way: nobody waits for it.
		expect(numberOf(await first)).toBe(0);
		expect(numberOf(await source.read([wholeBlock(3)]))).toBe(3);
		const later = source.read([wholeBlock(5)]);
		reads[1]?.end();
		expect(numberOf(await later)).toBe(5);
		expect(reads.length).toBe(2);
	});

	test("more is asked for when half of it is used, while what is here is read", async () => {
		const { source, reads, spans } = slow();
		const first = source.read([wholeBlock(0)]);
		for (const read of reads) read.end();
		await first;
		source.expect?.([2, 3, 5, 6, 7].map(wholeBlock));
		await source.read([wholeBlock(1)]);
		expect(reads.length).toBe(2);
		source.expect?.([5, 6, 7].map(wholeBlock));
		expect(numberOf(await source.read([wholeBlock(3)]))).toBe(3);
		expect(spans().slice(2)).toEqual([[6, 8]]);
	});

	test("a block is here as soon as it has come, whatever becomes of the rest of its read", async () => {
		const arrivals: ((index: number, bytes: Uint8Array) => void)[] = [];
		const { promise: read, reject } = Promise.withResolvers<never>();
		const spans: [number, number[]][] = [];
		const readPieces: ObjectPort["readPieces"] = async (_, offset, byteCounts, arrived) => {
			spans.push([offset, byteCounts]);
			arrivals.push(arrived);
			await read;
		};
		const file = { path: `data/${crypto.randomUUID()}`, byteCount: 2 * READ_BLOCK_BYTES + 5 };
		const source = objectSource({ readPieces } as ObjectPort, file, () => 2 * READ_BLOCK_BYTES);
		source.expect?.([1, 2].map(wholeBlock));
		const first = source.read([wholeBlock(0)]);
		expect(spans).toEqual([[0, [READ_BLOCK_BYTES, READ_BLOCK_BYTES, 5]]]);
		arrivals[0]?.(0, new Uint8Array(READ_BLOCK_BYTES).fill(7));
		expect(numberOf(await first)).toBe(7);
		const second = source.read([wholeBlock(1)]);
		reject(new Error("R2 is away"));
		await expect(second).rejects.toThrow("a data file cannot be read");
		source.expect?.([]);
		expect(numberOf(await source.read([wholeBlock(0)]))).toBe(7);
		expect(spans.length).toBe(1);
	});

	test("a read ahead that failed is made again where its blocks are needed, and what is needed fails with its read", async () => {
		const { source, reads, spans } = slow();
		const first = source.read([wholeBlock(0)]);
		reads[0]?.end();
		reads[1]?.fail();
		await first;
		const again = source.read([wholeBlock(5)]);
		expect(spans().slice(2)).toEqual([[5, 6]]);
		reads[2]?.fail();
		await expect(again).rejects.toThrow("a data file cannot be read");
	});
});

describe("beyond a query's share of the cache", () => {
	const used = (): CacheShare => {
		const share = new CacheShare();
		share.take(BLOCK_CACHE_BYTES_MAX);
		return share;
	};

	test("ranges are read by themselves, near ones together, and the cache keeps what it has", async () => {
		const { objects, reads, bytes, path } = patterned();
		await objectSource(objects, { path, byteCount: BYTE_COUNT, share: new CacheShare() }).read([{ offset: 0, byteCount: 10 }]);
		reads.splice(0);
		const ranges = [
			{ offset: 2 * READ_BLOCK_BYTES - 3, byteCount: 6 },
			{ offset: 50_010, byteCount: 10 },
			{ offset: BYTE_COUNT, byteCount: 0 },
			{ offset: 50, byteCount: 100 },
			{ offset: 60, byteCount: 10 },
		];
		const parts = await objectSource(objects, { path, byteCount: BYTE_COUNT, share: used() }).read(ranges);
		for (const [index, { offset, byteCount }] of ranges.entries()) expectBytes(parts[index], bytes.subarray(offset, offset + byteCount));
		expect(reads.splice(0).sort(([left], [right]) => left - right)).toEqual([
			[50, 49_970],
			[2 * READ_BLOCK_BYTES - 3, 6],
		]);
		await objectSource(objects, { path, byteCount: BYTE_COUNT, share: new CacheShare() }).read([{ offset: 5, byteCount: 10 }]);
		expect(reads).toEqual([]);
	});

	test("blocks that are read ahead count as well: a query never drops from the cache what it will find there again", async () => {
		const { objects, reads, path } = patterned();
		const share = new CacheShare();
		share.take(BLOCK_CACHE_BYTES_MAX - 2 * READ_BLOCK_BYTES);
		const source = objectSource(objects, { path, byteCount: BYTE_COUNT, share }, () => 3 * READ_BLOCK_BYTES);
		source.expect?.([{ offset: 0, byteCount: BYTE_COUNT }]);
		await source.read([{ offset: 0, byteCount: 10 }]);
		expect(reads.splice(0)).toEqual([[0, 2 * READ_BLOCK_BYTES]]);
		await source.read([{ offset: READ_BLOCK_BYTES, byteCount: 10 }]);
		expect(reads.splice(0)).toEqual([]);
		source.expect?.([]);
		await source.read([{ offset: 2 * READ_BLOCK_BYTES, byteCount: 10 }]);
		expect(reads).toEqual([[2 * READ_BLOCK_BYTES, 10]]);
	});

	test("what is expected next comes meanwhile, as far as allowed, and is read again only if that failed", async () => {
		const { objects, reads, bytes, path } = patterned();
		let isAway = false;
		const failing: ObjectPort = {
			...objects,
			read: async (...input) => {
				const part = await objects.read(...input);
				if (isAway) throw new Error("R2 is away");
				return part;
			},
		};
		const source = objectSource(failing, { path, byteCount: BYTE_COUNT, share: used() }, () => 1000);
		source.expect?.([
			{ offset: 600_000, byteCount: 500 },
			{ offset: 600_700, byteCount: 200 },
			{ offset: 1_200_000, byteCount: 500 },
		]);
		await source.read([{ offset: 0, byteCount: 10 }]);
		expect(reads.splice(0)).toEqual([
			[0, 10],
			[600_000, 900],
		]);
		source.expect?.([{ offset: 1_200_000, byteCount: 500 }]);
		isAway = true;
		expect(await source.read([{ offset: 600_000, byteCount: 500 }])).toEqual([bytes.subarray(600_000, 600_500)]);
		expect(await source.read([{ offset: 600_700, byteCount: 200 }])).toEqual([bytes.subarray(600_700, 600_900)]);
		// Begun once there was room for it, with the second of these reads, and failed.
		expect(reads.splice(0)).toEqual([[1_200_000, 500]]);
		source.expect?.([]);
		isAway = false;
		expect(await source.read([{ offset: 1_200_000, byteCount: 500 }])).toEqual([bytes.subarray(1_200_000, 1_200_500)]);
		expect(reads.splice(0)).toEqual([[1_200_000, 500]]);
	});

	test("what is released is filled anew, what is not never", async () => {
		const { objects, bytes, path } = patterned();
		const memory = new Set<ArrayBufferLike>();
		const filling: ObjectPort = {
			...objects,
			read: async (name, offset, byteCount, into) => {
				const part = new Uint8Array(into as ArrayBuffer, 0, byteCount);
				part.set(await objects.read(name, offset, byteCount));
				memory.add(part.buffer);
				return part;
			},
		};
		const buffers = new ReadBuffers(() => 400_000);
		const source = objectSource(filling, { path, byteCount: BYTE_COUNT, share: used(), buffers });
		const range = (index: number) => ({ offset: index * 1000, byteCount: 999 });
		const expected = (index: number) => bytes.subarray(index * 1000, index * 1000 + 999);
		for (let index = 0; index < 50; index++) {
			const [first] = await source.read([range(index)]);
			const [second] = await source.read([range(index + 1)]);
			expect([first, second]).toEqual([expected(index), expected(index + 1)]);
			source.release?.();
		}
		expect(memory.size).toBe(2);
		// Begun ahead and not asked for, or asked for in part: released is only what was handed out whole.
		const slow = objectSource(filling, { path, byteCount: BYTE_COUNT, share: used(), buffers }, () => 100_000);
		slow.expect?.([range(900), range(901)]);
		await slow.read([range(0)]);
		expect(await slow.read([range(900)])).toEqual([expected(900)]);
		slow.release?.();
		await source.read([range(5), range(1500)]);
		expect(await slow.read([range(901)])).toEqual([expected(901)]);
	});

	test("memory beyond what may lie ready goes, the smallest first", () => {
		const buffers = new ReadBuffers(() => 1_000_000);
		const [small, middle, large] = [100_000, 300_000, 700_000].map((byteCount) => buffers.take(byteCount)) as ArrayBuffer[];
		for (const buffer of [large, small]) buffers.giveBack(buffer as ArrayBuffer);
		expect(buffers.take(1)).toBe(small);
		expect(buffers.take(1)).toBe(large);
		for (const buffer of [large, small, middle]) buffers.giveBack(buffer as ArrayBuffer);
		expect(buffers.take(1)).toBe(large);
		expect([small, middle]).not.toContain(buffers.take(1));
	});
});

test("a read of R2 fills the memory that it is given, or each piece's own, and says when the object is shorter", async () => {
	const { objects } = openPorts(testEnv);
	const path = `data/${crypto.randomUUID()}`;
	await testEnv.DATA.put(
		path,
		Uint8Array.from({ length: 300_000 }, (_, index) => index % 251),
	);
	const part = await objects.read(path, 1000, 250_000, new ArrayBuffer(262_144));
	expect(part).toEqual(Uint8Array.from({ length: 250_000 }, (_, index) => (index + 1000) % 251));
	expect(part.buffer.byteLength).toBe(262_144);
	expect(await objects.read(path, 0, 251, part.buffer as ArrayBuffer)).toEqual(Uint8Array.from({ length: 251 }, (_, index) => index));
	const pieces: [number, Uint8Array][] = [];
	const arrived = (index: number, bytes: Uint8Array): void => void pieces.push([index, bytes]);
	await objects.readPieces(path, 1000, [100_000, 150_000, 5], arrived);
	expect(pieces.map(([index, bytes]) => [index, bytes.buffer.byteLength])).toEqual([
		[0, 100_000],
		[1, 150_000],
		[2, 5],
	]);
	expectBytes(
		concatBytes(pieces.splice(0).map(([, bytes]) => bytes)),
		Uint8Array.from({ length: 250_005 }, (_, index) => (index + 1000) % 251),
	);
	const cut = await objects.readPieces(path, 299_980, [15, 10], arrived).catch((thrown: unknown) => thrown);
	expect([String(cut), pieces.length]).toEqual([`Error: ${path}: asked for 10 bytes, got 5`, 1]);
	const error = await objects.read(path, 299_990, 11, new ArrayBuffer(11)).catch((thrown: unknown) => thrown);
	expect(String(error)).toBe(`Error: ${path}: asked for 11 bytes, got 10`);
});
