/** Results as a Parquet file. INTERVAL, which other readers would not understand as our files store it, is written as text; arrays are lists, unless of INTERVAL or of NUMERIC without a scale. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { OutputColumn } from "#shared/contracts/plan/physical.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { formatIntervalIso } from "#shared/contracts/values/interval-text.ts";
import type { IntervalValue, SqlValue } from "#shared/contracts/value.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { VectorBuilder } from "#shared/engine/vector/builder.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import type { Vector } from "#shared/engine/vector/vector.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import { distinctNames, type ResultOptions, type ResultWriter } from "./result.ts";

const TEXT: DataType = { kind: "text" };
let writerCount = 0;

export class ParquetResultWriter implements ResultWriter {
	readonly #engine: Engine;
	readonly #columns: OutputColumn[];
	readonly #lease: Lease;
	/** Texts of one batch. */
	readonly #region: Region;
	readonly #writer: ParquetWriter;

	constructor(options: ResultOptions & { engine: Engine }) {
		const { columns, engine, out } = options;
		const names = distinctNames(columns);
		this.#engine = engine;
		this.#columns = columns;
		// A name of its own: pages are zeroed before anyone else has them.
		this.#lease = new Lease(engine.arena, { owner: `parquet-result-${writerCount++}` });
		this.#region = this.#lease.region();
		this.#writer = new ParquetWriter({
			columns: columns.map((column, index) => ({
				fieldId: index + 1,
				name: names[index] as string,
				type: isText(column.type) ? TEXT : column.type,
				nullable: column.nullable,
			})),
			engine,
			lease: this.#lease,
			sink: (bytes) => out.copy(bytes, 0, bytes.length),
		});
	}

	begin(): void {}

	async write(batch: Batch): Promise<number> {
		this.#region.reset();
		const columns = batch.columns.map((column, index) => {
			const { type } = this.#columns[index] as OutputColumn;
			return isText(type) ? this.#texts(type, column, batch.rowCount) : column;
		});
		await this.#writer.write({ ...batch, columns });
		return batch.selectedCount;
	}

	async end(): Promise<void> {
		await this.#writer.finish();
	}

	/** A file without a footer is none. */
	fail(): boolean {
		return false;
	}

	close(): void {
		this.#lease.release();
	}

	#texts(type: DataType, column: Vector, rowCount: number): Vector {
		const builder = new VectorBuilder(this.#engine, this.#region, TEXT, rowCount);
		for (let row = 0; row < rowCount; row++) {
			const value = readValue(this.#engine, column, row);
			builder.append(value === null ? null : textOf(type, value));
		}
		return builder.finish();
	}
}

function isText(type: DataType): boolean {
	if (type.kind !== "array") return type.kind === "interval";
	return isText(type.element) || (type.element.kind === "numeric" && type.element.precision === undefined);
}

function textOf(type: DataType, value: SqlValue): string {
	return type.kind === "interval" ? formatIntervalIso(value as IntervalValue) : formatValue(type, value);
}
