/** Parquet bytes made by DuckDB. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

/** @param sql a SELECT in DuckDB's dialect */
export async function parquetOf(sql: string): Promise<Uint8Array<ArrayBuffer>> {
	const folder = mkdtempSync(join(tmpdir(), "littoral-parquet-"));
	const connection = await (await DuckDBInstance.create(":memory:")).connect();
	try {
		const path = join(folder, "rows.parquet");
		await connection.run(`COPY (${sql}) TO '${path}' (FORMAT parquet)`);
		return Uint8Array.from(readFileSync(path));
	} finally {
		connection.closeSync();
		rmSync(folder, { recursive: true });
	}
}
