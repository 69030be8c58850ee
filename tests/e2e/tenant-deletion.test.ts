/** What is left of a deleted tenant: nothing but history without its data. */
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FLEET } from "../../scripts/fleet.ts";
import { type Harness, startHarness } from "../harness.ts";
import { sendRows } from "../send-rows.ts";

const stateDir = mkdtempSync(join(tmpdir(), "littoral-deletion-"));
let harness: Harness;

beforeAll(async () => {
	harness = await startHarness({ stateDir });
});

afterAll(() => {
	rmSync(stateDir, { recursive: true, force: true });
});

/** Every text of every D1 row, by database and table. */
async function databaseTexts(): Promise<Map<string, string>> {
	const texts = new Map<string, string>();
	for (const { name, database } of FLEET) {
		if (!database) continue;
		const d1 = await harness.littoral.miniflare.getD1Database(database.binding, `littoral-${name}`);
		const { results } = await d1
			.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'")
			.all();
		for (const row of results) {
			const table = String((row as { name: string }).name);
			const all = await d1.prepare(`SELECT * FROM "${table}"`).all();
			texts.set(`${name}.${table}`, JSON.stringify(all.results));
		}
	}
	return texts;
}

test("no object, no row, no alarm, no key", async () => {
	const { id, owner } = await harness.tenant();
	const stays = await harness.tenant();
	for (const client of [owner, stays.owner]) {
		await client.execute("CREATE TABLE t (id INTEGER, text TEXT)");
		const bulk = Array.from({ length: 80_000 }, (_, row) => `${row},${"y".repeat(120)}`).join("\n");
		await sendRows(client, "t", `id,text\n${bulk}\n`, "text/csv");
		await client.append("t", '[{"id":-1}]');
		await client.json("/v1/keys", { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name: "r", role: "reader" }) });
	}
	const shards = await harness.admin.request(`/v1/tenants/${id}/shards`, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: '{"count":3}',
	});
	expect(shards.status).toBe(200);
	await owner.append("t", '[{"id":-2}]');
	const description = await databaseTexts();
	const tenantId = /"tenant_id":"([0-9a-f]{24})"/.exec(
		JSON.stringify(JSON.parse(description.get("operations.tenants") as string).filter((row: { id: string }) => row.id === id)),
	)?.[1] as string;
	const bucket = await harness.littoral.miniflare.getR2Bucket("DATA", "littoral-catalog");
	const objects = async (): Promise<string[]> =>
		(await bucket.list()).objects.map((object) => object.key).filter((key) => key.includes(tenantId));
	expect((await objects()).length).toBeGreaterThan(0);

	await expect
		.poll(async () => (await harness.admin.request(`/v1/tenants/${id}`, { method: "DELETE" })).status, { timeout: 30_000, interval: 500 })
		.toBe(204);

	expect(await objects()).toEqual([]);
	for (const [table, text] of await databaseTexts()) {
		if (table === "operations.history" || /audit/.test(table)) expect(text, table).not.toContain("yyyy");
		else expect(text, table).not.toContain(tenantId);
	}
	expect((await stays.owner.query("SELECT count(*) FROM t")).rows).toEqual([[80_001]]);

	const namespace = await harness.littoral.miniflare.getDurableObjectNamespace("SHARDS", "littoral-tenant");
	const shardFiles = [0, 1, 2].map((ordinal) => `${namespace.idFromName(`${tenantId}/${ordinal}`).toString()}.sqlite`);
	await harness.stop();
	const files = globSync(join(stateDir, "v3/do/*/*.sqlite"));
	// Of the tenant that stays there is one, so the names are right.
	expect(files.length).toBeGreaterThan(0);
	for (const file of files.filter((path) => shardFiles.includes(basename(path)))) expect(rowsOf(file), file).toEqual({});
}, 90_000);

/** Rows by table, also of the platform's own tables: an alarm is a row there. */
function rowsOf(file: string): Record<string, number> {
	const database = new DatabaseSync(file, { readOnly: true });
	const tables = database
		.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
		.all()
		.map((row) => String(row["name"]));
	const counts = tables.map((table) => [table, Number(database.prepare(`SELECT count(*) AS n FROM "${table}"`).get()?.["n"])] as const);
	database.close();
	return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
