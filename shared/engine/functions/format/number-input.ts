/**
 * to_number: digits, sign and decimal point out of a text, place by place. A template says how many characters stand between them, hardly which: whatever is
 * no digit and no sign is passed over. Places are bytes, as in PostgreSQL.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import { parseNumeric, roundNumeric } from "#shared/contracts/values/number-text.ts";
import type { NumberPattern, NumberTemplate } from "./number-template.ts";
import { fromRoman, ROMAN_LENGTH_MAX } from "./roman.ts";
import { isSpace } from "./template.ts";

const isDigit = (character: string): boolean => /^\d$/.test(character);

class NumberReader {
	private readonly template: NumberTemplate;
	/** A character for each byte of UTF-8. */
	private readonly text: string;
	private position = 0;
	private sign: " " | "+" | "-" = " ";
	private digits = "";
	private wholeCount = 0;
	fractionCount = 0;
	/** Digits that the template has before the point; those of a Roman numeral. */
	whole: number;
	private behindPoint = false;

	constructor(text: string, template: NumberTemplate) {
		this.text = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
		this.template = template;
		this.whole = template.whole;
	}

	/** The number's text. */
	read(): string {
		for (const node of this.template.nodes) {
			if (this.ended) break;
			if (node.kind === "pattern") this.pattern(node.pattern);
			else this.skipCharacter();
		}
		return this.sign + (this.digits.endsWith(".") ? this.digits.slice(0, -1) : this.digits);
	}

	private get ended(): boolean {
		return this.position >= this.text.length;
	}

	private get character(): string {
		return this.text[this.position] ?? "";
	}

	private skipCharacter(): void {
		const lead = this.text.charCodeAt(this.position);
		this.position += lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	}

	/** So many characters, up to one that may belong to a number. */
	private skipOther(count: number): void {
		for (let index = 0; index < count && !this.ended && !/[\d.,+-]/.test(this.character); index++) this.skipCharacter();
	}

	private pattern({ key }: NumberPattern): void {
		const { template, character } = this;
		switch (key) {
			case "9":
			case "0":
			case ".":
			case "D":
				this.digit(key);
				this.position++;
				return;
			case ",":
			case "G":
				// Never among digits here: FM passes over it.
				if (!template.fill && character === ",") this.position++;
				return;
			case "L":
				this.skipOther(1);
				return;
			case "RN":
				this.roman();
				return;
			case "TH":
				if (!template.roman && !template.decimal) this.skipOther(2);
				return;
			case "MI":
			case "PL":
			case "SG": {
				const found = (key !== "PL" && character === "-") || (key !== "MI" && character === "+");
				if (found) {
					this.sign = character as "+" | "-";
					this.position++;
				} else this.skipOther(1);
			}
		}
	}

	private digit(key: "9" | "0" | "." | "D"): void {
		const { template } = this;
		if (this.character === " ") this.position++;
		if (this.ended) return;
		const nothing = this.wholeCount + this.fractionCount === 0;
		if (this.sign === " " && nothing && (key === "9" || key === "0")) this.leadingSign();
		if (this.ended) return;
		let read = false;
		if (isDigit(this.character)) {
			if (this.behindPoint && this.fractionCount === template.fraction) return;
			this.digits += this.character;
			if (this.behindPoint) this.fractionCount++;
			else this.wholeCount++;
			read = true;
		} else if (template.decimal && !this.behindPoint && this.character === ".") {
			this.digits += ".";
			this.behindPoint = true;
			read = true;
		}
		if (this.sign === " " && this.wholeCount + this.fractionCount > 0) this.trailingSign(read);
	}

	private leadingSign(): void {
		const { character } = this;
		if (character !== "-" && character !== "+" && !(this.template.brackets && character === "<")) return;
		this.sign = character === "+" ? "+" : "-";
		this.position++;
	}

	/** A sign that S stands for may follow the last digit at once; where MI, PL or SG ask for one, one in a digit's place counts. */
	private trailingSign(read: boolean): void {
		const { template, character } = this;
		if (template.sign !== null) {
			const next = this.text[this.position + 1] ?? "";
			if (!read || (next !== "-" && next !== "+")) return;
			this.sign = next;
			this.position++;
		} else if (!read && (template.plus || template.minus) && (character === "-" || character === "+")) this.sign = character;
	}

	/** @throws 22P02 */
	private roman(): void {
		while (!this.ended && isSpace(this.character)) this.position++;
		const letters = /^[ivxlcdm]*/i.exec(this.text.slice(this.position))?.[0].slice(0, ROMAN_LENGTH_MAX) ?? "";
		const value = fromRoman(letters.toUpperCase());
		if (value === null) throw new LittoralError("invalid_text_representation", "invalid Roman numeral");
		this.position += letters.length;
		this.digits += String(value);
		this.whole = String(value).length;
	}
}

/** @throws 22P02, 22003, 0A000 */
export function readNumber(text: string, template: NumberTemplate): NumericValue {
	if (template.exponent) throw new LittoralError("feature_not_supported", '"EEEE" not supported for input');
	const reader = new NumberReader(text, template);
	const digits = reader.read();
	const scale = reader.fractionCount;
	const precision = reader.whole + template.shifted + scale;
	const value = parseNumeric(digits, precision, scale);
	return template.shift ? shiftedDown(value, template.shifted) : value;
}

/** PostgreSQL's powers of ten below 1 have so many digits more than they need. */
const POWER_DIGITS = 16;

/** Divided by what V multiplies with. */
function shiftedDown({ coefficient, scale }: NumericValue, places: number): NumericValue {
	return roundNumeric({ coefficient: coefficient * 10n ** BigInt(POWER_DIGITS), scale: scale + places + POWER_DIGITS });
}
