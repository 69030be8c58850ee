/** Bulk rows that come in the order of the sort key go straight to files; the others are sorted. No row is lost on either way, nor between them. */
import { expect, test } from "vitest";
import { newTableId, newTenantId } from "#shared/base/ids.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { isolateEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import "../src/index.ts";
import { readAll } from "../../../tests/parquet/read-all.ts";
import { encodedOf, liveBatches } from "../src/ingest/batches.ts";
import { DataFileRuns } from "../src/ingest/data-file-runs.ts";
import { encodeDataFile } from "../src/shard/flush-encoder.ts";
import { ports, testEnv } from "./world.ts";

const schema: TableSchema = {
	tableId: newTableId(),
	name: "t",
	schemaVersion: 1,
	columns: [
		{ fieldId: 1, name: "kind", type: { kind: "text" }, nullable: true, default: null },
		{ fieldId: 2, name: "at", type: { kind: "bigint" }, nullable: false, default: null },
	],
	primaryKey: null,
	sortKey: [{ fieldId: 2, descending: false, nullsFirst: false }],
};
const BATCH_ROW_COUNT = 100;

/** Each batch's rows begin at one of `firsts`. */
async function* batchesFrom(firsts: readonly bigint[], lease: Lease): AsyncGenerator<Batch> {
	const engine = isolateEngine();
	const region = lease.region();
	for (const first of firsts) {
		region.reset();
		const types = schema.columns.map((column) => column.type);
		const builder = new BatchBuilder(engine, region, types, BATCH_ROW_COUNT);
		for (let row = 0n; row < BATCH_ROW_COUNT; row++) builder.appendRow([row % 3n === 0n ? null : `k${row % 5n}`, first + row]);
		yield builder.finish();
	}
}

/** @param encodedCount batches that come as bytes, as those do that were read before an append was known to be a large one */
async function write(firsts: readonly bigint[], encodedCount: number): Promise<{ files: bigint[][]; stored: DataFile[] }> {
	const tenantId = newTenantId();
	const engine = isolateEngine();
	const lease = new Lease(engine.arena, { owner: tenantId });
	const runs = new DataFileRuns({ ...ports, encodeDataFile }, tenantId, schema);
	let count = 0;
	for await (const batch of liveBatches(batchesFrom(firsts, lease), engine, schema, () => {}))
		await runs.add(count++ < encodedCount ? encodedOf(batch) : batch);
	const { files: stored, rowCount } = await runs.finish();
	runs.close();
	lease.release();
	expect(rowCount).toBe(firsts.length * BATCH_ROW_COUNT);
	const files: bigint[][] = [];
	for (const { path, rowCount: fileRows, byteCount } of stored) {
		const bytes = new Uint8Array((await (await testEnv.DATA.get(path))?.arrayBuffer()) ?? new ArrayBuffer(0));
		expect(bytes.byteLength).toBe(byteCount);
		const rows = await readAll(bytes, [{ name: "at", type: { kind: "bigint" } }], { engine });
		expect(rows).toHaveLength(fileRows);
		files.push(rows.map(([at]) => at as bigint));
	}
	return { files, stored };
}

const range = (first: bigint, count: number): bigint[] => Array.from({ length: count }, (_, index) => first + BigInt(index));

test("rows in order are one file, with its statistics", async () => {
	const { files, stored } = await write([0n, 100n, 200n], 0);
	expect(files).toEqual([range(0n, 300)]);
	expect(stored[0]?.columns.map((column) => column.nullCount)).toEqual([102, 0]);
});

test("what came encoded is a file of its own, and the ordered rows behind it another", async () => {
	expect((await write([500n, 0n, 600n, 700n], 2)).files).toEqual([[...range(0n, 100), ...range(500n, 100)], range(600n, 200)]);
});

test("from the first row out of order on, rows are sorted, also across batches that are in order by themselves", async () => {
	const { files } = await write([0n, 100n, 150n, 50n, 300n], 0);
	expect(files).toEqual([range(0n, 200), [...range(50n, 100), ...range(150n, 100), ...range(300n, 100)]]);
});

test("equal keys are in order", async () => {
	expect((await write([7n, 106n], 0)).files).toEqual([[...range(7n, 100), ...range(106n, 100)]]);
});
