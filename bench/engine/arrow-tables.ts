/** Columns of a stored table as Arrow IPC streams, for systems that read no Parquet. */
import { readFileSync } from "node:fs";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { ArrowWriter } from "#shared/formats/encode-arrow.ts";
import { OutputBuffer } from "#shared/formats/output-buffer.ts";
import { memorySource } from "#shared/parquet/byte-source.ts";
import { openParquet } from "#shared/parquet/open.ts";
import { ParquetReader } from "#shared/parquet/reader.ts";
import type { StoredTable } from "../data/dataset.ts";

/** A stream is cut after so many batches: the reader holds one stream twice. */
const BATCHES_PER_STREAM = 64;

/** What a query needs of a table: the columns that it names, or the first where it only counts rows. */
export function columnsNamed({ definition }: StoredTable, sql: string): string[] {
	const names = definition.columns.map(({ name }) => name);
	if (sql.startsWith("SELECT * ")) return names;
	const words = new Set(sql.toLowerCase().match(/\w+/g));
	const named = names.filter((name) => words.has(name));
	return named.length > 0 ? named : names.slice(0, 1);
}

/** Whole streams, one after the other, each with its schema. */
export async function* arrowStreams({ definition, files }: StoredTable, names: readonly string[]): AsyncGenerator<Uint8Array> {
	const engine = createEngine();
	const columns = definition.columns.flatMap((column, index) => (names.includes(column.name) ? [{ ...column, fieldId: index + 1 }] : []));
	const streamOf = (): { out: OutputBuffer; writer: ArrowWriter } => {
		const out = new OutputBuffer();
		const writer = new ArrowWriter({ columns: columns.map(({ name, type, nullable }) => ({ name, type, nullable })), out, engine });
		writer.begin();
		return { out, writer };
	};
	for (const { path } of files) {
		let stream = streamOf();
		let batchCount = 0;
		for await (const batch of batchesOf(path, columns, engine)) {
			stream.writer.write(batch, 0);
			if (++batchCount % BATCHES_PER_STREAM > 0) continue;
			stream.writer.end();
			yield stream.out.take();
			stream = streamOf();
		}
		stream.writer.end();
		yield stream.out.take();
	}
}

/** Each valid until the next is asked for. */
async function* batchesOf(
	path: string,
	columns: { fieldId: number; type: StoredTable["definition"]["columns"][number]["type"] }[],
	engine: ReturnType<typeof createEngine>,
): AsyncGenerator<Batch, void, undefined> {
	const source = memorySource(readFileSync(path));
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
