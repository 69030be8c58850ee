/** Which manifests become one, and that it changes nothing that any version holds. */
import { beforeAll, expect, test } from "vitest";
import { chooseManifests, type ManifestSize, mergeManifests } from "../src/manifest/merge-manifests.ts";
import { commitTo, dataFile, type Fixture, intents, migrate, newTable, otherIsolate, readFresh, readVersion } from "./fixture.ts";

beforeAll(migrate);

const manifest = (fileCount: number, liveCount = fileCount, byteCount = fileCount * 80): ManifestSize => ({
	manifestId: `m${fileCount}-${liveCount}-${byteCount}`,
	path: "p",
	fileCount,
	liveCount,
	byteCount,
});
const many = (count: number, fileCount: number, liveCount?: number) => Array.from({ length: count }, () => manifest(fileCount, liveCount));

test.each<[string, ManifestSize[], number]>([
	["seven small ones stand", many(7, 50), 0],
	["eight small ones become one", many(8, 50), 8],
	["as many as one takes", many(30, 100), 10],
	["full ones stand", many(20, 900), 0],
	["two, where one is mostly gone", [manifest(1000, 400), manifest(300)], 2],
	["a lone one that is mostly gone is written anew", [manifest(1000, 400), manifest(900)], 1],
	["what is mostly gone comes before what is small", [manifest(450), manifest(500), manifest(1000, 400)], 2],
	["of few files, too few to gain from", [manifest(100, 37), manifest(900)], 0],
	["of few files, enough to gain from", [manifest(100, 36), manifest(900)], 1],
	["one that is all gone is not looked at", [manifest(1000, 0), manifest(300)], 0],
	["few files with large statistics are full", Array.from({ length: 9 }, () => manifest(60, 60, 3 * 1024 * 1024)), 0],
])("%s", (_, manifests, count) => {
	expect(chooseManifests(manifests)).toHaveLength(count);
});

async function merge({ ports, tenantId, tableId }: Fixture): Promise<number> {
	const [database] = ports.databases;
	if (!database) throw new Error("there is a database");
	return await mergeManifests(ports, database, { tenantId, tableId });
}

test("every version holds what it held; what is removed later is removed from the new one", async () => {
	const fixture = await newTable();
	for (const part of ["a", "b"]) {
		await commitTo(fixture, part, {
			kind: "bulk",
			files: Array.from({ length: 1000 }, (_, index) => dataFile(fixture, `${part}${index}`)),
		});
	}
	const first = Array.from({ length: 700 }, (_, index) => `a${index}`);
	const replace = async (id: string, names: string[]) =>
		await commitTo(fixture, id, { kind: "replace", removed: names.map((name) => dataFile(fixture, name).path), files: [] });
	await replace("r1", first);
	expect(await merge(fixture)).toBe(1);
	expect(await merge(fixture)).toBe(0);
	expect((await readFresh(fixture, otherIsolate())).pages.map((page) => page.fileCount)).toEqual([1000, 300]);
	await replace(
		"r2",
		Array.from({ length: 600 }, (_, index) => `b${index}`),
	);
	const held = intents(await readFresh(fixture));
	expect(await merge(fixture)).toBe(2);
	expect(await merge(fixture)).toBe(0);
	expect((await readFresh(fixture, otherIsolate())).pages.map((page) => page.fileCount)).toEqual([700]);
	expect(intents(await readFresh(fixture, otherIsolate()))).toEqual(held);
	await replace("r3", ["a999", "b999"]);
	expect(intents(await readFresh(fixture, otherIsolate()))).toEqual(held.filter((name) => !["a999", "b999"].includes(name)));
	expect([(await readVersion(fixture, 2))?.rowCount, (await readVersion(fixture, 3))?.rowCount]).toEqual([2000, 1300]);
	expect((await readVersion(fixture, 4))?.rowCount).toBe(700);
});

test("a commit that removes files at the same time wins, or comes after: nothing comes back", async () => {
	const fixture = await newTable();
	for (const part of ["a", "b"]) {
		await commitTo(fixture, part, {
			kind: "bulk",
			files: Array.from({ length: 1000 }, (_, index) => dataFile(fixture, `${part}${index}`)),
		});
	}
	const remove = async (from: number, to: number, catalog = fixture.catalog) =>
		await commitTo(
			fixture,
			`r${from}`,
			{
				kind: "replace",
				removed: Array.from({ length: to - from }, (_, index) =>
					["a", "b"].map((part) => dataFile(fixture, `${part}${from + index}`).path),
				).flat(),
				files: [],
			},
			catalog,
		);
	await remove(0, 600);
	await Promise.all([
		merge(fixture),
		remove(600, 610, otherIsolate(fixture.ports)),
		remove(610, 620, otherIsolate(fixture.ports)),
		merge(fixture),
	]);
	const names = intents(await readFresh(fixture, otherIsolate()));
	expect(names).toHaveLength(760);
	expect(new Set(names).size).toBe(760);
	expect(names.some((name) => Number(name.slice(1)) < 620)).toBe(false);
});
