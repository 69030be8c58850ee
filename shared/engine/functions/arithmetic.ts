/** Arithmetic and bit operators of numbers. */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType, DataTypeKind } from "#shared/contracts/data-type.ts";
import { narrowKernel, narrowResult } from "./decimal.ts";
import { checkArithmetic } from "./errors.ts";
import type { Bind, Kernel, KernelCall, Operand } from "./kernel.ts";
import { allocateResult, numericOperand, numericScratch, powersOfTen } from "./lanes.ts";
import { perValue } from "./per-value.ts";

const OPERATIONS = { add: 0, subtract: 1, multiply: 2, divide: 3, modulo: 4, mod: 4 } as const;
type Operation = (typeof OPERATIONS)[keyof typeof OPERATIONS];

/** Bounds of the kinds that share 32-bit lanes. */
const RANGES = {
	smallint: [-32_768, 32_767],
	integer: [-2_147_483_648, 2_147_483_647],
} as const;

function binaryNumeric(op: Operation): Kernel {
	const wide: Kernel = (call, operands) => {
		const { kernels } = call.engine;
		const { count, selection } = call.rows;
		const type: DataType = { kind: "numeric" };
		const result = allocateResult(call, type);
		const left = numericOperand(call, operands[0] as Operand);
		const right = numericOperand(call, operands[1] as Operand);
		const scratch = numericScratch(call);
		const { values, offsets } = result;
		const run = (): number => {
			switch (op) {
				case 0:
				case 1:
					return kernels.numeric_add(op, count, selection, left, right, values, offsets, powersOfTen(call), scratch);
				case 2:
					return kernels.numeric_multiply(count, selection, left, right, values, offsets, scratch);
				case 3:
					return kernels.numeric_divide(count, selection, left, right, values, offsets, powersOfTen(call), scratch);
				case 4:
					return kernels.numeric_modulo(count, selection, left, right, values, offsets, powersOfTen(call), scratch);
				default:
					return unreachable(op);
			}
		};
		checkArithmetic(run(), type);
		return result;
	};
	const inNarrow = op === 3 || op === 4 ? null : op;
	return narrowKernel(wide, (call, operands) => (inNarrow === null ? null : narrowResult(call, inNarrow, operands as [Operand, Operand])));
}

function binary(kind: DataTypeKind, op: Operation): Kernel {
	if (kind === "numeric") return binaryNumeric(op);
	const type = { kind } as DataType;
	return (call, operands) => {
		const { kernels } = call.engine;
		const { count, selection } = call.rows;
		const [left, right] = operands as [Operand, Operand];
		const a = left.vector.values;
		const b = right.vector.values;
		const result = allocateResult(call, type);
		const run = (): number => {
			switch (kind) {
				case "smallint":
				case "integer": {
					const [low, high] = RANGES[kind];
					return kernels.arithmetic_i32(op, low, high, count, selection, a, left.constant, b, right.constant, result.values);
				}
				case "bigint":
					return kernels.arithmetic_i64(op, count, selection, a, left.constant, b, right.constant, result.values);
				case "real":
					return kernels.arithmetic_f32(op, count, selection, a, left.constant, b, right.constant, result.values);
				default:
					return kernels.arithmetic_f64(op, count, selection, a, left.constant, b, right.constant, result.values);
			}
		};
		checkArithmetic(run(), type);
		return result;
	};
}

const UNARY = { negate: 0, abs: 1, bitwise_not: 2, plus: 3 } as const;

function unaryNumber(kind: DataTypeKind, op: 0 | 1 | 2 | 3): Kernel {
	const type = { kind } as DataType;
	const run = (call: KernelCall, vector: Operand["vector"], out: number): number => {
		const { kernels } = call.engine;
		const { count, selection } = call.rows;
		switch (kind) {
			case "smallint":
				return kernels.unary_i32(op, -32_768, count, selection, vector.values, out);
			case "integer":
				return kernels.unary_i32(op, -2_147_483_648, count, selection, vector.values, out);
			case "bigint":
				return kernels.unary_i64(op, count, selection, vector.values, out);
			case "real":
				return kernels.unary_f32(op, count, selection, vector.values, out);
			default:
				return kernels.unary_f64(op, count, selection, vector.values, out);
		}
	};
	return (call, operands) => {
		const result = allocateResult(call, type);
		checkArithmetic(run(call, (operands[0] as Operand).vector, result.values), type);
		return result;
	};
}

/** `op` of the kernel: 0 negate, 1 absolute value, 2 the value itself, 3 sign. */
function unaryNumeric(op: number): Kernel {
	return (call, operands) => {
		const result = allocateResult(call, { kind: "numeric" });
		const { count, selection } = call.rows;
		const operand = numericOperand(call, operands[0] as Operand);
		call.engine.kernels.numeric_unary(op, count, selection, operand, result.values, result.offsets);
		return result;
	};
}

const kernels: Record<string, Bind> = {};
for (const kind of ["smallint", "integer", "bigint", "real", "double", "numeric"] as const) {
	for (const [name, op] of Object.entries(OPERATIONS)) {
		if (op === 4 && (kind === "real" || kind === "double")) continue;
		const kernel = binary(kind, op);
		kernels[`${name}(${kind},${kind})`] = () => kernel;
	}
	for (const [name, op] of Object.entries(UNARY)) {
		if (op === 2) continue;
		const kernel = kind === "numeric" ? unaryNumeric(op === 3 ? 2 : op) : unaryNumber(kind, op);
		kernels[`${name}(${kind})`] = () => kernel;
	}
}
kernels["sign(numeric)"] = () => unaryNumeric(3);

/** Bit operators: rare, so one value at a time. `bits` wraps results to the type's width. */
for (const [kind, bits] of [
	["smallint", 16],
	["integer", 32],
	["bigint", 64],
] as const) {
	const wrap = (value: bigint): number | bigint => {
		const wrapped = BigInt.asIntN(bits, value);
		return kind === "bigint" ? wrapped : Number(wrapped);
	};
	const integer = (value: unknown): bigint => BigInt(value as number | bigint);
	const two = (compute: (left: bigint, right: bigint) => bigint): Bind =>
		perValue(([left, right]) => wrap(compute(integer(left), integer(right))));
	kernels[`bitwise_and(${kind},${kind})`] = two((left, right) => left & right);
	kernels[`bitwise_or(${kind},${kind})`] = two((left, right) => left | right);
	kernels[`bitwise_xor(${kind},${kind})`] = two((left, right) => left ^ right);
	// The machine's shift, as PostgreSQL's: the count modulo the width, of at least 32 bits.
	const width = BigInt(Math.max(bits, 32));
	kernels[`shift_left(${kind},integer)`] = two((left, right) => left << (BigInt.asUintN(8, (right % width) + width) % width));
	kernels[`shift_right(${kind},integer)`] = two((left, right) => left >> (BigInt.asUintN(8, (right % width) + width) % width));
	const kernel = unaryNumber(kind, 2);
	kernels[`bitwise_not(${kind})`] = () => kernel;
}

export const ARITHMETIC_KERNELS: Record<string, Bind> = kernels;
