/** Results as an Arrow IPC stream: the schema, one record batch a batch, the end mark. Without the mark a reader knows that the result broke off. */
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { gatherColumn } from "./arrow/gather.ts";
import { END_OF_STREAM, recordBatchMessage, schemaMessage } from "./arrow/messages.ts";
import { distinctNames, type ResultOptions, type ResultWriter } from "./result.ts";

export class ArrowWriter implements ResultWriter {
	readonly #options: ResultOptions & { engine: Engine };

	constructor(options: ResultOptions & { engine: Engine }) {
		this.#options = options;
	}

	begin(): void {
		const { columns } = this.#options;
		const names = distinctNames(columns);
		this.#write(schemaMessage(columns.map(({ type, nullable }, index) => ({ name: names[index] as string, type, nullable }))));
	}

	write(batch: Batch, from: number): number {
		const { engine } = this.#options;
		const { u16 } = engine.arena.views;
		const rows = new Int32Array(batch.selectedCount - from);
		for (let index = 0; index < rows.length; index++) {
			rows[index] = batch.selection === 0 ? from + index : (u16[(batch.selection >> 1) + from + index] as number);
		}
		const columns = batch.columns.map((column) => gatherColumn(engine, column, rows));
		if (rows.length > 0) for (const part of recordBatchMessage(rows.length, columns)) this.#write(part);
		return batch.selectedCount;
	}

	end(): void {
		this.#write(END_OF_STREAM);
	}

	fail(): boolean {
		return false;
	}

	#write(bytes: Uint8Array): void {
		this.#options.out.copy(bytes, 0, bytes.length);
	}
}
