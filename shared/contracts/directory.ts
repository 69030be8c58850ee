/** The tenant's directory (design, section 5): the one authority on state, shard set and minimum versions; lives in shard 0. */
export type TenantState = "active" | "suspended" | "deleting";

export interface ShardSet {
	epoch: number;
	/** Ordinals that accept appends in this epoch. */
	active: number[];
	/** Milliseconds since 1970 at which the last shard of the epoch before had stored this one; null while the change goes on. */
	storedAtMs: number | null;
}

export interface TableMinimum {
	schemaVersion: number;
	snapshotVersion: number;
}

export interface Directory {
	state: TenantState;
	/** The set in force, last of `history`. */
	epoch: number;
	/** Every set that may still own an append id, oldest first. */
	history: ShardSet[];
	/** Shards that accept nothing more but still hold rows; queries read them. */
	draining: number[];
	/** Lowest versions that a reader or writer of a table must use. */
	minimums: Record<string, TableMinimum>;
}

export interface ShardDescription {
	name: string;
	state: "active" | "draining";
}
