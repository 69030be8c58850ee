/** One shard's tail of one table, page by page, cut to (watermark, upTo] (invariant Q1). */
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { TailPage } from "../shard/contract.ts";
import { batchesOf, rowRange } from "../shard/tail-format.ts";
import type { ScanColumn } from "./columns.ts";
import { type EncodedRows, EncodedSource } from "./encoded-source.ts";

/** A tail whose first page is here. */
export interface OpenedTail {
	first: TailPage;
	/** The watermark of the snapshot that the query uses, finally. */
	above: number;
	/** The page after sequence number `next`, of the same read. */
	fetch: (next: number, upTo: number) => Promise<TailPage>;
}

/** True where the tail has no row at all. */
export function isEmptyTail({ first }: OpenedTail): boolean {
	return first.blocks.length === 0 && first.next === null;
}

/** @param spend is told the bytes of each block before it is decoded */
export function tailSource(
	context: Pick<ExecutionContext, "engine" | "lease" | "blockOn">,
	tail: OpenedTail,
	columns: ScanColumn[],
	spend: (byteCount: number) => void,
): BatchSource {
	return new EncodedSource(context, columns, tailBlocks(context, tail, spend));
}

/**
 * The tail's blocks one a call, each with the rows that the query reads of it: above the watermark, and above the pages before. Between two pages the shard
 * may have merged blocks across their border; what such a block repeats is cut off.
 */
export function tailBlocks(
	context: Pick<ExecutionContext, "blockOn">,
	tail: OpenedTail,
	spend: (byteCount: number) => void,
): () => EncodedRows | "blocked" | null {
	let page: TailPage | null = tail.first;
	let { above } = tail;
	let index = 0;
	let fetching = false;
	let failure: unknown = null;
	const fetchNext = ({ next, upTo }: { next: number; upTo: number }) => {
		fetching = true;
		// A page that was read for an older snapshot may end below the watermark.
		above = Math.max(above, next);
		const fetched = tail.fetch(above, upTo).then(
			(answer) => {
				page = answer;
				index = 0;
				fetching = false;
			},
			(error: unknown) => {
				failure = isLittoralError(error) ? error : new LittoralError("unavailable", "a shard does not answer", { retryAfterSeconds: 1 });
				fetching = false;
			},
		);
		context.blockOn(fetched);
	};
	return () => {
		if (failure !== null) throw failure;
		if (fetching) return "blocked";
		for (;;) {
			if (page === null) return null;
			const block = page.blocks[index++];
			if (block !== undefined) {
				const { start, end } = rowRange(block.runs, above, page.upTo);
				if (start >= end) continue;
				spend(block.bytes.byteLength);
				return { batches: batchesOf(block.bytes), start, end };
			}
			const { next, upTo } = page;
			if (next === null) {
				page = null;
				return null;
			}
			fetchNext({ next, upTo });
			return "blocked";
		}
	};
}
