/** Encoded batches, or the part of them that a row range cuts out, as a source. The bytes come block by block: held, or fetched while the driver waits. */
import { decodeBatch, readHeader } from "#shared/engine/codec/decode.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { arrangeColumns, type ScanColumn } from "./columns.ts";

/** Some encoded batches, and which of their rows count. */
export interface EncodedRows {
	batches: Uint8Array[];
	/** First row, over all batches. */
	start: number;
	end: number;
}

/** Everything of some batches. */
export function allRows(batches: Uint8Array[]): EncodedRows {
	return { batches, start: 0, end: Number.MAX_SAFE_INTEGER };
}

export class EncodedSource implements BatchSource {
	readonly #engine: Engine;
	readonly #region: Region;
	readonly #columns: ScanColumn[];
	readonly #nextRows: () => EncodedRows | "blocked" | null;
	#rows: EncodedRows | null = null;
	#index = 0;
	/** Rows of the batches before `#index`. */
	#position = 0;

	/** @param nextRows called when the last answer is used up, and again after "blocked" */
	constructor(memory: { engine: Engine; lease: Lease }, columns: ScanColumn[], nextRows: () => EncodedRows | "blocked" | null) {
		this.#engine = memory.engine;
		this.#region = memory.lease.region();
		this.#columns = columns;
		this.#nextRows = nextRows;
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#rows === null || this.#index >= this.#rows.batches.length) {
				const rows = this.#nextRows();
				if (rows === null || rows === "blocked") return rows;
				this.#rows = rows;
				this.#index = 0;
				this.#position = 0;
				continue;
			}
			const batch = this.#cut(this.#rows, this.#rows.batches[this.#index++] as Uint8Array);
			if (batch !== null) return batch;
		}
	}

	/** @returns null when none of the batch's rows counts */
	#cut(rows: EncodedRows, bytes: Uint8Array): Batch | null {
		const { rowCount } = readHeader(bytes);
		const first = Math.max(0, rows.start - this.#position);
		const end = Math.min(rowCount, rows.end - this.#position);
		this.#position += rowCount;
		if (first >= end) return null;
		this.#region.reset();
		const batch = arrangeColumns(this.#engine, decodeBatch(this.#engine, bytes, this.#region), this.#columns, this.#region);
		if (first === 0 && end === rowCount) return batch;
		const selection = this.#region.allocate((end - first) * 2);
		const { u16 } = this.#engine.arena.views;
		for (let row = first; row < end; row++) u16[(selection >> 1) + row - first] = row;
		return { ...batch, selection, selectedCount: end - first };
	}

	close(): void {
		this.#region.free();
	}
}
