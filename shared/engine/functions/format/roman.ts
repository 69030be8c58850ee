/** Roman numerals, as to_char writes them and to_number reads them. */

const NUMERALS: [value: number, text: string][] = [
	[1000, "M"],
	[900, "CM"],
	[500, "D"],
	[400, "CD"],
	[100, "C"],
	[90, "XC"],
	[50, "L"],
	[40, "XL"],
	[10, "X"],
	[9, "IX"],
	[5, "V"],
	[4, "IV"],
	[1, "I"],
];
const ROMAN_MAX = 3999;
/** MMMDCCCLXXXVIII, the longest; what has no numeral is written as so many of #. */
export const ROMAN_LENGTH_MAX = 15;
const CANONICAL = /^M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})$/;

export function toRoman(value: number): string {
	if (!(value >= 1 && value <= ROMAN_MAX)) return "#".repeat(ROMAN_LENGTH_MAX);
	let rest = value;
	let text = "";
	for (const [size, numeral] of NUMERALS) {
		text += numeral.repeat(Math.trunc(rest / size));
		rest %= size;
	}
	return text;
}

/** @param text in capitals @returns null for what is no numeral */
export function fromRoman(text: string): number | null {
	if (text === "" || !CANONICAL.test(text)) return null;
	let value = 0;
	let rest = text;
	for (const [size, numeral] of NUMERALS) {
		for (; rest.startsWith(numeral); rest = rest.slice(numeral.length)) value += size;
	}
	return value;
}
