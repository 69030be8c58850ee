/** The peers that run in processes of their own on this machine, over the files of one data set. */
import { join } from "node:path";
import { DuckDBTypeId } from "@duckdb/node-api";
import type { StoredTable } from "../data/dataset.ts";
import { type DuckDb, openDuckDb } from "../world/peers.ts";
import type { ComparedQuery } from "./compare.ts";
import type { NodeEngineOptions } from "./node-engine.ts";
import type { QueryPeer } from "./peer.ts";
import { processPeer } from "./peer-process.ts";
import type { DuckDbOptions } from "./peers/duckdb.ts";
import type { DuckDbWasmOptions } from "./peers/duckdb-wasm.ts";

interface LocalData {
	tables: StoredTable[];
	/** Each peer has a folder of its own in it. */
	spillDirectory: string;
}

export function littoralPeer(
	name: string,
	{ arenaMib, stages = false, ...data }: LocalData & { arenaMib: number; stages?: boolean },
): QueryPeer {
	const spillDirectory = join(data.spillDirectory, `arena-${arenaMib}`);
	return processPeer<NodeEngineOptions>(name, "littoral.ts", {
		tables: data.tables,
		arenaBytes: arenaMib * 1024 ** 2,
		spillDirectory,
		stages,
	});
}

export function duckDbPeer(name: string, { memoryLimit = null, ...data }: LocalData & { memoryLimit?: string | null }): QueryPeer {
	const tables = data.tables.map((table) => ({ name: table.name, files: table.files.map(({ path }) => ({ path })) }));
	return processPeer<DuckDbOptions>(name, "duckdb.ts", { tables, memoryLimit, spillDirectory: join(data.spillDirectory, "duckdb") });
}

/** Repeats of it: most of one goes into loading its tables. */
const WASM_REPEATS_MAX = 2;

export function duckDbWasmPeer(
	name: string,
	{ tables, memoryLimit = null }: Pick<LocalData, "tables"> & { memoryLimit?: string | null },
): QueryPeer {
	const peer = processPeer<DuckDbWasmOptions>(name, "duckdb-wasm.ts", (sql) => ({ tables, sql, memoryLimit }));
	return { ...peer, repeatCountMax: WASM_REPEATS_MAX };
}

/** The queries with DuckDB's answers, which every peer's are compared with. */
export async function answersOf(
	tables: readonly StoredTable[],
	queries: readonly { name: string; sql: string }[],
): Promise<ComparedQuery[]> {
	const duckdb = await openDuckDb();
	try {
		await openViews(duckdb, tables);
		const answered: ComparedQuery[] = [];
		for (const { name, sql } of queries) {
			const reader = await duckdb.connection.runAndReadAll(sql);
			const isInexact = reader.columnTypes().map(({ typeId }) => typeId === DuckDBTypeId.DOUBLE || typeId === DuckDBTypeId.FLOAT);
			const rows = reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))));
			answered.push({ name, sql, expected: { rows, isInexact, isOrdered: / ORDER BY /.test(sql) } });
		}
		return answered;
	} finally {
		duckdb.close();
	}
}

export async function openViews(duckdb: DuckDb, tables: readonly StoredTable[]): Promise<void> {
	for (const { name, files } of tables) {
		await duckdb.query(`CREATE VIEW ${name} AS SELECT * FROM read_parquet([${files.map(({ path }) => `'${path}'`).join(", ")}])`);
	}
}
