/** Rounding, roots, powers and trigonometry. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { readValue } from "../../vector/read.ts";
import { checkArithmetic, outOfRange } from "../errors.ts";
import type { Bind, Kernel, Operand } from "../kernel.ts";
import { allocateResult, numericOperand, numericScratch, powersOfTen, rowsOf } from "../lanes.ts";
import { perValue } from "../per-value.ts";
import { exponentialOf, logarithmOf, naturalLogarithmOf, powerOf, squareRoot } from "./numeric-functions.ts";

const DOUBLE: DataType = { kind: "double" };
const NUMERIC: DataType = { kind: "numeric" };

/** `op` of the kernel rounding_f64. */
function roundDouble(op: number): Bind {
	const kernel: Kernel = (call, operands) => {
		const result = allocateResult(call, DOUBLE);
		const { count, selection } = call.rows;
		call.engine.kernels.rounding_f64(op, count, selection, (operands[0] as Operand).vector.values, result.values);
		return result;
	};
	return () => kernel;
}

/** `mode` of the kernel numeric_rescale; without a second argument to whole numbers. */
function roundNumerics(mode: 0 | 1 | 2 | 3): Bind {
	return () => (call, operands) => {
		const [input, digits] = operands as [Operand, Operand | undefined];
		const result = allocateResult(call, NUMERIC);
		const operand = numericOperand(call, input);
		const table = powersOfTen(call);
		const scratch = numericScratch(call);
		const run = (scale: number, selection: number, count: number): void => {
			// Beyond 38 digits either way nothing more is dropped or shown.
			const bounded = Math.max(-38, Math.min(38, scale));
			const { numeric_rescale } = call.engine.kernels;
			checkArithmetic(
				numeric_rescale(mode, bounded, 38, 1, count, selection, operand, result.values, result.offsets, table, scratch),
				NUMERIC,
			);
		};
		if (digits === undefined || digits.constant === 1 || call.rows.rowCount === 1) {
			run(digits === undefined ? 0 : (readValue(call.engine, digits.vector, 0) as number), call.rows.selection, call.rows.count);
			return result;
		}
		const selection = call.region.allocate(2);
		for (const row of rowsOf(call)) {
			call.engine.arena.views.u16[selection / 2] = row;
			run(readValue(call.engine, digits.vector, row) as number, selection, 1);
		}
		return result;
	};
}

/** A function of doubles with PostgreSQL's checks: infinity from finite arguments overflows, NaN out of numbers is the domain's error. */
function double(compute: (...values: number[]) => number): Bind {
	return perValue((values) => {
		const numbers = values as number[];
		const result = compute(...numbers);
		if (!Number.isFinite(result) && numbers.every(Number.isFinite)) {
			if (Number.isNaN(result)) throw new LittoralError("numeric_value_out_of_range", "input is out of range");
			throw outOfRange(DOUBLE);
		}
		return result;
	});
}

function logarithm(compute: (value: number) => number): Bind {
	return perValue(([input]) => {
		const value = input as number;
		if (value === 0) throw new LittoralError("invalid_argument_for_logarithm", "cannot take logarithm of zero");
		if (value < 0) throw new LittoralError("invalid_argument_for_logarithm", "cannot take logarithm of a negative number");
		return compute(value);
	});
}

function powerDouble(base: number, exponent: number): number {
	if (base === 0 && exponent < 0) {
		throw new LittoralError("invalid_argument_for_power_function", "zero raised to a negative power is undefined");
	}
	if (base < 0 && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
		throw new LittoralError(
			"invalid_argument_for_power_function",
			"a negative number raised to a non-integer power yields a complex result",
		);
	}
	if (base === 1 || exponent === 0) return 1;
	if (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent)) return 1;
	const result = base ** exponent;
	if (Number.isFinite(base) && Number.isFinite(exponent)) {
		if (!Number.isFinite(result)) throw outOfRange(DOUBLE);
		if (result === 0 && base !== 0) throw outOfRange(DOUBLE, true);
	}
	return result;
}

function exponentialDouble(value: number): number {
	const result = Math.exp(value);
	if (result === 0 && Number.isFinite(value)) throw outOfRange(DOUBLE, true);
	return result;
}

function squareRootDouble(value: number): number {
	if (value < 0) throw new LittoralError("invalid_argument_for_power_function", "cannot take square root of a negative number");
	return Math.sqrt(value);
}

const numeric = (compute: (...values: NumericValue[]) => SqlValue): Bind => perValue((values) => compute(...(values as NumericValue[])));
const TEN: NumericValue = { coefficient: 10n, scale: 0 };

export const MATH_KERNELS: Record<string, Bind> = {
	"ceil(double)": roundDouble(0),
	"ceiling(double)": roundDouble(0),
	"floor(double)": roundDouble(1),
	"round(double)": roundDouble(2),
	"trunc(double)": roundDouble(3),
	"sign(double)": roundDouble(4),
	"round(numeric)": roundNumerics(0),
	"round(numeric,integer)": roundNumerics(0),
	"trunc(numeric)": roundNumerics(1),
	"trunc(numeric,integer)": roundNumerics(1),
	"floor(numeric)": roundNumerics(2),
	"ceil(numeric)": roundNumerics(3),
	"ceiling(numeric)": roundNumerics(3),
	"sqrt(double)": double(squareRootDouble),
	"sqrt_op(double)": double(squareRootDouble),
	"exp(double)": double(exponentialDouble),
	"ln(double)": logarithm(Math.log),
	"log(double)": logarithm(Math.log10),
	"log10(double)": logarithm(Math.log10),
	"power(double,double)": perValue(([base, exponent]) => powerDouble(base as number, exponent as number)),
	"pow(double,double)": perValue(([base, exponent]) => powerDouble(base as number, exponent as number)),
	"sqrt(numeric)": numeric(squareRoot),
	"exp(numeric)": numeric(exponentialOf),
	"ln(numeric)": numeric(naturalLogarithmOf),
	"log(numeric)": numeric((value) => logarithmOf(TEN, value)),
	"log10(numeric)": numeric((value) => logarithmOf(TEN, value)),
	"log(numeric,numeric)": numeric(logarithmOf),
	"power(numeric,numeric)": numeric(powerOf),
	"pow(numeric,numeric)": numeric(powerOf),
	"cbrt(double)": double(Math.cbrt),
	"sin(double)": double(Math.sin),
	"cos(double)": double(Math.cos),
	"tan(double)": double(Math.tan),
	"asin(double)": double(Math.asin),
	"acos(double)": double(Math.acos),
	"atan(double)": double(Math.atan),
	"atan2(double,double)": double(Math.atan2),
	"degrees(double)": double((value) => value / (Math.PI / 180)),
	"radians(double)": double((value) => value * (Math.PI / 180)),
	"pi()": perValue(() => Math.PI),
	"scale(numeric)": numeric((value) => value.scale),
};
