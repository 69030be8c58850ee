/** Intervals brought into usual ranges, bins of equal width, and OVERLAPS. Source: PostgreSQL's timestamp.c and date.c. */
import { LittoralError } from "#shared/base/errors.ts";
import type { IntervalValue, SqlValue } from "#shared/contracts/value.ts";
import { MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import { outOfRange } from "../errors.ts";
import type { Bind, KernelCall } from "../kernel.ts";
import { perValue, perValueNullable } from "../per-value.ts";
import { addInterval } from "./move.ts";

const DAYS_PER_MONTH = 30;
const INT32_MAX = 2_147_483_647;

function checked(interval: IntervalValue): IntervalValue {
	const { months, days } = interval;
	if (Math.abs(months) > INT32_MAX || Math.abs(days) > INT32_MAX) throw outOfRange({ kind: "interval" });
	return interval;
}

/** Whole days of the time go to the days; both then have one sign. */
function justifyHours({ months, days, microseconds }: IntervalValue): IntervalValue {
	const whole = microseconds / MICROSECONDS_PER_DAY;
	let [day, time] = [days + Number(whole), microseconds - whole * MICROSECONDS_PER_DAY];
	if (day > 0 && time < 0n) {
		time += MICROSECONDS_PER_DAY;
		day--;
	} else if (day < 0 && time > 0n) {
		time -= MICROSECONDS_PER_DAY;
		day++;
	}
	return checked({ months, days: day, microseconds: time });
}

/** Every 30 days go to the months; both then have one sign. */
function justifyDays({ months, days, microseconds }: IntervalValue): IntervalValue {
	const whole = Math.trunc(days / DAYS_PER_MONTH);
	let [month, day] = [months + whole, days - whole * DAYS_PER_MONTH];
	if (month > 0 && day < 0) {
		day += DAYS_PER_MONTH;
		month--;
	} else if (month < 0 && day > 0) {
		day -= DAYS_PER_MONTH;
		month++;
	}
	return checked({ months: month, days: day, microseconds });
}

/** Both, and all three fields of one sign. */
function justifyInterval(interval: IntervalValue): IntervalValue {
	const wholeDays = interval.microseconds / MICROSECONDS_PER_DAY;
	let time = interval.microseconds - wholeDays * MICROSECONDS_PER_DAY;
	const allDays = interval.days + Number(wholeDays);
	const wholeMonths = Math.trunc(allDays / DAYS_PER_MONTH);
	let day = allDays - wholeMonths * DAYS_PER_MONTH;
	let month = interval.months + wholeMonths;
	if (month > 0 && (day < 0 || (day === 0 && time < 0n))) {
		day += DAYS_PER_MONTH;
		month--;
	} else if (month < 0 && (day > 0 || (day === 0 && time > 0n))) {
		day -= DAYS_PER_MONTH;
		month++;
	}
	if (day > 0 && time < 0n) {
		time += MICROSECONDS_PER_DAY;
		day--;
	} else if (day < 0 && time > 0n) {
		time -= MICROSECONDS_PER_DAY;
		day++;
	}
	return checked({ months: month, days: day, microseconds: time });
}

/** The start of the bin of that width, counted from an origin, that the time lies in. */
function bin([width, at, origin]: SqlValue[]): SqlValue {
	const stride = width as IntervalValue;
	if (stride.months !== 0) {
		throw new LittoralError("feature_not_supported", "timestamps cannot be binned into intervals containing months or years");
	}
	const length = BigInt(stride.days) * MICROSECONDS_PER_DAY + stride.microseconds;
	if (BigInt.asIntN(64, length) !== length) throw outOfRange({ kind: "interval" });
	if (length <= 0n) throw new LittoralError("datetime_field_overflow", "stride must be greater than zero");
	const distance = (at as bigint) - (origin as bigint);
	if (BigInt.asIntN(64, distance) !== distance) throw outOfRange({ kind: "interval" });
	const rest = distance % length;
	const start = (at as bigint) - rest - (rest < 0n ? length : 0n);
	if (BigInt.asIntN(64, start) !== start) throw outOfRange({ kind: "timestamp" });
	return start;
}

type MovableKind = "time" | "timestamp" | "timestamptz";

/** The end of a range that is given by its start and its length. */
function endOf(kind: MovableKind, start: bigint, length: IntervalValue, call: KernelCall): bigint {
	if (kind !== "time") return addInterval(start, length, kind === "timestamptz" ? call.statement.timeZone : null);
	return (((start + length.microseconds) % MICROSECONDS_PER_DAY) + MICROSECONDS_PER_DAY) % MICROSECONDS_PER_DAY;
}

/** A range with its ends in order; an end that is NULL is unknown. @returns null when both are NULL */
function ordered(start: bigint | null, end: bigint | null): [bigint, bigint | null] | null {
	if (start === null) return end === null ? null : [end, null];
	return end !== null && start > end ? [end, start] : [start, end];
}

/** (a, b) OVERLAPS (c, d): true, false, or NULL where an end that is NULL would decide. */
const overlaps = (kind: MovableKind): Bind =>
	perValueNullable(() => ([a, b, c, d], call) => {
		const end = (start: bigint | null, given: SqlValue): bigint | null =>
			given !== null && typeof given === "object"
				? start === null
					? null
					: endOf(kind, start, given as IntervalValue, call)
				: (given as bigint | null);
		const left = ordered(a as bigint | null, end(a as bigint | null, b as SqlValue));
		const right = ordered(c as bigint | null, end(c as bigint | null, d as SqlValue));
		if (left === null || right === null) return null;
		const [first, second] = left[0] >= right[0] ? [right, left] : [left, right];
		if (left[0] === right[0]) return left[1] === null || right[1] === null ? null : true;
		if (first[1] === null) return null;
		if (second[0] < first[1]) return true;
		return second[1] === null ? null : false;
	});

const intervals = (compute: (interval: IntervalValue) => IntervalValue): Bind =>
	perValue(([interval]) => compute(interval as IntervalValue));
const always: Bind = perValue(() => true);

export const JUSTIFY_KERNELS: Record<string, Bind> = {
	"justify_hours(interval)": intervals(justifyHours),
	"justify_days(interval)": intervals(justifyDays),
	"justify_interval(interval)": intervals(justifyInterval),
	"date_bin(interval,timestamp,timestamp)": perValue(bin),
	"date_bin(interval,timestamptz,timestamptz)": perValue(bin),
	"isfinite(date)": always,
	"isfinite(timestamp)": always,
	"isfinite(timestamptz)": always,
	"isfinite(interval)": always,
	...Object.fromEntries(
		(["time", "timestamp", "timestamptz"] as const).flatMap((kind) =>
			[kind, "interval"].flatMap((left) =>
				[kind, "interval"].map((right): [string, Bind] => [`overlaps(${kind},${left},${kind},${right})`, overlaps(kind)]),
			),
		),
	),
};
