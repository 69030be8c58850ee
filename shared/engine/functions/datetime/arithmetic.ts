/** Operators of dates, times and intervals. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { IntervalValue } from "#shared/contracts/value.ts";
import { checkArithmetic, divisionByZero, outOfRange } from "../errors.ts";
import type { Bind, Kernel, KernelCall, Operand } from "../kernel.ts";
import { allocateResult, rowsOf } from "../lanes.ts";
import { perValue } from "../per-value.ts";
import type { FlatVector } from "../../vector/vector.ts";
import { isUtc, toInstant, toLocal } from "./zone.ts";

const TIMESTAMP: DataType = { kind: "timestamp" };
const TIMESTAMPTZ: DataType = { kind: "timestamptz" };
const INTERVAL: DataType = { kind: "interval" };

/** PostgreSQL's dates: 4714-11-24 BC to 5874897-12-31. */
const DATE_LOW = -2_440_588;
const DATE_HIGH = 2_145_042_905;

/** A kernel of two operands, in the order given or the other. */
function two(run: (call: KernelCall, left: Operand, right: Operand) => FlatVector, swapped = false): Bind {
	const kernel: Kernel = (call, operands) => {
		const [left, right] = operands as [Operand, Operand];
		return swapped ? run(call, right, left) : run(call, left, right);
	};
	return () => kernel;
}

function integers(op: 0 | 1, type: DataType, low: number, high: number): (call: KernelCall, left: Operand, right: Operand) => FlatVector {
	return (call, left, right) => {
		const result = allocateResult(call, type);
		const { count, selection } = call.rows;
		const { arithmetic_i32: run } = call.engine.kernels;
		checkArithmetic(
			run(op, low, high, count, selection, left.vector.values, left.constant, right.vector.values, right.constant, result.values),
			type,
		);
		return result;
	};
}
const addDays = integers(0, { kind: "date" }, DATE_LOW, DATE_HIGH);
const subtractDays = integers(1, { kind: "date" }, DATE_LOW, DATE_HIGH);
const daysBetween = integers(1, { kind: "integer" }, -2_147_483_648, 2_147_483_647);

/** `parts` 1: months and days, 2: time, 3: all. */
function addParts(call: KernelCall, left: Operand, right: Operand, options: { sign: number; parts: number; type: DataType }): FlatVector {
	const result = allocateResult(call, options.type);
	const { count, selection } = call.rows;
	const { add_timestamp_interval: run } = call.engine.kernels;
	const a = left.vector.values;
	const b = right.vector.values;
	checkArithmetic(run(options.sign, options.parts, count, selection, a, left.constant, b, right.constant, result.values), options.type);
	return result;
}

function moveTimestamp(sign: 1 | -1) {
	return (call: KernelCall, left: Operand, right: Operand): FlatVector => addParts(call, left, right, { sign, parts: 3, type: TIMESTAMP });
}

/** Operands of one row, when a zone has to be asked: constants become lanes. */
function spread(call: KernelCall, operand: Operand): FlatVector {
	if (operand.constant === 0) return operand.vector;
	const result = allocateResult(call, operand.vector.type);
	call.engine.kernels.fill_64(call.rows.rowCount, operand.vector.values, result.values);
	return result;
}

function moveInstant(sign: 1 | -1) {
	return (call: KernelCall, left: Operand, right: Operand): FlatVector => {
		const zone = call.statement.timeZone;
		if (isUtc(zone)) return addParts(call, left, right, { sign, parts: 3, type: TIMESTAMPTZ });
		const source = spread(call, left);
		const moved = addParts(call, { vector: toLocal(call, source, zone), constant: 0 }, right, { sign, parts: 1, type: TIMESTAMPTZ });
		const instants = toInstant(call, moved, zone);
		// Without months and days the clocks are not asked: an hour that happens twice stays the one it was.
		const { i32, i64 } = call.engine.arena.views;
		for (const row of rowsOf(call)) {
			const interval = (right.vector.values + (right.constant === 1 ? 0 : row * 16)) / 4;
			if (i32[interval] === 0 && i32[interval + 1] === 0) i64[instants.values / 8 + row] = i64[source.values / 8 + row] as bigint;
		}
		return addParts(call, { vector: instants, constant: 0 }, right, { sign, parts: 2, type: TIMESTAMPTZ });
	};
}

function moveDate(sign: 1 | -1) {
	return (call: KernelCall, left: Operand, right: Operand): FlatVector => {
		const result = allocateResult(call, TIMESTAMP);
		const { rows, engine } = call;
		const one = left.constant === 1;
		const answer = engine.kernels.convert_date_timestamp(one ? 1 : rows.count, one ? 0 : rows.selection, left.vector.values, result.values);
		checkArithmetic(answer, TIMESTAMP);
		return addParts(call, { vector: result, constant: left.constant }, right, { sign, parts: 3, type: TIMESTAMP });
	};
}

function addDateTime(call: KernelCall, left: Operand, right: Operand): FlatVector {
	const result = allocateResult(call, TIMESTAMP);
	const { count, selection } = call.rows;
	const { add_date_time: run } = call.engine.kernels;
	const answer = run(count, selection, left.vector.values, left.constant, right.vector.values, right.constant, result.values);
	checkArithmetic(answer, TIMESTAMP);
	return result;
}

function between(call: KernelCall, left: Operand, right: Operand): FlatVector {
	const result = allocateResult(call, INTERVAL);
	const { count, selection } = call.rows;
	const { subtract_timestamps: run } = call.engine.kernels;
	checkArithmetic(run(count, selection, left.vector.values, left.constant, right.vector.values, right.constant, result.values), INTERVAL);
	return result;
}

function moveTime(sign: 1 | -1) {
	return (call: KernelCall, left: Operand, right: Operand): FlatVector => {
		const result = allocateResult(call, { kind: "time" });
		const { count, selection } = call.rows;
		const { add_time_interval: run } = call.engine.kernels;
		run(sign, count, selection, left.vector.values, left.constant, right.vector.values, right.constant, result.values);
		return result;
	};
}

function betweenTimes(call: KernelCall, left: Operand, right: Operand): FlatVector {
	const result = allocateResult(call, INTERVAL);
	const { count, selection } = call.rows;
	call.engine.kernels.subtract_times(
		count,
		selection,
		left.vector.values,
		left.constant,
		right.vector.values,
		right.constant,
		result.values,
	);
	return result;
}

function addIntervals(sign: 1 | -1) {
	return (call: KernelCall, left: Operand, right: Operand): FlatVector => {
		const result = allocateResult(call, INTERVAL);
		const { count, selection } = call.rows;
		const { add_intervals: run } = call.engine.kernels;
		checkArithmetic(
			run(sign, count, selection, left.vector.values, left.constant, right.vector.values, right.constant, result.values),
			INTERVAL,
		);
		return result;
	};
}

/** Rounds half to even, as C's rint. */
function nearestEven(value: number): number {
	const floor = Math.floor(value);
	const rest = value - floor;
	if (rest !== 0.5) return Math.round(value);
	return floor % 2 === 0 ? floor : floor + 1;
}

/** Seconds rounded to microseconds, as PostgreSQL's TSROUND does between steps. */
const roundSeconds = (seconds: number): number => nearestEven(seconds * 1e6) / 1e6;

const INT32_END = 2_147_483_648;
function toInt32(value: number): number {
	if (!(value >= -INT32_END && value < INT32_END)) throw outOfRange(INTERVAL);
	return Math.trunc(value);
}

/** Months and days keep their whole part; what is left goes down at 30 days a month and 24 hours a day. Source: PostgreSQL's interval_mul, interval_div. */
function scaleInterval(interval: IntervalValue, factor: number, divide: boolean): IntervalValue {
	const apply = (part: number): number => (divide ? part / factor : part * factor);
	if (Number.isNaN(factor)) throw outOfRange(INTERVAL);
	const exactMonths = apply(interval.months);
	const exactDays = apply(interval.days);
	const months = toInt32(exactMonths);
	let days = toInt32(exactDays);
	const monthRemainder = roundSeconds((exactMonths - months) * 30);
	let seconds = (exactDays - days + monthRemainder - Math.trunc(monthRemainder)) * 86_400;
	seconds = roundSeconds(seconds);
	if (Math.abs(seconds) >= 86_400) {
		days += Math.trunc(seconds / 86_400);
		seconds -= Math.trunc(seconds / 86_400) * 86_400;
	}
	days = toInt32(days + Math.trunc(monthRemainder));
	const microseconds = nearestEven(apply(Number(interval.microseconds)) + seconds * 1e6);
	if (!(Math.abs(microseconds) < 2 ** 63)) throw outOfRange(INTERVAL);
	return { months, days, microseconds: BigInt(microseconds) };
}

export const DATETIME_ARITHMETIC_KERNELS: Record<string, Bind> = {
	"add(date,integer)": two(addDays),
	"add(integer,date)": two(addDays, true),
	"subtract(date,integer)": two(subtractDays),
	"subtract(date,date)": two(daysBetween),
	"add(date,interval)": two(moveDate(1)),
	"add(interval,date)": two(moveDate(1), true),
	"subtract(date,interval)": two(moveDate(-1)),
	"add(date,time)": two(addDateTime),
	"add(time,date)": two(addDateTime, true),
	"add(timestamp,interval)": two(moveTimestamp(1)),
	"add(interval,timestamp)": two(moveTimestamp(1), true),
	"subtract(timestamp,interval)": two(moveTimestamp(-1)),
	"subtract(timestamp,timestamp)": two(between),
	"add(timestamptz,interval)": two(moveInstant(1)),
	"add(interval,timestamptz)": two(moveInstant(1), true),
	"subtract(timestamptz,interval)": two(moveInstant(-1)),
	"subtract(timestamptz,timestamptz)": two(between),
	"add(time,interval)": two(moveTime(1)),
	"add(interval,time)": two(moveTime(1), true),
	"subtract(time,interval)": two(moveTime(-1)),
	"subtract(time,time)": two(betweenTimes),
	"add(interval,interval)": two(addIntervals(1)),
	"subtract(interval,interval)": two(addIntervals(-1)),
	"multiply(interval,double)": perValue(([interval, factor]) => scaleInterval(interval as IntervalValue, factor as number, false)),
	"multiply(double,interval)": perValue(([factor, interval]) => scaleInterval(interval as IntervalValue, factor as number, false)),
	"divide(interval,double)": perValue(([interval, divisor]) => {
		if (divisor === 0) throw divisionByZero();
		return scaleInterval(interval as IntervalValue, divisor as number, true);
	}),
	"negate(interval)": perValue(([value]) => {
		const { months, days, microseconds } = value as IntervalValue;
		if (months === -INT32_END || days === -INT32_END || microseconds === -(1n << 63n)) throw outOfRange(INTERVAL);
		return { months: 0 - months, days: 0 - days, microseconds: -microseconds };
	}),
};
