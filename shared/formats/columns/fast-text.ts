/**
 * Values read from ASCII bytes without making a string. Each function reads the common form only and answers NaN for anything else; the caller
 * then takes the exact, slow way through `parseValue`.
 */
import { daysFromCivil, daysInMonth } from "#shared/contracts/values/calendar.ts";

/** Digits whose number is exact in a double. */
const EXACT_DIGIT_COUNT = 15;

/** `[+-]?` and 1 to 15 digits. */
export function readInteger(bytes: Uint8Array, start: number, end: number): number {
	const first = bytes[start] as number;
	const negative = first === 45;
	let at = negative || first === 43 ? start + 1 : start;
	if (at >= end || end - at > EXACT_DIGIT_COUNT) return Number.NaN;
	let value = 0;
	for (; at < end; at++) {
		const digit = (bytes[at] as number) - 48;
		if (digit < 0 || digit > 9) return Number.NaN;
		value = value * 10 + digit;
	}
	return negative ? -value : value;
}

/** POWERS[n] = 10^n, exact. */
const POWERS: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** A decimal of up to 15 digits as its coefficient at `scale`; NaN where it has more fraction digits than `scale`. */
export function readDecimal(bytes: Uint8Array, start: number, end: number, scale: number): number {
	const first = bytes[start] as number;
	const negative = first === 45;
	const begin = negative || first === 43 ? start + 1 : start;
	let value = 0;
	let point = -1;
	let at = begin;
	for (; at < end; at++) {
		const digit = (bytes[at] as number) - 48;
		if (digit >= 0 && digit <= 9) value = value * 10 + digit;
		else if (digit === -2 && point < 0) point = at;
		else return Number.NaN;
	}
	const digitCount = end - begin - (point < 0 ? 0 : 1);
	const missing = scale - (point < 0 ? 0 : end - point - 1);
	if (digitCount === 0 || missing < 0 || digitCount + missing > EXACT_DIGIT_COUNT) return Number.NaN;
	value *= POWERS[missing] as number;
	return negative ? -value : value;
}

/** A decimal, exactly rounded: at most 15 digits over a power of ten up to 10^22, both exact, so that one division rounds once (Clinger 1990). */
export function readDouble(bytes: Uint8Array, start: number, end: number): number {
	const first = bytes[start] as number;
	const negative = first === 45;
	const begin = negative || first === 43 ? start + 1 : start;
	let value = 0;
	let point = -1;
	for (let at = begin; at < end; at++) {
		const digit = (bytes[at] as number) - 48;
		if (digit >= 0 && digit <= 9) value = value * 10 + digit;
		else if (digit === -2 && point < 0) point = at;
		else return Number.NaN;
	}
	const digitCount = end - begin - (point < 0 ? 0 : 1);
	if (digitCount === 0 || digitCount > EXACT_DIGIT_COUNT) return Number.NaN;
	if (point >= 0) value /= POWERS[end - point - 1] as number;
	return negative ? -value : value;
}

function twoDigits(bytes: Uint8Array, at: number): number {
	const tens = (bytes[at] as number) - 48;
	const ones = (bytes[at + 1] as number) - 48;
	return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? Number.NaN : tens * 10 + ones;
}

/** `YYYY-MM-DD` or `YYYY/MM/DD`, of the years 1 to 9999, as days since 1970-01-01. */
export function readDate(bytes: Uint8Array, start: number, end: number): number {
	if (end - start < 10) return Number.NaN;
	const separator = bytes[start + 4];
	if ((separator !== 45 && separator !== 47) || bytes[start + 7] !== separator) return Number.NaN;
	const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
	const month = twoDigits(bytes, start + 5);
	const day = twoDigits(bytes, start + 8);
	if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
	if (day > 28 && day > daysInMonth(year, month)) return Number.NaN;
	return daysFromCivil(year, month, day);
}

/** `HH:MM[:SS[.f]]` with up to six fraction digits, as microseconds since midnight. */
export function readTime(bytes: Uint8Array, start: number, end: number): number {
	const length = end - start;
	if (length < 5 || bytes[start + 2] !== 58) return Number.NaN;
	const hour = twoDigits(bytes, start);
	const minute = twoDigits(bytes, start + 3);
	if (!(hour <= 23 && minute <= 59)) return Number.NaN;
	const minutes = hour * 60 + minute;
	if (length === 5) return minutes * 60e6;
	if (length < 8 || bytes[start + 5] !== 58) return Number.NaN;
	const second = twoDigits(bytes, start + 6);
	if (!(second <= 59)) return Number.NaN;
	const micros = (minutes * 60 + second) * 1e6;
	if (length === 8) return micros;
	if (length === 9 || length > 15 || bytes[start + 8] !== 46) return Number.NaN;
	let fraction = 0;
	for (let at = start + 9; at < end; at++) {
		const digit = (bytes[at] as number) - 48;
		if (digit < 0 || digit > 9) return Number.NaN;
		fraction = fraction * 10 + digit;
	}
	return micros + fraction * (POWERS[15 - length] as number);
}

/** Days whose microseconds are exact in a double. */
const EXACT_DAYS = Math.floor(Number.MAX_SAFE_INTEGER / 86_400e6) - 1;

/** A date, `T` or a blank, and a time; a trailing `Z` where `zone` allows it. Microseconds since 1970-01-01 00:00. */
export function readTimestamp(bytes: Uint8Array, start: number, end: number, zone: boolean): number {
	const days = readDate(bytes, start, end);
	if (!(days <= EXACT_DAYS && days >= -EXACT_DAYS)) return Number.NaN;
	if (end - start === 10) return days * 86_400e6;
	const separator = bytes[start + 10];
	if (separator !== 32 && separator !== 84) return Number.NaN;
	return days * 86_400e6 + readTime(bytes, start + 11, zone && bytes[end - 1] === 90 ? end - 1 : end);
}
