/** Unicode escapes and normal forms. */
import { LittoralError } from "#shared/base/errors.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Bind } from "../kernel.ts";
import { perValue } from "../per-value.ts";

type Form = "NFC" | "NFD" | "NFKC" | "NFKD";
const FORMS: readonly string[] = ["NFC", "NFD", "NFKC", "NFKD"] satisfies Form[];

function formOf(name: string): Form {
	const form = name.toUpperCase();
	if (!FORMS.includes(form)) throw new LittoralError("invalid_parameter_value", `invalid normalization form: ${name}`);
	return form as Form;
}

const normalized = ([text, form]: SqlValue[]): string => (text as string).normalize(formOf((form as string | undefined) ?? "NFC"));

const invalidPair = (): LittoralError => new LittoralError("syntax_error", "invalid Unicode surrogate pair");

/** `\XXXX`, `\+XXXXXX`, `\uXXXX` and `\UXXXXXXXX` stand for code points, `\\` for a backslash. */
function unescape(text: string): string {
	const escape = /\\(?:(\\)|u?([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6})|U([0-9a-fA-F]{8}))/y;
	let out = "";
	let high = 0;
	for (let at = 0; at < text.length; ) {
		if (text[at] !== "\\") {
			if (high !== 0) throw invalidPair();
			out += text[at++];
			continue;
		}
		escape.lastIndex = at;
		const match = escape.exec(text);
		if (match === null) {
			throw new LittoralError("syntax_error", "invalid Unicode escape", {
				hint: "Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.",
			});
		}
		at += match[0].length;
		if (match[1] !== undefined) {
			if (high !== 0) throw invalidPair();
			out += "\\";
			continue;
		}
		const code = Number.parseInt((match[2] ?? match[3] ?? match[4]) as string, 16);
		if (code === 0 || code > 0x10ffff)
			throw new LittoralError("invalid_parameter_value", `invalid Unicode code point: ${code.toString(16).toUpperCase().padStart(4, "0")}`);
		const isLow = code >= 0xdc00 && code <= 0xdfff;
		if ((high !== 0) !== isLow) throw invalidPair();
		if (code >= 0xd800 && code <= 0xdbff) high = code;
		else {
			out += isLow ? String.fromCharCode(high, code) : String.fromCodePoint(code);
			high = 0;
		}
	}
	if (high !== 0) throw invalidPair();
	return out;
}

export const UNICODE_KERNELS: Record<string, Bind> = {
	"normalize(text)": perValue(normalized),
	"normalize(text,text)": perValue(normalized),
	"is_normalized(text)": perValue((values) => normalized(values) === values[0]),
	"is_normalized(text,text)": perValue((values) => normalized(values) === values[0]),
	"unistr(text)": perValue(([text]) => unescape(text as string)),
};
