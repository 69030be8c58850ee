/** Templates of numbers: their patterns, and what all of them together say of the digits, the sign and the decimal point. */
import { LittoralError } from "#shared/base/errors.ts";
import { parseTemplate, patternTable, type TemplateNode } from "./template.ts";

const NAMES = [",", ".", "0", "9", "B", "C", "D", "EEEE", "FM", "G", "L", "MI", "PL", "PR", "RN", "SG", "SP", "S", "TH", "V"] as const;

export interface NumberPattern {
	name: string;
	/** The name in capitals. */
	key: (typeof NAMES)[number];
	lower: boolean;
}

const TABLE = patternTable(
	NAMES.flatMap((key): NumberPattern[] => {
		const upper = { name: key, key, lower: false };
		return key.toLowerCase() === key ? [upper] : [upper, { name: key.toLowerCase(), key, lower: true }];
	}),
);

export interface NumberTemplate {
	nodes: TemplateNode<NumberPattern>[];
	/** Digits before the decimal point, behind it, and behind V. */
	whole: number;
	fraction: number;
	shifted: number;
	/** Where the first 0 stands among all digits, from 1; 0 without one. The last one's place counts the digits up to it. */
	firstZero: number;
	lastZero: number;
	fill: boolean;
	decimal: boolean;
	shift: boolean;
	/** S, and whether before the digits or behind; `wholeBefore` is how many digits stood before it. */
	sign: "before" | "behind" | null;
	wholeBefore: number;
	minus: boolean;
	plus: boolean;
	brackets: boolean;
	blank: boolean;
	roman: boolean;
	exponent: boolean;
}

const malformed = (message: string): LittoralError => new LittoralError("syntax_error", message);

/** @throws 42601 for patterns that do not go together */
export function parseNumberTemplate(text: string): NumberTemplate {
	const template: NumberTemplate = {
		nodes: parseTemplate(text, TABLE, false),
		whole: 0,
		fraction: 0,
		shifted: 0,
		firstZero: 0,
		lastZero: 0,
		fill: false,
		decimal: false,
		shift: false,
		sign: null,
		wholeBefore: 0,
		minus: false,
		plus: false,
		brackets: false,
		blank: false,
		roman: false,
		exponent: false,
	};
	for (const node of template.nodes) if (node.kind === "pattern") note(template, node.pattern.key);
	return template;
}

function note(template: NumberTemplate, key: NumberPattern["key"]): void {
	if (template.exponent && key !== "EEEE") throw malformed('"EEEE" must be the last pattern used');
	switch (key) {
		case "9":
		case "0":
			noteDigit(template, key);
			break;
		case "D":
		case ".":
			if (template.decimal) throw malformed("multiple decimal points");
			if (template.shift) throw malformed('cannot use "V" and decimal point together');
			template.decimal = true;
			break;
		case "V":
			if (template.decimal) throw malformed('cannot use "V" and decimal point together');
			template.shift = true;
			break;
		case "FM":
			template.fill = true;
			break;
		case "B":
			if (template.whole === 0 && template.fraction === 0 && template.firstZero === 0) template.blank = true;
			break;
		case "RN":
			if (template.roman) throw malformed('cannot use "RN" twice');
			template.roman = true;
			break;
		case "EEEE":
			noteExponent(template);
			break;
		case "S":
		case "MI":
		case "PL":
		case "SG":
		case "PR":
			noteSign(template, key);
			break;
	}
	if (template.roman && mixesRoman(template)) throw malformed('"RN" is incompatible with other formats');
}

function noteDigit(template: NumberTemplate, key: "9" | "0"): void {
	if (template.brackets) throw malformed(`"${key}" must be ahead of "PR"`);
	if (key === "9" && template.shift) {
		template.shifted++;
		return;
	}
	if (key === "0" && template.firstZero === 0 && !template.decimal) template.firstZero = template.whole + 1;
	if (template.decimal) template.fraction++;
	else template.whole++;
	if (key === "0") template.lastZero = template.whole + template.fraction;
}

function noteSign(template: NumberTemplate, key: "S" | "MI" | "PL" | "SG" | "PR"): void {
	if (key === "S") {
		if (template.sign !== null) throw malformed('cannot use "S" twice');
		if (template.plus || template.minus || template.brackets) throw malformed('cannot use "S" and "PL"/"MI"/"SG"/"PR" together');
		template.sign = template.decimal ? "behind" : "before";
		if (!template.decimal) template.wholeBefore = template.whole;
		return;
	}
	if (key === "PR") {
		if (template.sign !== null || template.plus || template.minus) {
			throw malformed('cannot use "PR" and "S"/"PL"/"MI"/"SG" together');
		}
		template.brackets = true;
		return;
	}
	if (template.sign !== null) throw malformed(`cannot use "S" and "${key}" together`);
	if (key !== "PL") template.minus = true;
	if (key !== "MI") template.plus = true;
}

function noteExponent(template: NumberTemplate): void {
	if (template.exponent) throw malformed('cannot use "EEEE" twice');
	const { blank, fill, sign, brackets, minus, plus, roman, shift } = template;
	if (blank || fill || sign !== null || brackets || minus || plus || roman || shift) {
		throw malformed('"EEEE" is incompatible with other formats');
	}
	template.exponent = true;
}

const mixesRoman = ({ sign, brackets, minus, plus, decimal, shift, firstZero, blank, exponent }: NumberTemplate): boolean =>
	sign !== null || brackets || minus || plus || decimal || shift || firstZero > 0 || blank || exponent;
