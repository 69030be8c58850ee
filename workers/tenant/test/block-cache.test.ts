import { describe, expect, test } from "vitest";
import { BLOCK_CACHE_BYTES_MAX, READ_BLOCK_BYTES } from "#shared/base/limits.ts";
import type { ObjectPort } from "../src/ports.ts";
import { CacheShare, objectSource } from "../src/query/block-cache.ts";

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
	return { objects: { read } as ObjectPort, reads, path: `data/${crypto.randomUUID()}`, bytes };
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
	for (const [index, { offset, byteCount }] of ranges.entries()) expect(parts[index]).toEqual(bytes.subarray(offset, offset + byteCount));
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

describe("reading ahead", () => {
	const wholeBlock = (block: number) => ({ offset: block * READ_BLOCK_BYTES, byteCount: READ_BLOCK_BYTES });
	/** An object of eight blocks, each filled with its number, whose reads end when they are told to. */
	function slow() {
		const reads: { from: number; to: number; end: () => void; fail: () => void }[] = [];
		const read: ObjectPort["read"] = async (_, offset, byteCount) => {
			const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
			const bytes = Uint8Array.from({ length: byteCount }, (_byte, index) => Math.floor((offset + index) / READ_BLOCK_BYTES));
			const [from, to] = [offset / READ_BLOCK_BYTES, (offset + byteCount) / READ_BLOCK_BYTES];
			reads.push({ from, to, end: () => resolve(bytes), fail: () => reject(new Error("R2 is away")) });
			return await promise;
		};
		const file = { path: `data/${crypto.randomUUID()}`, byteCount: 8 * READ_BLOCK_BYTES };
		const source = objectSource({ read } as ObjectPort, file, () => 4 * READ_BLOCK_BYTES);
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
		for (const [index, { offset, byteCount }] of ranges.entries()) expect(parts[index]).toEqual(bytes.subarray(offset, offset + byteCount));
		expect(reads.splice(0).sort(([left], [right]) => left - right)).toEqual([
			[50, 49_970],
			[2 * READ_BLOCK_BYTES - 3, 6],
		]);
		await objectSource(objects, { path, byteCount: BYTE_COUNT, share: new CacheShare() }).read([{ offset: 5, byteCount: 10 }]);
		expect(reads).toEqual([]);
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
});
