/** Sizes as text, the clock that runs, counts of NULLs, and texts as bytes of an encoding. */
import { LittoralError } from "#shared/base/errors.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { formatNumeric } from "#shared/contracts/values/number-text.ts";
import type { Bind } from "../kernel.ts";
import { perValue, perValueNullable } from "../per-value.ts";

/** A unit shows below `limit` of it; those below bytes halve what is left over, rounding half away. Source: PostgreSQL, dbsize.c. */
const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];
const BYTES_SHOWN_MAX = 10 * 1024;
const UNITS_SHOWN_MAX = 20 * 1024 - 1;

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** Kept with one bit below the unit, which rounds it at the end. */
function sizeText(bytes: bigint): string {
	if (magnitude(bytes) < BYTES_SHOWN_MAX) return `${bytes} bytes`;
	let halves = bytes / 2n ** 9n;
	let unit = 1;
	while (unit < UNITS.length - 1 && magnitude(halves) >= UNITS_SHOWN_MAX) {
		halves /= 2n ** 10n;
		unit++;
	}
	return `${halvedAway(halves)} ${UNITS[unit]}`;
}

const halvedAway = (value: bigint): bigint => (value < 0n ? (value - 1n) / 2n : (value + 1n) / 2n);

/** Below the first limit a NUMERIC keeps its digits behind the point. */
function numericSizeText(value: NumericValue): string {
	const whole = value.coefficient / 10n ** BigInt(value.scale);
	return magnitude(whole) < BYTES_SHOWN_MAX ? `${formatNumeric(value)} bytes` : sizeText(whole);
}

/** @throws invalid_parameter_value (22023), feature_not_supported (0A000) */
function checkUtf8(encoding: string, role: "source" | "destination"): void {
	const name = encoding.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
	if (name === "utf8" || name === "unicode") return;
	if (/^(?:latin\d+|iso8859\d+|win\d+|sqlascii|euc\w+|koi8\w|sjis|big5|gbk|gb18030|uhc|johab|mulelnternal|shiftjis2004)$/.test(name)) {
		throw new LittoralError("feature_not_supported", `the encoding ${encoding} is not supported`);
	}
	throw new LittoralError("invalid_parameter_value", `invalid ${role} encoding name "${encoding}"`);
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws character_not_in_repertoire (22021) */
function textOfBytes(bytes: Uint8Array): string {
	try {
		const text = strictUtf8.decode(bytes);
		if (!text.includes("\u0000")) return text;
	} catch {
		// Said below, with the bytes.
	}
	throw new LittoralError("character_not_in_repertoire", `invalid byte sequence for encoding "UTF8": ${firstBadBytes(bytes)}`);
}

/** The first sequence that is no UTF-8, as far as its first byte says it goes: `0xc3 0x28`. */
function firstBadBytes(bytes: Uint8Array): string {
	for (let at = 0; at < bytes.length; ) {
		const lead = bytes[at] as number;
		const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
		const sequence = bytes.subarray(at, at + length);
		try {
			if (lead === 0) throw new Error("a zero");
			strictUtf8.decode(sequence);
		} catch {
			return Array.from(sequence, (byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(" ");
		}
		at += length;
	}
	return "";
}

const nullCount = (values: SqlValue[]): number => values.filter((value) => value === null).length;

export const SYSTEM_KERNELS: Record<string, Bind> = {
	"clock_timestamp()": perValue(() => BigInt(Date.now()) * 1000n),
	"num_nulls(any...)": perValueNullable(() => nullCount),
	"num_nonnulls(any...)": perValueNullable(() => (values) => values.length - nullCount(values)),
	"pg_size_pretty(bigint)": perValue(([bytes]) => sizeText(bytes as bigint)),
	"pg_size_pretty(numeric)": perValue(([bytes]) => numericSizeText(bytes as NumericValue)),
	"convert_from(bytea,text)": perValue(([bytes, encoding]) => {
		checkUtf8(encoding as string, "source");
		return textOfBytes(bytes as Uint8Array);
	}),
	"convert_to(text,text)": perValue(([text, encoding]) => {
		checkUtf8(encoding as string, "destination");
		return new TextEncoder().encode(text as string);
	}),
};
