/**
 * When garbage collection has something to do. Pure: given what a row of `collection` and the database say, and the time.
 *
 * - A sweep lists the table's prefixes for orphans. Whoever may leave one has noted the table's activity before (a commit, or an announcement of objects that no commit
 *   names yet), so a table needs sweeps while it is active, a day apart, and one more once everything written in that time is old enough to be told from work under way.
 * - Everything else follows from rows in D1: snapshots that expire, replaced files whose last snapshot went, condemned objects that wait out their grace.
 */
import {
	COMMIT_ID_RETENTION_MS,
	GRACE_PERIOD_MS,
	ORPHAN_AGE_MS,
	SNAPSHOT_RETAINED_MS,
	SWEEP_PERIOD_MS,
	SWEEP_SETTLE_MS,
} from "#shared/base/limits.ts";
import type { StoredObject } from "../ports.ts";

/** A row of `collection`. */
export interface Collection {
	activeAtMs: number;
	sweptAtMs: number;
	sweepAfter: string | null;
	dueAtMs: number;
}

/** What D1 says is left of a table after its collection: oldest times, null where there is none. */
export interface Remainder {
	/** Of a dropped table that still shows files: its drop. */
	droppedAtMs: number | null;
	/** Replacement of a live file that no retained snapshot lists. */
	replacedAtMs: number | null;
	/** Creation of the snapshot after the oldest retained one, by which that one expires. */
	supersededAtMs: number | null;
	condemnedAtMs: number | null;
	committedAtMs: number | null;
}

/** When the next sweep begins; null when the last one saw all there will be. */
export function nextSweepMs({ activeAtMs, sweptAtMs }: Pick<Collection, "activeAtMs" | "sweptAtMs">): number | null {
	const settledAtMs = activeAtMs + SWEEP_SETTLE_MS;
	return sweptAtMs >= settledAtMs ? null : Math.min(settledAtMs, sweptAtMs + SWEEP_PERIOD_MS);
}

/** @returns null when nothing is left to wait for: the row goes */
export function nextDueMs(collection: Collection, left: Remainder, nowMs: number): number | null {
	const after = (atMs: number | null, waitMs: number) => (atMs === null ? [] : [atMs + waitMs]);
	const sweepMs = nextSweepMs(collection);
	const due = [
		...after(left.droppedAtMs, GRACE_PERIOD_MS),
		...after(left.replacedAtMs, GRACE_PERIOD_MS),
		...after(left.condemnedAtMs, GRACE_PERIOD_MS),
		...after(left.supersededAtMs, SNAPSHOT_RETAINED_MS),
		// Commit ids go a day's worth at a time.
		...after(left.committedAtMs, COMMIT_ID_RETENTION_MS).map((atMs) => Math.max(atMs, nowMs + SWEEP_PERIOD_MS)),
		...after(sweepMs, 0),
	];
	return due.length === 0 ? null : Math.max(nowMs, Math.min(...due));
}

/** What the database says of a path; absent when no commit ever named it. */
export type ObjectState = "live" | "condemned" | "deleted";

/**
 * What a page of a listing holds that should not be there.
 * @returns `orphans` to condemn; `late`: written after they were deleted, by somebody whose commit can only fail, and to be deleted again
 */
export function judgePage(
	objects: readonly StoredObject[],
	states: ReadonlyMap<string, ObjectState>,
	nowMs: number,
): { orphans: StoredObject[]; late: StoredObject[] } {
	const orphans = objects.filter((object) => !states.has(object.path) && isOld(object, nowMs));
	const late = objects.filter((object) => states.get(object.path) === "deleted");
	return { orphans, late };
}

const isOld = (object: StoredObject, nowMs: number) => object.uploadedAtMs <= nowMs - ORPHAN_AGE_MS;
