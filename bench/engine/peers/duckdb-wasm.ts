/** DuckDB in WebAssembly, over tables that it took from Arrow: it reads no Parquet without fetching an extension. One thread, no disk, at most 4 GB. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createDuckDB, NODE_RUNTIME, VoidLogger } from "@duckdb/duckdb-wasm/blocking";
import type { StoredTable } from "../../data/dataset.ts";
import { arrowStreams, columnsNamed } from "../arrow-tables.ts";
import { installBuiltKernels } from "../install-kernels.ts";
import { servePeer } from "../peer-process.ts";

export interface DuckDbWasmOptions {
	tables: StoredTable[];
	/** The query that will be asked: the tables hold the columns that it names. */
	sql: string;
	/** As DuckDB says it, for its tables as well: it has no disk to move them to. */
	memoryLimit: string | null;
}

/** It takes `eh`, whose exceptions are WebAssembly's own, where the host has them, as Node has. */
const DIST = dirname(createRequire(import.meta.url).resolve("@duckdb/duckdb-wasm"));
const bundle = (name: string) => ({ mainModule: join(DIST, `duckdb-${name}.wasm`), mainWorker: "" });

servePeer(async ({ tables, sql, memoryLimit }: DuckDbWasmOptions) => {
	installBuiltKernels();
	const duckdb = await createDuckDB({ mvp: bundle("mvp"), eh: bundle("eh") }, new VoidLogger(), NODE_RUNTIME);
	await duckdb.instantiate(() => {});
	duckdb.open({ arrowLosslessConversion: true });
	const connection = duckdb.connect();
	if (memoryLimit !== null) connection.query(`SET memory_limit = '${memoryLimit}'`);
	let loadMs = 0;
	for (const table of tables) {
		if (!new RegExp(`\\b${table.name}\\b`).test(sql)) continue;
		let create = true;
		for await (const stream of arrowStreams(table, columnsNamed(table, sql))) {
			const startedMs = performance.now();
			connection.insertArrowFromIPCStream(stream, { name: table.name, create });
			loadMs += performance.now() - startedMs;
			create = false;
		}
	}
	return async (asked) => {
		// As text by its own casts, as the other peers' answers are; the names of the columns do not matter.
		const result = connection.query(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (${asked})`);
		const columns = result.schema.fields.map((_, index) => result.getChildAt(index));
		const rows = Array.from({ length: result.numRows }, (_, row) =>
			columns.map((column) => {
				const value: unknown = column?.get(row) ?? null;
				return value === null ? null : String(value);
			}),
		);
		return { rows, figures: { loadMs } };
	};
});
