/** The text that to_date and to_timestamp read, with how far they are: whole numbers as C's strtol reads them, and words of a list. */
import { LittoralError } from "#shared/base/errors.ts";
import { isSpace } from "./template.ts";

const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;
const WHOLE = /[ \t\n\v\f\r]*[+-]?\d+/y;

export const invalidFormat = (message: string, hint?: string): LittoralError =>
	new LittoralError("invalid_datetime_format", message, hint === undefined ? {} : { hint });

const FIXED_WIDTH_HINT = 'If your source string is not fixed-width, try using the "FM" modifier.';

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

export class SourceText {
	position = 0;
	private readonly text: string;

	constructor(text: string) {
		this.text = text;
	}

	get ended(): boolean {
		return this.position >= this.text.length;
	}

	/** The character here; empty at the end. */
	get character(): string {
		return this.ended ? "" : String.fromCodePoint(this.text.codePointAt(this.position) as number);
	}

	get previous(): string {
		return this.text[this.position - 1] ?? "";
	}

	get rest(): string {
		return this.text.slice(this.position);
	}

	skipCharacter(): void {
		this.position += this.character.length;
	}

	/** @returns how many blanks stood here */
	skipSpaces(): number {
		const start = this.position;
		while (!this.ended && isSpace(this.text[this.position] as string)) this.position++;
		return this.position - start;
	}

	/** The match of a sticky expression here, which is then behind. */
	take(expression: RegExp): RegExpExecArray | null {
		expression.lastIndex = this.position;
		const match = expression.exec(this.text);
		if (match !== null) this.position = expression.lastIndex;
		return match;
	}

	/**
	 * A whole number.
	 * @param field its pattern's name, for errors
	 * @param width how many bytes it has, unless it `ends` where its digits do
	 * @returns the number and how many characters it took, blanks included
	 * @throws 22007, 22008
	 */
	whole(field: string, width: number, ends: boolean): { value: number; length: number } {
		const start = this.position;
		this.skipSpaces();
		const copied = utf8.encode(this.text.slice(this.position, this.position + width)).subarray(0, width);
		const copy = fromUtf8.decode(copied);
		let value = 0;
		if (ends) {
			this.position = start;
			value = Number(this.take(WHOLE)?.[0] ?? 0);
		} else {
			if (copied.length < width) throw invalidFormat(`source string too short for "${field}" formatting field`, FIXED_WIDTH_HINT);
			WHOLE.lastIndex = 0;
			const digits = WHOLE.exec(copy)?.[0] ?? "";
			if (digits.length > 0 && digits.length < width) throw invalidFormat(`invalid value "${copy}" for "${field}"`, FIXED_WIDTH_HINT);
			value = Number(digits);
			this.position += digits.length;
		}
		if (this.position === start) throw invalidFormat(`invalid value "${copy}" for "${field}"`);
		if (value < INT32_MIN || value > INT32_MAX) {
			throw new LittoralError("datetime_field_overflow", `value for "${field}" in source string is out of range`);
		}
		return { value, length: this.position - start };
	}

	/** The place in `words` of the first one that stands here in any letters. @throws 22007 */
	word(field: string, words: readonly string[]): number {
		const rest = this.rest;
		const index = words.findIndex((word) => rest.slice(0, word.length).toLowerCase() === word.toLowerCase());
		if (index < 0) throw invalidFormat(`invalid value "${/^[^ \t\n\v\f\r]*/.exec(rest)?.[0]}" for "${field}"`);
		this.position += (words[index] as string).length;
		return index;
	}
}
