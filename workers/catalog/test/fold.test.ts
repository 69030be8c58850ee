/** Folding and retention: however a snapshot is written down, it holds the same files (C1), also an older one (C2). */
import { beforeAll, expect, test } from "vitest";
import {
	INLINE_FILE_COUNT_MAX,
	INLINE_STATISTICS_BYTES_MAX,
	MANIFEST_FILE_COUNT_MAX,
	SNAPSHOT_RETAINED_COUNT_MAX,
} from "#shared/base/limits.ts";
import { pageFile } from "#shared/contracts/file-page.ts";
import type { DataFile, TableSnapshot } from "#shared/contracts/snapshot.ts";
import { fold } from "../src/manifest/fold.ts";
import {
	commitTo,
	dataFile,
	type Fixture,
	intents,
	migrate,
	newTable,
	otherIsolate,
	outcomeOf,
	readFresh,
	readVersion,
	testEnv,
} from "./fixture.ts";

beforeAll(migrate);

const files = (fixture: Fixture, prefix: string, count: number) =>
	Array.from({ length: count }, (_, index) => dataFile(fixture, `${prefix}${index}`, index + 1));

function filesOf(snapshot: TableSnapshot): DataFile[] {
	return snapshot.pages
		.flatMap((page) => Array.from({ length: page.fileCount }, (_, index) => pageFile(page, index)))
		.toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

async function count(sql: string, ...parameters: string[]): Promise<number> {
	return (
		(await testEnv.CATALOG_0.prepare(sql)
			.bind(...parameters)
			.first<number>("count")) ?? -1
	);
}

const inlineCount = (fixture: Fixture) =>
	count("SELECT count(*) AS count FROM inline_file WHERE table_id = ? AND until_version IS NULL", fixture.tableId);

test("one file too many folds the oldest thousand; newest and older snapshots hold what they held", async () => {
	const fixture = await newTable();
	const first = files(fixture, "a", 600);
	const second = files(fixture, "b", INLINE_FILE_COUNT_MAX - 600);
	await commitTo(fixture, "a", { kind: "bulk", files: first });
	await commitTo(fixture, "b", { kind: "bulk", files: second });
	await fixture.ports.settle();
	expect(fixture.ports.counts.get("put_manifest")).toBeUndefined();

	await commitTo(fixture, "c", { kind: "bulk", files: [dataFile(fixture, "c")] });
	await fixture.ports.settle();
	expect(fixture.ports.counts.get("put_manifest")).toBe(1);
	expect(await inlineCount(fixture)).toBe(1);

	const byPath = (list: DataFile[]) => list.toSorted((left, right) => (left.path < right.path ? -1 : 1));
	const newest = await readFresh(fixture);
	expect(newest.version).toBe(3);
	expect(newest.pages.map((page) => page.fileCount)).toEqual([1000, 1]);
	expect(filesOf(newest)).toEqual(byPath([...first, ...second, dataFile(fixture, "c")]));
	expect(filesOf((await readVersion(fixture, 1)) as TableSnapshot)).toEqual(byPath(first));
	expect(filesOf((await readVersion(fixture, 2)) as TableSnapshot)).toEqual(byPath([...first, ...second]));
	expect((await readVersion(fixture, 0))?.pages).toEqual([]);
	expect(await readVersion(fixture, 4)).toBeNull();
});

test("a commit of thousands of files writes its manifests first, and files go from them one by one", async () => {
	const fixture = await newTable();
	const all = files(fixture, "a", 3500);
	await commitTo(fixture, "a", { kind: "bulk", files: all });
	await fixture.ports.settle();
	expect((await readFresh(fixture)).pages.map((page) => page.fileCount)).toEqual([1000, 1000, 1000, 500]);
	expect(await inlineCount(fixture)).toBe(500);

	const removed = [0, 999, 1000, 3499].map((index) => (all[index] as DataFile).path);
	await commitTo(fixture, "r", { kind: "replace", removed, files: [dataFile(fixture, "k", 7)] });
	const snapshot = await readFresh(fixture, otherIsolate());
	const kept = all.filter((file) => !removed.includes(file.path));
	expect(intents(snapshot)).toHaveLength(3497);
	expect(snapshot.rowCount).toBe(kept.reduce((sum, file) => sum + file.rowCount, 7));
	expect(filesOf((await readVersion(fixture, 1)) as TableSnapshot)).toHaveLength(3500);
	expect(await outcomeOf(commitTo(fixture, "r2", { kind: "replace", removed: removed.slice(1, 2), files: [] }))).toBe(
		"conflict: 1 of 1 files to replace are gone",
	);
});

test("two folds at once leave every file once", async () => {
	const fixture = await newTable();
	const { ports, tenantId, tableId } = fixture;
	for (const part of ["a", "b", "c"]) await commitTo(fixture, part, { kind: "bulk", files: files(fixture, part, 400) });
	await commitTo(fixture, "r", { kind: "replace", removed: [dataFile(fixture, "c0").path], files: [] });
	const [database] = ports.databases;
	if (!database) throw new Error("there is a database");
	const bounds = { inlineFileCountMax: INLINE_FILE_COUNT_MAX, manifestFileCountMax: MANIFEST_FILE_COUNT_MAX };
	await Promise.all([1, 2, 3].map(() => fold(ports, database, { tenantId, tableId }, bounds)));
	await ports.settle();
	expect(await inlineCount(fixture)).toBe(199);
	expect(await count("SELECT count(*) AS count FROM manifest WHERE table_id = ?", tableId)).toBe(1);
	const snapshot = await readFresh(fixture);
	expect(new Set(intents(snapshot)).size).toBe(1199);
	expect(intents(snapshot)).toHaveLength(1199);
	expect(intents((await readVersion(fixture, 3)) as TableSnapshot)).toHaveLength(1200);
});

test("a fold races commits that remove its files: nothing comes back, nothing is lost", async () => {
	const fixture = await newTable();
	const { ports } = fixture;
	for (const part of ["a", "b", "c"]) await commitTo(fixture, part, { kind: "bulk", files: files(fixture, part, 400) });
	const removals = Array.from({ length: 10 }, (_, index) =>
		commitTo(fixture, `r${index}`, { kind: "replace", removed: [dataFile(fixture, `a${index}`).path], files: [] }, otherIsolate(ports)),
	);
	await Promise.all(removals);
	await ports.settle();
	expect(intents(await readFresh(fixture))).toHaveLength(1190);
	expect(await inlineCount(fixture)).toBeLessThanOrEqual(INLINE_FILE_COUNT_MAX);
});

test(`${SNAPSHOT_RETAINED_COUNT_MAX} snapshots are retained; rows that none of them shows go, object rows stay`, async () => {
	const fixture = await newTable();
	await commitTo(fixture, "v1", { kind: "bulk", files: [dataFile(fixture, "x0")] });
	const last = SNAPSHOT_RETAINED_COUNT_MAX + 5;
	for (let version = 2; version <= last; version++) {
		await commitTo(fixture, `v${version}`, {
			kind: "replace",
			removed: [dataFile(fixture, `x${version - 2}`).path],
			files: [dataFile(fixture, `x${version - 1}`)],
		});
	}
	const oldest = last - SNAPSHOT_RETAINED_COUNT_MAX + 1;
	expect(intents((await readVersion(fixture, oldest)) as TableSnapshot)).toEqual([`x${oldest - 1}`]);
	expect(await readVersion(fixture, oldest - 1)).toBeNull();
	const description = await fixture.catalog.describeTable(fixture.tenantId, "t");
	expect(description.snapshots.map((snapshot) => snapshot.version)).toEqual(
		Array.from({ length: SNAPSHOT_RETAINED_COUNT_MAX }, (_, index) => last - index),
	);
	expect(await count("SELECT count(*) AS count FROM inline_file WHERE table_id = ?", fixture.tableId)).toBe(SNAPSHOT_RETAINED_COUNT_MAX);
	expect(await count("SELECT count(*) AS count FROM object WHERE table_id = ?", fixture.tableId)).toBe(last);
});

/** A file of 500 columns whose bounds are as long as bounds can be: 50 KB of statistics. */
function wideFile(fixture: Fixture, index: number): DataFile {
	const bound = (column: number) => Uint8Array.from({ length: 32 }, (_, byte) => (byte * 7 + column + index) % 256);
	return {
		...dataFile(fixture, `w${String(index).padStart(4, "0")}`, 3),
		columns: Array.from({ length: 500 }, (_, column) => ({
			fieldId: column + 1,
			nullCount: 1,
			minimum: bound(column),
			maximum: bound(column + 1),
			hasNaN: false,
		})),
	};
}

test("files of a wide table are folded by the bytes of their statistics, one by one or many at once", async () => {
	const fixture = await newTable();
	const wide = Array.from({ length: 150 }, (_, index) => wideFile(fixture, index));
	for (let start = 0; start < 100; start += 50) {
		await commitTo(fixture, `some${start}`, { kind: "bulk", files: wide.slice(start, start + 50) });
		await fixture.ports.settle();
	}
	const stands = async () =>
		await count(
			"SELECT coalesce(sum(statistics_byte_count), 0) AS count FROM inline_file WHERE table_id = ? AND until_version IS NULL",
			fixture.tableId,
		);
	expect(await stands()).toBeLessThanOrEqual(INLINE_STATISTICS_BYTES_MAX);
	expect(await count("SELECT count(*) AS count FROM manifest WHERE table_id = ?", fixture.tableId)).toBe(1);
	await commitTo(fixture, "many", { kind: "bulk", files: wide.slice(100) });
	await fixture.ports.settle();
	expect(await stands()).toBeLessThanOrEqual(INLINE_STATISTICS_BYTES_MAX);
	const manifests = await testEnv.CATALOG_0.prepare("SELECT file_count FROM manifest WHERE table_id = ?")
		.bind(fixture.tableId)
		.all<{ file_count: number }>();
	for (const { file_count } of manifests.results) expect(file_count).toBeLessThan(100);
	const snapshot = await readFresh(fixture, otherIsolate());
	expect(intents(snapshot)).toEqual(wide.map(({ path }) => path.slice(path.lastIndexOf("/") + 1, path.lastIndexOf("-"))));
	expect(filesOf(snapshot)[77]).toEqual(wide[77]);
});
