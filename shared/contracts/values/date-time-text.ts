/**
 * DATE, TIME, TIMESTAMP and TIMESTAMPTZ to and from text.
 *
 * Read: ISO 8601 and PostgreSQL's ISO forms (`T` or blanks between date and time, `-` or `/` in the date, month/day/year as DateStyle MDY reads it,
 * `YYYYMMDD`, names of months beside a day and a year, fractions rounded to microseconds, offsets, names and abbreviations of zones, `BC`).
 */
import { LittoralError } from "#shared/base/errors.ts";
import { civilFromDays, DATE_DAYS_MAX, DATE_DAYS_MIN, daysFromCivil, daysInMonth, MICROSECONDS_PER_DAY } from "./calendar.ts";
import { zoneAbbreviationOffset } from "./zone-abbreviations.ts";
import { withMonthNumber } from "./month-names.ts";
import { zoneOffsetOfLocal, zoneOffsetSeconds } from "./time-zone.ts";

export type DateTimeKind = "date" | "time" | "timestamp" | "timestamptz";

export interface DateTimeOptions {
	/** Zone of a TIMESTAMPTZ text without one; UTC when absent. */
	timeZone?: string;
	/** Appends refuse an offset on a TIMESTAMP, which PostgreSQL ignores in silence. */
	refuseOffset?: boolean;
}

const TYPE_NAMES: Record<DateTimeKind, string> = {
	date: "date",
	time: "time",
	timestamp: "timestamp",
	timestamptz: "timestamp with time zone",
};

const DATE = String.raw`(?:(\d+)([-/.])(\d+)\2(\d+)|(\d{6,}))`;
const TIME = String.raw`(?:(\d+):(\d*)(?::(\d*)(?:\.(\d*))?)?|(\d{4}|\d{6})(?:\.(\d*))?)(?:\s*(am|pm)(?![a-z]))?`;
const ZONE = String.raw`(?:\s*(?:(z)|([+-]\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?)|\s*([a-z]\w*(?:\/[\w+-]+)*))?`;
const DATE_TIME = new RegExp(String.raw`^\s*${DATE}(?:(?:\s*t\s*|\s+)${TIME}${ZONE})?\s*$`, "i");
const TIME_ONLY = new RegExp(String.raw`^\s*t?${TIME}${ZONE}\s*$`, "i");
const ERA = /\(?\b(bc|ad)\b\)?/i;
const SPECIAL = /^\s*(?:(epoch)|[+-]?infinity|now|today|tomorrow|yesterday|allballs)\s*$/i;

/** TIMESTAMP ends where 64 bits of microseconds since 1970 do, in the year 294247. */
const TIMESTAMP_MAX = (1n << 63n) - 1n;
const TIMESTAMP_MIN = BigInt(DATE_DAYS_MIN) * MICROSECONDS_PER_DAY;
const ZONE_HOURS_MAX = 15;
const INT32_MAX = 2_147_483_647;
/** PostgreSQL's MAXDATELEN; it also keeps the expressions above from backtracking over long blanks. */
const TEXT_LENGTH_MAX = 128;

/** @returns days since 1970-01-01 @throws 22007, 22008, 0A000 */
export function parseDate(text: string): number {
	const special = specialOf("date", text);
	if (special) return 0;
	const parsed = parseDateTime("date", text);
	if (parsed.days < DATE_DAYS_MIN || parsed.days > DATE_DAYS_MAX) throw outOfRange(`date out of range: "${text}"`);
	return parsed.days;
}

/** @returns microseconds since midnight, 24:00:00 included @throws 22007, 22008 */
export function parseTime(text: string): bigint {
	if (text.length > TEXT_LENGTH_MAX) throw invalidSyntax("time", text);
	if (/^\s*allballs\s*$/i.test(text)) return 0n;
	const match = TIME_ONLY.exec(text);
	if (match !== null) {
		const zone = match[12]?.toLowerCase();
		if (zone !== undefined && zoneAbbreviationOffset(zone) === null) throw invalidSyntax("time", text);
		return BigInt(timeOf(match, 1, text));
	}
	if (DATE_TIME.exec(text)?.[6] === undefined && DATE_TIME.exec(text)?.[10] === undefined) throw notADate("time", text);
	return BigInt(parseDateTime("time", text).microseconds);
}

/** @returns microseconds since 1970-01-01 00:00, of the local time as written for TIMESTAMP, of the instant for TIMESTAMPTZ @throws 22007, 22008, 22009, 22023, 0A000 */
export function parseTimestamp(kind: "timestamp" | "timestamptz", text: string, options: DateTimeOptions = {}): bigint {
	const special = specialOf(kind, text);
	if (special) return 0n;
	const parsed = parseDateTime(kind, text);
	if (kind === "timestamp" && options.refuseOffset && parsed.hasZone) {
		throw new LittoralError("invalid_datetime_format", `a timestamp without time zone takes no offset: "${text}"`);
	}
	let value = BigInt(parsed.days) * MICROSECONDS_PER_DAY + BigInt(parsed.microseconds);
	if (kind === "timestamptz") {
		const localSeconds = parsed.days * 86_400 + Math.floor(parsed.microseconds / 1_000_000);
		let offset = parsed.offsetSeconds;
		if (offset === null) {
			offset = zoneOffsetOfLocal(parsed.zoneName ?? options.timeZone ?? "UTC", localSeconds);
		}
		value -= BigInt(offset) * 1_000_000n;
	}
	if (value < TIMESTAMP_MIN || value > TIMESTAMP_MAX) throw outOfRange(`timestamp out of range: "${text}"`);
	return value;
}

/** True for `epoch`. @throws 0A000 for infinities and the words that depend on the clock */
function specialOf(kind: DateTimeKind, text: string): boolean {
	if (text.length > TEXT_LENGTH_MAX) throw invalidSyntax(kind, text);
	const match = SPECIAL.exec(text);
	if (match === null || /allballs/i.test(text)) return false;
	if (match[1] !== undefined) return true;
	throw new LittoralError("feature_not_supported", `${TYPE_NAMES[kind]} value "${text.trim()}" is not supported`);
}

interface ParsedDateTime {
	days: number;
	microseconds: number;
	hasZone: boolean;
	offsetSeconds: number | null;
	zoneName: string | null;
}

function parseDateTime(kind: DateTimeKind, text: string): ParsedDateTime {
	const era = ERA.exec(text)?.[1]?.toLowerCase();
	const match = DATE_TIME.exec(withMonthNumber(era === undefined ? text : text.replace(ERA, " ")));
	if (match === null) throw notADate(kind, text);
	const bc = era === "bc";
	const { year, month, day } = dateOf(match, text, bc);
	if (month < 1 || month > 12 || day < 1 || day > 31) throw fieldOutOfRange(text, 'Perhaps you need a different "DateStyle" setting.');
	if (day > daysInMonth(year, month)) throw fieldOutOfRange(text);
	const hasTime = match[6] !== undefined || match[10] !== undefined;
	const microseconds = hasTime ? timeOf(match, 6, text) : 0;
	let offsetSeconds: number | null = null;
	if (match[13] !== undefined) offsetSeconds = 0;
	if (match[14] !== undefined) {
		const hours = Math.abs(Number(match[14]));
		const minutes = Number(match[15] ?? 0);
		const seconds = Number(match[16] ?? 0);
		if (hours > ZONE_HOURS_MAX || minutes > 59 || seconds > 59) {
			throw displacementOutOfRange(text);
		}
		const magnitude = hours * 3600 + minutes * 60 + seconds;
		offsetSeconds = match[14].startsWith("-") ? -magnitude : magnitude;
	}
	let zoneName = match[17]?.toLowerCase() ?? null;
	const abbreviation = zoneName === null ? null : zoneAbbreviationOffset(zoneName);
	if (abbreviation !== null) [zoneName, offsetSeconds] = [null, abbreviation];
	if (zoneName !== null) checkZoneName(kind, zoneName, text);
	return {
		days: daysFromCivil(year, month, day),
		microseconds,
		hasZone: offsetSeconds !== null || zoneName !== null,
		offsetSeconds,
		zoneName,
	};
}

/** A lone number of one or two digits is taken for a month, a lone time is read: what is out of its range there is said first, as PostgreSQL does. */
function notADate(kind: DateTimeKind, text: string): LittoralError {
	const month = /^\s*(\d{1,2})\s*$/.exec(text);
	if (month !== null && kind !== "time" && (Number(month[1]) < 1 || Number(month[1]) > 12)) return fieldOutOfRange(text);
	// A number behind a minus is taken for a zone.
	const zone = (kind === "time" ? /^\s*\d+[+-](\d+)-/ : /^\s*[+-](\d+)-/).exec(text);
	if (zone !== null && Number(zone[1]) > ZONE_HOURS_MAX) return displacementOutOfRange(text);
	const time = kind === "time" ? null : /^\s*\d+:/.test(text) ? TIME_ONLY.exec(text) : null;
	if (time !== null) timeOf(time, 1, text);
	return invalidSyntax(kind, text);
}

/** A word that is no zone is bad syntax; a path that is none is an unknown zone. */
function checkZoneName(kind: DateTimeKind, zoneName: string, text: string): void {
	try {
		zoneOffsetSeconds(zoneName, 0);
	} catch (error) {
		throw zoneName.includes("/") ? error : invalidSyntax(kind, text);
	}
}

function dateOf(match: RegExpExecArray, text: string, bc: boolean): { year: number; month: number; day: number } {
	let year: number;
	let month: number;
	let day: number;
	if (match[5] !== undefined) {
		// The last four digits are month and day; two in front of them are a short year.
		const yearText = match[5].slice(0, -4);
		year = yearText.length === 2 ? ofCentury(Number(yearText)) : Number(yearText);
		month = Number(match[5].slice(-4, -2));
		day = Number(match[5].slice(-2));
	} else {
		const first = match[1] as string;
		const last = match[4] as string;
		// Three digits or more in front are a year; else the order is month, day, year.
		const yearText = first.length > 2 ? first : last;
		[month, day] = first.length > 2 ? [Number(match[3]), Number(last)] : [Number(first), Number(match[3])];
		year = Number(yearText);
		if (year > INT32_MAX) throw fieldOutOfRange(text);
		if (yearText.length <= 2 && !bc) year = ofCentury(year);
	}
	if (year === 0) throw fieldOutOfRange(text);
	return { year: bc ? 1 - year : year, month, day };
}

/** A year of two digits lies between 1970 and 2069. */
function ofCentury(year: number): number {
	return year + (year < 70 ? 2000 : 1900);
}

/** Microseconds since midnight from the groups of {@link TIME}, the first of which is `at`. */
function timeOf(match: RegExpExecArray, at: number, text: string): number {
	const packed = match[at + 4];
	let hour = Number(packed?.slice(0, 2) ?? match[at]);
	const minute = Number(packed?.slice(2, 4) ?? match[at + 1]);
	const second = Number(packed?.slice(4, 6) ?? match[at + 2] ?? 0);
	const fraction = match[at + 3] ?? match[at + 5] ?? "";
	const meridian = match[at + 6]?.toLowerCase();
	if (meridian !== undefined) {
		if (hour > 12) throw fieldOutOfRange(text);
		hour = (hour % 12) + (meridian === "pm" ? 12 : 0);
	}
	const micros = fraction === "" ? 0 : roundHalfEven(Number(`0.${fraction}`) * 1e6);
	const total = ((hour * 60 + minute) * 60 + second) * 1e6 + micros;
	if (hour > 24 || minute > 59 || second > 60 || total > 86_400e6) throw fieldOutOfRange(text);
	return total;
}

function roundHalfEven(value: number): number {
	const rounded = Math.round(value);
	return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function invalidSyntax(kind: DateTimeKind, text: string): LittoralError {
	return new LittoralError("invalid_datetime_format", `invalid input syntax for type ${TYPE_NAMES[kind]}: "${text}"`);
}

function fieldOutOfRange(text: string, hint?: string): LittoralError {
	return new LittoralError("datetime_field_overflow", `date/time field value out of range: "${text}"`, hint === undefined ? {} : { hint });
}

function displacementOutOfRange(text: string): LittoralError {
	return new LittoralError("invalid_time_zone_displacement_value", `time zone displacement out of range: "${text}"`);
}

function outOfRange(message: string): LittoralError {
	return new LittoralError("datetime_field_overflow", message);
}

/** `2026-01-31`, with ` BC` before the year 1. */
export function formatDate(days: number): string {
	const { year, month, day } = civilFromDays(days);
	return `${dateDigits(year, month, day)}${year <= 0 ? " BC" : ""}`;
}

function dateDigits(year: number, month: number, day: number): string {
	return `${String(year <= 0 ? 1 - year : year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** `12:34:56.5`: a fraction only where it is not zero, its trailing zeros cut. */
export function formatTime(microseconds: bigint | number): string {
	const total = Number(microseconds);
	const seconds = Math.floor(total / 1e6);
	return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fractionText(total % 1e6)}`;
}

/** `.5` for 500000 microseconds, nothing for 0. */
export function fractionText(microseconds: number): string {
	return microseconds === 0 ? "" : `.${String(microseconds).padStart(6, "0").replace(/0+$/, "")}`;
}

/** `2026-01-31 12:34:56.5`; `separator` is `T` in the API's JSON. `suffix` (a zone) stands before ` BC`. */
export function formatTimestamp(microseconds: bigint, separator: " " | "T" = " ", suffix = ""): string {
	let days = microseconds / MICROSECONDS_PER_DAY;
	let rest = microseconds - days * MICROSECONDS_PER_DAY;
	if (rest < 0n) {
		rest += MICROSECONDS_PER_DAY;
		days -= 1n;
	}
	const { year, month, day } = civilFromDays(Number(days));
	return `${dateDigits(year, month, day)}${separator}${formatTime(rest)}${suffix}${year <= 0 ? " BC" : ""}`;
}

/** PostgreSQL's text of an instant in a zone: `2026-01-31 12:34:56+00`, `+05:30` where the offset has minutes. */
export function formatTimestamptz(microseconds: bigint, timeZone = "UTC"): string {
	const offset = zoneOffsetSeconds(timeZone, Number(microseconds) / 1e6);
	const magnitude = Math.abs(offset);
	const minutes = Math.floor(magnitude / 60) % 60;
	const seconds = magnitude % 60;
	const suffix =
		(offset < 0 ? "-" : "+") +
		two(Math.floor(magnitude / 3600)) +
		(minutes !== 0 || seconds !== 0 ? `:${two(minutes)}` : "") +
		(seconds !== 0 ? `:${two(seconds)}` : "");
	return formatTimestamp(microseconds + BigInt(offset) * 1_000_000n, " ", suffix);
}

function two(value: number): string {
	return value < 10 ? `0${value}` : String(value);
}
