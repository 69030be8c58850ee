/** `=`, `<>`, `<`, `<=`, `>`, `>=` of every comparable kind: one kernel a physical type. */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { COMPARABLE_KINDS, COMPARISON_NAMES } from "#shared/contracts/functions/operator-signatures.ts";
import { valueKind } from "../vector/row-layout.ts";
import type { Kernel } from "./kernel.ts";
import { allocateResult, numericOperand, numericScratch, powersOfTen } from "./lanes.ts";
import type { Bind } from "./kernel.ts";

const BOOLEAN: DataType = { kind: "boolean" };

/** Kernel opcode, and whether the operands change places. */
const OPERATIONS = {
	eq: { op: 0, swapped: false },
	ne: { op: 1, swapped: false },
	lt: { op: 2, swapped: false },
	le: { op: 3, swapped: false },
	gt: { op: 2, swapped: true },
	ge: { op: 3, swapped: true },
} as const;
type ComparisonName = keyof typeof OPERATIONS;

/** NUMERIC of one fixed precision and scale compare by coefficient; every other mix by the free kernel. */
function comparesByCoefficient(types: DataType[]): boolean {
	const [left, right] = types;
	return (
		left?.kind === "numeric" &&
		right?.kind === "numeric" &&
		left.precision !== undefined &&
		left.precision === right.precision &&
		left.scale === right.scale
	);
}

export function bindComparison(name: ComparisonName, types: DataType[]): Kernel {
	const { op, swapped } = OPERATIONS[name];
	const byCoefficient = comparesByCoefficient(types);
	return (call, operands) => {
		const { kernels } = call.engine;
		const { count, selection } = call.rows;
		const [left, right] = (swapped ? [operands[1], operands[0]] : operands) as [(typeof operands)[0], (typeof operands)[0]];
		const result = allocateResult(call, BOOLEAN);
		const a = left.vector;
		const b = right.vector;
		if (a.type.kind === "numeric" && !byCoefficient) {
			const leftOperand = numericOperand(call, left);
			const rightOperand = numericOperand(call, right);
			const table = powersOfTen(call);
			kernels.numeric_compare(op, count, selection, leftOperand, rightOperand, result.values, table, numericScratch(call));
			return result;
		}
		switch (a.physical) {
			case "bool":
				kernels.compare_bool(op, count, selection, a.values, left.constant, b.values, right.constant, result.values);
				return result;
			case "i32":
				kernels.compare_i32(op, count, selection, a.values, left.constant, b.values, right.constant, result.values);
				return result;
			case "i64":
				kernels.compare_i64(op, count, selection, a.values, left.constant, b.values, right.constant, result.values);
				return result;
			case "f32":
				kernels.compare_f32(op, count, selection, a.values, left.constant, b.values, right.constant, result.values);
				return result;
			case "f64":
				kernels.compare_f64(op, count, selection, a.values, left.constant, b.values, right.constant, result.values);
				return result;
			case "i128":
				if (a.type.kind === "uuid")
					kernels.compare_u128(op, count, selection, a.values, left.constant, b.values, right.constant, result.values);
				else kernels.compare_i128(op, count, selection, a.values, left.constant, b.values, right.constant, result.values);
				return result;
			case "interval":
				kernels.compare_interval(op, count, selection, a.values, left.constant, b.values, right.constant, result.values);
				return result;
			case "bytes":
				if (a.type.kind === "jsonb" || a.type.kind === "array") {
					kernels.compare_values(
						valueKind(a.type),
						op,
						count,
						selection,
						a.values,
						a.offsets,
						left.constant,
						b.values,
						b.offsets,
						right.constant,
						result.values,
					);
					return result;
				}
				kernels.compare_bytes(
					op,
					a.type.kind === "char" ? 1 : 0,
					count,
					selection,
					a.values,
					a.offsets,
					left.constant,
					b.values,
					b.offsets,
					right.constant,
					result.values,
				);
				return result;
			case "numeric":
				throw new Error(`no comparison kernel for ${a.physical}`);
			default:
				return unreachable(a.physical);
		}
	};
}

export const COMPARISON_KERNELS: Record<string, Bind> = Object.fromEntries(
	COMPARABLE_KINDS.flatMap((kind) =>
		COMPARISON_NAMES.map((name): [string, Bind] => [`${name}(${kind},${kind})`, (binding) => bindComparison(name, binding.argumentTypes)]),
	),
);
