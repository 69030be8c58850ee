/** One-dimensional arrays in PostgreSQL's text form: `{1,NULL,"a \"b\""}`. */
import { LittoralError } from "#shared/base/errors.ts";

/** @returns each element's text, null for an unquoted NULL @throws 22P02, 0A000 for an array inside an array */
export function splitArray(text: string): (string | null)[] {
	let at = skipBlanks(text, 0);
	if (text[at] !== "{") throw malformed(text);
	at = skipBlanks(text, at + 1);
	const elements: (string | null)[] = [];
	if (text[at] === "}") {
		if (skipBlanks(text, at + 1) < text.length) throw malformed(text);
		return elements;
	}
	for (;;) {
		at = skipBlanks(text, at);
		if (text[at] === "{") throw new LittoralError("feature_not_supported", "arrays of more than one dimension are not supported");
		let element = "";
		let quoted = false;
		let escaped = false;
		if (text[at] === '"') {
			quoted = true;
			for (at++; text[at] !== '"'; at++) {
				if (text[at] === "\\") at++;
				if (at >= text.length) throw malformed(text);
				element += text[at];
			}
			at = skipBlanks(text, at + 1);
		} else {
			const start = at;
			for (; at < text.length && text[at] !== "," && text[at] !== "}"; at++) {
				if (text[at] === '"' || text[at] === "{") throw malformed(text);
				if (text[at] === "\\") {
					escaped = true;
					at++;
					if (at >= text.length) throw malformed(text);
				}
			}
			element = text.slice(start, at).trimEnd();
			if (escaped) element = element.replace(/\\([\s\S])/g, "$1");
			if (element === "" && !escaped) throw malformed(text);
		}
		elements.push(!quoted && !escaped && /^null$/i.test(element) ? null : element);
		if (text[at] === ",") {
			at++;
			continue;
		}
		if (text[at] !== "}" || skipBlanks(text, at + 1) < text.length) throw malformed(text);
		return elements;
	}
}

function skipBlanks(text: string, from: number): number {
	let at = from;
	while (at < text.length && " \t\n\r\v\f".includes(text[at] as string)) at++;
	return at;
}

function malformed(text: string): LittoralError {
	return new LittoralError("invalid_text_representation", `malformed array literal: "${text}"`);
}

const NEEDS_QUOTES = /^$|^null$|[{}",\\\s]/i;

/** @param elements each element's text, null for NULL */
export function joinArray(elements: (string | null)[]): string {
	const texts = elements.map((element) => {
		if (element === null) return "NULL";
		return NEEDS_QUOTES.test(element) ? `"${element.replace(/["\\]/g, "\\$&")}"` : element;
	});
	return `{${texts.join(",")}}`;
}
