/** Tables of a data set in D1: the rows of the Parquet files, as SQLite would have them, with the keys and indexes that its owner would give them. */
import type { DuckDb } from "./peers.ts";
import { post } from "./peers.ts";
import type { BenchServer } from "./server.ts";
import type { StoredTable } from "../data/dataset.ts";

/** D1 takes values of up to 2 MB; a JSON parameter is one. */
const PARAMETER_BYTES_MAX = 1_500_000;
const PARAMETERS_PER_REQUEST = 8;

export interface D1Keys {
	/** Columns of the primary key by table; the others have none. */
	primary: Readonly<Record<string, string | undefined>>;
	/** `table (columns)` of each index. */
	indexes: readonly string[];
}

/** @param duckdb with the tables as views */
export async function fillD1(server: BenchServer, duckdb: DuckDb, tables: readonly StoredTable[], keys: D1Keys): Promise<void> {
	for (const { name, definition } of tables) {
		const columns = definition.columns.map((column) => `${column.name} ${affinity(column.type.kind)}`);
		const key = keys.primary[name];
		const [constraint, suffix] = key === undefined ? [[], ""] : [[`PRIMARY KEY (${key})`], " WITHOUT ROWID"];
		await post(server, "/exec", `CREATE TABLE ${name} (${[...columns, ...constraint].join(", ")})${suffix}`);
		const values = definition.columns.map((column) =>
			affinity(column.type.kind) === "TEXT" ? `CAST(${column.name} AS VARCHAR)` : `CAST(${column.name} AS DOUBLE)`,
		);
		const rows = await duckdb.connection.runAndReadAll(`SELECT CAST(json_array(${values.join(", ")}) AS VARCHAR) FROM ${name}`);
		const target = `/json/${name}/${columns.length}`;
		for (const body of bodies(rows.getRows().map(([row]) => String(row)))) await post(server, target, body);
	}
	for (const [index, columns] of keys.indexes.entries()) await post(server, "/exec", `CREATE INDEX index${index} ON ${columns}`);
	await post(server, "/exec", "ANALYZE");
}

/** Dates are text in SQLite, and decimals numbers. */
function affinity(kind: StoredTable["definition"]["columns"][number]["type"]["kind"]): "INTEGER" | "REAL" | "TEXT" {
	if (kind === "smallint" || kind === "integer" || kind === "bigint") return "INTEGER";
	return kind === "numeric" || kind === "double" ? "REAL" : "TEXT";
}

/** A line a parameter, each an array of rows. */
function* bodies(rows: readonly string[]): Generator<string> {
	let lines: string[] = [];
	let line: string[] = [];
	let byteCount = 0;
	for (const row of rows) {
		if (byteCount + row.length > PARAMETER_BYTES_MAX) {
			lines.push(`[${line.join(",")}]`);
			[line, byteCount] = [[], 0];
		}
		if (lines.length === PARAMETERS_PER_REQUEST) {
			yield lines.join("\n");
			lines = [];
		}
		line.push(row);
		byteCount += row.length + 1;
	}
	yield [...lines, `[${line.join(",")}]`].join("\n");
}
