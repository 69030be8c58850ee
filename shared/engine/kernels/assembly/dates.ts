// Dates (i32 days), timestamps (i64 microseconds since 1970, no zone) and intervals (months i32, days i32, microseconds i64).
// Calendar algorithms: Howard Hinnant, "chrono-compatible low-level date algorithms". Rules of months, weeks, decades: PostgreSQL's timestamp.c.
import { lane, rowAt } from "./rows";

const OVERFLOW: i32 = 1;
const DAY: i64 = 86400000000;
/** 4713-11-24 BC, PostgreSQL's first day, and the first day whose midnight is no 64-bit timestamp. */
const FIRST_DAY: i64 = -2440588;
const TIMESTAMP_DAY_END: i64 = 106751992;
const FIRST_TIMESTAMP: i64 = FIRST_DAY * DAY;

// @ts-ignore: decorator
@inline
function floorDivide(value: i64, divisor: i64): i64 {
	const quotient = value / divisor;
	return quotient * divisor > value ? quotient - 1 : quotient;
}

/** Days of a civil date; months 1 to 12, years astronomical. */
export function daysFromCivil(year: i64, month: i64, day: i64): i64 {
	const shifted = month <= 2 ? year - 1 : year;
	const era = floorDivide(shifted, 400);
	const yearOfEra = shifted - era * 400;
	const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}

/** Year, month and day, packed: year << 16 | month << 8 | day. */
function civilFromDays(days: i64): i64 {
	const shifted = days + 719468;
	const era = floorDivide(shifted, 146097);
	const dayOfEra = shifted - era * 146097;
	const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
	const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
	const shiftedMonth = (5 * dayOfYear + 2) / 153;
	const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9);
	const day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1;
	return ((yearOfEra + era * 400 + i64(month <= 2)) << 16) | (month << 8) | day;
}

// @ts-ignore: decorator
@inline
function yearOf(civil: i64): i64 {
	return civil >> 16;
}
// @ts-ignore: decorator
@inline
function monthOf(civil: i64): i64 {
	return (civil >> 8) & 0xff;
}
// @ts-ignore: decorator
@inline
function dayOf(civil: i64): i64 {
	return civil & 0xff;
}

export function daysInMonth(year: i64, month: i64): i64 {
	if (month == 2) return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** The first day (a Monday) of the ISO year. */
function isoYearStart(year: i64): i64 {
	const fourth = daysFromCivil(year, 1, 4);
	return fourth - weekday(fourth);
}

/** 0 Monday to 6 Sunday. */
// @ts-ignore: decorator
@inline
function weekday(days: i64): i64 {
	const shifted = days + 3;
	return shifted - floorDivide(shifted, 7) * 7;
}

function isoYear(days: i64): i64 {
	const year = yearOf(civilFromDays(days));
	if (days >= isoYearStart(year + 1)) return year + 1;
	return days < isoYearStart(year) ? year - 1 : year;
}

/** First year of the span of `length` years (decades start at years divisible by ten, centuries and millennia at year 1). */
function spanStart(year: i64, length: i64): i64 {
	if (length == 10) return floorDivide(year, 10) * 10;
	if (year > 0) return ((year + length - 1) / length) * length - length + 1;
	return -((length - 1 - (year - 1)) / length) * length + 1;
}

// Units, coarse to fine: 0 millennium, 1 century, 2 decade, 3 year, 4 quarter, 5 month, 6 week, 7 day, 8 hour, 9 minute, 10 second, 11 millisecond, 12 microsecond.

function truncateDays(unit: i32, days: i64): i64 {
	if (unit == 7) return days;
	if (unit == 6) return days - weekday(days);
	const civil = civilFromDays(days);
	const year = yearOf(civil);
	if (unit == 5) return daysFromCivil(year, monthOf(civil), 1);
	if (unit == 4) return daysFromCivil(year, ((monthOf(civil) - 1) / 3) * 3 + 1, 1);
	if (unit == 3) return daysFromCivil(year, 1, 1);
	return daysFromCivil(spanStart(year, unit == 2 ? 10 : unit == 1 ? 100 : 1000), 1, 1);
}

// @ts-ignore: decorator
@inline
function unitMicroseconds(unit: i32): i64 {
	return unit == 8 ? 3600000000 : unit == 9 ? 60000000 : unit == 10 ? 1000000 : unit == 11 ? 1000 : 1;
}

export function date_trunc_i64(unit: i32, count: i32, selection: usize, values: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<i64>(values + (<usize>row << 3));
		let result: i64;
		if (unit >= 8) {
			const size = unitMicroseconds(unit);
			result = floorDivide(value, size) * size;
		} else {
			const days = truncateDays(unit, floorDivide(value, DAY));
			if (days < FIRST_DAY) return OVERFLOW;
			result = days * DAY;
		}
		store<i64>(out + (<usize>row << 3), result);
	}
	return 0;
}

// Fields beyond the units: 13 day of week (0 Sunday), 14 ISO day of week (7 Sunday), 15 day of year, 16 ISO year, 17 epoch; 18 era-wise century and so on are units.

function dateField(field: i32, days: i64): i64 {
	if (field == 13) return (weekday(days) + 1) % 7;
	if (field == 14) return weekday(days) + 1;
	if (field == 6) return (days - isoYearStart(isoYear(days))) / 7 + 1;
	if (field == 16) {
		const year = isoYear(days);
		return year > 0 ? year : year - 1;
	}
	const civil = civilFromDays(days);
	const year = yearOf(civil);
	if (field == 15) return days - daysFromCivil(year, 1, 1) + 1;
	if (field == 7) return dayOf(civil);
	if (field == 5) return monthOf(civil);
	if (field == 4) return (monthOf(civil) - 1) / 3 + 1;
	if (field == 3) return year > 0 ? year : year - 1;
	if (field == 2) return year >= 0 ? year / 10 : -((8 - (year - 1)) / 10);
	const span: i64 = field == 1 ? 100 : 1000;
	return year > 0 ? (year + span - 1) / span : -((span - 1 - (year - 1)) / span);
}

/** Fields of timestamps: seconds and milliseconds in microseconds, epoch in microseconds (callers give the scale). */
export function extract_i64(field: i32, count: i32, selection: usize, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<i64>(values + (<usize>row << 3));
		const days = floorDivide(value, DAY);
		const time = value - days * DAY;
		let result: i64;
		if (field == 17) result = value;
		else if (field == 8) result = time / 3600000000;
		else if (field == 9) result = (time / 60000000) % 60;
		else if (field >= 10 && field <= 12) result = time % 60000000;
		else result = dateField(field, days);
		store<i64>(out + (<usize>row << 3), result);
	}
}

/** Fields of dates; epoch in seconds. */
export function extract_i32(field: i32, count: i32, selection: usize, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const days: i64 = load<i32>(values + (<usize>row << 2));
		store<i64>(out + (<usize>row << 3), field == 17 ? days * 86400 : dateField(field, days));
	}
}

export function convert_date_timestamp(count: i32, selection: usize, values: usize, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const days: i64 = load<i32>(values + (<usize>row << 2));
		if (days < FIRST_DAY || days >= TIMESTAMP_DAY_END) return OVERFLOW;
		store<i64>(out + (<usize>row << 3), days * DAY);
	}
	return 0;
}

/** The day (`time` 0) as i32, or the time of day as i64. */
export function split_timestamp(time: i32, count: i32, selection: usize, values: usize, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value = load<i64>(values + (<usize>row << 3));
		const days = floorDivide(value, DAY);
		if (time != 0) store<i64>(out + (<usize>row << 3), value - days * DAY);
		else store<i32>(out + (<usize>row << 2), <i32>days);
	}
}

/** date + time. */
export function add_date_time(count: i32, selection: usize, dates: usize, datesConstant: i32, times: usize, timesConstant: i32, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const days: i64 = load<i32>(dates + (lane(datesConstant, row) << 2));
		if (days < FIRST_DAY || days >= TIMESTAMP_DAY_END) return OVERFLOW;
		store<i64>(out + (<usize>row << 3), days * DAY + load<i64>(times + (lane(timesConstant, row) << 3)));
	}
	return 0;
}

/** a + b, or 64-bit overflow. */
// @ts-ignore: decorator
@inline
function overflows(a: i64, b: i64, sum: i64): bool {
	return ((a ^ sum) & (b ^ sum)) < 0;
}

/**
 * timestamp + sign x interval: months first (a day that the month lacks becomes its last), then days, then time. `parts`: 1 months and days, 2 time, 3 all.
 */
export function add_timestamp_interval(sign: i32, parts: i32, count: i32, selection: usize, values: usize, valuesConstant: i32, intervals: usize, intervalsConstant: i32, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		let value = load<i64>(values + (lane(valuesConstant, row) << 3));
		const interval = intervals + (lane(intervalsConstant, row) << 4);
		const months: i64 = <i64>load<i32>(interval) * sign;
		const days: i64 = <i64>load<i32>(interval, 4) * sign;
		const time = load<i64>(interval, 8);
		if ((parts & 1) != 0 && (months != 0 || days != 0)) {
			let day = floorDivide(value, DAY);
			const clock = value - day * DAY;
			if (months != 0) {
				const civil = civilFromDays(day);
				const total = yearOf(civil) * 12 + monthOf(civil) - 1 + months;
				const year = floorDivide(total, 12);
				const month = total - year * 12 + 1;
				day = daysFromCivil(year, month, min(dayOf(civil), daysInMonth(year, month)));
			}
			day += days;
			if (day < FIRST_DAY || day >= TIMESTAMP_DAY_END) return OVERFLOW;
			const moved = day * DAY + clock;
			if (overflows(day * DAY, clock, moved)) return OVERFLOW;
			value = moved;
		}
		if ((parts & 2) != 0) {
			if (sign < 0 && time == i64.MIN_VALUE) return OVERFLOW;
			const change = sign < 0 ? -time : time;
			const moved = value + change;
			if (overflows(value, change, moved)) return OVERFLOW;
			value = moved;
		}
		if (value < FIRST_TIMESTAMP) return OVERFLOW;
		store<i64>(out + (<usize>row << 3), value);
	}
	return 0;
}

/** timestamp - timestamp: days of 24 hours, and the rest. */
export function subtract_timestamps(count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a = load<i64>(left + (lane(leftConstant, row) << 3));
		const b = load<i64>(right + (lane(rightConstant, row) << 3));
		const difference = a - b;
		if (((a ^ b) & (a ^ difference)) < 0) return OVERFLOW;
		const at = out + (<usize>row << 4);
		const days = difference / DAY;
		store<i32>(at, 0);
		store<i32>(at, <i32>days, 4);
		store<i64>(at, difference - days * DAY, 8);
	}
	return 0;
}

/** time + sign x the interval's microseconds, round the clock. */
export function add_time_interval(sign: i32, count: i32, selection: usize, values: usize, valuesConstant: i32, intervals: usize, intervalsConstant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const change = load<i64>(intervals + (lane(intervalsConstant, row) << 4), 8) % DAY;
		const sum = load<i64>(values + (lane(valuesConstant, row) << 3)) + (sign < 0 ? -change : change);
		store<i64>(out + (<usize>row << 3), sum - floorDivide(sum, DAY) * DAY);
	}
}

/** time - time. */
export function subtract_times(count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = out + (<usize>row << 4);
		store<i64>(at, 0);
		store<i64>(at, load<i64>(left + (lane(leftConstant, row) << 3)) - load<i64>(right + (lane(rightConstant, row) << 3)), 8);
	}
}

/** interval + sign x interval, field by field. */
export function add_intervals(sign: i32, count: i32, selection: usize, left: usize, leftConstant: i32, right: usize, rightConstant: i32, out: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const a = left + (lane(leftConstant, row) << 4);
		const b = right + (lane(rightConstant, row) << 4);
		const months: i64 = <i64>load<i32>(a) + <i64>load<i32>(b) * sign;
		const days: i64 = <i64>load<i32>(a, 4) + <i64>load<i32>(b, 4) * sign;
		const timeA = load<i64>(a, 8);
		const timeB = load<i64>(b, 8);
		if (sign < 0 && timeB == i64.MIN_VALUE) return OVERFLOW;
		const change = sign < 0 ? -timeB : timeB;
		const time = timeA + change;
		if (<i64>(<i32>months) != months || <i64>(<i32>days) != days || overflows(timeA, change, time)) return OVERFLOW;
		const at = out + (<usize>row << 4);
		store<i32>(at, <i32>months);
		store<i32>(at, <i32>days, 4);
		store<i64>(at, time, 8);
	}
	return 0;
}
