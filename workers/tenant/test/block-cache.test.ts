import { expect, test } from "vitest";
import { READ_BLOCK_BYTES } from "#shared/base/limits.ts";
import type { ObjectPort } from "../src/ports.ts";
import { objectSource } from "../src/query/block-cache.ts";

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
