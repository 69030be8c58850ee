/** A tail read page by page: every row once, whatever the shard does to its blocks in between (Q1). */
import { expect, test } from "vitest";
import { type OpenedTail, tailBlocks } from "../src/query/tail-source.ts";
import type { TailBlock, TailPage } from "../src/shard/contract.ts";
import { blockOf, concatenateBlocks } from "../src/shard/tail-format.ts";

/** One append of one row, whose text is its sequence number. */
const block = (sequence: number): TailBlock => blockOf({ sequence, rowCount: 1, batches: [new TextEncoder().encode(String(sequence))] });

async function read(tail: OpenedTail): Promise<string[]> {
	let pending: Promise<unknown> = Promise.resolve();
	const next = tailBlocks({ blockOn: (promise) => void (pending = promise) }, tail, () => {});
	const rows: string[] = [];
	for (;;) {
		const blocks = next();
		if (blocks === null) return rows;
		if (blocks === "blocked") await pending;
		else rows.push(...blocks.batches.slice(blocks.start, blocks.end).map((batch) => new TextDecoder().decode(batch)));
	}
}

test("blocks that are merged across the border of two pages repeat no row", async () => {
	const asked: number[] = [];
	const first: TailPage = { blocks: [block(1), block(2)], upTo: 4, next: 2 };
	const merged: TailPage = { blocks: [concatenateBlocks([1, 2, 3, 4, 5].map(block))], upTo: 4, next: null };
	const fetch = async (next: number) => {
		asked.push(next);
		return merged;
	};
	expect(await read({ first, above: 0, fetch })).toEqual(["1", "2", "3", "4"]);
	expect(asked).toEqual([2]);
});

test("a first page of an older snapshot is cut, and the next page begins at the watermark in use", async () => {
	const asked: number[] = [];
	const fetch = async (next: number): Promise<TailPage> => {
		asked.push(next);
		return { blocks: [block(4), block(5)], upTo: 5, next: null };
	};
	expect(await read({ first: { blocks: [block(1), block(2)], upTo: 5, next: 2 }, above: 3, fetch })).toEqual(["4", "5"]);
	expect(asked).toEqual([3]);
});
