/** Real data files for the tests of merging: rows in, Parquet in R2, rows out. */
import kernels from "#shared/engine/kernels/build/kernels.wasm";
import { createEngine, installKernels } from "#shared/engine/kernels/kernels.ts";
import { dataFilePath, type TableId, type TenantId } from "#shared/base/ids.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { memorySource } from "#shared/parquet/read/byte-source.ts";
import { openParquet } from "#shared/parquet/read/open.ts";
import { ParquetReader } from "#shared/parquet/read/reader.ts";
import { writeRows } from "../../../tests/parquet/write-rows.ts";
import { testEnv } from "./fixture.ts";

installKernels(kernels);

/** Apart from the jobs' own, so that its memory is not theirs. */
const engine = createEngine({ pageCount: 600 });

/** Encodes rows as they come; the caller has sorted them. */
export async function encodeFile(schema: TableSchema, rows: Iterable<SqlValue[]>): Promise<FileBytes> {
	const columns = schema.columns.map(({ fieldId, name, type, nullable }) => ({ fieldId, name, type, nullable }));
	const { rowCount, columns: statistics, bytes } = await writeRows(columns, rows, { engine, batchRowCount: 1000 });
	return { bytes, file: { rowCount, byteCount: bytes.byteLength, schemaVersion: schema.schemaVersion, columns: statistics } };
}

export async function storeFile(
	schema: TableSchema,
	{ intentId, ...table }: { tenantId: TenantId; tableId: TableId; intentId: string },
	rows: Iterable<SqlValue[]>,
): Promise<DataFile> {
	return await putFile(table, intentId, await encodeFile(schema, rows));
}

/** The rows of a file in R2, in its order, by the columns of `schema`. */
export async function loadFile(schema: TableSchema, path: string): Promise<SqlValue[][]> {
	const object = await testEnv.DATA.get(path);
	if (object === null) throw new Error(`${path} is not there`);
	const source = memorySource(new Uint8Array(await object.arrayBuffer()));
	const lease = new Lease(engine.arena, { owner: "rows" });
	try {
		const pending: Promise<unknown>[] = [];
		const reader = new ParquetReader({
			file: await openParquet(source),
			source,
			columns: schema.columns.map(({ fieldId, type }) => ({ fieldId, type })),
			engine,
			lease,
			blockOn: (promise) => void pending.push(promise),
		});
		const rows: SqlValue[][] = [];
		for (;;) {
			const batch = reader.next();
			if (batch === null) return rows;
			if (batch === "blocked") await Promise.all(pending.splice(0));
			else for (const row of readRows(engine, batch)) rows.push(row);
		}
	} finally {
		lease.release();
	}
}

/** A whole file in memory, to be put under many paths. */
export interface FileBytes {
	bytes: Uint8Array;
	file: Omit<DataFile, "path">;
}

/** Puts a file made before at a path of the table. */
export async function putFile(
	{ tenantId, tableId }: { tenantId: TenantId; tableId: TableId },
	intentId: string,
	{ bytes, file }: FileBytes,
): Promise<DataFile> {
	const path = dataFilePath({ tenantId, tableId, intentId, attempt: 1 });
	await testEnv.DATA.put(path, bytes);
	return { path, ...file };
}
