/** DuckDB with one thread, over the same Parquet files. */
import { DuckDBInstance } from "@duckdb/node-api";
import { servePeer } from "../peer-process.ts";

export interface DuckDbOptions {
	tables: { name: string; files: { path: string }[] }[];
	/** As DuckDB writes it: "64MB". Null: no limit. */
	memoryLimit: string | null;
	spillDirectory: string;
}

servePeer(async ({ tables, memoryLimit, spillDirectory }: DuckDbOptions) => {
	const instance = await DuckDBInstance.create(":memory:", {
		threads: "1",
		temp_directory: spillDirectory,
		...(memoryLimit === null ? {} : { memory_limit: memoryLimit }),
	});
	const connection = await instance.connect();
	for (const { name, files } of tables) {
		const paths = files.map(({ path }) => `'${path}'`).join(", ");
		await connection.run(`CREATE VIEW ${name} AS SELECT * FROM read_parquet([${paths}])`);
	}
	return async (sql) => {
		const rows = (await connection.runAndReadAll(sql)).getRows();
		return { rows: rows.map((row) => row.map((value) => (value === null ? null : String(value)))), figures: {} };
	};
});
