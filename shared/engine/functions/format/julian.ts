/** Julian days, ISO weeks and years of any whole numbers: an interval's fields too, which no calendar holds. Divisions cut towards zero. */
import { civilFromDays, type CivilDate } from "#shared/contracts/values/calendar.ts";

/** The Julian day of 1970-01-01. */
const UNIX_EPOCH_JULIAN = 2_440_588;

/** Source: Fliegel and Van Flandern, as PostgreSQL's date2j has it. */
export function julianDay(year: number, month: number, day: number): number {
	const late = month > 2;
	const shiftedMonth = late ? month + 1 : month + 13;
	const shiftedYear = late ? year + 4800 : year + 4799;
	const century = Math.trunc(shiftedYear / 100);
	const leapDays = Math.trunc(shiftedYear / 4) - century + Math.trunc(century / 4);
	return shiftedYear * 365 - 32_167 + leapDays + Math.trunc((7834 * shiftedMonth) / 256) + day;
}

export const civilOfJulian = (julian: number): CivilDate => civilFromDays(julian - UNIX_EPOCH_JULIAN);

/** 0 is Sunday. */
const weekdayOfJulian = (julian: number): number => (((julian + 1) % 7) + 7) % 7;

/** The Monday of an ISO week, the first of which holds January 4. */
export function mondayOfWeek(year: number, week: number): number {
	const fourth = julianDay(year, 1, 4);
	// 32 bits wrap, as in PostgreSQL.
	return (Math.imul(week - 1, 7) + fourth - weekdayOfJulian(fourth - 1)) | 0;
}

/** The ISO year that a day lies in, and its week there. */
export function isoWeekOf(year: number, month: number, day: number): { year: number; week: number } {
	const julian = julianDay(year, month, day);
	const first = mondayOfWeek(year, 1);
	const before = julian < first;
	const week = Math.trunc((julian - (before ? mondayOfWeek(year - 1, 1) : first)) / 7) + 1;
	const isoYear = before ? year - 1 : year;
	const next = mondayOfWeek(year + 1, 1);
	if (week >= 52 && julian >= next) return { year: year + 1, week: Math.trunc((julian - next) / 7) + 1 };
	return { year: isoYear, week };
}

/** The day's number in its ISO year, from 1. */
export function isoDayOfYear(year: number, month: number, day: number): number {
	return julianDay(year, month, day) - mondayOfWeek(isoWeekOf(year, month, day).year, 1) + 1;
}
