/** BYTEA, UUID and base64 to and from text. */
import { LittoralError } from "#shared/base/errors.ts";
import { invalidText } from "./number-text.ts";

const encoder = new TextEncoder();

/** `\x` and hex digits (blanks between pairs allowed), else the escape form with `\\` and `\ooo`. @throws 22023, 22P02 */
export function parseBytea(text: string): Uint8Array {
	if (!text.startsWith("\\x")) return parseEscaped(text);
	const bytes = new Uint8Array((text.length - 2) >> 1);
	let count = 0;
	for (let at = 2; at < text.length; ) {
		if (/[ \n\t\r]/.test(text[at] as string)) {
			at++;
			continue;
		}
		const high = hexDigit(text, at);
		if (at + 1 >= text.length) throw new LittoralError("invalid_parameter_value", "invalid hexadecimal data: odd number of digits");
		bytes[count++] = high * 16 + hexDigit(text, at + 1);
		at += 2;
	}
	return bytes.slice(0, count);
}

function hexDigit(text: string, at: number): number {
	const digit = "0123456789abcdef".indexOf((text[at] as string).toLowerCase());
	if (digit < 0)
		throw new LittoralError(
			"invalid_parameter_value",
			`invalid hexadecimal digit: "${String.fromCodePoint(text.codePointAt(at) as number)}"`,
		);
	return digit;
}

function parseEscaped(text: string): Uint8Array {
	const source = encoder.encode(text);
	const bytes = new Uint8Array(source.length);
	let count = 0;
	for (let at = 0; at < source.length; ) {
		if (source[at] !== 92) {
			bytes[count++] = source[at++] as number;
		} else if (source[at + 1] === 92) {
			bytes[count++] = 92;
			at += 2;
		} else {
			const octal = /^[0-3][0-7][0-7]$/.test(String.fromCharCode(...source.subarray(at + 1, at + 4)));
			if (!octal) throw new LittoralError("invalid_text_representation", "invalid input syntax for type bytea");
			bytes[count++] = ((source[at + 1] as number) - 48) * 64 + ((source[at + 2] as number) - 48) * 8 + (source[at + 3] as number) - 48;
			at += 4;
		}
	}
	return bytes.slice(0, count);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** `\xdeadbeef` */
export function formatBytea(bytes: Uint8Array): string {
	let text = "\\x";
	for (const byte of bytes) text += HEX[byte];
	return text;
}

const UUID = /^(\{?)(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}(\}?)$/i;

/** @returns lower case with hyphens @throws 22P02 */
export function parseUuid(text: string): string {
	const match = UUID.exec(text);
	if (match === null || (match[1] === "") !== (match[2] === "")) throw invalidText("uuid", text);
	const digits = text.replace(/[{}-]/g, "").toLowerCase();
	return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** Native in Workers; Node 24 is without it. */
type FromBase64 = ((text: string) => Uint8Array) | undefined;
const { fromBase64 } = Uint8Array as unknown as { fromBase64: FromBase64 };

/** Standard alphabet, padding optional. @throws 22023, as PostgreSQL's decode() */
export function parseBase64(text: string): Uint8Array {
	if (!BASE64.test(text)) throw new LittoralError("invalid_parameter_value", "invalid base64 end sequence");
	if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, text);
	const binary = atob(text);
	const bytes = new Uint8Array(binary.length);
	for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
	return bytes;
}

/** Standard alphabet with padding, no line breaks. */
export function formatBase64(bytes: Uint8Array): string {
	let binary = "";
	for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
	return btoa(binary);
}
