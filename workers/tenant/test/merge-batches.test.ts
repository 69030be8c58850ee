/** Batches of a tail that become one: the same rows, whatever their types, and nothing else where they cannot be read. */
import { expect, test } from "vitest";
import { type AppendId, newTenantId } from "#shared/base/ids.ts";
import { FLUSH_AGE_MS, GRACE_PERIOD_MS } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { decodeBatch, readHeader } from "#shared/engine/codec/decode.ts";
import { encodeBatch } from "#shared/engine/codec/encode.ts";
import { isolateEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import "../src/index.ts";
import { appendThroughDirectory } from "../src/ingest/append-router.ts";
import { mergeBatches } from "../src/shard/merge-batches.ts";
import { batchesOf, rowRange } from "../src/shard/tail-format.ts";
import { ports, Tenant } from "./world.ts";

const tenantId = newTenantId();
const TYPES: DataType[] = [
	{ kind: "boolean" },
	{ kind: "smallint" },
	{ kind: "bigint" },
	{ kind: "real" },
	{ kind: "double" },
	{ kind: "numeric", precision: 10, scale: 2 },
	{ kind: "numeric", precision: 38, scale: 4 },
	{ kind: "text" },
	{ kind: "bytea" },
	{ kind: "uuid" },
	{ kind: "date" },
	{ kind: "timestamptz" },
	{ kind: "interval" },
	{ kind: "jsonb" },
];
const FIELD_IDS = TYPES.map((_, index) => index * 2 + 1);

function row(index: number): SqlValue[] {
	if (index % 7 === 3) return TYPES.map(() => null);
	return [
		index % 2 === 0,
		index - 500,
		BigInt(index) * 9_000_000_000_000_000n,
		Math.fround(index / 3),
		index % 5 === 0 ? Number.NaN : -0,
		{ coefficient: BigInt(index) - 50n, scale: 2 },
		{ coefficient: 10n ** 37n + BigInt(index), scale: 4 },
		index % 3 === 0 ? "" : `\ufefftext ${index} \u{1f30a}`,
		Uint8Array.of(0, index & 255, 255),
		`550e8400-e29b-41d4-a716-4466554400${String(index % 100).padStart(2, "0")}`,
		index - 10_000,
		BigInt(index) - 1n,
		{ months: index, days: 5 - index, microseconds: BigInt(index) },
		`{"n": ${index}}`,
	];
}

function encoded(rows: SqlValue[][], schemaVersion = 1): Uint8Array {
	const engine = isolateEngine();
	const lease = new Lease(engine.arena, { owner: "test" });
	const builder = new BatchBuilder(engine, lease.region(), TYPES, rows.length);
	for (const values of rows) builder.appendRow(values);
	const bytes = encodeBatch(engine, builder.finish(), { schemaVersion, fieldIds: FIELD_IDS });
	lease.release();
	return bytes;
}

function decoded(batches: Uint8Array[]): SqlValue[][] {
	const engine = isolateEngine();
	const lease = new Lease(engine.arena, { owner: "test" });
	const rows = batches.flatMap((bytes) => readRows(engine, decodeBatch(engine, bytes, lease.region()).batch));
	lease.release();
	return rows;
}

const rowCounts = (batches: Uint8Array[]): number[] => batches.map((bytes) => readHeader(bytes).rowCount);

test("one-row batches become one, with the same rows", () => {
	const rows = Array.from({ length: 300 }, (_, index) => row(index));
	const batches = rows.map((values) => encoded([values]));
	const merged = mergeBatches(tenantId, batches);
	expect(rowCounts(merged)).toEqual([300]);
	expect(decoded(merged)).toEqual(rows);
	expect(readHeader(merged[0] as Uint8Array)).toMatchObject({ schemaVersion: 1, fieldIds: FIELD_IDS });
	expect((merged[0] as Uint8Array).length).toBeLessThan(batches.reduce((sum, bytes) => sum + bytes.length, 0) / 5);
	expect(isolateEngine().arena.leasedPageCount).toBe(0);
});

test("a batch holds at most 2,048 rows, and large ones stay as they are", () => {
	const sized = (count: number): Uint8Array => encoded(Array.from({ length: count }, (_, index) => row(index)));
	const large = sized(1500);
	const merged = mergeBatches(tenantId, [sized(1), sized(1000), sized(1000), sized(100), large, sized(1), sized(1)]);
	expect(rowCounts(merged)).toEqual([2001, 100, 1500, 2]);
	expect(merged[2]).toBe(large);
});

test("batches of two schema versions are never one", () => {
	const batches = [encoded([row(0)]), encoded([row(1)]), encoded([row(2)], 2), encoded([row(4)], 2), encoded([row(5)])];
	const merged = mergeBatches(tenantId, batches);
	expect(rowCounts(merged)).toEqual([2, 2, 1]);
	expect(decoded(merged)).toEqual([0, 1, 2, 4, 5].map(row));
});

test("what cannot be read stays as it is", () => {
	const damaged = encoded([row(1)]);
	damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
	for (const odd of [damaged, new TextEncoder().encode("no batch at all"), new Uint8Array(0)]) {
		const batches = [encoded([row(0)]), odd, encoded([row(2)])];
		expect(mergeBatches(tenantId, batches)).toBe(batches);
	}
	expect(isolateEngine().arena.leasedPageCount).toBe(0);
});

test("a shard merges the rows of its tail again and again, and counts its bytes", async () => {
	const tenant = await Tenant.open();
	const append = async (index: number): Promise<void> => {
		await appendThroughDirectory(ports, tenant.id, null, {
			tableId: tenant.table,
			appendId: `append-${index}` as AppendId,
			hash: "hash",
			schemaVersion: 1,
			rowCount: 1,
			batches: [encoded([row(index)])],
		});
	};
	const counted = async () => (await tenant.sql(0, "SELECT unflushed_bytes AS unflushed, retained_bytes AS retained FROM shard"))[0];
	for (const count of [64, 128, 192]) {
		for (let index = count - 64; index < count; index++) await append(index);
		await tenant.work(2000);
		const [blocks] = await tenant.sql(0, "SELECT count(*) AS blocks, sum(row_count) AS rows, sum(byte_count) AS bytes FROM tail_block");
		expect(blocks).toMatchObject({ blocks: 1, rows: count });
		expect(await counted()).toEqual({ unflushed: blocks?.["bytes"], retained: blocks?.["bytes"] });
		const { routing } = await tenant.stub(0).readDirectory({ withTails: false });
		const { blocks: read, upTo } = await tenant.stub(0).readTail({ routing, tableId: tenant.table, above: 0, upTo: null });
		const [block] = read;
		if (block === undefined) throw new Error("a block");
		expect(rowCounts(batchesOf(block.bytes))).toEqual([count]);
		expect(decoded(batchesOf(block.bytes))).toEqual(Array.from({ length: count }, (_, index) => row(index)));
		expect(rowRange(block.runs, 10, upTo)).toEqual({ start: 10, end: count });
	}
	await tenant.work(FLUSH_AGE_MS + 1);
	expect(await counted()).toMatchObject({ unflushed: 0 });
	await tenant.work(GRACE_PERIOD_MS + 1);
	expect(await counted()).toEqual({ unflushed: 0, retained: 0 });
	expect(await tenant.sql(0, "SELECT count(*) AS blocks FROM tail_block")).toEqual([{ blocks: 0 }]);
});
