/** One timestamp moved by an interval, where a value follows from the one before and columns do not help. */
import type { IntervalValue } from "#shared/contracts/value.ts";
import { civilFromDays, daysFromCivil, daysInMonth, MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import { zoneOffsetOfLocal, zoneOffsetSeconds } from "#shared/contracts/values/time-zone.ts";
import { outOfRange } from "../errors.ts";
import { isUtc } from "./zone.ts";

const SECOND = 1_000_000n;
const FIRST_DAY = daysFromCivil(-4713, 11, 24);

/**
 * Months first, a missing day gives the month's last, then days, both by the clock of `zone` (null: a timestamp without one), then time.
 * @throws datetime_field_overflow (22008), invalid_parameter_value (22023) for an unknown zone
 */
export function addInterval(timestamp: bigint, interval: IntervalValue, zone: string | null): bigint {
	let value = timestamp;
	if (interval.months !== 0 || interval.days !== 0) {
		const named = zone !== null && !isUtc(zone) ? zone : null;
		if (named !== null) value += BigInt(zoneOffsetSeconds(named, Number(floorDivide(value, SECOND)))) * SECOND;
		value = addDays(value, interval);
		if (named !== null) value -= BigInt(zoneOffsetOfLocal(named, Number(floorDivide(value, SECOND)))) * SECOND;
	}
	value += interval.microseconds;
	if (BigInt.asIntN(64, value) !== value || value < BigInt(FIRST_DAY) * MICROSECONDS_PER_DAY) throw outOfRange({ kind: "timestamp" });
	return value;
}

function addDays(local: bigint, { months, days }: IntervalValue): bigint {
	let day = Number(floorDivide(local, MICROSECONDS_PER_DAY));
	const time = local - BigInt(day) * MICROSECONDS_PER_DAY;
	if (months !== 0) {
		const date = civilFromDays(day);
		const month = date.year * 12 + date.month - 1 + months;
		const year = Math.floor(month / 12);
		const monthOfYear = month - year * 12 + 1;
		day = daysFromCivil(year, monthOfYear, Math.min(date.day, daysInMonth(year, monthOfYear)));
	}
	return BigInt(day + days) * MICROSECONDS_PER_DAY + time;
}

function floorDivide(value: bigint, divisor: bigint): bigint {
	const quotient = value / divisor;
	return value % divisor < 0n ? quotient - 1n : quotient;
}
