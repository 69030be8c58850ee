/**
 * Snapshots of an answer that would not fit one RPC message lose bounds of columns, which only prune: the last columns' first, those of the sort key last. Counts and
 * flags that say something of rows stay.
 */
import { SNAPSHOT_ANSWER_BYTES_MAX, SNAPSHOT_ANSWER_SKETCHES_BYTES_MAX } from "#shared/base/limits.ts";
import { FILE_HAS_MAXIMUM, FILE_HAS_MINIMUM, pageByteCount } from "#shared/contracts/file-page.ts";
import type { FilePage, TableSnapshot } from "#shared/contracts/snapshot.ts";

type PageColumn = FilePage["columns"][number];

const NO_BOUND = ~(FILE_HAS_MINIMUM | FILE_HAS_MAXIMUM) & 0xff;

/** @returns the snapshots themselves where they fit */
export function thinToFit(
	whole: readonly (TableSnapshot | null)[],
	bytesMax: number = SNAPSHOT_ANSWER_BYTES_MAX,
): (TableSnapshot | null)[] {
	const snapshots = boundSketches(whole);
	const total = snapshots.reduce((sum, snapshot) => sum + (snapshot === null ? 0 : byteCountOf(snapshot)), 0);
	if (total <= bytesMax) return snapshots;
	return snapshots.map((snapshot) => snapshot && thin(snapshot, (byteCountOf(snapshot) / total) * bytesMax));
}

/** The first tables keep theirs. */
function boundSketches(snapshots: readonly (TableSnapshot | null)[]): (TableSnapshot | null)[] {
	let byteCount = 0;
	return snapshots.map((snapshot) => {
		if (snapshot?.sketches === undefined) return snapshot;
		byteCount += snapshot.sketches.byteLength;
		if (byteCount <= SNAPSHOT_ANSWER_SKETCHES_BYTES_MAX) return snapshot;
		const { sketches: _, ...rest } = snapshot;
		return rest;
	});
}

function byteCountOf({ pages }: TableSnapshot): number {
	return pages.reduce((sum, page) => sum + pageByteCount(page), 0);
}

function thin(snapshot: TableSnapshot, bytesMax: number): TableSnapshot {
	const keyIds = snapshot.schema.sortKey.map((key) => key.fieldId);
	const fieldIds = [...new Set(snapshot.pages.flatMap((page) => page.columns.map((column) => column.fieldId)))];
	// The least wanted first: not of the key, then the later column.
	fieldIds.sort((left, right) => Number(keyIds.includes(left)) - Number(keyIds.includes(right)) || right - left);
	let excess = byteCountOf(snapshot) - bytesMax;
	const thinned = new Set<number>();
	for (const fieldId of fieldIds) {
		if (excess <= 0) break;
		thinned.add(fieldId);
		for (const page of snapshot.pages) for (const column of page.columns) if (column.fieldId === fieldId) excess -= boundBytes(column);
	}
	const pages = snapshot.pages.map(
		(page): FilePage => ({
			...page,
			columns: page.columns.map((column) => (thinned.has(column.fieldId) ? withoutBounds(column) : column)),
		}),
	);
	return { ...snapshot, pages };
}

function boundBytes({ minimums, maximums }: PageColumn): number {
	return minimums.bytes.byteLength + maximums.bytes.byteLength;
}

function withoutBounds(column: PageColumn): PageColumn {
	const none = () => ({ bytes: new Uint8Array(0), offsets: new Uint32Array(column.flags.length + 1) });
	return { ...column, flags: column.flags.map((flags) => flags & NO_BOUND), minimums: none(), maximums: none() };
}
