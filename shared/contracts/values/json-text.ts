/**
 * JSONB's text: parsed strictly, written as PostgreSQL writes it. Keys stand by length in bytes, then bytes; the last of equal keys wins; numbers
 * keep every digit (`1.50` stays, `1e2` is `100`); one blank after `:` and `,`.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { JSON_NESTING_MAX, VALUE_BYTES_MAX } from "#shared/base/limits.ts";

const encoder = new TextEncoder();
const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Up to the first quote or backslash; control characters in between are refused separately. */
const PLAIN_STRING = /"[^"\\]*"/y;

/** @throws 22P02 on bad syntax, 22P05 on `\u0000`, 54001 nested too deep, 54000 when numbers written out exceed VALUE_BYTES_MAX */
export function normalizeJson(text: string): string {
	const reader = new JsonReader(text);
	const result = reader.value(0);
	reader.end();
	return result;
}

class JsonReader {
	readonly #text: string;
	#at = 0;
	#written = 0;

	constructor(text: string) {
		this.#text = text;
	}

	end(): void {
		this.#skipBlanks();
		if (this.#at < this.#text.length) throw invalidJson();
	}

	value(depth: number): string {
		if (depth > JSON_NESTING_MAX) throw new LittoralError("statement_too_complex", "stack depth limit exceeded");
		this.#skipBlanks();
		switch (this.#text[this.#at]) {
			case "{":
				return this.#object(depth);
			case "[":
				return this.#array(depth);
			case '"':
				return quoteJson(this.#string());
			case "t":
				return this.#word("true");
			case "f":
				return this.#word("false");
			case "n":
				return this.#word("null");
			default:
				return this.#number();
		}
	}

	#object(depth: number): string {
		this.#at++;
		const members = new Map<string, string>();
		if (!this.#accept("}")) {
			do {
				this.#skipBlanks();
				if (this.#text[this.#at] !== '"') throw invalidJson();
				const key = this.#string();
				if (!this.#accept(":")) throw invalidJson();
				members.set(key, this.value(depth + 1));
			} while (this.#accept(","));
			if (!this.#accept("}")) throw invalidJson();
		}
		return writeObject(members);
	}

	#array(depth: number): string {
		this.#at++;
		const elements: string[] = [];
		if (!this.#accept("]")) {
			do {
				elements.push(this.value(depth + 1));
			} while (this.#accept(","));
			if (!this.#accept("]")) throw invalidJson();
		}
		return writeArray(elements);
	}

	#string(): string {
		PLAIN_STRING.lastIndex = this.#at;
		const plain = PLAIN_STRING.exec(this.#text);
		if (plain !== null) {
			const value = plain[0].slice(1, -1);
			if (hasControlCharacter(value) || !value.isWellFormed()) throw invalidJson();
			this.#at = PLAIN_STRING.lastIndex;
			return value;
		}
		let end = this.#at + 1;
		for (; end < this.#text.length && this.#text[end] !== '"'; end++) {
			if (this.#text[end] === "\\") end++;
		}
		const literal = this.#text.slice(this.#at, end + 1);
		let value: string;
		try {
			value = JSON.parse(literal) as string;
		} catch {
			throw invalidJson();
		}
		if (value.includes("\u0000")) throw new LittoralError("untranslatable_character", "unsupported Unicode escape sequence");
		if (!value.isWellFormed()) throw invalidJson();
		this.#at = end + 1;
		return value;
	}

	#number(): string {
		NUMBER.lastIndex = this.#at;
		const match = NUMBER.exec(this.#text);
		if (match === null) throw invalidJson();
		this.#at = NUMBER.lastIndex;
		const text = plainNumber(match[0]);
		this.#written += text.length;
		if (this.#written > VALUE_BYTES_MAX) throw tooLarge();
		return text;
	}

	#word(word: string): string {
		if (!this.#text.startsWith(word, this.#at)) throw invalidJson();
		this.#at += word.length;
		return word;
	}

	#accept(character: string): boolean {
		this.#skipBlanks();
		if (this.#text[this.#at] !== character) return false;
		this.#at++;
		return true;
	}

	#skipBlanks(): void {
		BLANK.lastIndex = this.#at;
		BLANK.test(this.#text);
		this.#at = BLANK.lastIndex;
	}
}

function hasControlCharacter(text: string): boolean {
	for (let index = 0; index < text.length; index++) {
		if (text.charCodeAt(index) < 32) return true;
	}
	return false;
}

/** An object of canonical values, its members in their order. */
export function writeObject(members: Map<string, string>): string {
	const sorted = [...members].map(([key, value]) => ({ key, bytes: encoder.encode(key), value }));
	if (sorted.length > 1) sorted.sort((left, right) => compareKeys(left.bytes, right.bytes));
	return `{${sorted.map(({ key, value }) => `${quoteJson(key)}: ${value}`).join(", ")}}`;
}

/** An array of canonical values. */
export const writeArray = (elements: string[]): string => `[${elements.join(", ")}]`;

function compareKeys(left: Uint8Array, right: Uint8Array): number {
	if (left.length !== right.length) return left.length - right.length;
	for (let index = 0; index < left.length; index++) {
		const difference = (left[index] as number) - (right[index] as number);
		if (difference !== 0) return difference;
	}
	return 0;
}

/** A JSON number without its exponent, every digit kept. @throws 54000 above VALUE_BYTES_MAX digits */
export function plainNumber(literal: string): string {
	const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) as RegExpExecArray;
	const whole = parts[2] as string;
	const fraction = parts[3] ?? "";
	const exponent = Number(parts[4] ?? 0);
	const zero = !/[1-9]/.test(whole + fraction);
	if (!zero && Math.abs(exponent) > VALUE_BYTES_MAX) throw tooLarge();
	const scale = Math.min(Math.max(0, fraction.length - exponent), VALUE_BYTES_MAX);
	let digits = (whole + fraction).replace(/^0+/, "");
	if (!zero && exponent > fraction.length) digits += "0".repeat(exponent - fraction.length);
	digits = digits.padStart(scale + 1, "0");
	const sign = zero ? "" : parts[1];
	return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** A JSON string literal as PostgreSQL escapes it: only quotes, backslashes and control characters. */
export function quoteJson(text: string): string {
	return JSON.stringify(text);
}

function invalidJson(): LittoralError {
	return new LittoralError("invalid_text_representation", "invalid input syntax for type json");
}

function tooLarge(): LittoralError {
	return new LittoralError("program_limit_exceeded", `a jsonb value takes more than ${VALUE_BYTES_MAX} bytes`);
}
