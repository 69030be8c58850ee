/**
 * Values of a vector as the API's text: JSON (strings quoted) or CSV (bare, quoted where RFC 4180 wants it). Common types are written from the arena
 * without making a JavaScript value; the others go through `formatJson`.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { formatDate, formatTime, formatTimestamp } from "#shared/contracts/values/date-time-text.ts";
import { formatJson, formatValue, type JsonFormatOptions } from "#shared/contracts/values/format.ts";
import { formatNumeric } from "#shared/contracts/values/number-text.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { ArenaViews } from "#shared/engine/memory/arena.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import type { FlatVector, Vector } from "#shared/engine/vector/vector.ts";
import type { OutputBuffer } from "./output-buffer.ts";

export type TextForm = "json" | "csv";

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const HEX = "0123456789abcdef";
/** By control character: the letter of its short JSON escape, 0 = none. */
const SHORT_ESCAPES = new Uint8Array(32);
for (const [code, letter] of [
	[8, "b"],
	[9, "t"],
	[10, "n"],
	[12, "f"],
	[13, "r"],
] as const) {
	SHORT_ESCAPES[code] = letter.charCodeAt(0);
}

const DAY_MICROS = 86_400e6;
const TWO_32 = 2 ** 32;

export class CellWriter {
	readonly #type: DataType;
	readonly #form: TextForm;
	readonly #options: JsonFormatOptions;
	readonly #engine: Engine;
	readonly #views: ArenaViews;
	#vector: Vector | null = null;
	#flat: FlatVector | null = null;
	/** i32 index of the codes, -1 without; validity of the rows. */
	#codes = -1;
	#constant = false;
	#validity = 0;
	/** The day written last and its text: neighbouring rows often share it. */
	#lastDay = Number.NaN;
	#lastDayText = "";

	constructor(type: DataType, form: TextForm, engine: Engine, options: JsonFormatOptions) {
		this.#type = type;
		this.#form = form;
		this.#engine = engine;
		this.#views = engine.arena.views;
		this.#options = options;
	}

	/** Cells come from `vector` from now on. */
	bind(vector: Vector): void {
		this.#vector = vector;
		this.#constant = vector.kind === "constant";
		this.#codes = vector.kind === "dictionary" ? vector.codes >> 2 : -1;
		this.#flat = vector.kind === "constant" ? vector.value : vector.kind === "dictionary" ? vector.dictionary.values : vector;
		this.#validity = vector.kind === "constant" ? vector.value.validity : vector.validity;
	}

	/** Writes the value at `row` of the vector. NULL is `null` in JSON, nothing in CSV. */
	write(out: OutputBuffer, row: number): void {
		const views = this.#views;
		let at = this.#constant ? 0 : row;
		if (this.#validity !== 0 && (((views.u8[this.#validity + (at >> 3)] as number) >> (at & 7)) & 1) === 0) {
			if (this.#form === "json") out.ascii("null");
			return;
		}
		if (this.#codes >= 0) at = views.i32[this.#codes + row] as number;
		const flat = this.#flat as FlatVector;
		switch (this.#type.kind) {
			case "boolean":
				out.ascii(views.u8[flat.values + at] === 0 ? "false" : "true");
				return;
			case "smallint":
			case "integer":
				out.ascii(String(views.i32[(flat.values >> 2) + at]));
				return;
			case "bigint":
				if (this.#options.bigintAsString && this.#form === "json") break;
				if (!this.#writeWhole(out, flat, at, "")) break;
				return;
			case "numeric":
				if (!this.#writeDecimal(out, flat, at)) break;
				return;
			case "text":
			case "varchar":
			case "char":
				this.#writeText(out, flat, at);
				return;
			case "jsonb":
				if (this.#form === "csv") this.#writeText(out, flat, at);
				else this.#copyText(out, flat, at);
				return;
			case "date":
				this.#writeQuoted(out, this.#dayText(views.i32[(flat.values >> 2) + at] as number));
				return;
			case "timestamp":
			case "timestamptz":
				if (!this.#writeTimestamp(out, flat, at)) break;
				return;
			default:
		}
		this.#writeValue(out, readValue(this.#engine, this.#vector as Vector, row));
	}

	/** Any value, through its JavaScript form. */
	#writeValue(out: OutputBuffer, value: SqlValue): void {
		if (this.#form === "json") {
			out.text(formatJson(this.#type, value, this.#options));
			return;
		}
		if (this.#type.kind === "array") this.#writeCsvText(out, formatValue(this.#type, value));
		else if (this.#type.kind === "bigint") out.ascii(String(value));
		else {
			const json = formatJson(this.#type, value);
			this.#writeCsvText(out, json.startsWith('"') ? json.slice(1, -1) : json);
		}
	}

	#writeCsvText(out: OutputBuffer, text: string): void {
		out.text(/[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text);
	}

	/** The i64 at `at` as a double; NaN beyond 53 bits. */
	#whole(flat: FlatVector, at: number): number {
		const { i32, u32 } = this.#views;
		if (flat.physical === "i32") return i32[(flat.values >> 2) + at] as number;
		const index = (flat.values >> 2) + at * 2;
		const value = (i32[index + 1] as number) * TWO_32 + (u32[index] as number);
		return Number.isSafeInteger(value) ? value : Number.NaN;
	}

	#writeWhole(out: OutputBuffer, flat: FlatVector, at: number, quote: string): boolean {
		const value = this.#whole(flat, at);
		if (Number.isNaN(value)) return false;
		out.ascii(quote === "" ? String(value) : quote + String(value) + quote);
		return true;
	}

	#writeDecimal(out: OutputBuffer, flat: FlatVector, at: number): boolean {
		if (flat.physical !== "i64" && flat.physical !== "i32") return false;
		const coefficient = this.#whole(flat, at);
		if (Number.isNaN(coefficient)) return false;
		const scale = (this.#type.kind === "numeric" ? this.#type.scale : 0) ?? 0;
		this.#writeQuoted(out, scale === 0 ? String(coefficient) : formatNumeric({ coefficient: BigInt(coefficient), scale }));
		return true;
	}

	/** ASCII text which CSV never quotes. */
	#writeQuoted(out: OutputBuffer, text: string): void {
		out.ascii(this.#form === "json" ? `"${text}"` : text);
	}

	#dayText(day: number): string {
		if (day !== this.#lastDay) {
			this.#lastDay = day;
			this.#lastDayText = formatDate(day);
		}
		return this.#lastDayText;
	}

	#writeTimestamp(out: OutputBuffer, flat: FlatVector, at: number): boolean {
		const micros = this.#whole(flat, at);
		const suffix = this.#type.kind === "timestamptz" ? "Z" : "";
		const day = Math.floor(micros / DAY_MICROS);
		if (Number.isNaN(micros)) return false;
		const dayText = this.#dayText(day);
		// ` BC` stands behind the zone.
		if (dayText.endsWith("C")) this.#writeQuoted(out, formatTimestamp(BigInt(micros), "T", suffix));
		else this.#writeQuoted(out, `${dayText}T${formatTime(micros - day * DAY_MICROS)}${suffix}`);
		return true;
	}

	#copyText(out: OutputBuffer, flat: FlatVector, at: number): void {
		const { i32, u8 } = this.#views;
		const index = (flat.offsets >> 2) + at;
		out.copy(u8, flat.values + (i32[index] as number), flat.values + (i32[index + 1] as number));
	}

	#writeText(out: OutputBuffer, flat: FlatVector, at: number): void {
		const { i32, u8 } = this.#views;
		const index = (flat.offsets >> 2) + at;
		const start = flat.values + (i32[index] as number);
		const end = flat.values + (i32[index + 1] as number);
		if (this.#form === "json") writeJsonString(out, u8, start, end);
		else writeCsvString(out, u8, start, end);
	}
}

/** UTF-8 bytes[start, end) as a JSON string literal. */
function writeJsonString(out: OutputBuffer, bytes: Uint8Array, start: number, end: number): void {
	out.reserve((end - start) * 6 + 2);
	const target = out.bytes;
	let to = out.length;
	target[to++] = QUOTE;
	for (let at = start; at < end; at++) {
		const byte = bytes[at] as number;
		if (byte >= 32 && byte !== QUOTE && byte !== BACKSLASH) {
			target[to++] = byte;
			continue;
		}
		target[to++] = BACKSLASH;
		if (byte >= 32) {
			target[to++] = byte;
			continue;
		}
		const short = SHORT_ESCAPES[byte] as number;
		if (short !== 0) {
			target[to++] = short;
			continue;
		}
		target[to++] = 117;
		target[to++] = 48;
		target[to++] = 48;
		target[to++] = HEX.charCodeAt(byte >> 4);
		target[to++] = HEX.charCodeAt(byte & 15);
	}
	target[to++] = QUOTE;
	out.length = to;
}

/** UTF-8 bytes[start, end) as a CSV field: quoted where it is empty (NULL is nothing at all) or holds a comma, a quote or a line end. */
function writeCsvString(out: OutputBuffer, bytes: Uint8Array, start: number, end: number): void {
	let quotes = start === end;
	for (let at = start; at < end && !quotes; at++) {
		const byte = bytes[at] as number;
		quotes = byte === COMMA || byte === QUOTE || byte === 10 || byte === 13;
	}
	if (!quotes) {
		out.copy(bytes, start, end);
		return;
	}
	out.reserve((end - start) * 2 + 2);
	const target = out.bytes;
	let to = out.length;
	target[to++] = QUOTE;
	for (let at = start; at < end; at++) {
		const byte = bytes[at] as number;
		target[to++] = byte;
		if (byte === QUOTE) target[to++] = QUOTE;
	}
	target[to++] = QUOTE;
	out.length = to;
}
