/** The lines of TPC-H's orders, as the benches of the codecs take them: batches out of a Parquet file that lies in memory, and what they add up to. */
import { readFileSync } from "node:fs";
import type { ColumnSchema, TableSchema } from "#shared/contracts/table.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import { createEngine, type Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { TestPlanner } from "../../tests/sql/bind/planner.ts";
import { expectAnswer } from "../runner/bench.ts";
import { tpchDataset } from "../tpch/dataset.ts";
import { type DuckDb, openDuckDb } from "../world/peers.ts";
import { storeDataset } from "./dataset.ts";
import { readBatches } from "./read-batches.ts";

export interface Lines {
	engine: Engine;
	schema: TableSchema;
	path: string;
	bytes: Uint8Array;
	/** With the table as the view `lines`. */
	duckdb: DuckDb;
	/** DuckDB's {@link totalsOf}. */
	totals: Totals;
}

export interface Totals {
	rowCount: number;
	keys: string;
	/** Of the prices. */
	cents: string;
	/** Of the comments. */
	letters: number;
}

export async function openLines(scale: number): Promise<Lines> {
	const { tables } = await storeDataset(tpchDataset(scale));
	const { definition, files } = tables.find(({ name }) => name === "lineitem") as (typeof tables)[number];
	const path = files[0]?.path ?? "";
	const planner = new TestPlanner();
	planner.define(definition);
	const duckdb = await openDuckDb();
	await duckdb.query(`CREATE VIEW lines AS SELECT * FROM '${path}'`);
	const { schema } = planner.tables.get("lineitem") as { schema: TableSchema };
	return { engine: createEngine(), schema, path, bytes: readFileSync(path), duckdb, totals: await totalsIn(duckdb, "lines") };
}

/** @param source a table, or a call that reads a file */
export async function totalsIn(duckdb: DuckDb, source: string): Promise<Totals> {
	const sums = "count(*), sum(l_orderkey::BIGINT), sum(l_extendedprice::DECIMAL(15, 2)) * 100, sum(len(l_comment))";
	const [row] = await duckdb.query(`SELECT ${sums} FROM ${source}`);
	const [rowCount, keys, cents, letters] = row as [string, string, string, string];
	return { rowCount: Number(rowCount), keys, cents: cents.replace(/\.0+$/, ""), letters: Number(letters) };
}

/** Every value of three columns, read one by one: not to be timed. @param batches of all columns in the schema's order */
export async function totalsOf(engine: Engine, batches: AsyncIterable<Batch>): Promise<Totals> {
	let [rowCount, keys, cents, letters] = [0, 0n, 0n, 0];
	for await (const batch of batches) {
		for (const row of readRows(engine, batch)) {
			rowCount++;
			keys += row[0] as bigint;
			cents += (row[5] as NumericValue).coefficient;
			letters += (row[15] as string).length;
		}
	}
	return { rowCount, keys: String(keys), cents: String(cents), letters };
}

/** As {@link readBatches}. @param columns all where absent */
export function readLines(
	{ engine, schema }: Lines,
	bytes: Uint8Array,
	columns: readonly ColumnSchema[] = schema.columns,
): AsyncIterable<Batch> {
	return readBatches(engine, bytes, columns);
}

export async function countRows(batches: AsyncIterable<Batch>): Promise<number> {
	let rowCount = 0;
	for await (const batch of batches) rowCount += batch.selectedCount;
	return rowCount;
}

/** DuckDB makes every value of the columns, and gives none of them to JavaScript. */
export async function countRowsIn({ connection }: DuckDb, source: string, columns = "*"): Promise<number> {
	const result = await connection.stream(`SELECT ${columns} FROM ${source}`);
	let rowCount = 0;
	for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk())
		rowCount += chunk.rowCount;
	return rowCount;
}

export function expectTotals(what: string, actual: Totals, { totals }: Lines): void {
	expectAnswer(what, actual, totals);
}
