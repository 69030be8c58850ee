/** Results as JSON, NDJSON and CSV: a row at a time through one {@link CellWriter} per column. */
import { typeName } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import type { Vector } from "#shared/engine/vector/vector.ts";
import { CellWriter, type TextForm } from "./cell-writer.ts";
import type { OutputBuffer } from "./output-buffer.ts";
import { distinctNames, errorJson, errorSentence, type ResultOptions, type ResultStatistics, type ResultWriter } from "./result.ts";

export interface TextResultOptions extends ResultOptions {
	engine: Engine;
	queryId: string;
	statistics: () => ResultStatistics;
	bigintAsString: boolean;
}

abstract class TextWriter implements ResultWriter {
	protected readonly options: TextResultOptions;
	protected readonly out: OutputBuffer;
	/** Begins a row, which may have no cell at all (`SELECT FROM t`). */
	readonly #open: string;
	/** Bytes before each cell. */
	readonly #before: Uint8Array[];
	readonly #close: string;
	readonly #cells: CellWriter[];

	constructor(options: TextResultOptions, form: TextForm, row: { open: string; before: string[]; close: string }) {
		this.options = options;
		this.out = options.out;
		this.#open = row.open;
		this.#before = row.before.map((text) => new TextEncoder().encode(text));
		this.#close = row.close;
		const { engine, bigintAsString } = options;
		this.#cells = options.columns.map((column) => new CellWriter(column.type, form, engine, { bigintAsString }));
	}

	abstract begin(): void;
	abstract end(rowCount: number): void;
	abstract fail(error: unknown, rowCount: number): boolean;

	/** What stands between rows; the first row of all has none. */
	protected betweenRows(): void {}

	write(batch: Batch, from: number, byteCountMax: number): number {
		const { out } = this;
		const { u16 } = this.options.engine.arena.views;
		const cells = this.#cells;
		cells.forEach((cell, index) => cell.bind(batch.columns[index] as Vector));
		for (let index = from; index < batch.selectedCount; index++) {
			if (out.length >= byteCountMax) return index;
			const row = batch.selection === 0 ? index : (u16[(batch.selection >> 1) + index] as number);
			this.betweenRows();
			out.ascii(this.#open);
			for (let column = 0; column < cells.length; column++) {
				const before = this.#before[column] as Uint8Array;
				out.copy(before, 0, before.length);
				(cells[column] as CellWriter).write(out, row);
			}
			out.ascii(this.#close);
		}
		return batch.selectedCount;
	}
}

/** `{"query_id", "columns", "rows": [[...]], "row_count", "statistics"}`, one row a line. */
export class JsonWriter extends TextWriter {
	#any = false;

	constructor(options: TextResultOptions) {
		super(options, "json", { open: "[", before: options.columns.map((_, index) => (index === 0 ? "" : ",")), close: "]" });
	}

	override begin(): void {
		const columns = this.options.columns.map(({ name, type, nullable }) => ({ name, type: typeName(type), nullable }));
		this.out.text(`{"query_id":${JSON.stringify(this.options.queryId)},"columns":${JSON.stringify(columns)},"rows":[`);
	}

	protected override betweenRows(): void {
		this.out.ascii(this.#any ? ",\n" : "\n");
		this.#any = true;
	}

	override end(rowCount: number): void {
		const statistics = this.options.statistics();
		this.out.text(`],"row_count":${rowCount},"statistics":${statisticsJson(statistics)}}\n`);
	}

	override fail(error: unknown, rowCount: number): boolean {
		this.out.text(`],"row_count":${rowCount},"error":${errorJson(error)}}\n`);
		return true;
	}
}

function statisticsJson(statistics: ResultStatistics): string {
	return JSON.stringify({
		elapsed_ms: statistics.elapsedMs,
		rows_scanned: statistics.rowsScanned,
		bytes_scanned: statistics.bytesScanned,
		files_scanned: statistics.filesScanned,
		files_pruned: statistics.filesPruned,
		estimated_cost_usd: statistics.estimatedCostUsd,
		arena_peak_bytes: statistics.arenaPeakBytes,
		spilled_bytes: statistics.spilledBytes,
	});
}

/** One object a line. */
export class NdjsonWriter extends TextWriter {
	constructor(options: TextResultOptions) {
		const names = distinctNames(options.columns);
		const before = names.map((name, index) => `${index === 0 ? "" : ","}${JSON.stringify(name)}:`);
		super(options, "json", { open: "{", before, close: "}\n" });
	}

	override begin(): void {}

	override end(): void {}

	override fail(error: unknown): boolean {
		this.out.text(`{"error":${errorJson(error)}}\n`);
		return true;
	}
}

/** RFC 4180 with `\n`, a header always. */
export class CsvWriter extends TextWriter {
	constructor(options: TextResultOptions) {
		super(options, "csv", { open: "", before: options.columns.map((_, index) => (index === 0 ? "" : ",")), close: "\n" });
	}

	override begin(): void {
		const names = this.options.columns.map(({ name }) => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name));
		this.out.text(`${names.join(",")}\n`);
	}

	override end(): void {}

	/** A quoted field that never ends. */
	override fail(error: unknown): boolean {
		this.out.text(`"${errorSentence(error).replaceAll('"', '""')}`);
		return false;
	}
}
