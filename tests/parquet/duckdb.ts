/** DuckDB as the other side of Parquet tests: writes files for us to read, reads files that we wrote. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	DuckDBBlobValue,
	type DuckDBConnection,
	DuckDBDateValue,
	DuckDBDecimalValue,
	DuckDBInstance,
	DuckDBIntervalValue,
	DuckDBTimestampTZValue,
	DuckDBTimestampValue,
	DuckDBTimeValue,
	DuckDBUUIDValue,
	type DuckDBValue,
} from "@duckdb/node-api";
import type { SqlValue } from "#shared/contracts/value.ts";

export interface Duck {
	connection: DuckDBConnection;
	/** Path of a file in the test's own folder. */
	path: (name: string) => string;
	/** Runs `COPY (query) TO file (FORMAT parquet, options)`. @returns the file's bytes */
	write: (query: string, options?: string) => Promise<Uint8Array>;
	/** Rows of a query as our values. */
	rows: (query: string) => Promise<SqlValue[][]>;
	/** Rows of a Parquet file. */
	read: (bytes: Uint8Array, select?: string) => Promise<SqlValue[][]>;
	close: () => void;
}

export async function openDuck(): Promise<Duck> {
	const folder = mkdtempSync(join(tmpdir(), "parquet-"));
	const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
	const connection = await instance.connect();
	await connection.run("SET TimeZone = 'UTC'");
	let fileCount = 0;
	const path = (name: string): string => join(folder, name);
	const rows = async (query: string): Promise<SqlValue[][]> => {
		const result = await connection.runAndReadAll(query);
		return result.getRows().map((row) => row.map(toSqlValue));
	};
	return {
		connection,
		path,
		rows,
		write: async (query, options = "") => {
			const file = path(`${fileCount++}.parquet`);
			await connection.run(`COPY (${query}) TO '${file}' (FORMAT parquet${options === "" ? "" : `, ${options}`})`);
			return new Uint8Array(readFileSync(file));
		},
		read: async (bytes, select = "*") => {
			const file = path(`${fileCount++}.parquet`);
			writeFileSync(file, bytes);
			return rows(`SELECT ${select} FROM '${file}'`);
		},
		close: () => {
			connection.closeSync();
			instance.closeSync();
			rmSync(folder, { recursive: true });
		},
	};
}

function toSqlValue(value: DuckDBValue): SqlValue {
	if (value === null || typeof value !== "object") return value;
	if (value instanceof DuckDBDecimalValue) return { coefficient: value.value, scale: value.scale };
	if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimeValue)
		return value.micros;
	if (value instanceof DuckDBDateValue) return value.days;
	if (value instanceof DuckDBUUIDValue) return value.toString();
	if (value instanceof DuckDBBlobValue) return new Uint8Array(value.bytes);
	if (value instanceof DuckDBIntervalValue) return { months: value.months, days: value.days, microseconds: value.micros };
	throw new Error(`no SqlValue for ${String(value)}`);
}
