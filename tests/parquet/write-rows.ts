/** Writes rows given as JavaScript values through the Parquet writer. */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine, type Engine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import type { WrittenColumn } from "#shared/parquet/write/column-writer.ts";
import { ParquetWriter, type WrittenFile } from "#shared/parquet/write/writer.ts";

export async function writeRows(
	columns: WrittenColumn[],
	rows: Iterable<SqlValue[]>,
	options: { engine?: Engine; batchRowCount?: number } = {},
): Promise<WrittenFile & { bytes: Uint8Array; sinkCalls: number }> {
	const engine = options.engine ?? createEngine();
	const batchRowCount = options.batchRowCount ?? BATCH_ROW_COUNT_MAX;
	const parts: Uint8Array[] = [];
	const lease = new Lease(engine.arena, { owner: "rows" });
	try {
		const writer = new ParquetWriter({ columns, engine, lease, sink: async (bytes) => void parts.push(bytes) });
		const region = lease.region();
		const types = columns.map((column) => column.type);
		let builder = new BatchBuilder(engine, region, types);
		const flush = async (): Promise<void> => {
			if (builder.rowCount > 0) await writer.write(builder.finish());
			region.reset();
			builder = new BatchBuilder(engine, region, types);
		};
		for (const row of rows) {
			builder.appendRow(row);
			if (builder.rowCount === batchRowCount) await flush();
		}
		await flush();
		const file = await writer.finish();
		return { ...file, bytes: new Uint8Array(Buffer.concat(parts)), sinkCalls: parts.length };
	} finally {
		lease.release();
	}
}
