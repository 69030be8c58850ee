/** Operators, which are functions by another spelling. */
import { OPERATOR_FUNCTIONS } from "#shared/contracts/functions/signature.ts";
import { signaturesByName } from "#shared/contracts/functions/registry.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { leftmost } from "../../parse/ast.ts";
import { boundType, typed, type Bound } from "../bound.ts";
import { makeCall } from "../functions/make-call.ts";
import { resolveOverload } from "../functions/resolve-function.ts";
import { bareTypeName, type StatementContext } from "../statement.ts";

/** @throws undefined_function (42883), ambiguous_function (42725) */
export function bindOperator(statement: StatementContext, symbol: string, operands: Bound[], location: number): Bound {
	const names = operands.length === 2 ? OPERATOR_FUNCTIONS.binary : OPERATOR_FUNCTIONS.unary;
	const name = Object.hasOwn(names, symbol) ? names[symbol] : undefined;
	const types = unifyStrings(widenReal(operands.map(boundType)));
	const overloads = name === undefined ? [] : signaturesByName(name);
	const resolution = resolveOverload(overloads, types, { operator: true });
	if (resolution.kind === "found") {
		const call = makeCall(statement, resolution, operands);
		return typed(
			call,
			leftmost(
				location,
				operands.reduce((best, bound) => leftmost(best, bound.location), -1),
			),
		);
	}
	const shown = operands.map((bound) => bareTypeName(boundType(bound)));
	const text = shown.length === 2 ? `${shown[0] ?? ""} ${symbol} ${shown[1] ?? ""}` : `${symbol} ${shown[0] ?? ""}`;
	if (resolution.kind === "ambiguous") {
		throw statement.error(
			"ambiguous_function",
			`operator is not unique: ${text}`,
			location,
			"Could not choose a best candidate operator. You might need to add explicit type casts.",
		);
	}
	throw statement.error(
		"undefined_function",
		`operator does not exist: ${text}`,
		location,
		shown.length === 2
			? "No operator matches the given name and argument types. You might need to add explicit type casts."
			: "No operator matches the given name and argument type. You might need to add an explicit type cast.",
	);
}

/** PostgreSQL has real-with-double operators and prefers double: `real + integer` is double precision. The registry has one kind per operator. */
function widenReal(types: (DataType | null)[]): (DataType | null)[] {
	const [left, right] = types;
	if (types.length !== 2 || !left || !right || left.kind === right.kind) return types;
	const numbers = ["smallint", "integer", "bigint", "numeric", "double"];
	const mixed = (left.kind === "real" && numbers.includes(right.kind)) || (right.kind === "real" && numbers.includes(left.kind));
	return mixed ? [{ kind: "double" }, { kind: "double" }] : types;
}

/** CHAR with VARCHAR compares as text: a cast to CHAR would need a length that no value exceeds. */
function unifyStrings(types: (DataType | null)[]): (DataType | null)[] {
	const [left, right] = types;
	const mixed = (left?.kind === "char" && right?.kind === "varchar") || (left?.kind === "varchar" && right?.kind === "char");
	return mixed ? [{ kind: "text" }, { kind: "text" }] : types;
}

/** `left = right` as an expression, for constructs that PostgreSQL defines by it. */
export function bindComparison(statement: StatementContext, symbol: string, operands: [Bound, Bound], location: number): Expression {
	const bound = bindOperator(statement, symbol, operands, location);
	if (bound.kind !== "typed") throw statement.unsupported("this comparison", location);
	return bound.expression;
}
