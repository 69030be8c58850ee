/**
 * Tables that a bench makes by itself: rows from a seed, written once by Littoral's own Parquet writer and kept under `dist/bench` by name, seed, scale and version.
 * What was not written to its end is not found again.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableDefinition } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine, type Engine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import { encodeSketches, mergeSketches, type TableSketches } from "#shared/sketches/table-sketches.ts";
import { BATCH_ROW_COUNT_MAX, ROW_GROUP_ROW_COUNT } from "#shared/base/limits.ts";
import { ROOT } from "../../scripts/fleet.ts";
import { TestPlanner } from "../../tests/sql/bind/planner.ts";

/** A file is cut after so many rows: about what compaction leaves. */
const FILE_ROW_COUNT = 8 * ROW_GROUP_ROW_COUNT;

type Columns = TableDefinition["columns"];

export interface DatasetTable {
	name: string;
	ddl: string;
	/** Batches in order, each valid until the next is asked for; they lie in `region`, which is reset in between. */
	batches(columns: Columns, engine: Engine, region: Region): Iterable<Batch>;
}

export interface Dataset {
	name: string;
	seed: number;
	scale: number;
	/** Counts changes of the generator: what an older one made is not found. */
	version: number;
	tables: readonly DatasetTable[];
}

export interface StoredTable {
	name: string;
	ddl: string;
	definition: TableDefinition;
	/** Paths are absolute. */
	files: DataFile[];
	/** Of all rows, as a snapshot has them after an import (`sketches/table-sketches.ts`). */
	sketches: Uint8Array;
}

export interface StoredDataset {
	directory: string;
	tables: StoredTable[];
}

/** Batches of rows of values. */
export function* rowBatches(rows: Iterable<SqlValue[]>, columns: Columns, engine: Engine, region: Region): Generator<Batch> {
	const types = columns.map(({ type }) => type);
	let builder = new BatchBuilder(engine, region, types);
	for (const row of rows) {
		builder.appendRow(row);
		if (builder.rowCount < BATCH_ROW_COUNT_MAX) continue;
		yield builder.finish();
		region.reset();
		builder = new BatchBuilder(engine, region, types);
	}
	if (builder.rowCount > 0) yield builder.finish();
}

interface Manifest {
	tables: Record<string, Pick<StoredTable, "files" | "sketches">>;
}

/** Bounds are bytes: base64 in the manifest. */
const toJson = (manifest: Manifest): string =>
	JSON.stringify(manifest, (_, value: unknown) =>
		value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value,
	);
const fromJson = (text: string): Manifest =>
	JSON.parse(text, (_, value: unknown) =>
		value !== null && typeof value === "object" && "base64" in value ? new Uint8Array(Buffer.from(String(value.base64), "base64")) : value,
	) as Manifest;

/** Makes the tables, or finds them as they were made before. @param root the folder that holds all data sets */
export async function storeDataset(dataset: Dataset, root = join(ROOT, "dist/bench")): Promise<StoredDataset> {
	const directory = join(root, `${dataset.name}-${dataset.version}-seed${dataset.seed}-scale${dataset.scale}`);
	const manifestPath = join(directory, "manifest.json");
	if (!existsSync(manifestPath)) await makeDataset(dataset, directory);
	const { tables } = fromJson(readFileSync(manifestPath, "utf8"));
	return {
		directory,
		tables: await Promise.all(
			dataset.tables.map(async ({ name, ddl }) => {
				const { files, sketches } = tables[name] as Manifest["tables"][string];
				const placed = files.map((file) => ({ ...file, path: join(directory, file.path) }));
				return { name, ddl, definition: await definitionOf(ddl), files: placed, sketches };
			}),
		),
	};
}

async function definitionOf(ddl: string): Promise<TableDefinition> {
	const planned = await new TestPlanner().plan(ddl);
	if (planned.kind !== "create_table") throw new Error(`not a CREATE TABLE: ${ddl}`);
	return planned.definition;
}

async function makeDataset(dataset: Dataset, directory: string): Promise<void> {
	const unfinished = `${directory}.${process.pid}`;
	rmSync(unfinished, { recursive: true, force: true });
	mkdirSync(unfinished, { recursive: true });
	const manifest: Manifest = { tables: {} };
	for (const table of dataset.tables) manifest.tables[table.name] = await writeTable(table, unfinished);
	writeFileSync(join(unfinished, "manifest.json"), toJson(manifest));
	// Another process may have made the same bytes meanwhile.
	if (existsSync(directory)) rmSync(unfinished, { recursive: true });
	else renameSync(unfinished, directory);
}

async function writeTable(table: DatasetTable, directory: string): Promise<Manifest["tables"][string]> {
	const { columns } = await definitionOf(table.ddl);
	const engine = createEngine();
	const lease = new Lease(engine.arena, { owner: "bench" });
	const files: DataFile[] = [];
	const sketches: TableSketches = new Map();
	const finish = async (file: OpenFile): Promise<void> => {
		const finished = await file.finish();
		files.push(finished.file);
		mergeSketches(sketches, finished.sketches);
	};
	let open: OpenFile | null = null;
	for (const batch of table.batches(columns, engine, lease.region())) {
		open ??= openFile(columns, engine, directory, `${table.name}-${files.length}.parquet`);
		await open.writer.write(batch);
		open.rowCount += batch.selectedCount;
		if (open.rowCount < FILE_ROW_COUNT) continue;
		await finish(open);
		open = null;
	}
	if (open !== null) await finish(open);
	lease.release();
	return { files, sketches: encodeSketches(sketches) };
}

interface OpenFile {
	writer: ParquetWriter;
	rowCount: number;
	finish(): Promise<{ file: DataFile; sketches: TableSketches }>;
}

function openFile(columns: Columns, engine: Engine, directory: string, path: string): OpenFile {
	const file = openSync(join(directory, path), "w");
	const writer = new ParquetWriter({
		columns: columns.map((column, index) => ({ ...column, fieldId: index + 1 })),
		engine,
		sink: (bytes) => void writeSync(file, bytes),
		sketches: true,
	});
	return {
		writer,
		rowCount: 0,
		async finish() {
			const written = await writer.finish();
			closeSync(file);
			const { rowCount, byteCount, columns: statistics } = written;
			return {
				file: { path, rowCount, byteCount, schemaVersion: 1, columns: statistics },
				sketches: written.sketches ?? new Map(),
			};
		},
	};
}
