/** to_char of timestamps and intervals: each pattern writes one field. */
import { LittoralError } from "#shared/base/errors.ts";
import type { IntervalValue } from "#shared/contracts/value.ts";
import { civilFromDays, daysFromCivil, MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import { abbreviated, DAYS, type DatePattern, type DateTemplate, MONTHS, ROMAN_MONTHS } from "./date-patterns.ts";
import { isoDayOfYear, isoWeekOf, julianDay } from "./julian.ts";
import type { TemplatePattern } from "./template.ts";

/** A time taken apart. Of an interval every field has the sign of its part. */
export interface TimeFields {
	interval: boolean;
	/** Astronomical. */
	year: number;
	month: number;
	day: number;
	/** From 1; of an interval, its days with months of 30. */
	dayOfYear: number;
	/** 0 is Sunday. */
	weekday: number;
	hour: number;
	minute: number;
	second: number;
	microsecond: number;
	/** Seconds east of UTC. */
	zoneOffset: number;
	/** Empty without a zone. */
	zoneName: string;
}

/** @param local microseconds since 1970-01-01 by the clock that is shown */
export function fieldsOfTimestamp(local: bigint, zone = { offset: 0, name: "" }): TimeFields {
	const rest = ((local % MICROSECONDS_PER_DAY) + MICROSECONDS_PER_DAY) % MICROSECONDS_PER_DAY;
	const days = Number((local - rest) / MICROSECONDS_PER_DAY);
	const { year, month, day } = civilFromDays(days);
	return {
		interval: false,
		year,
		month,
		day,
		dayOfYear: days - daysFromCivil(year, 1, 1) + 1,
		weekday: (((days + 4) % 7) + 7) % 7,
		...clockOf(rest),
		zoneOffset: zone.offset,
		zoneName: zone.name,
	};
}

export function fieldsOfInterval({ months, days, microseconds }: IntervalValue): TimeFields {
	return {
		interval: true,
		year: Math.trunc(months / 12),
		month: months % 12,
		day: days,
		dayOfYear: months * 30 + days,
		weekday: 0,
		...clockOf(microseconds),
		zoneOffset: 0,
		zoneName: "",
	};
}

function clockOf(microseconds: bigint): Pick<TimeFields, "hour" | "minute" | "second" | "microsecond"> {
	const seconds = microseconds / 1_000_000n;
	const minutes = seconds / 60n;
	return {
		hour: Number(minutes / 60n),
		minute: Number(minutes % 60n),
		second: Number(seconds % 60n),
		microsecond: Number(microseconds % 1_000_000n),
	};
}

/** With zeros in front up to `width` characters, the sign among them. */
function padded(value: number, width: number): string {
	return value < 0 ? `-${String(-value).padStart(width - 1, "0")}` : String(value).padStart(width, "0");
}

const ORDINALS: Record<string, string> = { 1: "ST", 2: "ND", 3: "RD" };

/** ST, ND, RD or TH for a number's text. @throws 22P02 for what does not end in a digit */
export function ordinalOf(text: string, letters: "TH" | "th"): string {
	if (!/\d$/.test(text)) throw new LittoralError("invalid_text_representation", `"${text}" is not a number`);
	const ordinal = (/1\d$/.test(text) ? undefined : ORDINALS[text.at(-1) as string]) ?? "TH";
	return letters === "TH" ? ordinal : ordinal.toLowerCase();
}

export function formatTime(template: DateTemplate, fields: TimeFields): string {
	let result = "";
	for (const node of template) {
		if (node.kind !== "pattern") result += node.text;
		else {
			const written = numberOf(node, fields);
			if (written === null) result += wordOf(node, fields);
			else result += node.ordinal === null || written === "" ? written : written + ordinalOf(written, node.ordinal);
		}
	}
	return result;
}

function refuseInterval(fields: TimeFields): void {
	if (!fields.interval) return;
	throw new LittoralError("invalid_datetime_format", "invalid format specification for an interval value", {
		hint: "Intervals are not tied to specific calendar dates.",
	});
}

/** Years BC count up; an interval's are what they are. */
const shownYear = (year: number, { interval }: TimeFields): number => (interval || year > 0 ? year : 1 - year);

function centuryOf({ year, interval }: TimeFields): number {
	if (interval) return Math.trunc(year / 100);
	return year > 0 ? Math.trunc((year - 1) / 100) + 1 : Math.trunc(year / 100) - 1;
}

/** What a pattern of digits writes; null for one of words. */
function numberOf({ pattern, fill }: TemplatePattern<DatePattern>, fields: TimeFields): string | null {
	const { year, month, day, hour, minute, second, microsecond } = fields;
	const wide = (value: number, width: number): string => padded(value, fill ? 0 : width);
	/** A sign takes a column more. */
	const signed = (value: number, width: number, sign = value): string => wide(value, sign < 0 ? width + 1 : width);
	const fraction = (digits: number): string => padded(Math.trunc(microsecond / 10 ** (6 - digits)), digits);
	const ofYear = (digits: number): string => {
		const own = shownYear(year, fields);
		const shown = pattern.field.startsWith("I") ? shownYear(isoWeekOf(year, month, day).year, fields) : own;
		return signed(digits === 4 ? shown : shown % 10 ** digits, digits, own);
	};
	switch (pattern.field) {
		case "HH":
			return signed(hour % 12 === 0 ? 12 : hour % 12, 2, hour);
		case "HH24":
			return signed(hour, 2);
		case "MI":
			return signed(minute, 2);
		case "SS":
			return signed(second, 2);
		case "SSSS":
			return String(hour * 3600 + minute * 60 + second);
		case "MS":
			return fraction(3);
		case "US":
			return fraction(6);
		case "FF1":
		case "FF2":
		case "FF3":
		case "FF4":
		case "FF5":
		case "FF6":
			return fraction(Number(pattern.field.slice(2)));
		case "Y,YYY": {
			const shown = shownYear(year, fields);
			const thousands = Math.trunc(shown / 1000);
			return `${thousands},${padded(shown - thousands * 1000, 3)}`;
		}
		case "YYYY":
		case "IYYY":
			return ofYear(4);
		case "YYY":
		case "IYY":
			return ofYear(3);
		case "YY":
		case "IY":
			return ofYear(2);
		case "Y":
		case "I":
			return String((pattern.field === "Y" ? shownYear(year, fields) : shownYear(isoWeekOf(year, month, day).year, fields)) % 10);
		case "CC": {
			const century = centuryOf(fields);
			return Math.abs(century) <= 99 ? signed(century, 2) : String(century);
		}
		case "MM":
			return signed(month, 2);
		case "Q":
			return month === 0 ? "" : String(Math.trunc((month - 1) / 3) + 1);
		case "DDD":
			return wide(fields.dayOfYear, 3);
		case "IDDD":
			return wide(isoDayOfYear(year, month, day), 3);
		case "DD":
			return wide(day, 2);
		case "D":
			refuseInterval(fields);
			return String(fields.weekday + 1);
		case "ID":
			refuseInterval(fields);
			return String(fields.weekday === 0 ? 7 : fields.weekday);
		case "WW":
			return wide(Math.trunc((fields.dayOfYear - 1) / 7) + 1, 2);
		case "IW":
			return wide(isoWeekOf(year, month, day).week, 2);
		case "W":
			return String(Math.trunc((day - 1) / 7) + 1);
		case "J":
			return String(julianDay(year, month, day));
		default:
			return null;
	}
}

function inLetters(word: string, letters: DatePattern["letters"]): string {
	if (letters === "capital") return word;
	return letters === "upper" ? word.toUpperCase() : word.toLowerCase();
}

/** Full names are padded to the longest English one, Roman months to four characters. */
const NAME_WIDTH = 9;
const ROMAN_WIDTH = 4;

function wordOf({ pattern, fill, translated }: TemplatePattern<DatePattern>, fields: TimeFields): string {
	const { month, weekday, zoneOffset } = fields;
	const magnitude = Math.abs(zoneOffset);
	const hours = String(Math.floor(magnitude / 3600));
	const minutes = padded(Math.floor((magnitude % 3600) / 60), 2);
	const named = (word: string, width: number): string => inLetters(word, pattern.letters).padEnd(fill || translated ? 0 : width);
	switch (pattern.field) {
		case "A.M.":
			return inLetters(fields.hour % 24 >= 12 ? "P.M." : "A.M.", pattern.letters);
		case "AM":
			return inLetters(fields.hour % 24 >= 12 ? "PM" : "AM", pattern.letters);
		case "FX":
			return "";
		case "RM":
			return month === 0 && fields.year === 0 ? "" : inLetters(romanMonth(fields), pattern.letters).padEnd(fill ? 0 : ROMAN_WIDTH);
	}
	refuseInterval(fields);
	switch (pattern.field) {
		case "A.D.":
			return inLetters(fields.year <= 0 ? "B.C." : "A.D.", pattern.letters);
		case "AD":
			return inLetters(fields.year <= 0 ? "BC" : "AD", pattern.letters);
		case "MONTH":
			return named(MONTHS[month - 1] as string, NAME_WIDTH);
		case "MON":
			return named(abbreviated(MONTHS)[month - 1] as string, 0);
		case "DAY":
			return named(DAYS[weekday] as string, NAME_WIDTH);
		case "DY":
			return named(abbreviated(DAYS)[weekday] as string, 0);
		case "TZ":
			return inLetters(fields.zoneName, pattern.letters === "lower" ? "lower" : "capital");
		case "TZH":
			return `${zoneOffset >= 0 ? "+" : "-"}${hours.padStart(2, "0")}`;
		case "TZM":
			return minutes;
		default: {
			// OF
			const sign = zoneOffset >= 0 ? "+" : "-";
			return `${sign}${hours.padStart(fill ? 0 : 2, "0")}${magnitude % 3600 === 0 ? "" : `:${minutes}`}`;
		}
	}
}

/** Of an interval: negative months count from the end, and whole years are December, or January below zero. */
function romanMonth({ month, year }: TimeFields): string {
	if (month === 0) return ROMAN_MONTHS[year >= 0 ? 0 : 11] as string;
	return ROMAN_MONTHS[month < 0 ? -month - 1 : 12 - month] as string;
}
