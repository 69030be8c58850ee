/** SMALLINT, INTEGER, BIGINT, NUMERIC(p,s), REAL and DOUBLE PRECISION. Numbers are read from their characters, never through a double that rounds. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { parseNumeric } from "#shared/contracts/values/number-text.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import type { ArenaViews, Pointer } from "#shared/engine/memory/arena.ts";
import { decodeUtf8 } from "../utf8.ts";
import { ColumnWriter, type ColumnWriterOptions } from "./column-writer.ts";
import { readDecimal, readDouble, readInteger } from "./fast-text.ts";
import type { TextFields } from "./text-fields.ts";

const TWO_32 = 2 ** 32;
/** A kernel's scale of texts that are whole numbers without a point. */
const WHOLE = -1;
const INT64_MAX = 2n ** 63n - 1n;

/** Stores a whole double of at most 53 bits as i64, without a BigInt. */
export function storeInt64(views: ArenaViews, at: Pointer, value: number): void {
	const index = at >> 2;
	views.i32[index] = value;
	views.i32[index + 1] = Math.floor(value / TWO_32);
}

export function storeInt128(views: ArenaViews, at: Pointer, value: bigint): void {
	views.i64[at >> 3] = BigInt.asIntN(64, value);
	views.i64[(at >> 3) + 1] = value >> 64n;
}

/** A JSON number in an integer column may be written `1.0` or `1e3`; a fraction that is not zero is no integer. */
function wholeNumber(type: DataType, bytes: Uint8Array, start: number, end: number): SqlValue {
	const text = decodeUtf8(bytes, start, end);
	if (!/[.eE]/.test(text)) return parseValue(type, text);
	let numeric: NumericValue;
	try {
		numeric = parseNumeric(text);
	} catch {
		throw new LittoralError("numeric_value_out_of_range", `value "${text}" is out of range for type ${typeName(type)}`);
	}
	const unit = 10n ** BigInt(Math.min(numeric.scale, 40));
	if (numeric.coefficient % unit !== 0n) {
		throw new LittoralError("invalid_text_representation", `invalid input syntax for type ${typeName(type)}: "${text}"`);
	}
	return parseValue(type, String(numeric.coefficient / unit));
}

export class Int32Column extends ColumnWriter {
	readonly #maximum: number;

	constructor(type: DataType, options: ColumnWriterOptions) {
		super(type, options);
		this.#maximum = type.kind === "smallint" ? 32_767 : 2_147_483_647;
	}

	override putText(row: number, bytes: Uint8Array, start: number, end: number): void {
		const value = readInteger(bytes, start, end);
		if (value >= -this.#maximum && value <= this.#maximum) this.views.i32[(this.values >> 2) + row] = value;
		else super.putText(row, bytes, start, end);
	}

	protected override putCommon(row: number, from: number, { kernels, rowCount, pointer, stride }: TextFields): number {
		return kernels.text_to_i32(from, rowCount, pointer, stride, WHOLE, BigInt(this.#maximum), this.values + row * 4);
	}

	override putNumber(row: number, bytes: Uint8Array, start: number, end: number): void {
		const value = readInteger(bytes, start, end);
		if (value >= -this.#maximum && value <= this.#maximum) this.views.i32[(this.values >> 2) + row] = value;
		else this.putValue(row, wholeNumber(this.type, bytes, start, end));
	}

	override putValue(row: number, value: SqlValue): void {
		this.views.i32[(this.values >> 2) + row] = value as number;
	}

	protected override putZero(row: number): void {
		this.views.i32[(this.values >> 2) + row] = 0;
	}
}

export class Int64Column extends ColumnWriter {
	override putText(row: number, bytes: Uint8Array, start: number, end: number): void {
		const value = readInteger(bytes, start, end);
		if (Number.isNaN(value)) super.putText(row, bytes, start, end);
		else storeInt64(this.views, this.values + row * 8, value);
	}

	protected override putCommon(row: number, from: number, { kernels, rowCount, pointer, stride }: TextFields): number {
		return kernels.text_to_i64(from, rowCount, pointer, stride, WHOLE, INT64_MAX, this.values + row * 8);
	}

	override putNumber(row: number, bytes: Uint8Array, start: number, end: number): void {
		const value = readInteger(bytes, start, end);
		if (Number.isNaN(value)) this.putValue(row, wholeNumber(this.type, bytes, start, end));
		else storeInt64(this.views, this.values + row * 8, value);
	}

	override putValue(row: number, value: SqlValue): void {
		this.views.i64[(this.values >> 3) + row] = value as bigint;
	}

	protected override putZero(row: number): void {
		this.views.i64[(this.values >> 3) + row] = 0n;
	}
}

/** NUMERIC(p,s): the coefficient in 64 bits up to 18 digits, else in 128. Excess fraction digits round half away from zero, as in PostgreSQL. */
export class DecimalColumn extends ColumnWriter {
	readonly #scale: number;
	/** 10^p where doubles hold it exactly; else no fast path is taken for the range check's sake. */
	readonly #limit: number;
	/** Of coefficients. */
	readonly #maximum: bigint;

	constructor(type: DataType & { kind: "numeric"; precision: number }, options: ColumnWriterOptions) {
		super(type, options);
		this.#maximum = 10n ** BigInt(type.precision) - 1n;
		this.#scale = type.scale ?? 0;
		this.#limit = type.precision >= 15 ? 1e15 : 10 ** type.precision;
	}

	override putText(row: number, bytes: Uint8Array, start: number, end: number): void {
		const coefficient = readDecimal(bytes, start, end, this.#scale);
		if (coefficient > -this.#limit && coefficient < this.#limit) {
			if (this.physical === "i64") storeInt64(this.views, this.values + row * 8, coefficient);
			else storeInt128(this.views, this.values + row * 16, BigInt(coefficient));
		} else super.putText(row, bytes, start, end);
	}

	protected override putCommon(row: number, from: number, { kernels, rowCount, pointer, stride }: TextFields): number {
		if (this.physical !== "i64") return from;
		return kernels.text_to_i64(from, rowCount, pointer, stride, this.#scale, this.#maximum, this.values + row * 8);
	}

	override putNumber(row: number, bytes: Uint8Array, start: number, end: number): void {
		this.putText(row, bytes, start, end);
	}

	override putValue(row: number, value: SqlValue): void {
		const { coefficient } = value as NumericValue;
		if (this.physical === "i64") this.views.i64[(this.values >> 3) + row] = coefficient;
		else storeInt128(this.views, this.values + row * 16, coefficient);
	}

	protected override putZero(row: number): void {
		this.putValue(row, { coefficient: 0n, scale: this.#scale });
	}
}

export class FloatColumn extends ColumnWriter {
	override putText(row: number, bytes: Uint8Array, start: number, end: number): void {
		const value = readDouble(bytes, start, end);
		if (Number.isNaN(value)) super.putText(row, bytes, start, end);
		else this.putValue(row, value);
	}

	override putNumber(row: number, bytes: Uint8Array, start: number, end: number): void {
		this.putText(row, bytes, start, end);
	}

	override putValue(row: number, value: SqlValue): void {
		if (this.physical === "f32") this.views.f32[(this.values >> 2) + row] = value as number;
		else this.views.f64[(this.values >> 3) + row] = value as number;
	}

	protected override putZero(row: number): void {
		this.putValue(row, 0);
	}
}
