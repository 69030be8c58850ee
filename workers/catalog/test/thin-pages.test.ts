/** An answer fits one RPC message, whatever the tables: bounds go before it does not, and never what counts rows. */
import { expect, test } from "vitest";
import { newTableId } from "#shared/base/ids.ts";
import { buildFilePage, pageByteCount, pageFile } from "#shared/contracts/file-page.ts";
import type { DataFile, TableSnapshot } from "#shared/contracts/snapshot.ts";
import { thinToFit } from "../src/snapshot/thin-pages.ts";

const RPC_BYTES_MAX = 32 * 1024 * 1024;

function snapshotOf(fileCount: number, columnCount: number, keyFieldId: number): TableSnapshot {
	const files = Array.from(
		{ length: fileCount },
		(_, index): DataFile => ({
			path: `data/t/u/f${index}-1.parquet`,
			rowCount: 10,
			byteCount: 100,
			schemaVersion: 1,
			columns: Array.from({ length: columnCount }, (__, column) => ({
				fieldId: column + 1,
				nullCount: index % 3,
				minimum: new Uint8Array(32).fill(column),
				maximum: new Uint8Array(32).fill(column + 1),
				hasNaN: index % 2 === 0,
			})),
		}),
	);
	return {
		schema: {
			tableId: newTableId(),
			name: "t",
			schemaVersion: 1,
			columns: [],
			primaryKey: null,
			sortKey: [{ fieldId: keyFieldId, descending: false, nullsFirst: false }],
		},
		version: 1,
		watermarks: {},
		rowCount: fileCount * 10,
		byteCount: fileCount * 100,
		pages: [buildFilePage(files.slice(0, fileCount / 2)), buildFilePage(files.slice(fileCount / 2))],
	};
}

const byteCount = (snapshot: TableSnapshot | null | undefined) =>
	(snapshot?.pages ?? []).reduce((sum, page) => sum + pageByteCount(page), 0);

test("what fits is left as it is", () => {
	const snapshot = snapshotOf(10, 5, 1);
	const [same, missing] = thinToFit([snapshot, null]);
	expect(same).toBe(snapshot);
	expect(missing).toBeNull();
});

test("a thousand files of 500 columns: the last columns lose their bounds, those of the sort key stay, counts stay", () => {
	const snapshot = snapshotOf(1000, 500, 499);
	expect(byteCount(snapshot)).toBeGreaterThan(RPC_BYTES_MAX);
	const [thinned] = thinToFit([snapshot]) as [TableSnapshot];
	expect(byteCount(thinned)).toBeLessThan(0.8 * RPC_BYTES_MAX);
	const [file, whole] = [pageFile(thinned.pages[1] as never, 7), pageFile(snapshot.pages[1] as never, 7)];
	expect({ ...file, columns: [] }).toEqual({ ...whole, columns: [] });
	const bounded = file.columns.filter((column) => column.minimum !== null).map((column) => column.fieldId);
	expect(bounded.slice(0, -1)).toEqual(Array.from({ length: bounded.length - 1 }, (_, index) => index + 1));
	expect(bounded.at(-1)).toBe(499);
	expect(bounded.length).toBeGreaterThan(100);
	for (const [index, column] of file.columns.entries()) {
		const { minimum, maximum, ...counts } = column;
		const { minimum: _, maximum: __, ...wholeCounts } = whole.columns[index] as (typeof whole.columns)[number];
		expect(counts).toEqual(wholeCounts);
		expect(minimum === null).toBe(maximum === null);
	}
});

test("several snapshots share what there is", () => {
	const snapshots = [snapshotOf(400, 500, 1), snapshotOf(10, 5, 1), snapshotOf(800, 500, 1)];
	const thinned = thinToFit(snapshots);
	expect(thinned.reduce((sum, snapshot) => sum + byteCount(snapshot), 0)).toBeLessThan(0.8 * RPC_BYTES_MAX);
	expect(thinned[0]?.pages[0]?.columns[0]?.minimums.bytes.length).toBeGreaterThan(0);
});
