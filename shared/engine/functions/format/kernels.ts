/** to_char, to_date, to_timestamp and to_number as kernels: a template is taken apart once as long as it stays the same. */
import { LittoralError } from "#shared/base/errors.ts";
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { DATE_DAYS_MAX, DATE_DAYS_MIN, daysFromCivil, MICROSECONDS_PER_DAY } from "#shared/contracts/values/calendar.ts";
import { zoneOffsetOfLocal, zoneOffsetSeconds } from "#shared/contracts/values/time-zone.ts";
import { zoneNameAt } from "#shared/contracts/values/zone-name.ts";
import type { Bind, KernelCall } from "../kernel.ts";
import { perValueBound } from "../per-value.ts";
import { timeOfFields } from "./date-of-fields.ts";
import { readFields } from "./date-input.ts";
import { fieldsOfInterval, fieldsOfTimestamp, formatTime, type TimeFields } from "./date-output.ts";
import { type DateTemplate, parseDateTemplate } from "./date-patterns.ts";
import { type NumberDigits, digitsOfBigint, digitsOfFloating, digitsOfInteger, digitsOfNumeric } from "./number-digits.ts";
import { readNumber } from "./number-input.ts";
import { formatNumber } from "./number-output.ts";
import { type NumberTemplate, parseNumberTemplate } from "./number-template.ts";
import { rememberingLast } from "./template.ts";

const SECOND = 1_000_000n;

/** Whole seconds, the fraction cut towards the past. */
function secondsOf(instant: bigint): number {
	const rest = ((instant % SECOND) + SECOND) % SECOND;
	return Number((instant - rest) / SECOND);
}

const dateKernel = (compute: (value: SqlValue, template: DateTemplate, call: KernelCall) => SqlValue): Bind =>
	perValueBound(() => {
		const parse = rememberingLast(parseDateTemplate);
		return ([value, template], call) => (template === "" ? null : compute(value as SqlValue, parse(template as string), call));
	});

const timeToText = (fieldsOf: (value: SqlValue, call: KernelCall) => TimeFields): Bind =>
	dateKernel((value, template, call) => formatTime(template, fieldsOf(value, call)));

const numberToText = (digitsOf: (value: SqlValue, template: NumberTemplate) => NumberDigits): Bind =>
	perValueBound(() => {
		const parse = rememberingLast(parseNumberTemplate);
		return ([value, text]) => {
			if (text === "") return "";
			const template = parse(text as string);
			return formatNumber(template, digitsOf(value as SqlValue, template));
		};
	});

function zonedFields(value: SqlValue, { statement }: KernelCall): TimeFields {
	const instant = value as bigint;
	const seconds = secondsOf(instant);
	const offset = zoneOffsetSeconds(statement.timeZone, seconds);
	return fieldsOfTimestamp(instant + BigInt(offset) * SECOND, { offset, name: zoneNameAt(statement.timeZone, seconds) });
}

function toDate(value: SqlValue, template: DateTemplate): SqlValue {
	const text = value as string;
	const { year, month, day } = timeOfFields(readFields(text, template), text);
	const days = daysFromCivil(year, month, day);
	if (days >= DATE_DAYS_MIN && days <= DATE_DAYS_MAX) return days;
	throw new LittoralError("datetime_field_overflow", `date out of range: "${text}"`);
}

const TIMESTAMP_MIN = BigInt(DATE_DAYS_MIN) * MICROSECONDS_PER_DAY;

/** 2000-01-01, from which PostgreSQL counts. */
const EPOCH_2000 = 946_684_800n * SECOND;

/** Half away from 2000-01-01. */
function rounded(instant: bigint, digits: number): bigint {
	const unit = 10n ** BigInt(6 - digits);
	const distance = instant - EPOCH_2000;
	const half = distance < 0n ? -(unit / 2n) : unit / 2n;
	return ((distance + half) / unit) * unit + EPOCH_2000;
}

function toTimestamp(value: SqlValue, template: DateTemplate, { statement }: KernelCall): SqlValue {
	const text = value as string;
	const { year, month, day, microseconds, precision, zoneOffset } = timeOfFields(readFields(text, template), text);
	const local = BigInt(daysFromCivil(year, month, day)) * MICROSECONDS_PER_DAY + BigInt(microseconds);
	const offset = zoneOffset ?? zoneOffsetOfLocal(statement.timeZone, secondsOf(local));
	const instant = local - BigInt(offset) * SECOND;
	if (instant >= TIMESTAMP_MIN && BigInt.asIntN(64, instant) === instant) return rounded(instant, precision === 0 ? 6 : precision);
	throw new LittoralError("datetime_field_overflow", "timestamp out of range");
}

export const FORMAT_KERNELS: Record<string, Bind> = {
	"to_char(timestamp,text)": timeToText((value) => fieldsOfTimestamp(value as bigint)),
	"to_char(timestamptz,text)": timeToText(zonedFields),
	"to_char(interval,text)": timeToText((value) => fieldsOfInterval(value as IntervalValue)),
	"to_char(integer,text)": numberToText((value, template) => digitsOfInteger(value as number, template)),
	"to_char(bigint,text)": numberToText((value, template) => digitsOfBigint(value as bigint, template)),
	"to_char(numeric,text)": numberToText((value, template) => digitsOfNumeric(value as NumericValue, template)),
	"to_char(double,text)": numberToText((value, template) => digitsOfFloating(value as number, template, 15)),
	"to_char(real,text)": numberToText((value, template) => digitsOfFloating(value as number, template, 6)),
	"to_date(text,text)": dateKernel(toDate),
	"to_timestamp(text,text)": dateKernel(toTimestamp),
	"to_number(text,text)": perValueBound(() => {
		const parse = rememberingLast(parseNumberTemplate);
		return ([value, template]) => (template === "" ? null : readNumber(value as string, parse(template as string)));
	}),
};
