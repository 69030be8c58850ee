/** From a checkpoint and the records after it to the table that they describe. Pure. */
import type { Checkpoint, CommitEntry, CommitRecord, FileEntry, ManifestEntry } from "./record.ts";

export interface ReplayedTable {
	/** Name, schemas, times, and the database: those of the checkpoint. */
	head: Checkpoint;
	/** Highest version replayed. */
	version: number;
	watermarks: Record<string, number>;
	files: FileEntry[];
	manifests: ManifestEntry[];
	/** Files replaced that a manifest must list. */
	removed: string[];
	commits: CommitEntry[];
}

/** @param records in any order; those that the checkpoint covers are passed over */
export function replay(head: Checkpoint, records: readonly CommitRecord[]): ReplayedTable {
	const files = new Map(head.files.map((file) => [file[0], file]));
	const manifests = new Map(head.manifests.map((manifest) => [manifest.manifestId, manifest]));
	const removed = new Set(head.removed);
	const watermarks = { ...head.watermarks };
	const commits = [...head.commits];
	let version = head.version;
	const later = records
		.filter((record) => record.version > head.version && head.droppedAtMs === null)
		.toSorted((left, right) => left.version - right.version);
	for (const record of later) {
		for (const path of record.removed) if (!files.delete(path)) removed.add(path);
		for (const file of record.files) files.set(file[0], file);
		for (const manifest of record.manifests) manifests.set(manifest.manifestId, manifest);
		if (record.watermark !== null) {
			const { shard, to } = record.watermark;
			watermarks[shard] = Math.max(watermarks[shard] ?? 0, to);
		}
		commits.push(record.commit);
		version = record.version;
	}
	return {
		head,
		version,
		watermarks,
		files: [...files.values()],
		manifests: [...manifests.values()],
		removed: [...removed],
		commits,
	};
}
