/**
 * INTERVAL to and from text: PostgreSQL's verbose form (`1 year 2 mons 3 days 04:05:06.7`), SQL's `1-2` and `3 4:05:06`, and ISO 8601
 * (`P1Y2M3DT4H5M6.7S`). Fractions of a unit spill into smaller ones as in PostgreSQL: a month has 30 days there, a day 24 hours.
 * Source: PostgreSQL, DecodeInterval and DecodeISO8601Interval.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { IntervalValue } from "../value.ts";
import { fractionText } from "./date-time-text.ts";

type Field = "months" | "days" | "microseconds";
interface Unit {
	field: Field;
	/** Of the field's own unit. */
	factor: number;
}

const UNITS = new Map<string, Unit>();
const unit = (field: Field, factor: number, ...names: string[]): void => {
	for (const name of names) UNITS.set(name, { field, factor });
};
unit("microseconds", 1, "us", "usec", "usecs", "usecond", "useconds", "microsecon", "microsecond", "microseconds");
unit("microseconds", 1e3, "ms", "msec", "msecs", "msecond", "mseconds", "millisecon", "millisecond", "milliseconds");
unit("microseconds", 1e6, "s", "sec", "secs", "second", "seconds");
unit("microseconds", 60e6, "m", "min", "mins", "minute", "minutes");
unit("microseconds", 3600e6, "h", "hr", "hrs", "hour", "hours");
unit("days", 1, "d", "day", "days");
unit("days", 7, "w", "week", "weeks");
unit("months", 1, "mon", "mons", "month", "months");
unit("months", 12, "y", "yr", "yrs", "year", "years");
unit("months", 120, "dec", "decs", "decade", "decades");
unit("months", 1200, "c", "cent", "century", "centuries");
unit("months", 12_000, "mil", "mils", "millennia", "millennium");

const ISO_DATE_UNITS = new Map<string, Unit>([
	["Y", { field: "months", factor: 12 }],
	["M", { field: "months", factor: 1 }],
	["W", { field: "days", factor: 7 }],
	["D", { field: "days", factor: 1 }],
]);
const ISO_TIME_UNITS = new Map<string, Unit>([
	["H", { field: "microseconds", factor: 3600e6 }],
	["M", { field: "microseconds", factor: 60e6 }],
	["S", { field: "microseconds", factor: 1e6 }],
]);

const TOKEN =
	/\s*(?:([+-]?\d*:\d+(?::\d+(?:\.\d*)?)?(?:\.\d*)?|[+-]?\d+:\d+(?::\d+)?(?:\.\d*)?)|([+-]?\d+)-(\d+)(?![-\d])|([+-]?\s*(?:\d+(?:\.\d*)?|\.\d+))|([a-z]+))/iy;
const ISO_FIELD = /([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)([YMWDHS])/y;
/** `P0001-02-03T04:05:06` */
const ISO_ALTERNATIVE = /^P([+-]?\d+)-([+-]?\d+)-([+-]?\d+)(?:T([+-]?\d+):([+-]?\d+):([+-]?\d+(?:\.\d*)?))?$/;
const TEXT_LENGTH_MAX = 256;
const INT32_MAX = 2_147_483_647;

/** Adds up fields; a fraction of a month becomes days, of a day microseconds. Each field has bounds of its own (22015), and their sum (22008). */
class Sum {
	months = 0;
	days = 0;
	microseconds = 0n;
	private years = 0;
	private readonly text: string;

	constructor(text: string) {
		this.text = text;
	}

	add(field: Field, whole: bigint, fraction: number, factor: number): void {
		if (field === "microseconds") {
			this.microseconds = this.fitted64(this.microseconds + whole * BigInt(factor) + BigInt(Math.round(fraction * factor)));
			return;
		}
		if (field === "days") {
			this.days = this.fitted32(BigInt(this.days) + whole * BigInt(factor));
			this.addDays(fraction * factor);
			return;
		}
		if (factor > 1) {
			this.years = this.fitted32(BigInt(this.years) + whole * BigInt(factor / 12));
			// The rest of a fractional year is rounded to whole months.
			this.addMonths(BigInt(Math.round(fraction * factor)));
		} else {
			this.addMonths(whole);
			this.addDays(fraction * 30);
		}
	}

	addMonths(months: bigint): void {
		this.months = this.fitted32(BigInt(this.months) + months);
	}

	addDays(days: number): void {
		const whole = Math.trunc(days);
		this.days = this.fitted32(BigInt(this.days) + BigInt(whole));
		this.microseconds = this.fitted64(this.microseconds + BigInt(Math.round((days - whole) * 86_400e6)));
	}

	private fitted32(value: bigint): number {
		if (BigInt.asIntN(32, value) !== value) throw outOfRange(this.text);
		return Number(value);
	}

	private fitted64(value: bigint): bigint {
		if (BigInt.asIntN(64, value) !== value) throw outOfRange(this.text);
		return value;
	}

	finish(negate: boolean): IntervalValue {
		const sign = negate ? -1 : 1;
		const months = this.years * 12 + this.months;
		const result = { months: sign * months + 0, days: sign * this.days + 0, microseconds: BigInt(sign) * this.microseconds };
		const fits = (value: number): boolean => value <= INT32_MAX && value >= -INT32_MAX - 1;
		if (!fits(result.months) || !fits(result.days) || BigInt.asIntN(64, result.microseconds) !== result.microseconds) {
			// PostgreSQL negates field by field.
			if (negate && fits(months) && fits(this.days)) throw outOfRange(this.text);
			throw new LittoralError("datetime_field_overflow", "interval out of range");
		}
		return result;
	}
}

/** @throws 22007, 22015 */
export function parseInterval(text: string): IntervalValue {
	const trimmed = text.trim();
	if (trimmed === "" || text.length > TEXT_LENGTH_MAX) throw invalidSyntax(text);
	if (/^[+-]?infinity$/i.test(trimmed)) {
		throw new LittoralError("feature_not_supported", `interval value "${trimmed}" is not supported`);
	}
	return trimmed.startsWith("P") ? parseIso(trimmed, text) : parseVerbose(trimmed, text);
}

function parseVerbose(trimmed: string, text: string): IntervalValue {
	let body = trimmed.startsWith("@") ? trimmed.slice(1).trim() : trimmed;
	const ago = /\sago$/i.test(body);
	if (ago) body = body.slice(0, -3).trim();
	const sum = new Sum(text);
	const seen = new Set<string>();
	let pending: string | null = null;
	let at = 0;
	let any = false;
	const flush = (unitName: string): void => {
		if (pending === null) throw invalidSyntax(text);
		const found = UNITS.get(unitName.toLowerCase());
		if (found === undefined) throw invalidSyntax(text);
		const key = `${found.field}${found.factor}`;
		addDecimal(sum, pending, found.field, found.factor);
		if (seen.has(key)) throw invalidSyntax(text);
		seen.add(key);
		pending = null;
		any = true;
	};
	while (at < body.length) {
		TOKEN.lastIndex = at;
		const match = TOKEN.exec(body);
		if (match === null) throw invalidSyntax(text);
		at = TOKEN.lastIndex;
		if (match[1] !== undefined) {
			if (pending !== null) flush("day");
			if (seen.has("time")) throw invalidSyntax(text);
			seen.add("time");
			addClock(sum, match[1], text);
			any = true;
		} else if (match[2] !== undefined) {
			if (pending !== null) throw invalidSyntax(text);
			const sign = match[2].startsWith("-") ? -1 : 1;
			const months = Number(match[3]);
			if (months >= 12) throw outOfRange(text);
			sum.add("months", BigInt(match[2]), 0, 12);
			sum.addMonths(BigInt(sign * months));
			any = true;
		} else if (match[4] !== undefined) {
			if (pending !== null) throw invalidSyntax(text);
			pending = match[4].replace(/\s/g, "");
		} else {
			flush(match[5] as string);
		}
	}
	// A number without a unit counts seconds.
	if (pending !== null) flush("second");
	if (!any) throw invalidSyntax(text);
	return sum.finish(ago);
}

function addDecimal(sum: Sum, literal: string, field: Field, factor: number): void {
	const negative = literal.startsWith("-");
	const [whole, fraction] = literal.replace(/^[+-]/, "").split(".") as [string, string?];
	const magnitude = BigInt(whole === "" ? "0" : whole);
	const fractionValue = fraction ? Number(`0.${fraction}`) : 0;
	sum.add(field, negative ? -magnitude : magnitude, negative ? -fractionValue : fractionValue, factor);
}

/** `[+-]HH:MM[:SS[.ffffff]]`; `MM:SS.f` where a fraction follows two fields only. */
function addClock(sum: Sum, literal: string, text: string): void {
	const negative = literal.startsWith("-");
	const [clock, fraction] = literal.replace(/^[+-]/, "").split(".") as [string, string?];
	const fields = clock.split(":").map((field) => (field === "" ? 0 : Number(field))) as [number, number, number?];
	const [hour, minute, second] =
		fields[2] === undefined && fraction !== undefined ? [0, fields[0], fields[1]] : [fields[0], fields[1], fields[2] ?? 0];
	// What begins with a minus is tried as something else first, so that another error is said.
	const refused = negative ? invalidSyntax(text) : outOfRange(text);
	if (minute > 59 || second > 60 || !Number.isSafeInteger(hour)) throw refused;
	const micros = fraction ? Math.round(Number(`0.${fraction}`) * 1e6) : 0;
	const total = BigInt(hour) * 3_600_000_000n + BigInt(minute * 60_000_000 + second * 1_000_000 + micros);
	const moved = sum.microseconds + (negative ? -total : total);
	if (BigInt.asIntN(64, moved) !== moved) throw refused;
	sum.microseconds = moved;
}

function parseIso(trimmed: string, text: string): IntervalValue {
	const sum = new Sum(text);
	const alternative = ISO_ALTERNATIVE.exec(trimmed);
	if (alternative !== null) {
		sum.add("months", BigInt(alternative[1] as string), 0, 12);
		sum.addMonths(BigInt(alternative[2] as string));
		sum.add("days", BigInt(alternative[3] as string), 0, 1);
		if (alternative[4] !== undefined) {
			addDecimal(sum, alternative[4], "microseconds", 3600e6);
			addDecimal(sum, alternative[5] as string, "microseconds", 60e6);
			addDecimal(sum, alternative[6] as string, "microseconds", 1e6);
		}
		return sum.finish(false);
	}
	let at = 1;
	let time = false;
	let any = false;
	while (at < trimmed.length) {
		if (trimmed[at] === "T" && !time) {
			time = true;
			any = true;
			at++;
			continue;
		}
		ISO_FIELD.lastIndex = at;
		const match = ISO_FIELD.exec(trimmed);
		if (match === null) throw invalidSyntax(text);
		at = ISO_FIELD.lastIndex;
		const letter = match[2] as string;
		const found = (time ? ISO_TIME_UNITS : ISO_DATE_UNITS).get(letter);
		if (found === undefined) throw invalidSyntax(text);
		const literal = /e/i.test(match[1] as string) ? String(Number(match[1])) : (match[1] as string);
		addDecimal(sum, literal, found.field, found.factor);
		any = true;
	}
	if (!any) throw invalidSyntax(text);
	return sum.finish(false);
}

function invalidSyntax(text: string): LittoralError {
	return new LittoralError("invalid_datetime_format", `invalid input syntax for type interval: "${text}"`);
}

function outOfRange(text: string): LittoralError {
	return new LittoralError("interval_field_overflow", `interval field value out of range: "${text}"`);
}

interface Parts {
	years: number;
	months: number;
	days: number;
	negative: boolean;
	hours: bigint;
	minutes: number;
	seconds: number;
	fraction: number;
}

function partsOf(value: IntervalValue): Parts {
	const years = Math.trunc(value.months / 12);
	const negative = value.microseconds < 0n;
	const magnitude = negative ? -value.microseconds : value.microseconds;
	const hours = magnitude / 3_600_000_000n;
	const rest = Number(magnitude - hours * 3_600_000_000n);
	return {
		years,
		months: value.months - years * 12,
		days: value.days,
		negative,
		hours,
		minutes: Math.floor(rest / 60e6),
		seconds: Math.floor((rest % 60e6) / 1e6),
		fraction: rest % 1e6,
	};
}

/** IntervalStyle postgres: `1 year 2 mons -3 days +04:05:06.7`; zero is `00:00:00`. */
export function formatInterval(value: IntervalValue): string {
	const parts = partsOf(value);
	const words: string[] = [];
	let before = false;
	for (const [count, name] of [
		[parts.years, "year"],
		[parts.months, "mon"],
		[parts.days, "day"],
	] as const) {
		if (count === 0) continue;
		words.push(`${before && count > 0 ? "+" : ""}${count} ${name}${count === 1 ? "" : "s"}`);
		before = count < 0;
	}
	if (words.length === 0 || value.microseconds !== 0n) {
		const sign = parts.negative ? "-" : before ? "+" : "";
		const clock = [parts.hours, parts.minutes, parts.seconds].map((part) => String(part).padStart(2, "0")).join(":");
		words.push(sign + clock + fractionText(parts.fraction));
	}
	return words.join(" ");
}

/** IntervalStyle iso_8601: `P1Y2M-3DT4H5M6.7S`; zero is `PT0S`. */
export function formatIntervalIso(value: IntervalValue): string {
	const parts = partsOf(value);
	const sign = parts.negative ? "-" : "";
	let text = "P";
	if (parts.years !== 0) text += `${parts.years}Y`;
	if (parts.months !== 0) text += `${parts.months}M`;
	if (parts.days !== 0) text += `${parts.days}D`;
	if (value.microseconds !== 0n) {
		text += "T";
		if (parts.hours !== 0n) text += `${sign}${parts.hours}H`;
		if (parts.minutes !== 0) text += `${sign}${parts.minutes}M`;
		if (parts.seconds !== 0 || parts.fraction !== 0) text += `${sign}${parts.seconds}${fractionText(parts.fraction)}S`;
	}
	return text === "P" ? "PT0S" : text;
}
