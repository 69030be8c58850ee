/** make_time, make_timestamp, make_timestamptz and make_interval: values from their fields. */
import { LittoralError } from "#shared/base/errors.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import { outOfRange } from "../errors.ts";
import type { Bind } from "../kernel.ts";
import { perValue } from "../per-value.ts";
import { checkedTimestamp, instantOf, makeDate } from "./clock.ts";

const SECOND = 1_000_000;
const MINUTES_MAX = 59;
const HOURS_MAX = 24;
const INT32_MAX = 2_147_483_647;

const padded = (value: number): string => String(value).padStart(2, "0");

function timeOf(hour: number, minute: number, second: number): bigint {
	const fraction = Math.round(second * SECOND);
	const inRange = hour >= 0 && hour <= HOURS_MAX && minute >= 0 && minute <= MINUTES_MAX && fraction >= 0 && fraction <= 60 * SECOND;
	const time = inRange ? BigInt((hour * 60 + minute) * 60 * SECOND + fraction) : -1n;
	if (time < 0n || time > MICROSECONDS_PER_DAY) {
		throw new LittoralError(
			"datetime_field_overflow",
			`time field value out of range: ${hour}:${padded(minute)}:${padded(Number(second.toPrecision(6)))}`,
		);
	}
	return time;
}

function timestampOf([year, month, day, hour, minute, second]: SqlValue[]): bigint {
	const days = makeDate([year, month, day] as SqlValue[]) as number;
	return checkedTimestamp(BigInt(days) * MICROSECONDS_PER_DAY + timeOf(hour as number, minute as number, second as number));
}

/** Years, months, weeks, days, hours, minutes, seconds; what is not given is 0. */
function intervalOf([years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0]: SqlValue[]): SqlValue {
	const allMonths = (years as number) * 12 + (months as number);
	const allDays = (weeks as number) * 7 + (days as number);
	const time = Math.round((seconds as number) * SECOND);
	if (!Number.isFinite(time) || Math.abs(allMonths) > INT32_MAX || Math.abs(allDays) > INT32_MAX) throw outOfRange({ kind: "interval" });
	const microseconds = BigInt(hours as number) * 3_600_000_000n + BigInt(minutes as number) * 60_000_000n + BigInt(time);
	if (BigInt.asIntN(64, microseconds) !== microseconds) throw outOfRange({ kind: "interval" });
	return { months: allMonths, days: allDays, microseconds };
}

const INTERVAL_FIELDS = ["integer", "integer", "integer", "integer", "integer", "integer", "double"];

export const MAKE_KERNELS: Record<string, Bind> = {
	"make_time(integer,integer,double)": perValue(([hour, minute, second]) => timeOf(hour as number, minute as number, second as number)),
	"make_timestamp(integer,integer,integer,integer,integer,double)": perValue(timestampOf),
	"make_timestamptz(integer,integer,integer,integer,integer,double)": perValue((values, { statement }) =>
		checkedTimestamp(instantOf(timestampOf(values), statement.timeZone)),
	),
	"make_timestamptz(integer,integer,integer,integer,integer,double,text)": perValue((values) =>
		checkedTimestamp(instantOf(timestampOf(values), values[6] as string)),
	),
	...Object.fromEntries(
		Array.from({ length: INTERVAL_FIELDS.length + 1 }, (_, count): [string, Bind] => [
			`make_interval(${INTERVAL_FIELDS.slice(0, count).join(",")})`,
			perValue(intervalOf),
		]),
	),
};
