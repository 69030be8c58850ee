/** extract and date_part: field names bind to the opcodes of the date kernels; what is rare goes one value at a time. */
import type { DataTypeKind } from "#shared/contracts/data-type.ts";
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { formatNumeric } from "#shared/contracts/values/number-text.ts";
import { zoneOffsetSeconds } from "#shared/contracts/values/time-zone.ts";
import { readValue } from "../../vector/read.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { Bind, KernelCall, Operand } from "../kernel.ts";
import { allocateResult, numericScratch, powersOfTen, rowsOf } from "../lanes.ts";
import { toLocal } from "./zone.ts";
import { FIELD_OPCODES, type Field, DAY, fieldOf, unsupported, UNIT_OPCODE_MAX } from "./field-names.ts";
import { firstLane } from "./first-lane.ts";
import { DATE_TRUNC_KERNELS } from "./truncate.ts";

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

const kernels: Record<string, Bind> = { ...DATE_TRUNC_KERNELS };
for (const kind of ["date", "time", "timestamp", "timestamptz", "interval"]) {
	kernels[`extract(text,${kind})`] = bindExtract(false);
	kernels[`date_part(text,${kind})`] = bindExtract(true);
}
export const DATETIME_FIELD_KERNELS: Record<string, Bind> = kernels;
