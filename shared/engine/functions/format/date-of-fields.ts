/** to_date and to_timestamp, second half: the date and time that the fields of a text make, checked. */
import { LittoralError } from "#shared/base/errors.ts";
import { daysInMonth } from "#shared/contracts/values/calendar.ts";
import type { ReadFields } from "./date-input.ts";
import { civilOfJulian, mondayOfWeek } from "./julian.ts";
import { invalidFormat } from "./source-text.ts";

export interface LocalTime {
	/** Astronomical. */
	year: number;
	month: number;
	day: number;
	/** Since midnight. */
	microseconds: number;
	/** Digits of a second that the result is rounded to; 0: none is asked for. */
	precision: number;
	/** Seconds east of UTC where the text has a zone. */
	zoneOffset: number | null;
}

const INT32_MAX = 2_147_483_647;
const ZONE_HOURS_MAX = 15;

/** @param text for errors @throws 22007, 22008, 22009 */
export function timeOfFields(fields: ReadFields, text: string): LocalTime {
	const overflow = (): LittoralError => new LittoralError("datetime_field_overflow", `date/time field value out of range: "${text}"`);
	const time = clockOf(fields);
	const date = dateOf(fields, overflow);
	const fraction = fields.milliseconds * 1000 + fields.microseconds;
	const inClock = time.hour >= 0 && time.hour < 24 && time.minute >= 0 && time.minute < 60 && time.second >= 0 && time.second < 60;
	if (!inClock || fraction < 0 || fraction >= 1e6) throw overflow();
	return {
		...date,
		microseconds: ((time.hour * 60 + time.minute) * 60 + time.second) * 1e6 + fraction,
		precision: fields.precision,
		zoneOffset: zoneOf(fields, text),
	};
}

function zoneOf({ zoneSign, zoneHours, zoneMinutes, zoneOffset }: ReadFields, text: string): number | null {
	if (zoneSign === 0) return zoneOffset;
	if (zoneHours < 0 || zoneHours > ZONE_HOURS_MAX || zoneMinutes < 0 || zoneMinutes >= 60) {
		throw new LittoralError("invalid_time_zone_displacement_value", `time zone displacement out of range: "${text}"`);
	}
	return zoneSign * (zoneHours * 60 + zoneMinutes) * 60;
}

function clockOf(fields: ReadFields): { hour: number; minute: number; second: number } {
	const ofDay = fields.secondsOfDay;
	let hour = fields.hour || Math.trunc(ofDay / 3600);
	const minute = fields.minute || Math.trunc(ofDay / 60) % 60;
	const second = fields.second || ofDay % 60;
	if (fields.twelveHours) {
		if (hour < 1 || hour > 12) {
			throw invalidFormat(`hour "${hour}" is invalid for the 12-hour clock`, "Use the 24-hour clock, or give an hour between 1 and 12.");
		}
		hour = (hour % 12) + (fields.pm === 0 ? 0 : 12);
	}
	return { hour, minute, second };
}

/** @returns null where neither a year nor a century is given */
function yearOf(fields: ReadFields): number | null {
	const { year, bc } = fields;
	const century = bc === 0 ? fields.century : -fields.century;
	if (year !== 0) {
		if (century === 0 || fields.yearDigits > 2) {
			const signed = bc === 0 ? year : -year;
			return signed < 0 ? signed + 1 : signed;
		}
		// Two digits of a year in a century: the 21st runs from 2001 to 2100.
		const short = year % 100;
		if (short === 0) return century * 100 + (century >= 0 ? 0 : 1);
		return century >= 0 ? short + (century - 1) * 100 : (century + 1) * 100 - short + 1;
	}
	if (century === 0) return null;
	return century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
}

function dateOf(fields: ReadFields, overflow: () => LittoralError): { year: number; month: number; day: number } {
	const givenYear = yearOf(fields);
	let date = { year: givenYear ?? 0, month: 1, day: 1 };
	const given = { year: givenYear !== null, month: false, day: false };
	const setWhole = (julian: number): void => {
		date = civilOfJulian(julian);
		given.year = given.month = given.day = true;
	};
	let { dayOfYear, day } = fields;
	if (fields.julian !== 0) setWhole(fields.julian);
	if (fields.week !== 0) {
		if (fields.convention === "iso") {
			const { weekday } = fields;
			setWhole(mondayOfWeek(date.year, fields.week) + (weekday === 0 ? 0 : (weekday + 5) % 7));
		} else dayOfYear = (fields.week - 1) * 7 + 1;
	}
	if (fields.weekOfMonth !== 0) day = (fields.weekOfMonth - 1) * 7 + 1;
	if (day !== 0) [date.day, given.day] = [day, true];
	if (fields.month !== 0) [date.month, given.month] = [fields.month, true];
	if ([date.year, dayOfYear, day, fields.milliseconds].some((value) => Math.abs(value) > INT32_MAX)) throw overflow();
	if (dayOfYear !== 0 && (date.month <= 1 || date.day <= 1)) {
		if (date.year === 0 && fields.bc === 0) throw invalidFormat("cannot calculate day of year without year information");
		if (fields.convention === "iso") setWhole(mondayOfWeek(date.year, 1) - 1 + dayOfYear);
		else {
			const found = dayInYear(date.year, dayOfYear);
			if (date.month <= 1) date.month = found.month;
			if (date.day <= 1) date.day = found.day;
			given.month = given.day = true;
		}
	}
	if (given.month && (date.month < 1 || date.month > 12)) throw overflow();
	if (given.day && (date.day < 1 || date.day > 31)) throw overflow();
	if (given.year && given.month && given.day && date.day > daysInMonth(date.year, date.month)) throw overflow();
	return date;
}

/** Month 13 beyond the year's end, as nothing else says that. */
function dayInYear(year: number, dayOfYear: number): { month: number; day: number } {
	let month = 1;
	let day = dayOfYear;
	for (; month <= 12 && day > daysInMonth(year, month); month++) day -= daysInMonth(year, month);
	return { month, day };
}
