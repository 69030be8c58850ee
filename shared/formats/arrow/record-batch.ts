/** Columns of a record batch from outside, with every buffer proven to lie inside the body and to hold what the row count says. */
import type { TableReader } from "./flatbuffer-reader.ts";
import { malformedArrow } from "./flatbuffer-reader.ts";
import type { ArrowField, ArrowType } from "./schema.ts";

/** A column whose buffers were checked. Rows are 0 to rowCount - 1; a value is read only where {@link ArrowValues.isValid}. */
export interface ArrowValues {
	type: ArrowType;
	rowCount: number;
	/** Bitmap, or null: all valid. */
	validity: Uint8Array | null;
	/** Fixed-width values, or the bytes behind `offsets`. */
	data: DataView;
	/** utf8, binary, list: rowCount + 1 ascending positions in `data` or in `element`. */
	offsets: Float64Array | null;
	element: ArrowValues | null;
	/** Codes in `data` of this width into these values. */
	dictionary: { width: number; signed: boolean; values: ArrowValues } | null;
}

export type Dictionaries = Map<bigint, ArrowValues>;

export function isValidAt(values: ArrowValues, row: number): boolean {
	return values.validity === null || (((values.validity[row >> 3] as number) >> (row & 7)) & 1) !== 0;
}

/**
 * @param body the message's own bytes
 * @throws malformed_body; feature_not_supported for compressed buffers
 */
export function readRecordBatch(
	header: TableReader,
	body: Uint8Array,
	options: { fields: ArrowField[]; dictionaries: Dictionaries },
): { rowCount: number; columns: ArrowValues[] } {
	if (header.table(3) !== null) throw malformedArrow("its buffers are compressed, which is not supported");
	const rowCount = header.count(0);
	// A row takes at least a bit of a body; a batch without any bytes is allowed some rows that are all NULL.
	if (rowCount > body.length * 8 + 65_536) throw malformedArrow("a record batch claims more rows than its body can hold");
	const reader = new BatchReader(header.pairs(1), header.pairs(2), body, options.dictionaries);
	const columns = options.fields.map((field) => reader.column(field, rowCount));
	reader.end();
	return { rowCount, columns };
}

class BatchReader {
	readonly #nodes: [number, number][];
	readonly #buffers: [number, number][];
	readonly #body: Uint8Array;
	readonly #dictionaries: Dictionaries;
	#node = 0;
	#buffer = 0;

	constructor(nodes: [number, number][], buffers: [number, number][], body: Uint8Array, dictionaries: Dictionaries) {
		this.#nodes = nodes;
		this.#buffers = buffers;
		this.#body = body;
		this.#dictionaries = dictionaries;
	}

	end(): void {
		if (this.#node !== this.#nodes.length || this.#buffer !== this.#buffers.length) {
			throw malformedArrow("a record batch has other columns than its schema");
		}
	}

	/** @param rowCount what the parent says; null: whatever the node says */
	column(field: ArrowField, rowCount: number | null): ArrowValues {
		const node = this.#nodes[this.#node++];
		if (node === undefined) throw malformedArrow("a record batch has too few columns");
		const [count, nullCount] = node;
		if ((rowCount !== null && count !== rowCount) || nullCount > count) throw malformedArrow("a column has another number of rows");
		if (count > this.#body.length * 8 + 65_536) throw malformedArrow("a column claims more rows than the body can hold");
		const { type } = field;
		const base = { type, rowCount: count, validity: null, data: EMPTY, offsets: null, element: null, dictionary: null };
		if (field.dictionary !== null) {
			const validity = this.#validity(count, nullCount);
			const { id, width, signed } = field.dictionary;
			const values = this.#dictionaries.get(id);
			if (values === undefined) throw malformedArrow("a column's dictionary has not been sent");
			return { ...base, validity, data: this.#bytes(count * width), dictionary: { width, signed, values } };
		}
		switch (type.kind) {
			case "null":
				return { ...base, validity: new Uint8Array((count + 7) >> 3) };
			case "bool":
				return { ...base, validity: this.#validity(count, nullCount), data: this.#bytes((count + 7) >> 3) };
			case "int":
			case "float":
			case "decimal":
			case "date":
			case "time":
			case "timestamp":
			case "interval":
			case "fixed":
				return { ...base, validity: this.#validity(count, nullCount), data: this.#bytes(count * type.width) };
			case "utf8":
			case "binary": {
				const validity = this.#validity(count, nullCount);
				const offsets = this.#offsets(count, type.wide);
				return { ...base, validity, offsets, data: this.#bytes(offsets[count] as number) };
			}
			case "list": {
				const validity = this.#validity(count, nullCount);
				const offsets = this.#offsets(count, type.wide);
				const element = this.column(type.element, null);
				if ((offsets[count] as number) > element.rowCount) throw malformedArrow("a list ends behind its elements");
				return { ...base, validity, offsets, element };
			}
			case "unsupported":
				throw malformedArrow(`values of ${type.name} cannot be read`);
		}
	}

	/** The next buffer, of at least `byteCount` bytes. */
	#bytes(byteCount: number): DataView {
		const buffer = this.#buffers[this.#buffer++];
		if (buffer === undefined) throw malformedArrow("a record batch has too few buffers");
		const [offset, length] = buffer;
		if (offset + length > this.#body.length) throw malformedArrow("a buffer lies outside the body");
		if (length < byteCount) throw malformedArrow("a buffer is shorter than its column");
		return new DataView(this.#body.buffer, this.#body.byteOffset + offset, length);
	}

	#validity(rowCount: number, nullCount: number): Uint8Array | null {
		const view = this.#bytes(0);
		if (view.byteLength === 0) {
			if (nullCount > 0) throw malformedArrow("a column has NULLs and no bitmap of them");
			return null;
		}
		if (view.byteLength < (rowCount + 7) >> 3) throw malformedArrow("a bitmap is shorter than its column");
		return nullCount === 0 ? null : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
	}

	#offsets(rowCount: number, wide: boolean): Float64Array {
		const width = wide ? 8 : 4;
		const offsets = new Float64Array(rowCount + 1);
		// A column without rows may leave out its one offset.
		const view = this.#bytes(rowCount === 0 ? 0 : (rowCount + 1) * width);
		if (rowCount === 0) return offsets;
		let previous = 0;
		for (let row = 0; row <= rowCount; row++) {
			const offset = wide ? Number(view.getBigInt64(row * 8, true)) : view.getInt32(row * 4, true);
			if (offset < previous) throw malformedArrow("offsets go backwards");
			offsets[row] = offset;
			previous = offset;
		}
		return offsets;
	}
}

const EMPTY = new DataView(new ArrayBuffer(0));
