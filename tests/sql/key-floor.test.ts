/** Groups of a table whose files are in the order of the key, through the tenant's own sources: emitted file by file, and right whatever the files, the tail and their order are. */
import { expect, test } from "vitest";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { run } from "#shared/engine/operators/driver.ts";
import { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import { encodeBatch } from "#shared/engine/codec/encode.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import { openPlan } from "../../workers/tenant/src/query/run-plan.ts";
import { blockOf } from "../../workers/tenant/src/shard/tail-format.ts";
import { TestPlanner } from "./bind/planner.ts";
import { filePorts } from "./file-ports.ts";

const FILE_ROW_COUNT = 12_000;
const TYPES = [{ kind: "bigint" }, { kind: "integer" }] as const;
const engine = createEngine();

/** Two rows a key; the last key of a file begins the next one. @param first its first key */
function rowsOfFile(first: number): [bigint | null, number][] {
	return Array.from({ length: FILE_ROW_COUNT }, (_, row) => [row === 17 ? null : BigInt(first + (row >> 1)), row]);
}

/** @param fileKeys the first key of each file, in their order; `tail` keys of rows that are not in a file */
async function grouped(fileKeys: number[], tail: bigint[]): Promise<{ rows: string[]; expected: string[]; peakBytes: number }> {
	const planner = new TestPlanner();
	await planner.create("CREATE TABLE t (k BIGINT, v INTEGER)");
	const definition = planner.tables.get("t");
	if (definition === undefined) throw new Error("created");
	const stored = new Map<string, Uint8Array>();
	const files: DataFile[] = [];
	const all: [bigint | null, number][] = tail.map((key) => [key, 1]);
	const columns = definition.schema.columns;
	const lease = new Lease(engine.arena, { owner: "test" });
	const batchOf = (rows: [bigint | null, number][]) => {
		const builder = new BatchBuilder(engine, lease.region(), [...TYPES]);
		for (const row of rows) builder.appendRow(row);
		return builder.finish();
	};
	for (const [index, first] of fileKeys.entries()) {
		const parts: Uint8Array[] = [];
		const writer = new ParquetWriter({ columns, engine, sink: (bytes) => void parts.push(bytes) });
		const rows = rowsOfFile(first);
		all.push(...rows);
		for (let start = 0; start < rows.length; start += 2000) await writer.write(batchOf(rows.slice(start, start + 2000)));
		const { rowCount, byteCount, columns: statistics } = await writer.finish();
		// Caches of the isolate go by the path, which is never used twice.
		const path = `key-floor-${fileKeys.join("-")}-${index}.parquet`;
		stored.set(path, new Uint8Array(Buffer.concat(parts)));
		files.push({ path, rowCount, byteCount, schemaVersion: 1, columns: statistics });
	}
	planner.define({ name: "t", columns, sortKey: [] } as never, files);
	const planned = await planner.plan("SELECT k, count(*), sum(v) FROM t GROUP BY k");
	if (planned.kind !== "query") throw new Error("a query");
	const blocks =
		tail.length === 0
			? []
			: [
					blockOf({
						sequence: 1,
						rowCount: tail.length,
						batches: [encodeBatch(engine, batchOf(tail.map((key) => [key, 1])), { schemaVersion: 1, fieldIds: [1, 2] })],
					}),
				];
	const opened = { first: { blocks, upTo: 1, next: null }, above: 0, fetch: () => Promise.reject(new Error("a tail of one page")) };
	const ports = filePorts(async (path, offset, byteCount) => (stored.get(path) as Uint8Array).slice(offset, offset + byteCount));
	const { plan } = planned;
	const queryLease = new Lease(engine.arena, { owner: "query" });
	const { tables, statement } = plan;
	const context = new ExecutionContext({ engine, lease: queryLease, statement, tables, signal: new AbortController().signal });
	const running = openPlan(ports, plan, [[opened]], context);
	const rows: string[] = [];
	for await (const batch of run(running, context)) rows.push(...readRows(engine, batch).map((row) => row.join()));
	const peakBytes = running.statistics.find(({ node }) => node.kind === "hash_aggregate")?.statistics.arenaPeakBytes ?? 0;
	queryLease.release();
	lease.release();
	const truth = new Map<bigint | null, [number, number]>();
	for (const [key, value] of all) {
		const [count, sum] = truth.get(key) ?? [0, 0];
		truth.set(key, [count + 1, sum + value]);
	}
	const expected = Array.from(truth, ([key, [count, sum]]) => `${key ?? ""},${count},${sum}`);
	return { rows: rows.sort(), expected: expected.sort(), peakBytes };
}

const STEP = FILE_ROW_COUNT / 2 - 1;

test("files in the key's order need memory for the groups of one; in any other order, or with a tail, answers are the same", async () => {
	const inOrder = await grouped([0, STEP, 2 * STEP, 3 * STEP], []);
	expect(inOrder.rows).toEqual(inOrder.expected);
	const backwards = await grouped([3 * STEP, 2 * STEP, STEP, 0], []);
	expect(backwards.rows).toEqual(backwards.expected);
	expect(inOrder.peakBytes).toBeLessThan(backwards.peakBytes * 0.75);
	const overlapping = await grouped([0, 2 * STEP, STEP, 3 * STEP - 40], []);
	expect(overlapping.rows).toEqual(overlapping.expected);
	const withTail = await grouped([0, STEP, 2 * STEP], [5n, 7n, 20_000n]);
	expect(withTail.rows).toEqual(withTail.expected);
});
