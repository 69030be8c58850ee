/** Results as an Arrow IPC stream: the schema, one record batch a batch, the end mark. */
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { gatherColumn } from "./arrow/gather.ts";
import { END_OF_STREAM, messagePrefix, recordBatchMessage, schemaMessage } from "./arrow/messages.ts";
import { distinctNames, errorSentence, type ResultOptions, type ResultWriter } from "./result.ts";

/** By how much the last message of a failed result is too short. */
const BROKEN_MESSAGE_MISSING_BYTES = 1024;

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

	/** A message that is longer than what follows: readers take a stream that stops between two messages for whole. */
	fail(error: unknown): boolean {
		const sentence = new TextEncoder().encode(errorSentence(error));
		this.#write(messagePrefix(sentence.length + BROKEN_MESSAGE_MISSING_BYTES));
		this.#write(sentence);
		return false;
	}

	#write(bytes: Uint8Array): void {
		this.#options.out.copy(bytes, 0, bytes.length);
	}
}
