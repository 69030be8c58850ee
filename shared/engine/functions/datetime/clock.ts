/** The statement's clock, and making and comparing dates. */
import { LittoralError } from "#shared/base/errors.ts";
import type { IntervalValue, SqlValue } from "#shared/contracts/value.ts";
import { civilFromDays, daysFromCivil, daysInMonth, MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import { formatFloating } from "#shared/contracts/values/number-text.ts";
import { zoneAbbreviationOffset } from "#shared/contracts/values/zone-abbreviations.ts";
import { zoneOffsetOfLocal, zoneOffsetSeconds } from "#shared/contracts/values/time-zone.ts";
import { outOfRange } from "../errors.ts";
import type { Bind, KernelCall } from "../kernel.ts";
import { perValue } from "../per-value.ts";
import { addInterval } from "./move.ts";

const SECOND = 1_000_000n;

/** A zone's abbreviation means its offset, where AT TIME ZONE names it. */
function zoneOfName(name: string): string {
	const offset = zoneAbbreviationOffset(name);
	if (offset === null) return name;
	const magnitude = Math.abs(offset);
	return `${offset < 0 ? "-" : "+"}${padded(Math.floor(magnitude / 3600))}:${padded((magnitude % 3600) / 60)}`;
}

const localOf = (instant: bigint, zone: string): bigint => instant + BigInt(zoneOffsetSeconds(zone, Number(instant / SECOND))) * SECOND;
export const instantOf = (local: bigint, zone: string): bigint => local - BigInt(zoneOffsetOfLocal(zone, Number(local / SECOND))) * SECOND;

function floorDays(local: bigint): number {
	const rest = ((local % MICROSECONDS_PER_DAY) + MICROSECONDS_PER_DAY) % MICROSECONDS_PER_DAY;
	return Number((local - rest) / MICROSECONDS_PER_DAY);
}

const now = perValue((_, call) => call.statement.nowMicroseconds);
const localNow = ({ statement }: KernelCall): bigint => localOf(statement.nowMicroseconds, statement.timeZone);

export function makeDate([year, month, day]: SqlValue[]): SqlValue {
	const given = year as number;
	const [m, d] = [month as number, day as number];
	// Years below 1 are BC; there is no year 0.
	const astronomical = given < 0 ? given + 1 : given;
	if (given === 0 || m < 1 || m > 12 || d < 1 || d > daysInMonth(astronomical, m)) {
		throw new LittoralError("datetime_field_overflow", `date field value out of range: ${given}-${padded(m)}-${padded(d)}`);
	}
	const days = daysFromCivil(astronomical, m, d);
	if (days < -2_440_588 || days > 2_145_042_905) {
		throw new LittoralError("datetime_field_overflow", `date out of range: ${given}-${padded(m)}-${padded(d)}`);
	}
	return days;
}
const padded = (value: number): string => (value < 0 ? String(value) : String(value).padStart(2, "0"));

function toTimestamp([seconds]: SqlValue[]): SqlValue {
	const value = seconds as number;
	if (Number.isNaN(value)) throw new LittoralError("datetime_field_overflow", "timestamp cannot be NaN");
	if (!Number.isFinite(value)) throw new LittoralError("feature_not_supported", "infinite timestamps are not supported");
	const microseconds = Math.round(value * 1e6);
	if (!(Math.abs(microseconds) < 2 ** 63) || BigInt(microseconds) < -2_440_588n * MICROSECONDS_PER_DAY) {
		throw new LittoralError("datetime_field_overflow", `timestamp out of range: "${formatFloating("double", value)}"`);
	}
	return BigInt(microseconds);
}

interface Fields {
	months: number;
	day: number;
	time: bigint;
	daysOfMonth: number;
}
function fieldsOf(timestamp: bigint): Fields {
	const days = floorDays(timestamp);
	const { year, month, day } = civilFromDays(days);
	return {
		months: year * 12 + month - 1,
		day,
		time: timestamp - BigInt(days) * MICROSECONDS_PER_DAY,
		daysOfMonth: daysInMonth(year, month),
	};
}

/** Field by field, borrowing days of the earlier month. Source: PostgreSQL's timestamp_age. */
function age([left, right]: SqlValue[]): SqlValue {
	const negative = (left as bigint) < (right as bigint);
	const later = fieldsOf((negative ? right : left) as bigint);
	const earlier = fieldsOf((negative ? left : right) as bigint);
	let time = later.time - earlier.time;
	let days = later.day - earlier.day;
	let months = later.months - earlier.months;
	if (time < 0n) {
		time += MICROSECONDS_PER_DAY;
		days--;
	}
	while (days < 0) {
		days += earlier.daysOfMonth;
		months--;
	}
	if (!negative) return { months, days, microseconds: time };
	return { months: 0 - months, days: 0 - days, microseconds: -time };
}

/** The start of the day of a local time. */
const midnight = (local: bigint): bigint => BigInt(floorDays(local)) * MICROSECONDS_PER_DAY;

export function checkedTimestamp(value: bigint): bigint {
	if (BigInt.asIntN(64, value) !== value) throw outOfRange({ kind: "timestamp" });
	return value;
}

/** By the clock of the zone named, or of the session's. */
const moved = (sign: 1 | -1): Bind =>
	perValue(([instant, interval, zone], { statement }) => {
		const { months, days, microseconds } = interval as IntervalValue;
		const signed = { months: sign * months, days: sign * days, microseconds: BigInt(sign) * microseconds };
		return addInterval(instant as bigint, signed, zone === undefined ? statement.timeZone : zoneOfName(zone as string));
	});

export const CLOCK_KERNELS: Record<string, Bind> = {
	"now()": now,
	"transaction_timestamp()": now,
	"statement_timestamp()": now,
	"current_timestamp()": now,
	"localtimestamp()": perValue((_, call) => localNow(call)),
	"current_date()": perValue((_, call) => floorDays(localNow(call))),
	"localtime()": perValue((_, call) => {
		const local = localNow(call);
		return local - BigInt(floorDays(local)) * MICROSECONDS_PER_DAY;
	}),
	"timezone(text,timestamptz)": perValue(([zone, value]) => checkedTimestamp(localOf(value as bigint, zoneOfName(zone as string)))),
	"timezone(text,timestamp)": perValue(([zone, value]) => checkedTimestamp(instantOf(value as bigint, zoneOfName(zone as string)))),
	"date_add(timestamptz,interval)": moved(1),
	"date_add(timestamptz,interval,text)": moved(1),
	"date_subtract(timestamptz,interval)": moved(-1),
	"date_subtract(timestamptz,interval,text)": moved(-1),
	"to_timestamp(double)": perValue(toTimestamp),
	"make_date(integer,integer,integer)": perValue(makeDate),
	"age(timestamp,timestamp)": perValue(age),
	"age(timestamp)": perValue(([value], call) => age([midnight(localNow(call)), value as SqlValue])),
	"age(timestamptz,timestamptz)": perValue((values, { statement }) =>
		age(values.map((value) => localOf(value as bigint, statement.timeZone))),
	),
	"age(timestamptz)": perValue(([value], call) => age([midnight(localNow(call)), localOf(value as bigint, call.statement.timeZone)])),
};
