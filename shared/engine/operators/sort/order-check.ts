/** Whether rows come in a sort order already, batch by batch: what is in order needs no sort. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import { DESCRIPTOR_BYTES, type RowLayout, rowLayout, writeDescriptors } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";

export interface OrderKey {
	/** Of the batch. */
	column: number;
	type: DataType;
	descending: boolean;
	nullsFirst: boolean;
}

export class OrderCheck {
	readonly #engine: Engine;
	readonly #keys: OrderKey[];
	readonly #layout: RowLayout;
	readonly #descriptors: Pointer;
	readonly #batchRegion: Region;
	/** Of {@link #last}. */
	readonly #lastRegion: Region;
	/** The keys of the last row, as a stored row; 0 before the first. */
	#last: Pointer = 0;

	constructor(engine: Engine, lease: Lease, keys: OrderKey[]) {
		this.#engine = engine;
		this.#keys = keys;
		this.#layout = rowLayout(keys.map((key) => key.type));
		this.#descriptors = lease.region().allocate(Math.max(1, keys.length) * DESCRIPTOR_BYTES);
		this.#batchRegion = lease.region();
		this.#lastRegion = lease.region();
	}

	/** True where no live row of the batch sorts before another in front of it, those of the batches before included. Not asked again after a false. */
	follows(batch: Batch): boolean {
		const { selectedCount: count, selection } = batch;
		if (count === 0 || this.#keys.length === 0) return true;
		const { kernels, arena } = this.#engine;
		this.#batchRegion.reset();
		const vectors = this.#keys.map(({ column }) => flatten(this.#engine, batch.columns[column] as Vector, batch, this.#batchRegion));
		const described = this.#keys.map(({ descending, nullsFirst }, index) => ({
			column: this.#layout.columns[index] as RowLayout["columns"][number],
			vector: vectors[index] as FlatVector,
			descending,
			nullsFirst,
		}));
		writeDescriptors(this.#engine, described, this.#descriptors);
		const position = this.#batchRegion.allocate(2);
		const positionOf = (index: number): number => (selection === 0 ? index : (arena.views.u16[(selection >> 1) + index] as number));
		if (this.#last !== 0) {
			arena.views.u16[position >> 1] = positionOf(0);
			const out = this.#batchRegion.allocate(2);
			if (kernels.rows_before(1, position, this.#keys.length, this.#descriptors, this.#last, out) !== 0) return false;
		}
		if (kernels.rows_in_order(count, selection, this.#keys.length, this.#descriptors) === 0) return false;
		const last = positionOf(count - 1);
		arena.views.u16[position >> 1] = last;
		this.#remember(position, stringBytes(this.#engine, vectors, last));
		return true;
	}

	#remember(position: Pointer, heapBytes: number): void {
		this.#lastRegion.reset();
		const { rowBytes } = this.#layout;
		this.#last = this.#lastRegion.allocate(rowBytes);
		const heap = this.#lastRegion.allocate(heapBytes);
		this.#engine.kernels.rows_write(1, position, this.#keys.length, this.#descriptors, 0, rowBytes, this.#last, heap);
	}
}

/** Bytes of one row's strings. */
function stringBytes(engine: Engine, vectors: readonly FlatVector[], row: number): number {
	const { i32 } = engine.arena.views;
	let byteCount = 0;
	for (const { physical, offsets } of vectors) {
		if (physical === "bytes") byteCount += (i32[offsets / 4 + row + 1] as number) - (i32[offsets / 4 + row] as number);
	}
	return byteCount;
}
