/**
 * Rows from CSV by RFC 4180: UTF-8, a byte order mark allowed, a header line that names the columns in any order, LF or CRLF. An unquoted empty field is
 * NULL, `""` the empty string. A row with fewer or more fields than the header is a malformed body.
 */
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import type { ByteWindow } from "./byte-window.ts";
import { CsvBlock } from "./csv-block.ts";
import type { Field, RowWriter } from "./row-writer.ts";
import { TextParser } from "./text-parser.ts";
import { decodeUtf8 } from "./utf8.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const QUOTE = 34;
const COMMA = 44;
/** After blocks without a plain row, up to 2^6 rows are read one by one before the next is tried. */
const SINGLE_ROWS_BITS_MAX = 6;

export class CsvParser extends TextParser {
	/** One per column of the header; null until it has been read. */
	#header: Field[] | null = null;
	#markSkipped = false;
	/** A field with doubled quotes, without them. */
	#scratch = new Uint8Array(1024);
	/** The field scanned last: source[start, end), and whether it was quoted. */
	#source: Uint8Array = this.#scratch;
	#start = 0;
	#stop = 0;
	#quoted = false;
	/** Whether the field scanned last ended its row. */
	#endsRow = false;
	readonly #memory: { engine: Engine; lease: Lease };
	/** Made where there is enough to read. */
	#block: CsvBlock | null = null;
	/** Rows to be read one by one before another block is tried; none is where a row has to name every column. */
	#singleRowCount = 0;
	/** Of the last blocks, one after the other, those without a plain row. */
	#vainBlockCount = 0;

	constructor(window: ByteWindow, writer: RowWriter, memory: { engine: Engine; lease: Lease }) {
		super(window, writer);
		this.#source = window.bytes;
		this.#memory = memory;
	}

	protected override step(): boolean {
		if (this.#header === null) {
			this.#readHeader();
			return true;
		}
		if (this.at >= this.end) {
			if (this.window.final) return false;
			this.more("a row");
		}
		if (this.#singleRowCount > 0 || !this.#plainRows(this.#header)) {
			this.#row(this.#header);
			this.#singleRowCount--;
		}
		return true;
	}

	/** Reads rows in their plain form. @returns false where there are none */
	#plainRows(header: Field[]): boolean {
		const { bytes, at, end, writer } = this;
		if (!CsvBlock.isWorthwhile(end - at)) return false;
		this.#block ??= new CsvBlock(this.#memory.engine, this.#memory.lease);
		const { taken, rowCount, byteCount } = this.#block.take(bytes, { start: at, end }, header, writer);
		this.#vainBlockCount = rowCount === 0 ? this.#vainBlockCount + 1 : 0;
		if (!taken) {
			this.#singleRowCount = rowCount === 0 ? 2 ** Math.min(this.#vainBlockCount, SINGLE_ROWS_BITS_MAX) : rowCount;
			return false;
		}
		this.at += byteCount;
		this.line += rowCount - 1;
		this.newLine(this.at);
		return true;
	}

	#readHeader(): void {
		if (!this.#markSkipped) {
			if (this.end - this.at < 3 && !this.window.final) this.more("the header");
			const { bytes, at } = this;
			if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf && at + 3 <= this.end) this.at += 3;
		}
		if (this.at >= this.end) this.more("the header");
		const names: string[] = [];
		do {
			this.#field();
			names.push(decodeUtf8(this.#source, this.#start, this.#stop));
		} while (!this.#endsRow);
		this.#markSkipped = true;
		const byName = new Map(this.writer.fields.map((field) => [field.name, field]));
		const { writer } = this;
		const header: Field[] = [];
		for (const name of names) {
			const field = byName.get(name);
			if (field === undefined) this.writer.unknown(name, 1);
			else if (header.includes(field)) this.writer.repeated(field, 1);
			else header.push(field);
		}
		// A header that names other columns makes every row wrong: one error a name says more than one a row.
		this.writer.errors.commit();
		this.writer.errors.throwIfAny();
		this.#header = header;
		if (writer.fields.some((field) => !header.includes(field) && !writer.mayLeaveOut(field)))
			this.#singleRowCount = Number.POSITIVE_INFINITY;
	}

	#row(header: Field[]): void {
		const { writer } = this;
		const { line } = this;
		const from = this.at;
		const row = writer.rowNumber;
		for (let index = 0; ; index++) {
			this.#field();
			const field = header[index];
			if (field === undefined) this.#wrongFieldCount(header, line, from);
			field.seenInRow = row;
			if (this.#start === this.#stop && !this.#quoted) writer.putNull(field, line);
			else {
				try {
					field.writer.putText(writer.rowCount, this.#source, this.#start, this.#stop);
				} catch (error) {
					writer.fail(field, error, line);
				}
			}
			if (!this.#endsRow) continue;
			if (index + 1 !== header.length) this.#wrongFieldCount(header, line, from, index + 1);
			break;
		}
		writer.endRow(line);
	}

	#wrongFieldCount(header: Field[], line: number, from: number, count?: number): never {
		this.line = line;
		const found = count === undefined ? "more" : `only ${count}`;
		return this.malformed(`a row has ${found} fields where the header has ${header.length}`, from);
	}

	/** Scans one field and what ends it: a comma, a line end, or the body's end. */
	#field(): void {
		const { bytes } = this;
		let { at } = this;
		if (bytes[at] === QUOTE) {
			this.#quotedField();
			return;
		}
		let high = 0;
		let byte = bytes[at] as number;
		while (byte !== COMMA && byte !== LINE_FEED && byte !== CARRIAGE_RETURN) {
			if (byte === QUOTE) this.malformed("a quote stands inside a field that is not quoted", at);
			if (byte === 0) {
				if (at >= this.end) break;
				this.malformed("a zero byte", at);
			}
			high |= byte;
			byte = bytes[++at] as number;
		}
		this.checkValueSize(at - this.at);
		if (at >= this.end && !this.window.final) this.more("a row");
		if (high >= 0x80) this.checkUtf8(this.at, at);
		this.#source = bytes;
		this.#start = this.at;
		this.#stop = at;
		this.#quoted = false;
		this.#fieldEnd(at);
	}

	#quotedField(): void {
		const { bytes } = this;
		const start = this.at + 1;
		let at = start;
		let high = 0;
		let doubled = 0;
		for (;;) {
			const byte = bytes[at] as number;
			if (byte === QUOTE) {
				if (bytes[at + 1] !== QUOTE) break;
				doubled++;
				at += 2;
				continue;
			}
			if (byte === 0) {
				if (at >= this.end) {
					this.checkValueSize(this.end - start);
					this.more("a quoted field");
				}
				this.malformed("a zero byte", at);
			}
			if (byte === LINE_FEED) this.newLine(at + 1);
			high |= byte;
			at++;
		}
		if (at >= this.end) this.more("a quoted field");
		this.checkValueSize(at - start);
		// The quote may be the first of two whose second has not arrived.
		if (at + 1 >= this.end && !this.window.final) this.more("a row");
		if (high >= 0x80) this.checkUtf8(start, at);
		if (doubled > 0) this.#undouble(start, at);
		else {
			this.#source = bytes;
			this.#start = start;
			this.#stop = at;
		}
		this.#quoted = true;
		this.#fieldEnd(at + 1);
	}

	#undouble(start: number, end: number): void {
		if (this.#scratch.length < end - start) this.#scratch = new Uint8Array((end - start) * 2);
		const { bytes } = this;
		let length = 0;
		for (let at = start; at < end; at++) {
			const byte = bytes[at] as number;
			this.#scratch[length++] = byte;
			if (byte === QUOTE) at++;
		}
		this.#source = this.#scratch;
		this.#start = 0;
		this.#stop = length;
	}

	#fieldEnd(from: number): void {
		const { bytes } = this;
		let at = from;
		this.#endsRow = true;
		if (at >= this.end) {
			this.at = at;
			return;
		}
		if (bytes[at] === COMMA) {
			this.#endsRow = false;
			this.at = at + 1;
			return;
		}
		if (bytes[at] === CARRIAGE_RETURN) {
			at++;
			if (at >= this.end && !this.window.final) this.more("a row");
		}
		if (bytes[at] === LINE_FEED) at++;
		else if (at < this.end || at === from) this.malformed("a comma or a line end was expected", at);
		this.at = at;
		this.newLine(at);
	}
}
