/** What is wrong with the rows of an append: the first errors in full, the others counted, all thrown once the body has been read to its end. */
import { isLittoralError, LittoralError, type RowError } from "#shared/base/errors.ts";
import { ROW_ERRORS_REPORTED_MAX } from "#shared/base/limits.ts";

/** Details quote the bad text; a megabyte of it helps nobody. */
const DETAIL_LENGTH_MAX = 300;

export class RowErrors {
	readonly #reported: RowError[] = [];
	#count = 0;
	/** Errors of the row being read: it may be read again when the body's next bytes arrive. */
	#open: RowError[] = [];
	#openCount = 0;

	get count(): number {
		return this.#count;
	}

	add(error: RowError): void {
		this.#openCount++;
		if (this.#reported.length + this.#open.length >= ROW_ERRORS_REPORTED_MAX) return;
		const detail = error.detail.length > DETAIL_LENGTH_MAX ? `${error.detail.slice(0, DETAIL_LENGTH_MAX)}...` : error.detail;
		this.#open.push({ ...error, detail: detail.toWellFormed() });
	}

	/** Records a value's error. @throws what is no error of a value */
	addFrom(thrown: unknown, place: { row: number; line?: number; column: string }): void {
		if (!isLittoralError(thrown) || thrown.details.sqlstate === undefined || thrown.code === "resource_exhausted") throw thrown;
		this.add({ ...place, code: thrown.code, detail: thrown.message });
	}

	/** The row is complete: its errors count. */
	commit(): void {
		if (this.#openCount === 0) return;
		this.#reported.push(...this.#open);
		this.#count += this.#openCount;
		this.discard();
	}

	/** The row will be read again. */
	discard(): void {
		if (this.#openCount === 0) return;
		this.#open = [];
		this.#openCount = 0;
	}

	/** @throws invalid_rows when any row was bad */
	throwIfAny(): void {
		if (this.#count === 0) return;
		throw new LittoralError("invalid_rows", this.#count === 1 ? "a value is invalid" : `${this.#count} values are invalid`, {
			// Formats that lie by column find them by column.
			rowErrors: this.#reported.toSorted((left, right) => left.row - right.row),
			rowErrorCount: this.#count,
		});
	}
}
