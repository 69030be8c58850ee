/** UNION ALL: its inputs one after the other. */
import type { Batch } from "../vector/batch.ts";
import type { BatchSource } from "./source.ts";

export class UnionAllOperator implements BatchSource {
	readonly #inputs: BatchSource[];
	#index = 0;

	constructor(inputs: BatchSource[]) {
		this.#inputs = inputs;
	}

	next(): Batch | "blocked" | null {
		for (; this.#index < this.#inputs.length; this.#index++) {
			const batch = (this.#inputs[this.#index] as BatchSource).next();
			if (batch !== null) return batch;
		}
		return null;
	}

	close(): void {
		for (const input of this.#inputs) input.close();
	}
}
