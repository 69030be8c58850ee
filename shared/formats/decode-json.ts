/**
 * Rows from JSON: an array of objects, or NDJSON with one object a line. A tokenizer over bytes which writes each value into its column as it is met;
 * numbers never become doubles on the way. Keys are expected in the order of the row before, and looked up by name only where that fails.
 */
import { hasCode } from "#shared/base/errors.ts";
import { JSON_NESTING_MAX } from "#shared/base/limits.ts";
import { normalizeJson } from "#shared/contracts/values/json-text.ts";
import type { ByteWindow } from "./byte-window.ts";
import { mismatch } from "./columns/column-writer.ts";
import { unescapeJson } from "./json-escapes.ts";
import type { Field, RowWriter } from "./row-writer.ts";
import { TextParser } from "./text-parser.ts";
import { elementValues } from "./json-elements.ts";

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const LINE_FEED = 10;

const WORDS = { t: "true", f: "false", n: "null" } as const;
const encoder = new TextEncoder();

/** A field with its name's bytes, which a key is compared with. */
interface Key {
	field: Field;
	bytes: Uint8Array;
}

export class JsonParser extends TextParser {
	readonly #ndjson: boolean;
	readonly #keys = new Map<string, Key>();
	/** The key met at each position of the row before. */
	readonly #expected: Key[] = [];
	#state: "start" | "first" | "next" | "done";
	/** Of the string scanned last. */
	#escaped = false;

	constructor(window: ByteWindow, writer: RowWriter, options: { ndjson: boolean }) {
		super(window, writer);
		this.#ndjson = options.ndjson;
		this.#state = options.ndjson ? "first" : "start";
		for (const field of writer.fields) this.#keys.set(field.name, { field, bytes: encoder.encode(field.name) });
	}

	protected override step(): boolean {
		return this.#ndjson ? this.#lineStep() : this.#arrayStep();
	}

	#lineStep(): boolean {
		this.#skipBlanks();
		if (this.at < this.end && this.bytes[this.at] === LINE_FEED) {
			this.at++;
			this.newLine(this.at);
			return true;
		}
		if (this.at >= this.end) {
			if (this.window.final) return false;
			this.more("a row");
		}
		this.#row(this.line);
		this.#skipBlanks();
		if (this.at >= this.end) {
			if (!this.window.final) this.more("a row");
		} else if (this.bytes[this.at] !== LINE_FEED) this.malformed("a line holds one object and nothing else");
		this.writer.endRow(this.line);
		return true;
	}

	#arrayStep(): boolean {
		this.#skipBlanks();
		const byte = this.bytes[this.at];
		const atEnd = this.at >= this.end;
		switch (this.#state) {
			case "start":
				if (atEnd) this.more("the array of rows");
				if (byte !== OPEN_BRACKET) this.malformed("the body is an array of objects");
				this.at++;
				this.#state = "first";
				return true;
			case "first":
			case "next":
				if (atEnd) this.more("the array of rows");
				if (byte === CLOSE_BRACKET) {
					this.at++;
					this.#state = "done";
					return true;
				}
				if (this.#state === "next") {
					if (byte !== COMMA) this.malformed('"," or "]" was expected');
					this.at++;
					this.#skipBlanks();
				}
				this.#row(undefined);
				this.writer.endRow();
				this.#state = "next";
				return true;
			case "done":
				if (!atEnd) this.malformed("nothing follows the array of rows");
				if (!this.window.final) this.more("the body");
				return false;
		}
	}

	/** An object at `at`, every value into its field. */
	#row(line: number | undefined): void {
		if (this.at >= this.end) this.more("the array of rows");
		if (this.bytes[this.at] !== OPEN_BRACE) this.malformed("a row is a JSON object");
		this.at++;
		this.#skipBlanks();
		if (this.bytes[this.at] === CLOSE_BRACE && this.at < this.end) {
			this.at++;
			return;
		}
		for (let position = 0; ; position++) {
			const field = this.#key(position, line);
			this.#skipBlanks();
			if (this.bytes[this.at] !== COLON) this.#expectedByte('":"');
			this.at++;
			this.#skipBlanks();
			if (field !== null && this.writer.meet(field, line)) this.#value(field, line);
			else this.#skipValue(0);
			this.#skipBlanks();
			const byte = this.bytes[this.at];
			if (byte === CLOSE_BRACE) {
				this.at++;
				return;
			}
			if (byte !== COMMA) this.#expectedByte('"," or "}"');
			this.at++;
			this.#skipBlanks();
		}
	}

	/** Reads a key. @returns its field; null, and an error is counted, where there is none */
	#key(position: number, line: number | undefined): Field | null {
		const { bytes } = this;
		if (bytes[this.at] !== QUOTE) this.#expectedByte("a key in double quotes");
		const start = this.at + 1;
		const expected = this.#expected[position];
		if (expected !== undefined) {
			const name = expected.bytes;
			const { length } = name;
			let index = 0;
			while (index < length && bytes[start + index] === name[index]) index++;
			if (index === length && bytes[start + length] === QUOTE && start + length < this.end) {
				this.at = start + length + 1;
				return expected.field;
			}
		}
		const end = this.#string();
		let name: string;
		try {
			name = this.#escaped ? unescapeJson(bytes, start, end).text() : this.text(start, end);
		} catch (error) {
			this.malformed((error as Error).message, start);
		}
		const key = this.#keys.get(name);
		if (key === undefined) {
			this.writer.unknown(name, line);
			return null;
		}
		this.#expected[position] = key;
		return key.field;
	}

	#value(field: Field, line: number | undefined): void {
		const { writer } = this;
		const start = this.at;
		const byte = this.bytes[start] as number;
		if (byte === QUOTE && field.schema.type.kind !== "jsonb") {
			const end = this.#string();
			try {
				if (this.#escaped) {
					const unescaped = unescapeJson(this.bytes, start + 1, end);
					field.writer.putText(writer.rowCount, unescaped.bytes, 0, unescaped.length);
				} else field.writer.putText(writer.rowCount, this.bytes, start + 1, end);
			} catch (error) {
				if (hasCode(error, "malformed_body")) this.malformed((error as Error).message, start);
				writer.fail(field, error, line);
			}
		} else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
			this.#number();
			try {
				if (field.schema.type.kind === "jsonb") this.#putJson(field, start);
				else field.writer.putNumber(writer.rowCount, this.bytes, start, this.at);
			} catch (error) {
				writer.fail(field, error, line);
			}
		} else if (byte === 110) {
			this.#word("n");
			writer.putNull(field, line);
		} else {
			this.#otherValue(field, line);
		}
	}

	/** true, false, objects, arrays, and any value of a JSONB column. */
	#otherValue(field: Field, line: number | undefined): void {
		const { writer } = this;
		const { type } = field.schema;
		const start = this.at;
		const byte = this.bytes[start] as number;
		this.#skipValue(0);
		try {
			if (type.kind === "jsonb") this.#putJson(field, start);
			else if (byte === 116 || byte === 102) field.writer.putBoolean(writer.rowCount, byte === 116);
			else if (byte === OPEN_BRACKET && type.kind === "array") {
				field.writer.putValue(writer.rowCount, elementValues(type.element, this.text(start, this.at)));
			} else throw mismatch(type, byte === OPEN_BRACE ? "object" : "array");
		} catch (error) {
			writer.fail(field, error, line);
		}
	}

	#putJson(field: Field, start: number): void {
		field.writer.putValue(this.writer.rowCount, normalizeJson(this.text(start, this.at)));
	}

	/** Scans the string at `at` to behind its closing quote. @returns the position of that quote */
	#string(): number {
		const { bytes } = this;
		const start = this.at + 1;
		let at = start;
		let high = 0;
		let escaped = false;
		for (;;) {
			const byte = bytes[at] as number;
			if (byte === QUOTE) break;
			if (byte === BACKSLASH) {
				escaped = true;
				at += 2;
				continue;
			}
			if (byte < 32) {
				if (at >= this.end) this.#endsWithinString(start, "a string");
				this.malformed("a control character stands in a string", at);
			}
			high |= byte;
			at++;
		}
		if (at >= this.end) this.#endsWithinString(start, "a string");
		this.checkValueSize(at - start);
		if (high >= 0x80) this.checkUtf8(start, at);
		this.#escaped = escaped;
		this.at = at + 1;
		return at;
	}

	#endsWithinString(start: number, what: string): never {
		this.checkValueSize(this.end - start);
		return this.more(what);
	}

	/** Scans a number by JSON's grammar to its end. */
	#number(): void {
		const { bytes } = this;
		const start = this.at;
		let at = start;
		if (bytes[at] === MINUS) at++;
		const first = bytes[at] as number;
		if (first === ZERO) at++;
		else at = this.#digits(at);
		if (bytes[at] === POINT) at = this.#digits(at + 1);
		if (bytes[at] === 101 || bytes[at] === 69) {
			at++;
			if (bytes[at] === 43 || bytes[at] === MINUS) at++;
			at = this.#digits(at);
		}
		if (at >= this.end) this.more("a number");
		const next = bytes[at] as number;
		if (next !== COMMA && next !== CLOSE_BRACE && next !== CLOSE_BRACKET && next > 32) this.malformed("a number is malformed", at);
		this.checkValueSize(at - start);
		this.at = at;
	}

	#digits(from: number): number {
		const { bytes } = this;
		let at = from;
		while ((bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) at++;
		if (at === from) {
			if (at >= this.end) this.more("a number");
			this.malformed("a number is malformed", at);
		}
		return at;
	}

	#word(letter: keyof typeof WORDS): void {
		const word = WORDS[letter];
		for (let index = 0; index < word.length; index++) {
			if (this.at + index >= this.end) this.more("a value");
			if (this.bytes[this.at + index] !== word.charCodeAt(index)) this.malformed("a value was expected");
		}
		this.at += word.length;
	}

	/** Scans any value strictly. */
	#skipValue(depth: number): void {
		const byte = this.bytes[this.at] as number;
		if (byte === QUOTE) {
			const start = this.at + 1;
			const end = this.#string();
			if (this.#escaped) this.#checkEscapes(start, end);
		} else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
			this.#skipNested(byte, depth);
		} else if (byte === 116) this.#word("t");
		else if (byte === 102) this.#word("f");
		else if (byte === 110) this.#word("n");
		else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) this.#number();
		else this.#expectedByte("a value");
	}

	#skipNested(open: number, depth: number): void {
		if (depth >= JSON_NESTING_MAX) this.malformed(`values are nested more than ${JSON_NESTING_MAX} deep`);
		const start = this.at;
		const close = open === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
		this.at++;
		this.#skipBlanks();
		if (this.bytes[this.at] === close) {
			this.at++;
			return;
		}
		for (;;) {
			if (open === OPEN_BRACE) {
				if (this.bytes[this.at] !== QUOTE) this.#expectedByte("a key in double quotes");
				this.#skipValue(depth);
				this.#skipBlanks();
				if (this.bytes[this.at] !== COLON) this.#expectedByte('":"');
				this.at++;
				this.#skipBlanks();
			}
			this.#skipValue(depth + 1);
			this.checkValueSize(this.at - start);
			this.#skipBlanks();
			const byte = this.bytes[this.at];
			this.at++;
			if (byte === close) return;
			if (byte !== COMMA) {
				this.at--;
				this.#expectedByte(open === OPEN_BRACE ? '"," or "}"' : '"," or "]"');
			}
			this.#skipBlanks();
		}
	}

	/** Bad escapes are bad syntax, wherever they stand. A lone surrogate or a zero is a matter of the value. */
	#checkEscapes(start: number, end: number): void {
		try {
			unescapeJson(this.bytes, start, end);
		} catch (error) {
			if (hasCode(error, "malformed_body")) this.malformed((error as Error).message, start);
		}
	}

	#expectedByte(what: string): never {
		if (this.at >= this.end) this.more("a row");
		return this.malformed(`${what} was expected`);
	}

	#skipBlanks(): void {
		const { bytes } = this;
		for (;;) {
			const byte = bytes[this.at];
			if (byte === LINE_FEED) {
				if (this.#ndjson) return;
				this.at++;
				this.newLine(this.at);
			} else if (byte === 32 || byte === 13 || byte === 9) this.at++;
			else return;
		}
	}
}
