/** What a shard answers: the RPC interface of the Durable Object `TenantShard`, and what travels through it. */
import type { AppendId, CommitId, ShardOrdinal, TableId, TenantId } from "#shared/base/ids.ts";
import type { Directory, ShardDescription, ShardSet, TenantState } from "#shared/contracts/directory.ts";

/** An epoch and the sets that may still own an append id; every append, question and tail read carries it. */
export interface Routing {
	epoch: number;
	history: ShardSet[];
}

/** What is remembered of an append: enough to answer a repetition. */
export interface AppendResult {
	rowCount: number;
	/** Where it was stored: of a bulk append, where it was claimed. */
	shard: ShardOrdinal;
	/** Sequence number; 0 for a bulk append. */
	sequence: number;
	/** The snapshot that a bulk append made; null when the rows went to a tail. */
	snapshotVersion: number | null;
}

/**
 * Of an id that was minted with its request: the epoch at which it was first sent, null before. It was never sent at an older one, so no owner of older
 * epochs can know it, and none of them is asked (invariant W3). Kept with the id over every repetition of the request.
 */
export interface Birth {
	epoch: number | null;
}

export interface AppendRequest {
	routing: Routing;
	tableId: TableId;
	appendId: AppendId;
	/** See {@link Birth}; absent where the id may have been sent at any epoch. */
	bornEpoch?: number;
	/** Hash of the decompressed body and media type, or of the statement. */
	hash: string;
	schemaVersion: number;
	rowCount: number;
	/** Native codec batches. */
	batches: Uint8Array[];
}

/** `claimed`: an expired bulk claim holds the id, whose commit may still arrive; only the bulk path may repeat it. */
export type AppendOutcome = { kind: "done"; duplicate: boolean; result: AppendResult } | { kind: "claimed" };

/** An append id as a shard has it. */
export type IdRecord =
	| { state: "done"; hash: string; expiresAtMs: number; result: AppendResult }
	| {
			state: "claimed";
			/** Null until the whole body was read: a bulk append is claimed before its hash is known. */
			hash: string | null;
			expiresAtMs: number;
			commitId: CommitId;
			claimant: string;
			claimExpiresAtMs: number;
			/** Known once every row was validated, before the commit was sent. */
			rowCount: number | null;
	  };

export interface IdQuestion {
	routing: Routing;
	tableId: TableId;
	appendId: AppendId;
}

export interface ClaimRequest extends IdQuestion {
	/** See {@link Birth}. */
	bornEpoch?: number;
	/** Random, of one bulk append under way: its own repetition is granted again. */
	claimant: string;
	schemaVersion: number;
}

/**
 * `committed`: an earlier claimant's commit stands; raise the minimum, finish the claim, acknowledge. `hash` of the first append: the claimant compares it
 * with its own once it has read its body.
 */
export type ClaimOutcome =
	| { kind: "granted"; commitId: CommitId }
	| { kind: "committed"; commitId: CommitId; hash: string; rowCount: number; snapshotVersion: number }
	| { kind: "done"; hash: string; result: AppendResult };

/** A granted claim, by the commit id under which it was granted. */
export interface HeldClaim {
	tableId: TableId;
	appendId: AppendId;
	commitId: CommitId;
}

export interface MinimumRaise {
	tableId: TableId;
	schemaVersion: number;
	snapshotVersion: number;
	/** Of a dropped table: when nobody can take it for live any more, so that it need not be remembered. */
	forgetAtMs?: number | undefined;
}

/** Appends one after the other: rows in sequence order, the batches of native codec bytes each behind its length (u32, little-endian). */
export interface TailBlock {
	/** Pairs: a sequence number, and how many of the block's next rows are its. Ascending. */
	runs: number[];
	bytes: Uint8Array;
}

export interface TailRequest {
	routing: Routing;
	tableId: TableId;
	/** Rows above this sequence number: the snapshot's watermark, then the last page's `next`. */
	above: number;
	/** The first page's `upTo`; null asks for the first page. */
	upTo: number | null;
}

/** Every page of one read has the same `upTo`, so that the read sees one range (invariant Q1). */
export interface TailPage {
	blocks: TailBlock[];
	upTo: number;
	/** Sequence number after which the next page begins; null at the end. */
	next: number | null;
}

/** A table's tail as shard 0 hands it out before the watermark is known: all rows not purged. */
export interface OpenTail {
	tableId: TableId;
	purged: number;
	page: TailPage;
}

export interface DirectoryAnswer {
	directory: Directory;
	routing: Routing;
	/** Shard 0's own tails, of all tables; null when they are too many bytes to ride along: they are read as the others are. */
	tails: OpenTail[] | null;
}

export interface DrainAnswer {
	drained: boolean;
	tables: { tableId: TableId; lastSequence: number }[];
}

export interface ShardIdentity {
	tenantId: TenantId;
	ordinal: ShardOrdinal;
}

export interface ShardRpc {
	// every shard
	/** Lets a new shard accept. Idempotent. @throws tenant_not_found when it is late, and its tenant deleted */
	open(request: { identity: ShardIdentity; routing: Routing; minimums: MinimumRaise[] }): Promise<void>;
	storeEpoch(routing: Routing): Promise<void>;
	/** @throws stale_epoch, schema_changed, idempotency_key_reused, in_progress, overloaded */
	append(request: AppendRequest): Promise<AppendOutcome>;
	/** Asked by the shard that owns the id now; stores the asker's epoch before it answers. */
	askId(question: IdQuestion): Promise<IdRecord | null>;
	/** @throws as `append` */
	claim(request: ClaimRequest): Promise<ClaimOutcome>;
	/**
	 * Remembers the rows of a claimed append before its commit is sent, and prolongs the claim.
	 * @throws idempotency_key_reused, conflict, tenant_not_found: do not commit
	 */
	sealClaim(seal: HeldClaim & { hash: string; rowCount: number }): Promise<void>;
	/** The claim is done; the minimum was raised before. */
	finishClaim(finish: HeldClaim & { result: AppendResult }): Promise<void>;
	/** Gives up a claim that was not sealed: nothing was committed. */
	releaseClaim(claim: HeldClaim): Promise<void>;
	/**
	 * A shard that is about to open takes it too. `ofDirectory`: of shard 0, whose directory is raised with it.
	 * @param raise `tenantId`: of other shards, which ask the directory when they are not open (older senders do not name it)
	 * @returns the directory, null in other shards
	 * @throws tenant_not_found: nothing of a deleted tenant is made anew
	 */
	raiseMinimum(raise: MinimumRaise & { ofDirectory?: boolean; tenantId?: TenantId }): Promise<Directory | null>;
	/** @throws stale_epoch, snapshot_too_old */
	readTail(request: TailRequest): Promise<TailPage>;
	/** Unpurged rows above `above`. */
	tailRowCount(request: { tableId: TableId; above: number }): Promise<number>;
	/** Flushes everything soon; says whether nothing is left to flush. */
	drain(routing: Routing): Promise<DrainAnswer>;
	/** Becomes a tombstone, emptied once its append ids have expired. */
	retire(): Promise<void>;
	/** Deletes all storage and the alarm. */
	empty(): Promise<void>;

	// shard 0 only: the directory
	openTenant(identity: ShardIdentity, location: string | null): Promise<Directory>;
	setTenantState(state: TenantState): Promise<Directory>;
	/** @throws tenant_not_found */
	readDirectory(request: { withTails: boolean }): Promise<DirectoryAnswer>;
	changeShards(count: number, fromEpoch?: number): Promise<{ epoch: number; shards: ShardDescription[]; settled: boolean }>;
	deleteTenant(): Promise<{ done: boolean }>;
}
