/**
 * Comparisons in the column's own type.
 *
 * Effect: `bigint(smallint_column) > 5::bigint` becomes `smallint_column > 5`; a free NUMERIC constant compared with a NUMERIC(p,s) column takes
 * the column's precision and scale; `date_column >= TIMESTAMP '1994-01-01'` compares dates.
 * Better: no cast a row, and the kernel of the narrow type.
 * Safe: only where the constant is exactly a value of the column's type, and the cast keeps order and cannot fail.
 * Must not match: `integer_column > 2.5`, nor a constant beyond the column's type.
 */
import type { DataType, DataTypeKind } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import { convertExactly, INTEGER_LIMITS } from "../convert-constant.ts";
import { rewrite } from "../expression.ts";
import { mapExpressions } from "../map-expressions.ts";
import type { Rule } from "../rule.ts";

export const narrowComparisons: Rule = {
	name: "narrow-comparisons",
	apply: (plan) => mapExpressions(plan, (expression) => rewrite(expression, narrow)),
};

const COMPARISON = /^(eq|ne|lt|le|gt|ge)\(/;

function narrow(node: Expression): Expression {
	if (node.kind !== "call" || !COMPARISON.test(node.functionId)) return node;
	const [left, right] = node.arguments;
	if (left === undefined || right === undefined) return node;
	const name = node.functionId.slice(0, 2);
	if (right.kind === "constant") {
		const pair = narrowPair(left, right);
		return pair === null ? node : rebuilt(node, name, [pair.operand, pair.constant], pair.operand.type.kind);
	}
	if (left.kind === "constant") {
		const pair = narrowPair(right, left);
		return pair === null ? node : rebuilt(node, name, [pair.constant, pair.operand], pair.operand.type.kind);
	}
	return node;
}

function rebuilt(node: Extract<Expression, { kind: "call" }>, name: string, list: Expression[], operandKind: DataTypeKind): Expression {
	const kind = operandKind === "varchar" ? "text" : operandKind;
	const functionId = `${name}(${kind},${kind})`;
	return signatureById(functionId) === undefined ? node : { ...node, functionId, arguments: list };
}

type Constant = Extract<Expression, { kind: "constant" }>;

function narrowPair(operand: Expression, constant: Constant): { operand: Expression; constant: Constant } | null {
	if (constant.value === null) return null;
	if (operand.kind === "cast") {
		const inner = operand.input;
		if (!widens(inner.type, operand.type)) return null;
		const value = convertExactly(constant.value, constant.type, inner.type);
		return value === null ? null : { operand: inner, constant: { kind: "constant", value, type: inner.type } };
	}
	// The same NUMERIC kind, but the constant carries a scale of its own.
	if (
		operand.type.kind === "numeric" &&
		operand.type.precision !== undefined &&
		constant.type.kind === "numeric" &&
		constant.type.precision === undefined
	) {
		const value = convertExactly(constant.value, constant.type, operand.type);
		return value === null ? null : { operand, constant: { kind: "constant", value, type: operand.type } };
	}
	return null;
}

/** Casts that keep order and lose nothing. */
function widens(from: DataType, to: DataType): boolean {
	if (INTEGER_LIMITS[from.kind] !== undefined) {
		return (INTEGER_LIMITS[to.kind] ?? 0n) >= (INTEGER_LIMITS[from.kind] ?? 0n) || (to.kind === "numeric" && to.precision === undefined);
	}
	if (from.kind === "numeric") return to.kind === "numeric" && to.precision === undefined;
	return from.kind === "date" && to.kind === "timestamp";
}
