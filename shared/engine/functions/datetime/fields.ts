/** extract, date_part and date_trunc: field names bind to the opcodes of the date kernels; what is rare goes one value at a time. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, type DataTypeKind, typeName } from "#shared/contracts/data-type.ts";
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { formatNumeric } from "#shared/contracts/values/number-text.ts";
import { zoneOffsetSeconds } from "#shared/contracts/values/time-zone.ts";
import { readValue } from "../../vector/read.ts";
import type { FlatVector } from "../../vector/vector.ts";
import { outOfRange } from "../errors.ts";
import type { Bind, Kernel, KernelCall, Operand } from "../kernel.ts";
import { allocateResult, numericScratch, powersOfTen, rowsOf } from "../lanes.ts";
import { perValue } from "../per-value.ts";
import { toInstant, toLocal } from "./zone.ts";

/** PostgreSQL's spellings of units and fields; the opcodes are those of `assembly/dates.ts`. */
const FIELD_OPCODES = {
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
type Field = keyof typeof FIELD_OPCODES;

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
const UNIT_OPCODE_MAX = 12;
const UNIT_OPCODE_HOUR = 8;
const DAY = 86_400_000_000n;

function fieldOf(text: string, type: DataType): Field {
	const name = text.toLowerCase();
	if (Object.hasOwn(FIELD_OPCODES, name)) return name as Field;
	if (Object.hasOwn(SYNONYMS, name)) return SYNONYMS[name] as Field;
	throw new LittoralError("invalid_parameter_value", `unit "${name}" not recognized for type ${typeName(type)}`);
}

function unsupported(text: string, type: DataType): LittoralError {
	return new LittoralError("feature_not_supported", `unit "${text.toLowerCase()}" not supported for type ${typeName(type)}`);
}

/** Fields that have no length: date_trunc does not know them at all. */
const PLACES: readonly Field[] = ["dow", "isodow", "doy", "isoyear", "epoch", "julian"];

function unitOpcode(text: string, type: DataType): number {
	const field = fieldOf(text, type);
	if (PLACES.includes(field)) {
		throw new LittoralError("invalid_parameter_value", `unit "${text.toLowerCase()}" not recognized for type ${typeName(type)}`);
	}
	if (FIELD_OPCODES[field] > UNIT_OPCODE_MAX) throw unsupported(text, type);
	return FIELD_OPCODES[field];
}

/** A field's value: coefficient and how many of its digits are decimals. */
type Extracted = { coefficients: FlatVector; scale: number };

const FIELD_SCALES: Partial<Record<Field, number>> = { second: 6, milliseconds: 3 };

function extractTimestamp(call: KernelCall, vector: FlatVector, field: Field): Extracted {
	const { count, selection } = call.rows;
	const coefficients = allocateResult(call, { kind: "bigint" });
	call.engine.kernels.extract_i64(FIELD_OPCODES[field], count, selection, vector.values, coefficients.values);
	return { coefficients, scale: field === "epoch" ? 6 : (FIELD_SCALES[field] ?? 0) };
}

function extractDate(call: KernelCall, vector: FlatVector, field: Field): Extracted {
	const { count, selection } = call.rows;
	const coefficients = allocateResult(call, { kind: "bigint" });
	call.engine.kernels.extract_i32(FIELD_OPCODES[field], count, selection, vector.values, coefficients.values);
	return { coefficients, scale: 0 };
}

/** One value at a time, for intervals, times and zones. */
function extractEach(call: KernelCall, vector: FlatVector, scale: number, compute: (value: SqlValue) => bigint): Extracted {
	const coefficients = allocateResult(call, { kind: "bigint" });
	for (const row of rowsOf(call)) {
		call.engine.arena.views.i64[coefficients.values / 8 + row] = compute(readValue(call.engine, vector, row));
	}
	return { coefficients, scale };
}

function timeField(microseconds: bigint, field: Field): bigint {
	switch (field) {
		case "hour":
			return microseconds / 3_600_000_000n;
		case "minute":
			return (microseconds / 60_000_000n) % 60n;
		case "second":
		case "milliseconds":
		case "microseconds":
			return microseconds % 60_000_000n;
		default:
			return microseconds;
	}
}

function extractTime(call: KernelCall, vector: FlatVector, field: Field, text: string): Extracted {
	const opcode = FIELD_OPCODES[field];
	if (opcode < 8 || (opcode > 12 && field !== "epoch")) throw unsupported(text, vector.type);
	return extractEach(call, vector, field === "epoch" ? 6 : (FIELD_SCALES[field] ?? 0), (value) => timeField(value as bigint, field));
}

function intervalField(interval: IntervalValue, field: Field): bigint {
	const months = BigInt(interval.months);
	const years = months / 12n;
	switch (field) {
		case "millennium":
			return years / 1000n;
		case "century":
			return years / 100n;
		case "decade":
			return years / 10n;
		case "year":
			return years;
		case "quarter": {
			const rest = months % 12n;
			return rest >= 0n ? rest / 3n + 1n : -(-rest / 3n + 1n);
		}
		case "month":
			return months % 12n;
		case "week":
			return BigInt(Math.trunc(interval.days / 7));
		case "day":
			return BigInt(interval.days);
		case "epoch":
			// Years of 365.25 days, months of 30.
			return (years * 1461n * DAY) / 4n + ((months % 12n) * 30n + BigInt(interval.days)) * DAY + interval.microseconds;
		default:
			return timeField(interval.microseconds, field);
	}
}

function extractInterval(call: KernelCall, vector: FlatVector, field: Field, text: string): Extracted {
	if (FIELD_OPCODES[field] > UNIT_OPCODE_MAX && field !== "epoch") throw unsupported(text, vector.type);
	return extractEach(call, vector, field === "epoch" ? 6 : (FIELD_SCALES[field] ?? 0), (value) =>
		intervalField(value as IntervalValue, field),
	);
}

function extractInstant(call: KernelCall, vector: FlatVector, field: Field): Extracted {
	const zone = call.statement.timeZone;
	if (field === "epoch") return extractTimestamp(call, vector, field);
	if (FIELD_OPCODES[field] < 19) return extractTimestamp(call, toLocal(call, vector, zone), field);
	return extractEach(call, vector, 0, (value) => {
		const offset = zoneOffsetSeconds(zone, Number((value as bigint) / 1_000_000n));
		if (field === "timezone") return BigInt(offset);
		return BigInt(Math.trunc(field === "timezone_hour" ? offset / 3600 : (offset % 3600) / 60));
	});
}

function extractField(call: KernelCall, vector: FlatVector, text: string): Extracted {
	const { type } = vector;
	const field = fieldOf(text, type);
	switch (type.kind as DataTypeKind) {
		case "date":
			if (FIELD_OPCODES[field] > 7 && FIELD_OPCODES[field] < 13) throw unsupported(text, type);
			if (FIELD_OPCODES[field] > 18) throw unsupported(text, type);
			if (field === "julian") {
				return extractEach(call, vector, 0, (value) => BigInt(value as number) + JULIAN_EPOCH_DAYS);
			}
			return extractDate(call, vector, field);
		case "time":
			return extractTime(call, vector, field, text);
		case "interval":
			return extractInterval(call, vector, field, text);
		case "timestamptz":
			return extractInstant(call, vector, field);
		default:
			if (FIELD_OPCODES[field] > 18) throw unsupported(text, type);
			return extractTimestamp(call, vector, field);
	}
}

/** Julian day of 1970-01-01. */
const JULIAN_EPOCH_DAYS = 2_440_588n;

/** Julian days of a timestamp: the day plus the part of it that has passed, added and divided as NUMERIC. */
function julian(call: KernelCall, vector: FlatVector): FlatVector {
	const { i64, i32 } = call.engine.arena.views;
	const { kernels } = call.engine;
	const { count, selection } = call.rows;
	const local = vector.type.kind === "timestamptz" ? toLocal(call, vector, call.statement.timeZone) : vector;
	const days = allocateResult(call, { kind: "bigint" });
	const rests = allocateResult(call, { kind: "bigint" });
	for (const row of rowsOf(call)) {
		const value = i64[local.values / 8 + row] as bigint;
		const rest = ((value % DAY) + DAY) % DAY;
		i64[rests.values / 8 + row] = rest;
		i64[days.values / 8 + row] = (value - rest) / DAY + JULIAN_EPOCH_DAYS;
	}
	const dayLength = call.region.allocate(8);
	i64[dayLength / 8] = DAY;
	const describe = (words: number[]): number => {
		const pointer = call.region.allocate(20);
		i32.set(words, pointer / 4);
		return pointer;
	};
	const whole = describe([days.values, 0, 0, 0, 0]);
	const table = powersOfTen(call);
	const scratch = numericScratch(call);
	const part = allocateResult(call, { kind: "numeric" });
	const dividend = describe([rests.values, 0, 0, 0, 0]);
	const divisor = describe([dayLength, 0, 0, 0, 1]);
	kernels.numeric_divide(count, selection, dividend, divisor, part.values, part.offsets, table, scratch);
	const result = allocateResult(call, { kind: "numeric" });
	const fraction = describe([part.values, 1, part.offsets, 0, 0]);
	kernels.numeric_add(0, count, selection, whole, fraction, result.values, result.offsets, table, scratch);
	return result;
}

function bindExtract(toDouble: boolean): Bind {
	return () => (call, operands) => {
		const [name, input] = operands as [Operand, Operand];
		if (name.constant === 0 && call.rows.rowCount !== 1) return extractMixed(call, operands, toDouble);
		const text = readValue(call.engine, name.vector, 0) as string;
		const { kernels } = call.engine;
		const { count, selection } = call.rows;
		const isJulian =
			/^(?:julian|j|jd)$/i.test(text) && (input.vector.type.kind === "timestamp" || input.vector.type.kind === "timestamptz");
		const source = input.constant === 1 ? firstLane(call, input) : input.vector;
		const numeric = isJulian ? julian(call, source) : widen(call, extractField(call, source, text));
		if (!toDouble) return numeric;
		const result = allocateResult(call, { kind: "double" });
		const { views } = call.engine.arena;
		const hard = call.region.allocate(count * 2);
		const operand = call.region.allocate(20);
		views.i32.set([numeric.values, 1, numeric.offsets, 0, 0], operand / 4);
		const hardCount = kernels.numeric_to_float(0, count, selection, operand, result.values, hard);
		for (let index = 0; index < hardCount; index++) {
			const row = views.u16[hard / 2 + index] as number;
			views.f64[result.values / 8 + row] = Number(formatNumeric(readValue(call.engine, numeric, row) as NumericValue));
		}
		return result;
	};
}

/** A constant value under a column of field names: laid out once per row. */
function firstLane(call: KernelCall, operand: Operand): FlatVector {
	const { kernels } = call.engine;
	const { rowCount } = call.rows;
	const result = allocateResult(call, operand.vector.type);
	const { values } = operand.vector;
	if (operand.vector.physical === "i32") kernels.fill_32(rowCount, values, result.values);
	else if (operand.vector.physical === "i64") kernels.fill_64(rowCount, values, result.values);
	else kernels.fill_128(rowCount, values, result.values);
	return result;
}

function widen(call: KernelCall, { coefficients, scale }: Extracted): FlatVector {
	const { count, selection } = call.rows;
	const result = allocateResult(call, { kind: "numeric" });
	call.engine.kernels.numeric_from_integer(1, scale, count, selection, coefficients.values, result.values, result.offsets);
	return result;
}

/** Field names that differ by row: one run per row. */
function extractMixed(call: KernelCall, operands: Operand[], toDouble: boolean): FlatVector {
	const result = allocateResult(call, { kind: toDouble ? "double" : "numeric" });
	const { u8, u16, i32 } = call.engine.arena.views;
	const bound = bindExtract(toDouble)({ argumentTypes: [], type: result.type, constants: [], statement: call.statement });
	const [name, input] = operands as [Operand, Operand];
	const selection = call.region.allocate(2);
	const width = toDouble ? 8 : 16;
	for (const row of rowsOf(call)) {
		u16[selection / 2] = row;
		const start = i32[name.vector.offsets / 4 + row] as number;
		const end = i32[name.vector.offsets / 4 + row + 1] as number;
		const offsets = call.region.allocate(8);
		i32[offsets / 4] = 0;
		i32[offsets / 4 + 1] = end - start;
		const one: Operand = { vector: { ...name.vector, values: name.vector.values + start, offsets, validity: 0 }, constant: 1 };
		const part = bound({ ...call, rows: { ...call.rows, selection, count: 1 } }, [one, input]);
		u8.copyWithin(result.values + row * width, part.values + row * width, part.values + (row + 1) * width);
		if (!toDouble) i32[result.offsets / 4 + row] = i32[part.offsets / 4 + row] as number;
	}
	return result;
}

/** @param zoneOf the zone whose days and months are meant; null for timestamps without one */
function bindTruncate(type: DataType, zoneOf: ((call: KernelCall, operands: Operand[]) => string) | null): Bind {
	const truncate: Kernel = (call, operands) => {
		const [name, input] = operands as [Operand, Operand];
		const unit = unitOpcode(readValue(call.engine, name.vector, 0) as string, type);
		const zone = zoneOf?.(call, operands) ?? "UTC";
		const source = input.constant === 1 ? firstLane(call, input) : input.vector;
		const local = toLocal(call, source, zone);
		const result = allocateResult(call, type);
		const { count, selection } = call.rows;
		if (call.engine.kernels.date_trunc_i64(unit, count, selection, local.values, result.values) !== 0) throw outOfRange(type);
		return unit < UNIT_OPCODE_HOUR ? toInstant(call, result, zone) : keepOffset(call, { source, local, truncated: result });
	};
	return () => (call, operands) => {
		const varying = operands.some((operand, index) => index !== 1 && operand.constant === 0);
		if (!varying || call.rows.rowCount === 1) return truncate(call, operands);
		return truncateEach(call, operands, truncate, type);
	};
}

/** Hours and finer units keep the offset of the instant itself: in an hour that happens twice, the start is that of the same hour. */
function keepOffset(call: KernelCall, parts: { source: FlatVector; local: FlatVector; truncated: FlatVector }): FlatVector {
	const { source, local, truncated } = parts;
	if (source === local) return truncated;
	const { i64 } = call.engine.arena.views;
	for (const row of rowsOf(call)) {
		const offset = (i64[local.values / 8 + row] as bigint) - (i64[source.values / 8 + row] as bigint);
		i64[truncated.values / 8 + row] = (i64[truncated.values / 8 + row] as bigint) - offset;
	}
	return truncated;
}

/** Units or zones that differ by row: one run per row. */
function truncateEach(call: KernelCall, operands: Operand[], truncate: Kernel, type: DataType): FlatVector {
	const result = allocateResult(call, type);
	const { u16, i32, i64 } = call.engine.arena.views;
	const selection = call.region.allocate(2);
	for (const row of rowsOf(call)) {
		u16[selection / 2] = row;
		const ones = operands.map((operand, index): Operand => {
			if (index === 1 || operand.constant === 1) return operand;
			const start = i32[operand.vector.offsets / 4 + row] as number;
			const offsets = call.region.allocate(8);
			i32[offsets / 4] = 0;
			i32[offsets / 4 + 1] = (i32[operand.vector.offsets / 4 + row + 1] as number) - start;
			return { vector: { ...operand.vector, values: operand.vector.values + start, offsets, validity: 0 }, constant: 1 };
		});
		const part = truncate({ ...call, rows: { ...call.rows, selection, count: 1 } }, ones);
		i64[result.values / 8 + row] = i64[part.values / 8 + row] as bigint;
	}
	return result;
}

/** Microseconds of the units that an interval's time has. */
const INTERVAL_UNITS: Record<number, bigint> = { 8: 3_600_000_000n, 9: 60_000_000n, 10: 1_000_000n, 11: 1000n, 12: 1n };
const MONTHS_OF_UNIT: Record<number, number> = { 0: 12_000, 1: 1200, 2: 120, 3: 12, 4: 3, 5: 1 };

function truncateInterval(text: string, value: IntervalValue): IntervalValue {
	const type: DataType = { kind: "interval" };
	const unit = unitOpcode(text, type);
	if (unit === 6) throw unsupported(text, type);
	const size = INTERVAL_UNITS[unit];
	if (size !== undefined) return { ...value, microseconds: (value.microseconds / size) * size };
	const months = MONTHS_OF_UNIT[unit];
	if (months === undefined) return { ...value, microseconds: 0n };
	return { months: Math.trunc(value.months / months) * months, days: 0, microseconds: 0n };
}

const kernels: Record<string, Bind> = {
	"date_trunc(text,timestamp)": bindTruncate({ kind: "timestamp" }, null),
	"date_trunc(text,timestamptz)": bindTruncate({ kind: "timestamptz" }, (call) => call.statement.timeZone),
	"date_trunc(text,timestamptz,text)": bindTruncate(
		{ kind: "timestamptz" },
		(call, operands) => readValue(call.engine, (operands[2] as Operand).vector, 0) as string,
	),
	"date_trunc(text,interval)": perValue(([text, value]) => truncateInterval(text as string, value as IntervalValue)),
};
for (const kind of ["date", "time", "timestamp", "timestamptz", "interval"]) {
	kernels[`extract(text,${kind})`] = bindExtract(false);
	kernels[`date_part(text,${kind})`] = bindExtract(true);
}
export const DATETIME_FIELD_KERNELS: Record<string, Bind> = kernels;
