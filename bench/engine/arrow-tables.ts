/** Columns of a stored table as Arrow IPC streams, for systems that read no Parquet. */
import { readFileSync } from "node:fs";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { ArrowWriter } from "#shared/formats/encode-arrow.ts";
import { OutputBuffer } from "#shared/formats/output-buffer.ts";
import type { StoredTable } from "../data/dataset.ts";
import { readBatches } from "../data/read-batches.ts";

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
		for await (const batch of readBatches(engine, readFileSync(path), columns)) {
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
