/**
 * to_char of numbers: the template's places from left to right over the digits. Numbers and templates are aligned at the decimal point: places in front of the
 * number are blanks (nothing under FM), or zeros from the first 0 of the template on. The sign is written before the first digit unless the template says where.
 * The locale is C: `.` and `,`, and a blank for the currency.
 */
import { ordinalOf } from "./date-output.ts";
import type { NumberDigits } from "./number-digits.ts";
import type { NumberPattern, NumberTemplate } from "./number-template.ts";
import { ROMAN_LENGTH_MAX } from "./roman.ts";

class NumberWriter {
	private text = "";
	private readonly template: NumberTemplate;
	private readonly digits: string;
	private readonly sign: "+" | "-";
	/** Places in front of the number. */
	private readonly blanks: number;
	/** Behind the decimal point. */
	private readonly fraction: number;
	private readonly zeroFrom: number;
	private readonly signPlace: "before" | "behind" | null;
	private readonly brackets: boolean;
	private readonly places: number;
	/** Under FM with a decimal point: where the digits end that are worth writing; -1 otherwise. */
	private readonly lastRelevant: number;
	private signWritten: boolean;
	/** Whether a comma stands between digits here. */
	private amongDigits = false;
	private place = 0;
	private cursor = 0;

	constructor(template: NumberTemplate, { sign, text, whole, fraction }: NumberDigits) {
		const point = text.indexOf(".");
		this.template = template;
		this.digits = text;
		this.sign = sign;
		this.blanks = template.roman ? 0 : Math.max(0, whole - (point < 0 ? text.length : point));
		this.zeroFrom = template.firstZero === 0 ? Number.POSITIVE_INFINITY : template.firstZero - 1;
		this.brackets = template.brackets && !(template.fill && sign === "+");
		this.signPlace = template.sign === "before" && whole === template.wholeBefore ? "behind" : template.sign;
		this.lastRelevant = template.fill && template.decimal ? this.relevantEnd(point) : -1;
		if (template.plus || template.minus) this.signWritten = !template.plus || template.minus;
		else this.signWritten = sign === "+" && template.fill && template.sign === null;
		this.fraction = fraction;
		this.places = whole + fraction - 1 + (!this.signWritten && this.blanks === 0 ? 1 : 0);
	}

	private relevantEnd(point: number): number {
		if (point < 0) return -1;
		let last = point;
		for (let index = point + 1; index < this.digits.length; index++) if (this.digits[index] !== "0") last = index;
		if (this.template.lastZero <= this.blanks) return last;
		return Math.max(last, Math.min(this.digits.length - 1, this.template.lastZero - this.blanks));
	}

	write(): string {
		for (const node of this.template.nodes) {
			if (node.kind === "pattern") this.pattern(node.pattern);
			else this.text += node.text;
		}
		// Digits that the type does not have end the text, as the end of a string does in C.
		const end = this.text.indexOf("\u0000");
		return end < 0 ? this.text : this.text.slice(0, end);
	}

	private pattern({ key, lower }: NumberPattern): void {
		const { template, sign } = this;
		const blank = template.fill ? "" : " ";
		switch (key) {
			case "9":
			case "0":
			case ".":
			case "D":
				if (!template.roman) this.digit(key);
				return;
			case ",":
			case "G":
				this.text += this.amongDigits ? "," : blank;
				return;
			case "L":
				this.text += " ";
				return;
			case "RN":
				this.text += (lower ? this.digits.toLowerCase() : this.digits).padStart(template.fill ? 0 : ROMAN_LENGTH_MAX);
				return;
			case "TH":
				if (!template.roman && !this.digits.startsWith("#") && sign === "+" && !template.decimal) {
					this.text += ordinalOf(this.digits, lower ? "th" : "TH");
				}
				return;
			case "MI":
				this.text += sign === "-" ? "-" : blank;
				return;
			case "PL":
				this.text += sign === "+" ? "+" : blank;
				return;
			case "SG":
				this.text += sign;
				return;
		}
	}

	/** `9.9` has no zero before its point. */
	private isBareZero(): boolean {
		return this.template.firstZero === 0 && this.cursor === 0 && this.digits.startsWith("0") && this.fraction !== 0;
	}

	private get endsAtPoint(): boolean {
		return this.digits[this.lastRelevant] === ".";
	}

	private digit(key: "9" | "0" | "." | "D"): void {
		const { template } = this;
		this.amongDigits = false;
		const reached = this.place >= this.blanks || this.zeroFrom === this.place;
		if (!this.signWritten && reached && (!this.isBareZero() || this.endsAtPoint)) this.leadingSign();
		if (this.place < this.blanks) {
			if (this.zeroFrom > this.place) this.text += template.fill ? "" : " ";
			else {
				this.text += "0";
				this.amongDigits = true;
			}
		} else this.ofNumber(key);
		const end =
			this.lastRelevant >= 0 && this.lastRelevant === this.cursor
				? this.place
				: this.places + (this.blanks > 0 ? 1 : 0) + (template.decimal ? 1 : 0);
		if (this.place + 1 === end) {
			if (this.signWritten && this.brackets) this.text += this.sign === "+" ? " " : ">";
			else if (this.signPlace === "behind") this.text += this.sign;
		}
		this.place++;
	}

	private leadingSign(): void {
		if (this.signPlace === "behind") return;
		if (this.signPlace === "before") this.text += this.sign;
		else if (this.brackets) this.text += this.sign === "+" ? " " : "<";
		else if (this.sign === "-") this.text += "-";
		else if (!this.template.fill) this.text += " ";
		this.signWritten = true;
	}

	private ofNumber(key: "9" | "0" | "." | "D"): void {
		const digit = this.digits[this.cursor] ?? "\u0000";
		if (digit === ".") this.text += ".";
		else if (this.lastRelevant >= 0 && this.cursor > this.lastRelevant && key !== "0") {
			// Zeros at the end are left out.
		} else if (this.isBareZero()) {
			if (!this.template.fill) this.text += " ";
			else if (this.endsAtPoint) this.text += "0";
		} else {
			this.text += digit;
			this.amongDigits = true;
		}
		if (this.cursor < this.digits.length) this.cursor++;
	}
}

export function formatNumber(template: NumberTemplate, digits: NumberDigits): string {
	if (template.exponent) return digits.text;
	return new NumberWriter(template, digits).write();
}
