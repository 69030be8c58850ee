/**
 * An INSERT that answers with rows (RETURNING, or a query under WITH): the answer is made first, whole and bounded, then the rows are one append, then the answer is sent. So
 * nothing is stored where the answer fails, the answer sees the tables as they were, and who reads it knows that the rows are stored (invariants W1, W2).
 */
import { LittoralError } from "#shared/base/errors.ts";
import { RETURNED_BYTES_MAX } from "#shared/base/limits.ts";
import type { RunningPlan } from "#shared/engine/operators/build.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";

/** The plan's own rows, then those to store. */
export class AnswerThenRows implements BatchSource {
	readonly #plan: RunningPlan;
	readonly #rows: BatchSource;
	/** The last batch was one of the rows to store. */
	isStored = false;

	/** @param stored the subplan that gives them */
	constructor(plan: RunningPlan, stored: number) {
		this.#plan = plan;
		this.#rows = plan.subplanRows(stored);
	}

	next(): Batch | "blocked" | null {
		if (!this.isStored) {
			const batch = this.#plan.next();
			if (batch !== null) return batch;
			this.isStored = true;
		}
		return this.#rows.next();
	}

	close(): void {
		this.#rows.close();
		this.#plan.close();
	}
}

/** The batches of the answer, and behind them those to store: to be read in this order. */
export function split(
	batches: AsyncIterator<Batch, void>,
	isStored: () => boolean,
): Record<"answer" | "stored", AsyncGenerator<Batch, void, void>> {
	/** The first to store, once the answer has ended; null where there is none. */
	let first: Batch | null = null;
	async function* answer(): AsyncGenerator<Batch, void, void> {
		for (;;) {
			const next = await batches.next();
			if (next.done === true) return;
			if (isStored()) {
				first = next.value;
				return;
			}
			yield next.value;
		}
	}
	async function* stored(): AsyncGenerator<Batch, void, void> {
		if (first === null) return;
		yield first;
		for (;;) {
			const next = await batches.next();
			if (next.done === true) return;
			yield next.value;
		}
	}
	return { answer: answer(), stored: stored() };
}

/** @throws resource_exhausted (54000) above RETURNED_BYTES_MAX, what the stream fails with */
export async function wholeAnswer(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
	const reader = stream.getReader();
	const parts: Uint8Array[] = [];
	let byteCount = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return parts;
		parts.push(value);
		byteCount += value.length;
		if (byteCount <= RETURNED_BYTES_MAX) continue;
		const error = new LittoralError("resource_exhausted", `an INSERT may return at most ${RETURNED_BYTES_MAX} bytes`, {
			sqlstate: "54000",
		});
		await reader.cancel(error);
		throw error;
	}
}

export function streamOf(parts: readonly Uint8Array[]): ReadableStream<Uint8Array> {
	return new ReadableStream({
		type: "bytes",
		start(controller: ReadableByteStreamController) {
			for (const part of parts) if (part.length > 0) controller.enqueue(part as Uint8Array<ArrayBuffer>);
			controller.close();
		},
	});
}
