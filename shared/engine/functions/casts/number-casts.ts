/** Casts between integers, floats and NUMERIC. Floats round to integers half to even, NUMERIC half away from zero. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, physicalType } from "#shared/contracts/data-type.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import { formatNumeric, parseNumeric } from "#shared/contracts/values/number-text.ts";
import { isNarrow, narrowKernel, narrowType, scaleOf } from "../decimal.ts";
import { checkArithmetic, outOfRange } from "../errors.ts";
import type { Kernel, KernelCall, Operand } from "../kernel.ts";
import { allocateResult, numericOperand, numericScratch, powersOfTen } from "../lanes.ts";
import { perValue } from "../per-value.ts";
import { readValue } from "../../vector/read.ts";
import type { FlatVector } from "../../vector/vector.ts";

const INTEGER_RANGES = {
	smallint: [-32_768n, 32_767n],
	integer: [-2_147_483_648n, 2_147_483_647n],
	bigint: [-(1n << 63n), (1n << 63n) - 1n],
} as const;
type IntegerKind = keyof typeof INTEGER_RANGES;

const isInteger = (type: DataType): type is DataType & { kind: IntegerKind } => type.kind in INTEGER_RANGES;
const isFloat = (type: DataType): boolean => type.kind === "real" || type.kind === "double";
const FREE: DataType = { kind: "numeric" };

/** @returns null where one of the two is no number type */
export function bindNumberCast(from: DataType, to: DataType): Kernel | null {
	if (isInteger(from)) {
		if (isInteger(to)) return integerToInteger(from, to);
		if (isFloat(to)) return integerToFloat(from, to);
		if (to.kind === "numeric") return integerToNumeric(from, to);
	} else if (isFloat(from)) {
		if (isInteger(to)) return floatToInteger(from, to);
		if (isFloat(to)) return floatToFloat(from, to);
		if (to.kind === "numeric") return floatToNumeric(from, to);
	} else if (from.kind === "numeric") {
		if (isInteger(to)) return numericToInteger(to);
		if (isFloat(to)) return numericToFloat(to);
		if (to.kind === "numeric") return to.precision === undefined ? numericToFree : numericToFixed(to);
	}
	return null;
}

/** A kernel that reads one flat column and fills the lanes of another, answering as the arithmetic kernels do. */
function lanes(to: DataType, run: (call: KernelCall, source: FlatVector, result: FlatVector) => number | undefined): Kernel {
	return (call, operands) => {
		const result = allocateResult(call, to);
		checkArithmetic(run(call, (operands[0] as Operand).vector, result) ?? 0, to);
		return result;
	};
}

function integerToInteger(from: DataType, to: DataType & { kind: IntegerKind }): Kernel {
	const [low, high] = INTEGER_RANGES[to.kind].map(Number) as [number, number];
	return lanes(to, ({ engine: { kernels }, rows: { count, selection } }, source, result) => {
		if (to.kind === "bigint") {
			kernels.convert_i32_i64(count, selection, source.values, result.values);
			return 0;
		}
		if (from.kind === "bigint") return kernels.convert_i64_i32(low, high, count, selection, source.values, result.values);
		return kernels.convert_i32_i32(low, high, count, selection, source.values, result.values);
	});
}

function integerToFloat(from: DataType, to: DataType): Kernel {
	return lanes(to, ({ engine: { kernels }, rows: { count, selection } }, source, result): undefined => {
		if (from.kind === "bigint") {
			if (to.kind === "real") kernels.convert_i64_f32(count, selection, source.values, result.values);
			else kernels.convert_i64_f64(count, selection, source.values, result.values);
		} else if (to.kind === "real") kernels.convert_i32_f32(count, selection, source.values, result.values);
		else kernels.convert_i32_f64(count, selection, source.values, result.values);
	});
}

function floatToFloat(from: DataType, to: DataType): Kernel {
	return lanes(to, ({ engine: { kernels }, rows: { count, selection } }, source, result) => {
		if (from.kind === "double") return kernels.convert_f64_f32(count, selection, source.values, result.values);
		kernels.convert_f32_f64(count, selection, source.values, result.values);
		return 0;
	});
}

function floatToInteger(from: DataType, to: DataType & { kind: IntegerKind }): Kernel {
	const [low, high] = INTEGER_RANGES[to.kind];
	const wide = to.kind === "bigint" ? 1 : 0;
	return lanes(to, ({ engine: { kernels }, rows: { count, selection } }, source, result) => {
		const round = from.kind === "real" ? kernels.round_f32 : kernels.round_f64;
		return round(wide, Number(low), Number(high + 1n), count, selection, source.values, result.values);
	});
}

function integerToNumeric(from: DataType, to: DataType): Kernel {
	const isWide = from.kind === "bigint";
	const free: Kernel = (call, operands) => {
		const { values } = (operands[0] as Operand).vector;
		const { count, selection } = call.rows;
		const result = allocateResult(call, FREE);
		const wide = isWide ? 1 : 0;
		call.engine.kernels.numeric_from_integer(wide, 0, count, selection, values, result.values, result.offsets);
		return result;
	};
	if (to.kind !== "numeric" || to.precision === undefined) return isWide ? free : narrowKernel(free, integerToNarrow);
	const fix = numericToFixed(to);
	return (call, operands) => fix(call, [{ vector: free(call, operands), constant: 0 }]);
}

/** Of a constant all lanes are made, as of any kernel's result. */
const integerToNarrow: Kernel = (call, operands) => {
	const { vector, constant } = operands[0] as Operand;
	const { rowCount } = call.rows;
	const result = allocateResult(call, narrowType(0));
	const { kernels } = call.engine;
	if (constant === 0) kernels.widen_i32_i64(rowCount, vector.values, result.values);
	else {
		kernels.widen_i32_i64(1, vector.values, result.values);
		kernels.fill_64(rowCount, result.values, result.values);
	}
	return result;
};

const numericToFree: Kernel = narrowKernel(
	(call, operands) => {
		const result = allocateResult(call, FREE);
		const { count, selection } = call.rows;
		call.engine.kernels.numeric_widen(count, selection, numericOperand(call, operands[0] as Operand), result.values, result.offsets);
		return result;
	},
	// The coefficients are what they were; lanes under NULL are zero in both.
	(_, operands) => {
		const { vector, constant } = operands[0] as Operand;
		return isNarrow(vector) && constant === 0 ? { ...vector, type: narrowType(scaleOf(vector)) } : null;
	},
);

function numericToFixed(to: DataType & { kind: "numeric" }): Kernel {
	return (call, operands) => {
		const result = allocateResult(call, to);
		const { count, selection } = call.rows;
		const answer = call.engine.kernels.numeric_rescale(
			0,
			to.scale ?? 0,
			to.precision ?? 38,
			physicalType(to) === "i128" ? 1 : 0,
			count,
			selection,
			numericOperand(call, operands[0] as Operand),
			result.values,
			0,
			powersOfTen(call),
			numericScratch(call),
		);
		if (answer !== 0) throw new LittoralError("numeric_value_out_of_range", "numeric field overflow");
		return result;
	};
}

function numericToInteger(to: DataType & { kind: IntegerKind }): Kernel {
	const [low, high] = INTEGER_RANGES[to.kind];
	const whole = numericToFixed({ kind: "numeric", precision: 38, scale: 0 });
	return (call, operands) => {
		const rounded = whole(call, operands);
		const result = allocateResult(call, to);
		const { count, selection } = call.rows;
		const wide = to.kind === "bigint" ? 1 : 0;
		const answer = call.engine.kernels.convert_i128_integer(wide, low, high, count, selection, rounded.values, result.values);
		if (answer !== 0) throw outOfRange(to);
		return result;
	};
}

function numericToFloat(to: DataType): Kernel {
	return (call, operands) => {
		const result = allocateResult(call, to);
		const operand = operands[0] as Operand;
		const { count, selection } = call.rows;
		const { views } = call.engine.arena;
		const hard = call.region.allocate(count * 2);
		const real = to.kind === "real";
		const hardCount = call.engine.kernels.numeric_to_float(
			real ? 1 : 0,
			count,
			selection,
			numericOperand(call, operand),
			result.values,
			hard,
		);
		// Values that no single rounded division gives are read from their digits.
		for (let index = 0; index < hardCount; index++) {
			const row = views.u16[hard / 2 + index] as number;
			const value = Number(formatNumeric(readValue(call.engine, operand.vector, row) as NumericValue));
			if (real) views.f32[result.values / 4 + row] = value;
			else views.f64[result.values / 8 + row] = value;
		}
		return result;
	};
}

/** PostgreSQL goes through 15 (real: 6) significant digits. */
function floatToNumeric(from: DataType, to: DataType): Kernel {
	const digits = from.kind === "real" ? 6 : 15;
	return perValue(([value]) => {
		const number = value as number;
		const fixed = to.kind === "numeric" && to.precision !== undefined;
		if (Math.abs(number) === Infinity && fixed) throw new LittoralError("numeric_value_out_of_range", "numeric field overflow");
		if (!Number.isFinite(number)) return parseNumeric(String(number));
		const [mantissa, exponent] = number.toExponential(digits - 1).split("e") as [string, string];
		const trimmed = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
		return fixed ? parseNumeric(`${trimmed}e${exponent}`, to.precision, to.scale) : parseNumeric(`${trimmed}e${exponent}`);
	})({ argumentTypes: [from], type: to, constants: [], statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] } });
}
