/**
 * What a shard does with an append or a claim: pure functions of what it has stored (design, sections 5 and 6; invariants W1, W3).
 *
 * They are asked twice: on arrival, and again inside the inserting transaction, after the last await, since an epoch, an id or a minimum may
 * have been stored meanwhile. `asked` says that the former owners of the id have answered.
 */
import { assert } from "#shared/base/assert.ts";
import { type ErrorCode, LittoralError } from "#shared/base/errors.ts";
import { rendezvous } from "#shared/base/hash.ts";
import type { AppendId, ShardOrdinal } from "#shared/base/ids.ts";
import { APPEND_ID_TTL_MS, BULK_CLAIM_MS, TAIL_BYTES_MAX, TAIL_RETAINED_BYTES_MAX } from "#shared/base/limits.ts";
import type { IdRecord, Routing } from "./contract.ts";

/** A former owner is asked this long after its epoch ended: no id that it holds lives longer. */
const ASK_WINDOW_MS = APPEND_ID_TTL_MS + 2 * BULK_CLAIM_MS;

export interface ShardView {
	ordinal: ShardOrdinal;
	/** 0 in a shard that was never opened, or was emptied. */
	routing: Routing;
	/** The table's minimum schema version here. */
	minimumSchemaVersion: number;
	unflushedBytes: number;
	retainedBytes: number;
	nowMs: number;
}

export interface IdClaimant {
	epoch: number;
	appendId: AppendId;
	/** The id was never sent at an older epoch; 0 where that is not known. */
	bornEpoch: number;
	/** Null for a claim, whose body is still to be read. */
	hash: string | null;
	schemaVersion: number;
}

export type Decision =
	| { kind: "refuse"; error: LittoralError }
	/** The first answer stands. */
	| { kind: "known"; record: Extract<IdRecord, { state: "done" }> }
	/** A bulk claim that has expired; its commit may still arrive. */
	| { kind: "expired_claim"; record: Extract<IdRecord, { state: "claimed" }> }
	| { kind: "ask"; shards: ShardOrdinal[] }
	| { kind: "store" };

/**
 * @param record the id as it is stored here, or as a former owner answered; null when none knows it
 */
export function decide(shard: ShardView, record: IdRecord | null, claimant: IdClaimant, asked: boolean): Decision {
	const { epoch } = shard.routing;
	if (epoch === 0 || epoch > claimant.epoch)
		return refuse("stale_epoch", `the shard is at epoch ${epoch}, the append at ${claimant.epoch}`);
	assert(epoch === claimant.epoch, "a newer epoch is stored before the append is handled");
	if (record !== null && record.expiresAtMs > shard.nowMs) return decideKnown(record, claimant, shard.nowMs);
	if (ownerOf(claimant.appendId, shard.routing) !== shard.ordinal) return refuse("stale_epoch", "another shard owns this append id");
	if (claimant.schemaVersion < shard.minimumSchemaVersion) return refuse("schema_changed", "the table's schema has changed");
	if (shard.unflushedBytes > TAIL_BYTES_MAX || shard.retainedBytes > TAIL_RETAINED_BYTES_MAX) {
		return refuse("overloaded", "rows arrive faster than they are flushed; try again later", 5);
	}
	const shards = asked ? [] : formerOwners(claimant, shard);
	return shards.length > 0 ? { kind: "ask", shards } : { kind: "store" };
}

function decideKnown(record: IdRecord, claimant: IdClaimant, nowMs: number): Decision {
	if (record.hash !== null && claimant.hash !== null && record.hash !== claimant.hash) {
		return { kind: "refuse", error: keyReused() };
	}
	if (record.state === "done") return { kind: "known", record };
	if (record.claimExpiresAtMs > nowMs) {
		return refuse("in_progress", "an append with this idempotency key is under way", Math.ceil((record.claimExpiresAtMs - nowMs) / 1000));
	}
	return { kind: "expired_claim", record };
}

export function keyReused(): LittoralError {
	return new LittoralError("idempotency_key_reused", "this idempotency key was used with other rows within the last 24 hours");
}

function refuse(code: ErrorCode, message: string, retryAfterSeconds?: number): Decision {
	return { kind: "refuse", error: new LittoralError(code, message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

/** The shard that accepts an id in the epoch in force. */
export function ownerOf(appendId: AppendId, routing: Routing): ShardOrdinal {
	const current = routing.history.at(-1);
	assert(current !== undefined && current.epoch === routing.epoch, "a routing ends with its own epoch's set");
	return rendezvous(appendId, current.active);
}

/** Every other shard that owned the id, since it was first sent, in an epoch which ended within the window; an end that is not known counts as recent. */
function formerOwners({ appendId, bornEpoch }: IdClaimant, shard: ShardView): ShardOrdinal[] {
	const owners = new Set<ShardOrdinal>();
	const { history } = shard.routing;
	for (const [index, set] of history.entries()) {
		const successor = history[index + 1];
		if (successor === undefined) break;
		if (set.epoch < bornEpoch) continue;
		if (successor.storedAtMs !== null && successor.storedAtMs + ASK_WINDOW_MS < shard.nowMs) continue;
		owners.add(rendezvous(appendId, set.active));
	}
	owners.delete(shard.ordinal);
	return [...owners];
}

/** The newer of two routings; of one epoch, the one that knows when it was stored. */
export function newerRouting(stored: Routing, carried: Routing): Routing {
	if (carried.epoch > stored.epoch) return carried;
	if (carried.epoch < stored.epoch) return stored;
	const known = carried.history.at(-1)?.storedAtMs ?? null;
	return known !== null && stored.history.at(-1)?.storedAtMs === null ? carried : stored;
}

/** Drops the sets that no question needs any more. */
export function pruneHistory(routing: Routing, nowMs: number): Routing {
	const history = routing.history.filter((_, index) => {
		const successor = routing.history[index + 1];
		return successor === undefined || successor.storedAtMs === null || successor.storedAtMs + ASK_WINDOW_MS >= nowMs;
	});
	return { epoch: routing.epoch, history };
}
