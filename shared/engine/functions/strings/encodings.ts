/** Bytes as text and back (hex, base64, escape), numbers in other bases, and hashes. Source of rules and messages: PostgreSQL's encode.c. */
import { createHash } from "node:crypto";
import { toHex } from "#shared/base/hash.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import { formatBase64, parseBase64 } from "#shared/contracts/values/binary-text.ts";
import { tooLong } from "../casts/text-casts.ts";
import type { Bind } from "../kernel.ts";
import { perValue } from "../per-value.ts";

const invalid = (message: string, hint?: string): LittoralError =>
	new LittoralError("invalid_parameter_value", message, hint === undefined ? {} : { hint });

const BASE64_LINE_CHARACTERS = 76;

function toBase64(bytes: Uint8Array): string {
	const text = formatBase64(bytes);
	return text.replace(new RegExp(`.{${BASE64_LINE_CHARACTERS}}(?=.)`, "g"), "$&\n");
}

/** Zero bytes and those above 127 as `\ooo`, the backslash doubled. */
function toEscapes(bytes: Uint8Array): string {
	let text = "";
	for (const byte of bytes) {
		if (byte === 0 || byte > 127) text += `\\${byte.toString(8).padStart(3, "0")}`;
		else text += byte === 0x5c ? "\\\\" : String.fromCharCode(byte);
	}
	return text;
}

function fromHex(text: string): Uint8Array {
	const digits = text.replace(/[ \n\t\r]/g, "");
	const wrong = /[^0-9a-f]/iu.exec(digits);
	if (wrong !== null) throw invalid(`invalid hexadecimal digit: "${wrong[0]}"`);
	if (digits.length % 2 === 1) throw invalid("invalid hexadecimal data: odd number of digits");
	return Uint8Array.from({ length: digits.length / 2 }, (_, index) => Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16));
}

const badEnd = (): LittoralError =>
	invalid("invalid base64 end sequence", "Input data is missing padding, is truncated, or is otherwise corrupted.");

function fromBase64(text: string): Uint8Array {
	const symbols = text.replace(/[ \n\t\r]/g, "");
	const padding = symbols.indexOf("=");
	const body = padding < 0 ? symbols : symbols.slice(0, padding);
	const wrong = /[^A-Za-z0-9+/]/u.exec(body);
	if (wrong !== null) throw invalid(`invalid symbol "${wrong[0]}" found while decoding base64 sequence`);
	if (padding >= 0) {
		const place = padding % 4;
		if (place < 2) throw invalid('unexpected "=" while decoding base64 sequence');
		const tail = symbols.slice(padding + 1).replace(/^=/, "");
		const other = /[^A-Za-z0-9+/=]/u.exec(tail);
		if (other !== null) throw invalid(`invalid symbol "${other[0]}" found while decoding base64 sequence`);
		if (symbols.length !== padding + (4 - place) || tail !== "") throw badEnd();
	}
	if (symbols.length % 4 !== 0) throw badEnd();
	return parseBase64(symbols);
}

function fromEscapes(text: string): Uint8Array {
	const source = new TextEncoder().encode(text);
	const bytes: number[] = [];
	for (let at = 0; at < source.length; at++) {
		const byte = source[at] as number;
		if (byte !== 0x5c) bytes.push(byte);
		else if (source[at + 1] === 0x5c) {
			bytes.push(byte);
			at++;
		} else {
			const octal = /^[0-3][0-7]{2}/.exec(String.fromCharCode(...source.subarray(at + 1, at + 4)));
			if (octal === null) throw new LittoralError("invalid_text_representation", "invalid input syntax for type bytea");
			bytes.push(Number.parseInt(octal[0], 8));
			at += 3;
		}
	}
	return Uint8Array.from(bytes);
}

const ENCODINGS: Record<string, { encode(bytes: Uint8Array): string; decode(text: string): Uint8Array }> = {
	hex: { encode: toHex, decode: fromHex },
	base64: { encode: toBase64, decode: fromBase64 },
	escape: { encode: toEscapes, decode: fromEscapes },
};

function encodingOf(name: string): (typeof ENCODINGS)[string] {
	const key = name.toLowerCase();
	const encoding = Object.hasOwn(ENCODINGS, key) ? ENCODINGS[key] : undefined;
	if (encoding === undefined) throw invalid(`unrecognized encoding: "${name}"`);
	return encoding;
}

function encode(bytes: Uint8Array, encoding: string): string {
	const text = encodingOf(encoding).encode(bytes);
	if (text.length > VALUE_BYTES_MAX) throw tooLong();
	return text;
}

const bytesHash = (algorithm: "sha224" | "sha256" | "sha384" | "sha512"): Bind =>
	perValue(
		([bytes]) =>
			new Uint8Array(
				createHash(algorithm)
					.update(bytes as Uint8Array)
					.digest(),
			),
	);

const md5: Bind = perValue(([input]) =>
	createHash("md5")
		.update(input as Uint8Array | string)
		.digest("hex"),
);

/** Negative numbers in two's complement. */
const inBase = (base: 2 | 8 | 16): Record<"integer" | "bigint", Bind> => ({
	integer: perValue(([value]) => ((value as number) >>> 0).toString(base)),
	bigint: perValue(([value]) => BigInt.asUintN(64, value as bigint).toString(base)),
});

/** CRC of each byte value, for the reflected polynomial. */
function crcTable(polynomial: number): Uint32Array {
	return Uint32Array.from({ length: 256 }, (_, byte) => {
		let crc = byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
		return crc;
	});
}

function checksum(polynomial: number): Bind {
	const table = crcTable(polynomial);
	return perValue(([bytes]) => {
		let crc = 0xffffffff;
		for (const byte of bytes as Uint8Array) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
		return BigInt((crc ^ 0xffffffff) >>> 0);
	});
}

export const ENCODING_KERNELS: Record<string, Bind> = {
	"encode(bytea,text)": perValue(([bytes, encoding]) => encode(bytes as Uint8Array, encoding as string)),
	"decode(text,text)": perValue(([text, encoding]) => encodingOf(encoding as string).decode(text as string)),
	"md5(text)": md5,
	"md5(bytea)": md5,
	"sha224(bytea)": bytesHash("sha224"),
	"sha256(bytea)": bytesHash("sha256"),
	"sha384(bytea)": bytesHash("sha384"),
	"sha512(bytea)": bytesHash("sha512"),
	"crc32(bytea)": checksum(0xedb88320),
	"crc32c(bytea)": checksum(0x82f63b78),
	"to_bin(integer)": inBase(2).integer,
	"to_bin(bigint)": inBase(2).bigint,
	"to_oct(integer)": inBase(8).integer,
	"to_oct(bigint)": inBase(8).bigint,
	"to_hex(integer)": inBase(16).integer,
	"to_hex(bigint)": inBase(16).bigint,
};
