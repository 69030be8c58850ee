/** What every result format knows of the query whose rows it writes. */
import { isLittoralError } from "#shared/base/errors.ts";
import type { OutputColumn } from "#shared/contracts/plan/physical.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import type { OutputBuffer } from "./output-buffer.ts";

/** Known only when the last row has been written. */
export interface ResultStatistics {
	elapsedMs: number;
	rowsScanned: number;
	bytesScanned: number;
	filesScanned: number;
	filesPruned: number;
	estimatedCostUsd: number;
	arenaPeakBytes: number;
	spilledBytes: number;
}

/** Writes one result in one format into `out`; the caller hands out what has gathered there. Batches come one at a time and are not kept. */
export interface ResultWriter {
	/** What stands before the rows: written also where there are none. */
	begin(): void;
	/**
	 * Writes rows of `batch` from the `from`th live one on, until `out` holds about `byteCountMax` bytes.
	 * @returns the live row to go on with; `batch.selectedCount` when all are written
	 */
	write(batch: Batch, from: number, byteCountMax: number): number | Promise<number>;
	/** What stands behind the rows. */
	end(rowCount: number): void | Promise<void>;
	/**
	 * Says behind the last whole row that the query failed. @returns whether that ends the result in its own format; else what is written is such that no reader
	 * takes the result for a whole one, and the stream breaks off behind it
	 */
	fail(error: unknown, rowCount: number): boolean;
	/** Gives back what the writer holds, however the result ended. */
	close?(): void;
}

export interface ResultOptions {
	columns: OutputColumn[];
	out: OutputBuffer;
}

/** The error as results carry it behind their rows; what is no error of ours is not shown. */
export function errorJson(error: unknown): string {
	if (!isLittoralError(error)) return JSON.stringify({ code: "internal_error", detail: "the query failed" });
	const { sqlstate, position, hint } = error.details;
	return JSON.stringify({ code: error.code, detail: error.message, sqlstate, position, hint });
}

/** The error as a sentence, for formats that have no place for {@link errorJson}. */
export function errorSentence(error: unknown): string {
	return `query failed: ${isLittoralError(error) ? error.message : "internal error"}`;
}

/** Every name once: a second `a` becomes `a_1`, a third `a_2`. */
export function distinctNames(columns: OutputColumn[]): string[] {
	const taken = new Set(columns.map((column) => column.name));
	const met = new Set<string>();
	return columns.map(({ name }) => {
		if (!met.has(name)) {
			met.add(name);
			return name;
		}
		let suffix = 1;
		while (taken.has(`${name}_${suffix}`)) suffix++;
		taken.add(`${name}_${suffix}`);
		return `${name}_${suffix}`;
	});
}
