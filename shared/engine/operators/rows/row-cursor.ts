/** Walks stored rows block by block, in the order in which they were written. */
import type { Engine } from "../../kernels/kernels.ts";
import type { Region } from "../../memory/region.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { RowBlock } from "./row-store.ts";

export class RowCursor {
	readonly #engine: Engine;
	readonly #blocks: RowBlock[];
	readonly #rowBytes: number;
	#block = 0;
	#row = 0;

	constructor(engine: Engine, blocks: RowBlock[], rowBytes: number) {
		this.#engine = engine;
		this.#blocks = blocks;
		this.#rowBytes = rowBytes;
	}

	/** The addresses of the next rows, at most `countMax` and of one block; none at the end. They lie in `region`. */
	next(countMax: number, region: Region): RowPointers {
		const block = this.#blocks[this.#block];
		if (block === undefined) return { rows: 0, count: 0 };
		const count = Math.min(countMax, block.rowCount - this.#row);
		const rows = region.allocate(count * 4);
		this.#engine.kernels.rows_sequence(count, block.pointer + this.#row * this.#rowBytes, this.#rowBytes, rows);
		this.#row += count;
		if (this.#row === block.rowCount) {
			this.#block++;
			this.#row = 0;
		}
		return { rows, count };
	}

	/** Back to the first row. */
	rewind(): void {
		this.#block = 0;
		this.#row = 0;
	}
}
