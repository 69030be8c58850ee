/** What a set of shards costs beyond the appends themselves, in dollars. Storage, queries and compaction are left out. */
import { DOLLARS } from "#shared/base/prices.ts";
import type { ShardSet } from "./run-trace.ts";
import { rendezvous } from "#shared/base/hash.ts";

export const PRICES = {
	/** An append under any schedule, as docs/cost.md counts it: a request to the gateway, one to a shard, and seven rows written. */
	append: DOLLARS.workerRequest + DOLLARS.objectRequest + 7 * DOLLARS.rowWritten,
	/** An object that is awake: 128 MB. */
	shardSecond: 0.128 * DOLLARS.objectGigabyteSecond,
	/** Each minute of each shard with rows of one table, as docs/cost.md counts it. */
	flush: 2 * DOLLARS.objectRequest + (18 + 17) * DOLLARS.rowWritten + 2 * DOLLARS.objectStoreClassA,
	/** A report: a message, and two rows of D1. */
	report: 3 * DOLLARS.queueOperation + 2 * DOLLARS.rowWritten,
	/** A question to a former owner of an append id. */
	question: DOLLARS.objectRequest,
};

const SAMPLED_KEYS = Array.from({ length: 128 }, (_, index) => `key-${index}`);

/** How many other shards an append asks on average: every owner that its id had in these sets, the last of which is in force. */
export function questionsPerAppend(sets: readonly ShardSet[]): number {
	const current = sets.at(-1)?.active ?? [];
	const counts = SAMPLED_KEYS.map((key) => {
		const owner = rendezvous(key, current);
		return new Set(sets.map(({ active }) => rendezvous(key, active)).filter((former) => former !== owner)).size;
	});
	return counts.reduce((sum, count) => sum + count, 0) / counts.length;
}
