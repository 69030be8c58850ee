/** Rows in order become data files of about one size, each with the statistics that its writer derives. */
import { COMPACTION_ROW_GROUP_BYTES, COMPACTION_WRITE_DICTIONARY_BYTES, COMPACTION_WRITE_PAGES_BYTES } from "#shared/base/limits.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import { mergeSketches, type TableSketches } from "#shared/sketches/table-sketches.ts";
import type { CatalogPorts } from "../ports.ts";
import { ObjectWriter } from "./object-writer.ts";
import type { WorkContext } from "./work-context.ts";

const WRITER_MEMORY = {
	pagesBytes: COMPACTION_WRITE_PAGES_BYTES,
	dictionaryBytes: COMPACTION_WRITE_DICTIONARY_BYTES,
	rowGroupBytes: COMPACTION_ROW_GROUP_BYTES,
};
/** A file is not ended for the sake of a remainder smaller than this part of it. */
const REMAINDER_FRACTION = 0.25;

export interface OutputPlan {
	/** Of the rows to come. */
	rowCount: number;
	/** At least one. */
	fileCount: number;
	/** Compressed bytes of them, as far as is known before. */
	byteCount: number;
	/** Path of the nth file, from 1; never used before. */
	path: (number: number) => string;
}

interface OpenFile {
	path: string;
	object: ObjectWriter;
	writer: ParquetWriter;
}

export class OutputFiles {
	readonly #ports: CatalogPorts;
	readonly #context: WorkContext;
	readonly #schema: TableSchema;
	readonly #plan: OutputPlan;
	readonly #files: DataFile[] = [];
	/** Of all finished files. */
	readonly sketches: TableSketches = new Map();
	#open: OpenFile | null = null;
	#rowCount = 0;

	constructor(ports: CatalogPorts, context: WorkContext, schema: TableSchema, plan: OutputPlan) {
		this.#ports = ports;
		this.#context = context;
		this.#schema = schema;
		this.#plan = plan;
	}

	async write(batch: Batch): Promise<void> {
		const { fileCount, byteCount, rowCount } = this.#plan;
		const { writer } = (this.#open ??= this.#begin());
		await writer.write(batch);
		this.#rowCount += batch.selectedCount;
		const isFull = writer.byteCount >= byteCount / fileCount;
		if (isFull && rowCount - this.#rowCount >= (rowCount / fileCount) * REMAINDER_FRACTION) await this.#finishFile();
	}

	/** @returns the files, in the order of their rows */
	async finish(): Promise<DataFile[]> {
		await this.#finishFile();
		return this.#files;
	}

	/** Gives up what is not finished. Finished files are orphans, as those of an attempt that was cut off. */
	async abort(): Promise<void> {
		this.#open?.writer.close();
		await this.#open?.object.abort();
		this.#open = null;
	}

	#begin(): OpenFile {
		const path = this.#plan.path(this.#files.length + 1);
		const object = new ObjectWriter(this.#ports, path);
		const writer = new ParquetWriter({
			columns: this.#schema.columns.map(({ fieldId, name, type, nullable }) => ({ fieldId, name, type, nullable })),
			engine: this.#context.engine,
			lease: this.#context.lease,
			sink: (bytes) => object.write(bytes),
			memory: WRITER_MEMORY,
			sketches: true,
		});
		return { path, object, writer };
	}

	async #finishFile(): Promise<void> {
		if (this.#open === null) return;
		const { path, object, writer } = this.#open;
		const { rowCount, byteCount, columns, sketches } = await writer.finish();
		mergeSketches(this.sketches, sketches ?? new Map());
		await object.finish();
		this.#open = null;
		this.#files.push({ path, rowCount, byteCount, schemaVersion: this.#schema.schemaVersion, columns });
	}
}
