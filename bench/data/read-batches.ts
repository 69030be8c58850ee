import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { memorySource } from "#shared/parquet/read/byte-source.ts";
import { openParquet } from "#shared/parquet/read/open.ts";
import { ParquetReader } from "#shared/parquet/read/reader.ts";

/** Batches, each valid until the next is asked for. @param bytes of a file that we wrote */
export async function* readBatches(
	engine: Engine,
	bytes: Uint8Array,
	columns: readonly { fieldId: number; type: DataType }[],
): AsyncGenerator<Batch, void, undefined> {
	const source = memorySource(bytes);
	const lease = new Lease(engine.arena, { owner: "bench" });
	let reading: Promise<unknown> = Promise.resolve();
	const reader = new ParquetReader({
		file: await openParquet(source),
		source,
		columns: columns.map(({ fieldId, type }) => ({ fieldId, type })),
		engine,
		lease,
		blockOn: (promise) => {
			reading = promise;
		},
	});
	try {
		for (let batch = reader.next(); batch !== null; batch = reader.next()) {
			if (batch === "blocked") await reading;
			else yield batch;
		}
	} finally {
		reader.close();
		lease.release();
	}
}
