/** The entrypoint over real RPC: pages and errors arrive as they were sent. */
import { createExecutionContext } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { hasCode, isLittoralError } from "#shared/base/errors.ts";
import { type CommitId, newTenantId } from "#shared/base/ids.ts";
import { pageFile } from "#shared/contracts/file-page.ts";
import type { CatalogRpc } from "#shared/contracts/rpc.ts";
import catalogApp from "../src/index.ts";
import { dataFile, definition, migrate, testEnv, made } from "./fixture.ts";

const service = (exports as unknown as { CatalogService: CatalogRpc }).CatalogService;

beforeAll(migrate);

test("create, commit, read, list, drop and delete", async () => {
	const tenantId = newTenantId();
	await service.ready();
	const { schema } = await made(service.createTable(tenantId, { commitId: "c", definition: definition("t") }));
	const table = { tenantId, tableId: schema.tableId };
	const file = dataFile(table, "i1", 3);
	const commitId = "f" as CommitId;
	const change = { kind: "flush" as const, shard: 0, from: 0, to: 3, files: [file] };
	expect(await service.commit({ ...table, commitId, change })).toEqual({ version: 1, paths: [file.path], repeated: false });
	expect(await service.commitStatus(tenantId, commitId)).toEqual({ version: 1, paths: [file.path], repeated: true });
	const [snapshot, missing] = await service.readSnapshots(tenantId, [{ table: { name: "t" } }, { table: { name: "u" } }]);
	expect(missing).toBeNull();
	expect(snapshot).toMatchObject({ schema, version: 1, watermarks: { 0: 3 }, rowCount: 3, byteCount: 30 });
	const page = snapshot?.pages[0];
	expect(page && pageFile(page, 0)).toEqual(file);
	expect((await service.listTables(tenantId, { limit: 10, cursor: null })).tables).toEqual([schema]);
	expect(await service.tableNames(tenantId)).toEqual(["t"]);
	expect((await service.describeTable(tenantId, "t")).fileCount).toBe(1);
	expect(await service.dropTable(tenantId, { commitId: "d", name: "t" })).toEqual({ tableId: schema.tableId, schemaVersion: 2 });
	expect(await service.shardWatermarks(tenantId, 0)).toEqual([
		{ tableId: schema.tableId, watermark: 3, snapshotVersion: 1, dropped: true },
	]);
	while (!(await service.deleteTenant(tenantId)).done);
	expect(await service.shardWatermarks(tenantId, 0)).toEqual([]);
});

test("errors keep code, message and SQLSTATE over RPC", async () => {
	try {
		await service.describeTable(newTenantId(), "nothing");
		expect.unreachable();
	} catch (error) {
		expect(isLittoralError(error) && hasCode(error, "undefined_table") && [error.message, error.details.sqlstate]).toEqual([
			'relation "nothing" does not exist',
			"42P01",
		]);
	}
});

test("/health answers, other routes do not", async () => {
	const get = async (path: string) => await catalogApp.fetch(new Request(`https://catalog.test${path}`), testEnv, createExecutionContext());
	expect(await (await get("/health")).json()).toEqual({ status: "ok", service: "catalog" });
	expect((await get("/")).status).toBe(404);
});
