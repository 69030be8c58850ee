/** Rows that come in the order of the sort key, as Parquet files: written as they come, neither encoded nor sorted on the way. */
import { concatBytes } from "#shared/base/bytes.ts";
import type { TenantId } from "#shared/base/ids.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { isolateEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { OrderCheck } from "#shared/engine/operators/sort/order-check.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import type { EncodedDataFile } from "../shard/encode-data-file.ts";

/** One file after the other; its memory is its own until it is closed. */
export class OrderedFiles {
	readonly #schema: TableSchema;
	readonly #lease: Lease;
	readonly #order: OrderCheck;
	#writer: ParquetWriter | null = null;
	#parts: Uint8Array[] = [];

	constructor(tenantId: TenantId, schema: TableSchema) {
		const engine = isolateEngine();
		this.#schema = schema;
		this.#lease = new Lease(engine.arena, { owner: tenantId });
		const keys = schema.sortKey.map(({ fieldId, descending, nullsFirst }) => {
			const column = schema.columns.findIndex((candidate) => candidate.fieldId === fieldId);
			return { column, type: (schema.columns[column] as (typeof schema.columns)[number]).type, descending, nullsFirst };
		});
		this.#order = new OrderCheck(engine, this.#lease, keys);
	}

	/** Bytes of the open file, its open pages left out; 0 where none is open. */
	get byteCount(): number {
		return this.#writer?.byteCount ?? 0;
	}

	/**
	 * Writes the batch to the open file, or to a new one.
	 * @returns false, and nothing is written, where a row sorts before one that came before it: from then on the files are somebody else's
	 * @throws overloaded while queries hold the arena
	 */
	async write(batch: Batch): Promise<boolean> {
		if (!this.#order.follows(batch)) return false;
		this.#writer ??= new ParquetWriter({
			columns: this.#schema.columns.map(({ fieldId, name, type, nullable }) => ({ fieldId, name, type, nullable })),
			engine: isolateEngine(),
			lease: this.#lease,
			sketches: true,
			sink: (bytes) => {
				this.#parts.push(bytes);
			},
		});
		await this.#writer.write(batch);
		return true;
	}

	/** @returns null where no file is open */
	async finish(): Promise<EncodedDataFile | null> {
		if (this.#writer === null) return null;
		const { rowCount, columns, sketches } = await this.#writer.finish();
		const bytes = concatBytes(this.#parts);
		this.#writer = null;
		this.#parts = [];
		return { bytes, rowCount, columns, sketches: sketches ?? new Map() };
	}

	close(): void {
		this.#writer?.close();
		this.#writer = null;
		this.#lease.release();
	}
}
