/** A table's sketches: merged at commits, begun anew by a compaction of all rows, and never a reason for a commit to fail. */
import { parseBase64 } from "#shared/contracts/values/binary-text.ts";
import { beforeAll, expect, test } from "vitest";
import { TABLE_SKETCHES_BYTES_MAX } from "#shared/base/limits.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import { type ColumnSketches, decodeSketches } from "#shared/sketches/table-sketches.ts";
import { thinToFit } from "../src/snapshot/thin-pages.ts";
import {
	commitSketched,
	commitTo,
	dataFile,
	type Fixture,
	migrate,
	newTable,
	otherIsolate,
	outcomeOf,
	readFresh,
	sketchesOf,
	testEnv,
} from "./fixture.ts";

beforeAll(migrate);

async function columnOf(fixture: Fixture): Promise<ColumnSketches | undefined> {
	const { sketches } = await readFresh(fixture, otherIsolate());
	return sketches === undefined ? undefined : decodeSketches(sketches).get(1);
}

const values = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);
const bulk = (fixture: Fixture, name: string, rowCount: number) => ({ kind: "bulk" as const, files: [dataFile(fixture, name, rowCount)] });
const replace = (fixture: Fixture, removed: string[], name: string, rowCount: number) => ({
	kind: "replace" as const,
	removed: removed.map((each) => dataFile(fixture, each).path),
	files: [dataFile(fixture, name, rowCount)],
});

test("each commit's merge into the table's, once however often it is repeated", async () => {
	const fixture = await newTable();
	expect((await readFresh(fixture)).sketches).toBeUndefined();
	await commitSketched(fixture, "a", bulk(fixture, "a", 100), sketchesOf(values(100)));
	for (let time = 0; time < 3; time++) await commitSketched(fixture, "b", bulk(fixture, "b", 50), sketchesOf(values(50, 100)));
	const column = await columnOf(fixture);
	expect([column?.rowCount, column?.quantiles.count, column?.frequent.weight]).toEqual([150, 150, 150]);
	expect([column?.quantiles.minimum, column?.quantiles.maximum]).toEqual([0, 149]);
	expect(Math.abs((column?.distinct.estimate() ?? 0) - 150)).toBeLessThan(10);
});

test("commits at once lose at most their rows, never the table's sketches", async () => {
	const fixture = await newTable();
	await Promise.all(
		values(8).map((one) => commitSketched(fixture, `c${one}`, bulk(fixture, `c${one}`, 10), sketchesOf(values(10, one * 10)))),
	);
	const { rowCount } = await readFresh(fixture);
	const sketched = (await columnOf(fixture))?.rowCount ?? 0;
	expect(rowCount).toBe(80);
	expect(sketched).toBeGreaterThanOrEqual(10);
	expect(sketched % 10).toBe(0);
});

test("a compaction of some files leaves them, one of all files begins anew", async () => {
	const fixture = await newTable();
	await commitSketched(fixture, "a", bulk(fixture, "a", 100), sketchesOf(values(100)));
	await commitSketched(fixture, "b", bulk(fixture, "b", 100), sketchesOf(values(100)));
	await commitSketched(fixture, "c", replace(fixture, ["b"], "c", 100), sketchesOf(values(100, 1000)));
	expect((await columnOf(fixture))?.quantiles.maximum).toBe(99);
	await commitSketched(fixture, "d", replace(fixture, ["a", "c"], "d", 200), sketchesOf(values(200, 500)));
	const column = await columnOf(fixture);
	expect([column?.rowCount, column?.quantiles.minimum, column?.quantiles.maximum]).toEqual([200, 500, 699]);
});

test("a table whose files came without any gets them by compaction", async () => {
	const fixture = await newTable();
	await commitTo(fixture, "a", bulk(fixture, "a", 100));
	await commitSketched(fixture, "b", replace(fixture, ["a"], "b", 100), sketchesOf(values(100)));
	expect((await columnOf(fixture))?.rowCount).toBe(100);
});

test("damaged ones, sent or stored, are left out and the commit holds; above their bound it is refused", async () => {
	const fixture = await newTable();
	await commitSketched(fixture, "a", bulk(fixture, "a", 1), Uint8Array.of(1, 2, 3));
	expect((await readFresh(fixture)).sketches).toBeUndefined();
	await commitSketched(fixture, "b", bulk(fixture, "b", 1), sketchesOf([1]));
	await testEnv.CATALOG_0.prepare("UPDATE table_sketches SET sketches = 'AAAA' WHERE table_id = ?").bind(fixture.tableId).run();
	await commitSketched(fixture, "c", bulk(fixture, "c", 1), sketchesOf([2]));
	expect((await columnOf(fixture))?.rowCount).toBe(1);
	expect((await readFresh(fixture)).rowCount).toBe(3);
	expect(await outcomeOf(commitSketched(fixture, "d", bulk(fixture, "d", 1), new Uint8Array(TABLE_SKETCHES_BYTES_MAX + 1)))).toBe(
		"malformed_request: not a commit: a commit's sketches are bounded",
	);
});

test("go with their table, and with their tenant", async () => {
	const fixture = await newTable();
	await commitSketched(fixture, "a", bulk(fixture, "a", 1), sketchesOf([1]));
	const count = async () =>
		await testEnv.CATALOG_0.prepare("SELECT count(*) AS count FROM table_sketches WHERE tenant_id = ?")
			.bind(fixture.tenantId)
			.first("count");
	expect(await count()).toBe(1);
	await fixture.catalog.dropTable(fixture.tenantId, { commitId: "d", name: "t" });
	expect(await count()).toBe(0);
});

test("an answer of many tables carries so many bytes of them and no more", () => {
	const snapshot = (bytes: number): TableSnapshot =>
		({ schema: { sortKey: [] }, pages: [], sketches: new Uint8Array(bytes) }) as unknown as TableSnapshot;
	const answer = thinToFit([...values(20).map(() => snapshot(TABLE_SKETCHES_BYTES_MAX)), null]);
	expect(answer.map((each) => each?.sketches !== undefined)).toEqual([...values(10).map(() => true), ...values(11).map(() => false)]);
});

test("base64 is read alike by the platform and without it: padding or none, nothing but its alphabet", () => {
	const texts = [
		"",
		"AA==",
		"AA",
		"AAE=",
		"AAE",
		"AAEC",
		"//79",
		btoa(String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))),
	];
	for (const text of texts) expect(parseBase64(text)).toEqual(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
	for (const text of ["A", "AA=", "AAE==", "A A=", "AA-_", "AAEC=", "AA==AA=="])
		expect(() => parseBase64(text)).toThrow("invalid base64 end sequence");
});
