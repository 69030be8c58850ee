/** Appends and bulk claims: acts on the decisions of `append-decision.ts` (design, section 6; invariants W1, W2, W3). */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { toHex } from "#shared/base/hash.ts";
import type { AppendId, CommitId, TableId, TenantId } from "#shared/base/ids.ts";
import { FLUSH_AGE_MS, FLUSH_TAIL_BYTES } from "#shared/base/limits.ts";
import { untilKnown } from "../retry.ts";
import { type Decision, decide, keyReused, type IdClaimant, ownerOf, type ShardView } from "./append-decision.ts";
import { readId, removeId, storeClaim, storeExpiredClaim, storeResult, storeSeal } from "./append-ids.ts";
import { openShard, type ShardContext } from "./context.ts";
import type {
	AppendOutcome,
	AppendRequest,
	AppendResult,
	ClaimOutcome,
	ClaimRequest,
	HeldClaim,
	IdQuestion,
	IdRecord,
} from "./contract.ts";
import { scheduleWork } from "./schedule.ts";
import { countAppend, countBulkUsage } from "./shard-row.ts";
import { raiseTable, readTable } from "./table-row.ts";
import { blockOf } from "./tail-format.ts";
import { insertBlock } from "./tail-store.ts";

/** Small blocks are merged each time this many appends have come. */
const MERGE_EVERY_APPENDS = 64;
const MERGE_DELAY_MS = 1000;

interface IdRequest extends IdQuestion {
	bornEpoch?: number;
	hash: string | null;
	schemaVersion: number;
}

/** @returns `hasScheduled`: work became due, or due earlier than it was */
export async function append(context: ShardContext, request: AppendRequest): Promise<{ outcome: AppendOutcome; hasScheduled: boolean }> {
	const stored: StoredAppend[] = [];
	const decision = await settle(context, request, () => void stored.push(insertAppend(context, request)));
	switch (decision.kind) {
		case "refuse":
			throw decision.error;
		case "known":
			return { outcome: { kind: "done", duplicate: true, result: decision.record.result }, hasScheduled: false };
		case "expired_claim":
			return { outcome: { kind: "claimed" }, hasScheduled: false };
		case "store": {
			const [own] = stored;
			assert(own !== undefined, "what was decided to be stored is stored");
			return { outcome: { kind: "done", duplicate: false, result: own.result }, hasScheduled: own.hasScheduled };
		}
		case "ask":
			throw new Error("unreachable: the former owners were asked");
	}
}

/** Grants the id to one bulk append at a time. An expired claim is granted again only after the catalog said what became of its commit. */
export async function claim(context: ShardContext, request: ClaimRequest): Promise<ClaimOutcome> {
	const fresh = await commitIdOf(openShard(context.sql).tenantId, request, context.ports.now());
	const own = readId(context.sql, request, context.ports.now());
	// The answer to this claimant was lost.
	if (own?.state === "claimed" && own.claimant === request.claimant) return { kind: "granted", commitId: own.commitId };
	const decision = await settle(context, { ...request, hash: null }, () =>
		storeClaim(context.sql, request, { hash: null, commitId: fresh, claimant: request.claimant }, context.ports.now()),
	);
	switch (decision.kind) {
		case "refuse":
			throw decision.error;
		case "known":
			return { kind: "done", hash: decision.record.hash, result: decision.record.result };
		case "store":
			return { kind: "granted", commitId: fresh };
		case "expired_claim": {
			const { commitId, hash, rowCount } = decision.record;
			const committed = await untilKnown(() => context.ports.catalog.commitStatus(openShard(context.sql).tenantId, commitId));
			if (committed !== null) {
				// Sealed and committed while it was asked about: its own claimant finishes it now.
				if (hash === null || rowCount === null)
					throw new LittoralError("in_progress", "an append with this idempotency key is under way", { retryAfterSeconds: 1 });
				adoptClaim(context, request, { ...decision.record, hash, rowCount });
				return { kind: "committed", commitId, hash, rowCount, snapshotVersion: committed.version };
			}
			return regrant(context, request, decision.record);
		}
		case "ask":
			throw new Error("unreachable: the former owners were asked");
	}
}

/**
 * What a former owner says of an id. A claim that has expired before it was sealed is given up here: its holder can seal and commit no more, so that
 * the new owner's claimant, whose rows may be others, is the only one.
 */
export function answerQuestion({ storage, sql, ports }: ShardContext, question: IdQuestion): IdRecord | null {
	return storage.transactionSync(() => {
		const nowMs = ports.now();
		const record = readId(sql, question, nowMs);
		if (record?.state !== "claimed" || record.hash !== null || record.claimExpiresAtMs > nowMs) return record;
		removeId(sql, question);
		return null;
	});
}

/** A former owner's claim that is committed becomes this shard's, expired as it is, so that its result is kept here once it is finished: the former one forgets it. */
function adoptClaim(context: ShardContext, request: ClaimRequest, expired: Parameters<typeof storeExpiredClaim>[2]): void {
	context.storage.transactionSync(() => {
		const nowMs = context.ports.now();
		if (readId(context.sql, request, nowMs) !== null) return;
		const decision = decide(viewOf(context, request.tableId), null, claimant({ ...request, hash: null }), true);
		if (decision.kind === "refuse") throw decision.error;
		storeExpiredClaim(context.sql, request, expired, nowMs);
	});
}

/** The claim may have come from a former owner; it may also have been granted to another, or finished, while the catalog was asked. */
function regrant(context: ShardContext, request: ClaimRequest, expired: Extract<IdRecord, { state: "claimed" }>): ClaimOutcome {
	const { commitId } = expired;
	return context.storage.transactionSync((): ClaimOutcome => {
		const nowMs = context.ports.now();
		const own = readId(context.sql, request, nowMs);
		const decision = decide(viewOf(context, request.tableId), own ?? expired, claimant({ ...request, hash: null }), true);
		if (decision.kind === "refuse") throw decision.error;
		if (decision.kind === "known") return { kind: "done", hash: decision.record.hash, result: decision.record.result };
		storeClaim(context.sql, request, { hash: expired.hash, commitId, claimant: request.claimant }, nowMs);
		return { kind: "granted", commitId };
	});
}

/** A seal of other rows, by another claimant, stands: its commit may be on its way. */
export function sealClaim(context: ShardContext, seal: HeldClaim & { hash: string; rowCount: number }): void {
	context.storage.transactionSync(() => {
		const nowMs = context.ports.now();
		const record = readId(context.sql, seal, nowMs);
		if (record?.state !== "claimed" || record.commitId !== seal.commitId) {
			throw new LittoralError("conflict", "the append was finished or given up meanwhile");
		}
		if (record.hash !== null && record.hash !== seal.hash) throw keyReused();
		if (isOutOfReach(context, seal, record)) {
			throw new LittoralError("unavailable", "the rows took too long while the tenant's shards changed; send them again", {
				retryAfterSeconds: 1,
			});
		}
		storeSeal(context.sql, seal, seal, nowMs);
	});
}

/**
 * Whether a claim has expired in a shard that owns its id no more. The new owner asks this shard for the id's life and two claims' times: a claim and its
 * sealing fit in, but what is stored here later would be forgotten by those who ask before its 24 hours are over (invariant W3).
 */
function isOutOfReach({ sql, ports }: ShardContext, { appendId }: HeldClaim, record: Extract<IdRecord, { state: "claimed" }>): boolean {
	const { ordinal, routing } = openShard(sql);
	return record.claimExpiresAtMs <= ports.now() && ownerOf(appendId, routing) !== ordinal;
}

/** Only what was never sealed is given up: no commit was sent for it. */
export function releaseClaim(context: ShardContext, held: HeldClaim): void {
	context.storage.transactionSync(() => {
		const record = readId(context.sql, held, context.ports.now());
		if (record?.state === "claimed" && record.commitId === held.commitId && record.hash === null) removeId(context.sql, held);
	});
}

/**
 * Repeated freely: only the first call finds the claim.
 * @throws unavailable where the result would be kept in vain: whoever repeats the append learns from its id's new owner, by the commit, that it is in
 */
export function finishClaim(context: ShardContext, finish: HeldClaim & { result: AppendResult }): void {
	context.storage.transactionSync(() => {
		const nowMs = context.ports.now();
		const record = readId(context.sql, finish, nowMs);
		if (record?.state !== "claimed" || record.commitId !== finish.commitId) return;
		if (isOutOfReach(context, finish, record)) {
			throw new LittoralError("unavailable", "the append took too long while the tenant's shards changed; send it again", {
				retryAfterSeconds: 1,
			});
		}
		assert(record.hash !== null, "a claim is sealed before its commit is sent");
		storeResult(context.sql, finish, record.hash, finish.result, nowMs);
		countBulkUsage(context.sql, finish.result.rowCount);
	});
}

/**
 * Decides, asks the former owners where it must, decides again, and stores within the transaction of the last decision.
 * @returns never "ask"
 */
async function settle(context: ShardContext, request: IdRequest, store: () => void): Promise<Decision> {
	const first = decideAndStore(context, request, false, store);
	if (first.kind !== "ask") return first;
	const { tenantId } = openShard(context.sql);
	const question: IdQuestion = { routing: request.routing, tableId: request.tableId, appendId: request.appendId };
	const answers = await Promise.all(
		first.shards.map((ordinal) => untilKnown(() => context.ports.shard(tenantId, ordinal).askId(question))),
	);
	// Inserted here while the others were asked: this shard's own record comes first.
	const own = readId(context.sql, request, context.ports.now());
	const known = own === null ? strongest(answers) : null;
	if (known !== null) {
		const decision = decide(viewOf(context, request.tableId), known, claimant(request), true);
		if (decision.kind !== "store") return decision;
	}
	return decideAndStore(context, request, true, store);
}

function decideAndStore(context: ShardContext, request: IdRequest, asked: boolean, store: () => void): Decision {
	return context.storage.transactionSync(() => {
		const record = readId(context.sql, request, context.ports.now());
		const decision = decide(viewOf(context, request.tableId), record, claimant(request), asked);
		if (decision.kind === "store") store();
		return decision;
	});
}

/** A result before a claim; one of each at most is alive. */
function strongest(answers: readonly (IdRecord | null)[]): IdRecord | null {
	return answers.find((answer) => answer?.state === "done") ?? answers.find((answer) => answer !== null) ?? null;
}

function claimant(request: IdRequest): IdClaimant {
	const { routing, appendId, bornEpoch = 0, hash, schemaVersion } = request;
	return { epoch: routing.epoch, appendId, bornEpoch, hash, schemaVersion };
}

function viewOf(context: ShardContext, tableId: TableId): ShardView {
	const shard = openShard(context.sql);
	const { minimumSchemaVersion } = readTable(context.sql, tableId);
	return { ...shard, minimumSchemaVersion, nowMs: context.ports.now() };
}

interface StoredAppend {
	result: AppendResult;
	hasScheduled: boolean;
}

/** Rows, id, usage and due work in one transaction. */
function insertAppend(context: ShardContext, request: AppendRequest): StoredAppend {
	const { sql } = context;
	const nowMs = context.ports.now();
	const byteCount = request.batches.reduce((sum, batch) => sum + batch.byteLength + 4, 0);
	const { sequence, ordinal, unflushedBytes } = countAppend(sql, { rowCount: request.rowCount, byteCount });
	let hasScheduled = false;
	if (request.rowCount > 0) {
		insertBlock(sql, request.tableId, blockOf({ sequence, rowCount: request.rowCount, batches: request.batches }));
		raiseTable(sql, request.tableId, { lastSequence: sequence });
		const full = unflushedBytes >= FLUSH_TAIL_BYTES;
		hasScheduled = scheduleWork(sql, { kind: "flush", key: request.tableId, dueMs: full ? nowMs : nowMs + FLUSH_AGE_MS });
		if (sequence % MERGE_EVERY_APPENDS === 0) {
			hasScheduled = scheduleWork(sql, { kind: "merge", key: request.tableId, dueMs: nowMs + MERGE_DELAY_MS }) || hasScheduled;
		}
	}
	const result: AppendResult = { rowCount: request.rowCount, shard: ordinal, sequence, snapshotVersion: null };
	storeResult(sql, request, request.hash, result, nowMs);
	return { result, hasScheduled };
}

/**
 * The commit id of a bulk append: of (tenant, table, append id) and the time of the id's first claim, so that an id used again after it has
 * expired is another commit, while every claim of one use of it is the same.
 */
async function commitIdOf(
	tenantId: TenantId,
	{ tableId, appendId }: { tableId: TableId; appendId: AppendId },
	nowMs: number,
): Promise<CommitId> {
	const text = new TextEncoder().encode(`bulk ${tenantId} ${tableId} ${nowMs} ${appendId}`);
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
	return `bulk-${toHex(digest.subarray(0, 20))}` as CommitId;
}
