/**
 * One level of a canonical JSONB text (`json-text.ts`): its kind, its members, its elements, cut out of the text as they stand. What is written canonically is read
 * without a parser: members are parted by `, `, keys from values by `: `, and nothing else is between.
 */
export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

/** What stands at the beginning of a canonical text. */
export function jsonKind(text: string): JsonKind {
	switch (text[0]) {
		case "{":
			return "object";
		case "[":
			return "array";
		case '"':
			return "string";
		case "t":
		case "f":
			return "boolean";
		case "n":
			return "null";
		default:
			return "number";
	}
}

/** @returns keys without quotes and escapes, and canonical values, in the object's order */
export function jsonMembers(text: string): [key: string, value: string][] {
	const members: [string, string][] = [];
	if (text.length <= 2) return members;
	for (let at = 1; at < text.length; ) {
		const keyEnd = stringEnd(text, at);
		const valueStart = keyEnd + 2;
		const valueEnd = jsonEnd(text, valueStart);
		members.push([unquoteJson(text.slice(at, keyEnd)), text.slice(valueStart, valueEnd)]);
		at = text[valueEnd] === "," ? valueEnd + 2 : text.length;
	}
	return members;
}

/** @returns canonical values */
export function jsonElements(text: string): string[] {
	const elements: string[] = [];
	if (text.length <= 2) return elements;
	for (let at = 1; at < text.length; ) {
		const end = jsonEnd(text, at);
		elements.push(text.slice(at, end));
		at = text[end] === "," ? end + 2 : text.length;
	}
	return elements;
}

/** The content of a string literal. */
export function unquoteJson(literal: string): string {
	return literal.includes("\\") ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

/** What `->>` gives: null for a JSON null, a string's content, any other value as it is written. */
export function jsonAsText(text: string): string | null {
	const kind = jsonKind(text);
	return kind === "null" ? null : kind === "string" ? unquoteJson(text) : text;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The position behind the string literal that begins at `from`. */
function stringEnd(text: string, from: number): number {
	for (let at = from + 1; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code === QUOTE) return at + 1;
		if (code === BACKSLASH) at++;
	}
	return text.length;
}

/** The position behind the value that begins at `from`. */
function jsonEnd(text: string, from: number): number {
	let depth = 0;
	for (let at = from; at < text.length; at++) {
		switch (text.charCodeAt(at)) {
			case QUOTE:
				at = stringEnd(text, at) - 1;
				if (depth === 0) return at + 1;
				break;
			case 0x5b:
			case 0x7b:
				depth++;
				break;
			case 0x5d:
			case 0x7d:
				if (depth <= 1) return depth === 0 ? at : at + 1;
				depth--;
				break;
			case 0x2c:
				if (depth === 0) return at;
				break;
		}
	}
	return text.length;
}
