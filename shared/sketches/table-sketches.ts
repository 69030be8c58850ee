/**
 * The sketches of a table's columns, of one file or of all: how many distinct values, how they are spread, which ones are frequent. They merge, and feed estimates only.
 *
 * Payload: u32 column count, then per column, ascending by field id: u32 field id, f64 rows, three times u32 byte count (0: none), the three sketches.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { TABLE_SKETCHES_BYTES_MAX } from "#shared/base/limits.ts";
import { damaged, SKETCH_KIND, unwrap, wrap } from "./envelope.ts";
import { FrequentValues } from "./frequent-values.ts";
import { HyperLogLog } from "./hyper-log-log.ts";
import { QuantileSketch } from "./quantile-sketch.ts";

/** Standard error 2.3%, 1.5 KB. */
const PRECISION = 11;
/** Ranks within about 1.7%, some 3 KB: PostgreSQL's histograms have 100 buckets. */
const QUANTILES_K = 100;
/** Whatever is above 3% of a column is kept for certain, and what is above 1% mostly. */
const FREQUENT_COUNT = 32;
const HEADER_BYTES = 4;
const COLUMN_HEADER_BYTES = 24;

export interface ColumnSketches {
	/** Rows that went in, NULLs included; a column added later has fewer than its table. */
	rowCount: number;
	distinct: HyperLogLog;
	/** On the axis of `column-place.ts`; empty for types without one. */
	quantiles: QuantileSketch;
	/** Keys by {@link valueKey}; empty for types without bounds. */
	frequent: FrequentValues;
}

export type TableSketches = Map<number, ColumnSketches>;

export function emptyColumnSketches(): ColumnSketches {
	return {
		rowCount: 0,
		distinct: new HyperLogLog(PRECISION),
		quantiles: new QuantileSketch(QUANTILES_K),
		frequent: new FrequentValues(FREQUENT_COUNT),
	};
}

/** Adds `source` to `target`, which takes over columns that it lacks. */
export function mergeSketches(target: TableSketches, source: TableSketches): void {
	for (const [fieldId, column] of source) {
		const known = target.get(fieldId);
		if (known === undefined) {
			target.set(fieldId, column);
			continue;
		}
		known.rowCount += column.rowCount;
		known.distinct.merge(column.distinct);
		known.quantiles.merge(column.quantiles);
		known.frequent.merge(column.frequent);
	}
}

/** Rows of the column that most went in of; 0 of none. */
export function sketchedRowCount(sketches: TableSketches): number {
	return Math.max(0, ...Array.from(sketches.values(), ({ rowCount }) => rowCount));
}

/** The columns of the lowest field ids, as many as `byteCountMax` takes. */
export function encodeSketches(sketches: TableSketches, byteCountMax = TABLE_SKETCHES_BYTES_MAX): Uint8Array {
	const columns: { fieldId: number; rowCount: number; parts: Uint8Array[] }[] = [];
	let byteCount = HEADER_BYTES;
	for (const [fieldId, { rowCount, distinct, quantiles, frequent }] of Array.from(sketches).sort(([left], [right]) => left - right)) {
		const parts = [distinct.encode(), quantiles.encode(), frequent.encode()];
		const columnBytes = parts.reduce((sum, part) => sum + part.length, COLUMN_HEADER_BYTES);
		if (byteCount + columnBytes + COLUMN_HEADER_BYTES > byteCountMax) break;
		byteCount += columnBytes;
		columns.push({ fieldId, rowCount, parts });
	}
	return wrap(SKETCH_KIND.table, byteCount, (view, bytes) => {
		view.setUint32(0, columns.length, true);
		let at = HEADER_BYTES;
		for (const { fieldId, rowCount, parts } of columns) {
			view.setUint32(at, fieldId, true);
			view.setFloat64(at + 4, rowCount, true);
			for (const [index, part] of parts.entries()) view.setUint32(at + 12 + index * 4, part.length, true);
			at += COLUMN_HEADER_BYTES;
			for (const part of parts) {
				bytes.set(part, at);
				at += part.length;
			}
		}
	});
}

/**
 * Where each column's sketches lie: of a wide table a plan needs few.
 *
 * @returns by field id
 * @throws internal_error for damaged bytes; each entry when it is called
 */
export function openSketches(bytes: Uint8Array): Map<number, () => ColumnSketches> {
	const view = unwrap(SKETCH_KIND.table, bytes);
	if (view.byteLength < HEADER_BYTES) throw damaged("shorter than its header");
	const found = new Map<number, () => ColumnSketches>();
	let at = HEADER_BYTES;
	for (let rest = view.getUint32(0, true); rest > 0; rest--) {
		if (at + COLUMN_HEADER_BYTES > view.byteLength) throw damaged("cut short");
		const fieldId = view.getUint32(at, true);
		const rowCount = view.getFloat64(at + 4, true);
		let end = at + COLUMN_HEADER_BYTES;
		const [distinct, quantiles, frequent] = [12, 16, 20].map((offset) => {
			const start = view.byteOffset + end;
			end += view.getUint32(at + offset, true);
			return new Uint8Array(view.buffer, start, Math.max(0, Math.min(end, view.byteLength) + view.byteOffset - start));
		}) as [Uint8Array, Uint8Array, Uint8Array];
		if (end > view.byteLength || !(rowCount >= 0) || found.has(fieldId)) throw damaged("a column out of bounds");
		found.set(fieldId, () => decodeColumn(rowCount, distinct, quantiles, frequent));
		at = end;
	}
	if (at !== view.byteLength) throw damaged("longer than its columns");
	return found;
}

/** @throws internal_error for damaged bytes */
export function decodeSketches(bytes: Uint8Array): TableSketches {
	return new Map(Array.from(openSketches(bytes), ([fieldId, open]) => [fieldId, open()]));
}

function decodeColumn(rowCount: number, distinct: Uint8Array, quantiles: Uint8Array, frequent: Uint8Array): ColumnSketches {
	const column = {
		rowCount,
		distinct: HyperLogLog.decode(distinct),
		quantiles: QuantileSketch.decode(quantiles),
		frequent: FrequentValues.decode(frequent),
	};
	if (column.distinct.precision !== PRECISION || column.quantiles.k !== QUANTILES_K || column.frequent.capacity !== FREQUENT_COUNT)
		throw new LittoralError("internal_error", "a stored sketch has other sizes than those now in use");
	return column;
}
