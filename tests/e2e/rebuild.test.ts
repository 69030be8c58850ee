/** D1 `catalog` is emptied under a running deployment, and the admin CLI rebuilds it from R2: no row lost, none doubled; shards kept what was not in files. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/fleet.ts";
import { startLittoral, type Littoral } from "../../scripts/local/littoral.ts";
import { LittoralClient } from "../../scripts/client.ts";

const stateDir = mkdtempSync(join(tmpdir(), "littoral-rebuild-"));
const ADMIN_KEY = "an-admin-key-of-this-test";
let littoral: Littoral;
beforeAll(async () => {
	littoral = await startLittoral({ port: 0, stateDir, adminKey: ADMIN_KEY });
}, 60_000);
afterAll(async () => {
	await littoral.stop();
	rmSync(stateDir, { recursive: true, force: true });
});

async function newTenant(id: string): Promise<LittoralClient> {
	const headers = { "Content-Type": "application/json" };
	const platform = new LittoralClient(littoral.url, ADMIN_KEY);
	const { api_key } = await platform.json<{ api_key: string }>("/v1/tenants", { headers, body: JSON.stringify({ id }) });
	return new LittoralClient(littoral.url, api_key);
}

interface Run {
	code: number;
	stdout: string;
	stderr: string;
}

function admin(args: string[], environment: Record<string, string> = {}): Promise<Run> {
	const env = { ...process.env, LITTORAL_URL: littoral.url, ADMIN_KEY, NO_COLOR: "1", ...environment };
	return new Promise((resolve) => {
		execFile(process.execPath, ["scripts/admin.ts", ...args], { cwd: ROOT, env }, (error, stdout, stderr) => {
			resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
		});
	});
}

async function emptyCatalog(): Promise<void> {
	const database = await littoral.miniflare.getD1Database("CATALOG_0", "littoral-catalog");
	const { results } = await database
		.prepare(
			"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'd1_%' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
		)
		.all<{ name: string }>();
	await database.batch(results.map(({ name }) => database.prepare(`DELETE FROM "${name}"`)));
}

test("an emptied catalog is rebuilt from R2 by the admin CLI", async () => {
	const id = "acme";
	let owner = await newTenant(id);
	await owner.execute("CREATE TABLE t (k bigint, v text) WITH (sort_key = 'k')");
	await owner.execute("CREATE TABLE gone (k bigint)");
	await owner.execute("DROP TABLE gone");
	await owner.append("t", JSON.stringify([{ k: 1, v: "tail" }]), "application/json", { "Idempotency-Key": "one" });
	// Above what one append may have: straight to a file.
	const bulk = Array.from({ length: 100_000 }, (_, k) => JSON.stringify({ k: k + 10, v: `bulk ${k} ${"x".repeat(150)}` })).join("\n");
	const first = await owner.append("t", bulk, "application/x-ndjson", { "Idempotency-Key": "bulk" });
	expect(first).toMatchObject({ accepted: 100_000, duplicate: false });
	const sums = async () => (await owner.query("SELECT count(*), sum(k), count(DISTINCT v) FROM t")).rows;
	const before = await sums();
	expect(before).toEqual([[100_001, "5000950001", 100_001]]);

	await emptyCatalog();
	const rebuilt = await admin(["--json", "catalog", "rebuild"]);
	expect([rebuilt.code, JSON.parse(rebuilt.stdout)]).toMatchObject([
		0,
		expect.arrayContaining([expect.objectContaining({ tenant: id, table: "t", outcome: "restored", problem: null, rows: 100_000 })]),
	]);
	expect(await sums()).toEqual(before);
	// And by Workers without any cache.
	await littoral.stop();
	littoral = await startLittoral({ port: 0, stateDir, adminKey: ADMIN_KEY });
	owner = owner.at(littoral.url);
	expect(await sums()).toEqual(before);
	expect(await owner.append("t", bulk, "application/x-ndjson", { "Idempotency-Key": "bulk" })).toEqual({ ...first, duplicate: true });
	expect(await owner.append("t", JSON.stringify([{ k: 1, v: "tail" }]), "application/json", { "Idempotency-Key": "one" })).toMatchObject({
		duplicate: true,
	});
	await owner.append("t", JSON.stringify([{ k: 2, v: "after" }]));
	expect(await sums()).toEqual([[100_002, "5000950003", 100_002]]);
	const tables = await owner.json<{ tables: { name: string }[] }>("/v1/tables");
	expect(tables.tables.map(({ name }) => name)).toEqual(["t"]);
	const again = await admin(["catalog", "rebuild"]);
	expect([again.code, again.stdout.includes("present")]).toEqual([0, true]);
}, 120_000);

test("the CLI says what it can do, and fails with the exit codes that it promises", async () => {
	const id = "globex";
	await newTenant(id);
	const help = await admin(["--help"]);
	expect(help.code).toBe(0);
	for (const word of ["tenants", "shards", "jobs", "dead-letters", "catalog", "--json", "Exit codes"]) expect(help.stdout).toContain(word);
	const list = await admin(["--json", "tenants", "list"]);
	expect((JSON.parse(list.stdout) as { tenant: string }[]).map(({ tenant }) => tenant)).toContain(id);
	expect((await admin(["tenants", "list"])).stdout).toContain(id);
	expect(await admin(["--json", "tenants", "suspend", id])).toMatchObject({ code: 0, stdout: expect.stringContaining("suspended") });
	expect(await admin(["--json", "tenants", "resume", id])).toMatchObject({ code: 0, stdout: expect.stringContaining("active") });
	expect(JSON.parse((await admin(["--json", "shards", "set", id, "2"])).stdout)).toHaveLength(2);
	expect(JSON.parse((await admin(["--json", "shards", "list", id])).stdout)).toMatchObject([{ state: "active" }, { state: "active" }]);
	expect(JSON.parse((await admin(["--json", "scaling", "show", id])).stdout)).toMatchObject({ shards: 2, min_shards: 2, max_shards: 2 });
	expect((await admin(["scaling", "bounds", id, "1", "4"])).stdout).toContain("2 shards, between 1 and 4");
	expect(await admin(["--json", "jobs", "list", "--tenant", id])).toMatchObject({ code: 0, stdout: "[]\n" });
	expect(await admin(["dead-letters", "list"])).toMatchObject({ code: 0, stdout: "none\n" });
	expect(await admin(["dead-letters", "redrive", "nothing"])).toMatchObject({ code: 1, stderr: expect.stringContaining("404 not_found") });
	const operations = await littoral.miniflare.getD1Database("OPERATIONS_DB", "littoral-operations");
	const signal = JSON.stringify({ kind: "tenant_step", tenantId: "nobody" });
	for (const letter of ["letter-1", "letter-2"]) {
		await operations.prepare("INSERT INTO dead_letters (id, message, died_at_ms) VALUES (?, ?, 0)").bind(letter, signal).run();
	}
	const letters = JSON.parse((await admin(["--json", "dead-letters", "list"])).stdout) as { id: string; queue: string }[];
	expect(letters.map(({ id: letter, queue }) => [letter, queue])).toEqual(["letter-2", "letter-1"].map((letter) => [letter, "signals"]));
	expect(await admin(["--json", "dead-letters", "redrive", "letter-1", "nothing"])).toMatchObject({
		code: 3,
		stdout: expect.stringContaining("letter-1"),
		stderr: expect.stringContaining("1 of 2 could not be redriven"),
	});
	expect(await admin(["dead-letters", "redrive", "all"])).toMatchObject({ code: 0, stdout: expect.stringContaining("letter-2") });
	expect(await admin(["dead-letters", "list"])).toMatchObject({ code: 0, stdout: "none\n" });
	expect(await admin(["tenants", "suspend", "nobody"])).toMatchObject({ code: 1, stderr: expect.stringContaining("404 tenant_not_found") });
	expect(await admin(["tenants", "list"], { ADMIN_KEY: "wrong" })).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("401 unauthenticated"),
	});
	expect(await admin(["tenants", "list"], { LITTORAL_URL: "http://127.0.0.1:1" })).toMatchObject({
		code: 1,
		stderr: expect.stringContaining("fetch failed"),
	});
	expect(await admin(["tenants", "lst"])).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown command") });
	expect(await admin(["shards", "set", id, "many"])).toMatchObject({ code: 2, stderr: expect.stringContaining("a whole number") });
	expect(await admin(["tenants", "delete", id, "--confirm", "other"])).toMatchObject({ code: 2 });
	expect(await admin(["tenants", "delete", id, "--confirm", id])).toMatchObject({ code: 0, stdout: expect.stringContaining("deleted") });
}, 120_000);
