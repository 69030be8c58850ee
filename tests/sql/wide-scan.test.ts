/** Aggregates of a single group over files whose pages are longer than a batch: scans give whole pages there, and answers are those of the rows. */
import { describe, expect, test } from "vitest";
import { BATCH_ROW_COUNT_MAX, PARQUET_PAGE_ROW_COUNT } from "#shared/base/limits.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { encodeBatch } from "#shared/engine/codec/encode.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { run } from "#shared/engine/operators/driver.ts";
import { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import { openPlan } from "../../workers/tenant/src/query/run-plan.ts";
import { blockOf } from "../../workers/tenant/src/shard/tail-format.ts";
import { TestPlanner } from "./bind/planner.ts";
import { filePorts } from "./file-ports.ts";

const ROW_COUNT = 40_000;
const PAGE_COUNT = Math.ceil(ROW_COUNT / PARQUET_PAGE_ROW_COUNT);
const TYPES = [{ kind: "smallint" }, { kind: "integer" }, { kind: "bigint" }, { kind: "bigint" }] as const;
const engine = createEngine();

interface Row {
	/** One row in 97 is not 0: a dictionary of two. */
	flag: number;
	/** A dictionary of some hundred; NULL in every 13th row. */
	width: number | null;
	/** No dictionary: 64 bits. */
	user: bigint;
	/** A dictionary of 64 bits, negative ones among them. */
	price: bigint;
}

const ROWS: Row[] = Array.from({ length: ROW_COUNT }, (_, row) => ({
	flag: row % 97 === 5 ? 3 : 0,
	width: row % 13 === 0 ? null : (row * 5) % 301,
	user: (BigInt(row) * 0x9e3779b97f4a7c15n) % 2n ** 63n,
	price: (BigInt(row % 50) - 20n) * 3_000_000_000n,
}));

/** Of the file that has {@link ROWS}. @param tail rows that are in no file @returns the rows that came, and how many batches its scan gave */
async function answer(sql: string, tail: Row[] = []): Promise<{ rows: string[]; scanBatchCount: number }> {
	const planner = new TestPlanner();
	await planner.create("CREATE TABLE t (flag SMALLINT NOT NULL, width INTEGER, id BIGINT NOT NULL, price BIGINT NOT NULL)");
	const definition = planner.tables.get("t");
	if (definition === undefined) throw new Error("created");
	const { columns } = definition.schema;
	const lease = new Lease(engine.arena, { owner: "wide" });
	try {
		const parts: Uint8Array[] = [];
		const writer = new ParquetWriter({ columns, engine, sink: (bytes) => void parts.push(bytes) });
		for (let start = 0; start < ROW_COUNT; start += BATCH_ROW_COUNT_MAX) {
			const region = lease.region();
			await writer.write(batchOf(ROWS.slice(start, start + BATCH_ROW_COUNT_MAX), region));
			region.free();
		}
		const { rowCount, byteCount, columns: statistics } = await writer.finish();
		const bytes = Buffer.concat(parts);
		planner.define({ name: "t", columns, sortKey: [] } as never, [
			{ path: "wide-scan.parquet", rowCount, byteCount, schemaVersion: 1, columns: statistics },
		]);
		const planned = await planner.plan(sql);
		if (planned.kind !== "query") throw new Error("a query");
		const { plan } = planned;
		const { tables, statement } = plan;
		const context = new ExecutionContext({ engine, lease, statement, tables, signal: new AbortController().signal });
		const ports = filePorts(async (_, offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)));
		const encoded = encodeBatch(engine, batchOf(tail, lease.region()), { schemaVersion: 1, fieldIds: [1, 2, 3, 4] });
		const blocks = tail.length === 0 ? [] : [blockOf({ sequence: 1, rowCount: tail.length, batches: [encoded] })];
		const opened = { first: { blocks, upTo: 1, next: null }, above: 0, fetch: () => Promise.reject(new Error("a tail of one page")) };
		const running = openPlan(ports, plan, [[opened]], context);
		const rows: string[] = [];
		for await (const batch of run(running, context)) rows.push(...readRows(engine, batch).map((row) => row.map(textOf).join()));
		const scanBatchCount = running.statistics.find(({ node }) => node.kind === "scan")?.statistics.batches ?? 0;
		return { rows, scanBatchCount };
	} finally {
		lease.release();
	}
}

function batchOf(rows: Row[], region: Region): Batch {
	const builder = new BatchBuilder(engine, region, [...TYPES]);
	for (const { flag, width, user, price } of rows) builder.appendRow([flag, width, user, price]);
	return builder.finish();
}

const textOf = (value: unknown): string =>
	typeof value === "object" && value !== null && "coefficient" in value ? String(value.coefficient) : String(value);
const sum = (values: (number | bigint)[]): bigint => values.reduce<bigint>((total, value) => total + BigInt(value), 0n);
const sorted = (values: bigint[]): bigint[] => values.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));
const widths = (rows: Row[]): number[] => rows.flatMap(({ width }) => (width === null ? [] : [width]));

describe("a scan under an aggregation of one group gives whole pages", () => {
	test.each<[string, (row: Row) => boolean]>([
		["", () => true],
		["WHERE flag <> 0", ({ flag }) => flag !== 0],
		["WHERE flag = 0", ({ flag }) => flag === 0],
		["WHERE width BETWEEN 20 AND 250", ({ width }) => width !== null && width >= 20 && width <= 250],
		["WHERE price < 0 AND flag = 3", ({ price, flag }) => price < 0n && flag === 3],
		["WHERE id > 4611686018427387904", ({ user }) => user > 2n ** 62n],
	])("%s", async (where, isLive) => {
		const live = ROWS.filter(isLive);
		const sums = "sum(flag), sum(width), count(width), sum(id), sum(price), count(*), min(width), max(price)";
		const { rows, scanBatchCount } = await answer(`SELECT ${sums} FROM t ${where}`);
		const all = [
			sum(live.map(({ flag }) => flag)),
			sum(widths(live)),
			widths(live).length,
			sum(live.map(({ user }) => user)),
			sum(live.map(({ price }) => price)),
			live.length,
			Math.min(...widths(live)),
			live.reduce((best, { price }) => (price > best ? price : best), -(2n ** 63n)),
		];
		expect(rows).toEqual([all.join()]);
		// 24 bytes a row: 8,192 of them in a batch, and what is left of a page.
		expect(scanBatchCount).toBe(PAGE_COUNT + 2);
		const counted = await answer(`SELECT count(*), sum(flag) FROM t ${where}`);
		expect(counted.rows).toEqual([`${live.length},${sum(live.map(({ flag }) => flag))}`]);
		if (where === "" || where.startsWith("WHERE flag")) expect(counted.scanBatchCount).toBe(PAGE_COUNT);
	});

	test("and none where statistics have the least and the greatest values that are asked for", async () => {
		const ends = "min(width), max(width), min(id), max(price), max(flag)";
		const expected = [0, 300, sorted(ROWS.map(({ user }) => user))[0], sorted(ROWS.map(({ price }) => price)).at(-1), 3];
		const stated = await answer(`SELECT ${ends} FROM t`);
		expect(stated).toEqual({ rows: [expected.join()], scanBatchCount: 1 });
		const lower = await answer(`SELECT ${ends} FROM t`, [{ flag: -7, width: -1, user: -(2n ** 63n), price: 2n ** 62n }]);
		expect(lower).toEqual({ rows: [[-1, 300, -(2n ** 63n), 2n ** 62n, 3].join()], scanBatchCount: 2 });
		const read = await answer("SELECT min(width), max(id) FROM t WHERE flag = 3");
		const live = ROWS.filter(({ flag }) => flag === 3);
		expect(read.rows).toEqual([`${Math.min(...widths(live))},${sorted(live.map(({ user }) => user)).at(-1)}`]);
		for (const other of ["min(width), count(*)", "min(width + 1), max(id)", "min(width) FILTER (WHERE flag = 3), max(id)"]) {
			expect((await answer(`SELECT ${other} FROM t`)).scanBatchCount).toBeGreaterThanOrEqual(PAGE_COUNT);
		}
	});

	test("and small batches where rows are kept or groups are told apart", async () => {
		const distinct = await answer("SELECT count(DISTINCT width) FROM t");
		expect(distinct.rows).toEqual(["301"]);
		expect(distinct.scanBatchCount).toBeGreaterThanOrEqual(ROW_COUNT / BATCH_ROW_COUNT_MAX);
		const groups = await answer("SELECT flag, count(*) FROM t GROUP BY flag ORDER BY flag");
		expect(groups.scanBatchCount).toBeGreaterThanOrEqual(ROW_COUNT / BATCH_ROW_COUNT_MAX);
	});
});
