/** Names of units and fields, as extract, date_part and date_trunc know them. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";

/** PostgreSQL's spellings of units and fields; the opcodes are those of `assembly/dates.ts`. */
export const FIELD_OPCODES = {
	millennium: 0,
	century: 1,
	decade: 2,
	year: 3,
	quarter: 4,
	month: 5,
	week: 6,
	day: 7,
	hour: 8,
	minute: 9,
	second: 10,
	milliseconds: 11,
	microseconds: 12,
	dow: 13,
	isodow: 14,
	doy: 15,
	isoyear: 16,
	epoch: 17,
	julian: 18,
	timezone: 19,
	timezone_hour: 20,
	timezone_minute: 21,
} as const;
export type Field = keyof typeof FIELD_OPCODES;

const SYNONYMS: Record<string, Field> = {
	mil: "millennium",
	mils: "millennium",
	millennia: "millennium",
	c: "century",
	cent: "century",
	centuries: "century",
	dec: "decade",
	decs: "decade",
	decades: "decade",
	y: "year",
	yr: "year",
	yrs: "year",
	years: "year",
	qtr: "quarter",
	mon: "month",
	mons: "month",
	months: "month",
	w: "week",
	weeks: "week",
	d: "day",
	days: "day",
	h: "hour",
	hr: "hour",
	hrs: "hour",
	hours: "hour",
	m: "minute",
	min: "minute",
	mins: "minute",
	minutes: "minute",
	s: "second",
	sec: "second",
	secs: "second",
	seconds: "second",
	ms: "milliseconds",
	msec: "milliseconds",
	msecs: "milliseconds",
	msecond: "milliseconds",
	mseconds: "milliseconds",
	millisecond: "milliseconds",
	millisecon: "milliseconds",
	us: "microseconds",
	usec: "microseconds",
	usecs: "microseconds",
	usecond: "microseconds",
	useconds: "microseconds",
	microsecond: "microseconds",
	microsecon: "microseconds",
	j: "julian",
	jd: "julian",
	timezone_h: "timezone_hour",
	timezone_m: "timezone_minute",
};
/** Units that date_trunc knows, up to this opcode. */
export const UNIT_OPCODE_MAX = 12;
export const UNIT_OPCODE_HOUR = 8;
export const DAY = 86_400_000_000n;

export function fieldOf(text: string, type: DataType): Field {
	const name = text.toLowerCase();
	if (Object.hasOwn(FIELD_OPCODES, name)) return name as Field;
	if (Object.hasOwn(SYNONYMS, name)) return SYNONYMS[name] as Field;
	throw new LittoralError("invalid_parameter_value", `unit "${name}" not recognized for type ${typeName(type)}`);
}

export function unsupported(text: string, type: DataType): LittoralError {
	return new LittoralError("feature_not_supported", `unit "${text.toLowerCase()}" not supported for type ${typeName(type)}`);
}

/** Fields that have no length: date_trunc does not know them at all. */
const PLACES: readonly Field[] = ["dow", "isodow", "doy", "isoyear", "epoch", "julian"];

export function unitOpcode(text: string, type: DataType): number {
	const field = fieldOf(text, type);
	if (PLACES.includes(field)) {
		throw new LittoralError("invalid_parameter_value", `unit "${text.toLowerCase()}" not recognized for type ${typeName(type)}`);
	}
	if (FIELD_OPCODES[field] > UNIT_OPCODE_MAX) throw unsupported(text, type);
	return FIELD_OPCODES[field];
}
