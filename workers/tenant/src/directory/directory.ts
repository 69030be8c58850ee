/**
 * The tenant's directory as shard 0 keeps it, and every change of it: pure functions (design, section 5).
 *
 * Changing the shard set: `storing` until every shard of the former set has stored the new epoch (from then on the 24 hours of questions count), then
 * `opening` until every new shard is open, then settled. Only a settled directory begins the next change. A shard that left the set drains: it
 * is read, but accepts nothing; it is dropped once everything of it lies in snapshots that the minimums enforce, then retired.
 */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { ShardOrdinal } from "#shared/base/ids.ts";
import { SHARD_SET_COUNT_MAX } from "#shared/base/limits.ts";
import type { Directory, ShardDescription, ShardSet, TableMinimum } from "#shared/contracts/directory.ts";
import { pruneHistory } from "../shard/append-decision.ts";
import type { Routing } from "../shard/contract.ts";

export interface DirectoryState extends Omit<Directory, "minimums"> {
	/** Hint for the objects of later shards. */
	location: string | null;
	/** Names of shards are never reused: the tenant has had the ordinals below this one. */
	nextOrdinal: ShardOrdinal;
	change: "storing" | "opening" | null;
	/** Dropped, but not yet told to retire. */
	retiring: ShardOrdinal[];
	/** While the tenant is deleted: shards from this one on are empty. */
	emptyFrom: ShardOrdinal | null;
}

export function newDirectory(location: string | null, nowMs: number): DirectoryState {
	return {
		state: "active",
		epoch: 1,
		history: [{ epoch: 1, active: [0], storedAtMs: nowMs }],
		draining: [],
		location,
		nextOrdinal: 1,
		change: null,
		retiring: [],
		emptyFrom: null,
	};
}

export function routingOf(directory: Pick<Directory, "epoch" | "history">): Routing {
	return { epoch: directory.epoch, history: directory.history };
}

export function activeShards(directory: Pick<Directory, "history">): ShardOrdinal[] {
	const current = directory.history.at(-1);
	assert(current !== undefined, "a directory has a shard set");
	return current.active;
}

/** Shards whose tails a query reads. */
export function readShards(directory: Pick<Directory, "history" | "draining">): ShardOrdinal[] {
	return [...activeShards(directory), ...directory.draining];
}

/**
 * Stores the next epoch, and forgets the sets that no question needs any more. Shrinking keeps the lowest ordinals: shard 0 is never retired.
 * @returns the directory unchanged when it has `count` shards already, or while a change goes on
 * @throws conflict when so many sets may still own an append id that an append would have too many shards to ask
 */
export function beginChange(directory: DirectoryState, count: number, nowMs: number): DirectoryState {
	assert(count >= 1, "a tenant has at least one shard");
	const active = activeShards(directory);
	if (directory.change !== null || active.length === count) return directory;
	const kept = [...active].sort((left, right) => left - right).slice(0, count);
	const added = Array.from({ length: count - kept.length }, (_, index) => directory.nextOrdinal + index);
	const remembered = pruneHistory(directory, nowMs).history;
	if (remembered.length >= SHARD_SET_COUNT_MAX) {
		throw new LittoralError("conflict", `the tenant's shards changed ${remembered.length} times within a day; try again later`);
	}
	const set: ShardSet = { epoch: directory.epoch + 1, active: [...kept, ...added], storedAtMs: null };
	return {
		...directory,
		epoch: set.epoch,
		history: pruneHistory({ epoch: set.epoch, history: [...directory.history, set] }, nowMs).history,
		draining: [...directory.draining, ...active.filter((ordinal) => !kept.includes(ordinal))],
		nextOrdinal: directory.nextOrdinal + added.length,
		change: "storing",
	};
}

/** The shards that the present step of a change must reach; none when settled. */
export function shardsToReach(directory: DirectoryState): ShardOrdinal[] {
	const before = directory.history.at(-2)?.active ?? [];
	if (directory.change === "storing") return before;
	if (directory.change === "opening") return activeShards(directory).filter((ordinal) => !before.includes(ordinal));
	return [];
}

/** Every shard of the step has answered. `epoch` guards against a step that was finished meanwhile. */
export function finishStep(
	directory: DirectoryState,
	step: { epoch: number; change: "storing" | "opening" },
	nowMs: number,
): DirectoryState {
	if (directory.epoch !== step.epoch || directory.change !== step.change) return directory;
	if (step.change === "opening") return { ...directory, change: null };
	const current = directory.history.at(-1);
	assert(current !== undefined && current.storedAtMs === null, "an epoch is stored once");
	return { ...directory, change: "opening", history: [...directory.history.slice(0, -1), { ...current, storedAtMs: nowMs }] };
}

/** Drops a drained shard. The caller raises the minimums in the same write. */
export function dropDrained(directory: DirectoryState, ordinal: ShardOrdinal): DirectoryState {
	if (!directory.draining.includes(ordinal)) return directory;
	return {
		...directory,
		draining: directory.draining.filter((other) => other !== ordinal),
		retiring: [...directory.retiring, ordinal],
	};
}

/**
 * Whether a drained shard can be dropped: each table's last row of that shard lies in a committed snapshot.
 * @returns the minimum snapshot versions that the same write must raise, or null when a snapshot lags behind
 */
export function minimumsCovering(
	tables: readonly { tableId: string; lastSequence: number }[],
	watermarks: readonly { tableId: string; watermark: number; snapshotVersion: number; dropped: boolean }[],
): { tableId: string; snapshotVersion: number }[] | null {
	const byTable = new Map(watermarks.map((entry) => [entry.tableId, entry]));
	const raises: { tableId: string; snapshotVersion: number }[] = [];
	for (const { tableId, lastSequence } of tables) {
		if (lastSequence === 0) continue;
		const entry = byTable.get(tableId);
		if (entry?.dropped === true) continue;
		if (entry === undefined || entry.watermark < lastSequence) return null;
		raises.push({ tableId, snapshotVersion: entry.snapshotVersion });
	}
	return raises;
}

export function raiseMinimum(minimum: TableMinimum | undefined, raise: TableMinimum): TableMinimum {
	return {
		schemaVersion: Math.max(minimum?.schemaVersion ?? 0, raise.schemaVersion),
		snapshotVersion: Math.max(minimum?.snapshotVersion ?? 0, raise.snapshotVersion),
	};
}

export function describeShards(directory: Pick<Directory, "history" | "draining">): ShardDescription[] {
	return [
		...activeShards(directory).map((ordinal) => ({ name: `shard-${ordinal}`, state: "active" as const })),
		...directory.draining.map((ordinal) => ({ name: `shard-${ordinal}`, state: "draining" as const })),
	];
}
