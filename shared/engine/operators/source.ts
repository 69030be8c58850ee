/**
 * The pull interface of every operator and source. `next()` never awaits: a source that needs I/O answers "blocked" after it has handed the promise
 * to `ExecutionContext.blockOn`; only the driver awaits.
 */
import type { Batch } from "../vector/batch.ts";

export interface BatchSource {
	/** A batch, valid until the following call; "blocked" when I/O is under way; null at the end. @throws LittoralError */
	next(): Batch | "blocked" | null;
	/** Ends I/O and forgets memory; called once, also after an error. */
	close(): void;
}
