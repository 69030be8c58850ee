/** Which expressions may raise for rows that the statement would not have shown them. */
import { partsOf } from "#shared/contracts/plan/expression-parts.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { signatureOf } from "../expression.ts";
import { expressionsOf } from "../map-expressions.ts";
import { inputsOf } from "../output.ts";
import type { LogicalOperator } from "../plan.ts";
import { rowsOf } from "../rules/drop-single-checks.ts";

/** Numeric arithmetic raises beyond 38 digits only, far from any stored value; these are not held to raise. */
const HARMLESS = /^(add|subtract|multiply|negate|abs|round|trunc|ceil|floor)\(numeric/;

/** Conservative: true when unsure. */
export function mayRaise(expression: Expression): boolean {
	if (expression.kind === "call") {
		const signature = signatureOf(expression.functionId);
		if (signature.canRaise && !HARMLESS.test(signature.id) && !isWholePattern(expression)) return true;
	}
	if (expression.kind === "cast" && !widens(expression)) return true;
	if (expression.kind === "quantified") return true;
	return partsOf(expression).some(mayRaise);
}

const LIKE = /^(not_)?i?like\(text,text\)$/;

/** LIKE of a constant pattern that does not end in the character that escapes. */
function isWholePattern({ functionId, arguments: list }: Extract<Expression, { kind: "call" }>): boolean {
	const pattern = list[1];
	if (!LIKE.test(functionId) || pattern?.kind !== "constant") return false;
	return typeof pattern.value !== "string" || (/\\*$/.exec(pattern.value) as RegExpExecArray)[0].length % 2 === 0;
}

const WHOLE_NUMBERS = ["smallint", "integer", "bigint"];

/** Casts that every value survives. */
function widens({ input, type }: Extract<Expression, { kind: "cast" }>): boolean {
	const from = input.type.kind;
	if (type.kind === "text" || (type.kind === "varchar" && type.length === undefined)) return true;
	if (type.kind === "double") return [...WHOLE_NUMBERS, "real"].includes(from);
	if (type.kind === "numeric" && type.precision === undefined) return from === "numeric" || WHOLE_NUMBERS.includes(from);
	if (WHOLE_NUMBERS.includes(type.kind))
		return WHOLE_NUMBERS.includes(from) && WHOLE_NUMBERS.indexOf(from) <= WHOLE_NUMBERS.indexOf(type.kind);
	return false;
}

/** Aggregates that raise only where a stored value is near the end of its type; these are not held to raise. */
const HARMLESS_AGGREGATE = /^(sum|avg|stddev|var|regr|corr|covar)/;

function aggregateMayRaise(functionId: string): boolean {
	return signatureOf(functionId).canRaise && !HARMLESS_AGGREGATE.test(functionId);
}

/** Can the operator raise, its inputs left out? Conservative. */
export function operatorMayRaise(node: LogicalOperator): boolean {
	return mayRaiseItself(node) || expressionsOf(node).some(mayRaise);
}

/**
 * Can running the plan raise? Conservative.
 *
 * @param subplans what is said of a subplan, which is not looked into
 */
export function planMayRaise(node: LogicalOperator, { subplans }: { subplans: boolean }): boolean {
	if (operatorMayRaise(node)) return true;
	if (node.kind === "subplan_scan") return subplans;
	return inputsOf(node).some((input) => planMayRaise(input, { subplans }));
}

function mayRaiseItself(node: LogicalOperator): boolean {
	switch (node.kind) {
		case "join":
			return node.join === "single" && rowsOf(node.right) === "any";
		case "aggregate":
			return node.aggregates.some(({ functionId }) => aggregateMayRaise(functionId));
		case "window":
			return node.calls.some(({ functionId }) => aggregateMayRaise(functionId));
		case "table_function":
			return node.functions.some(({ functionId }) => signatureOf(functionId).canRaise);
		default:
			return false;
	}
}

/** The expression, in which what may raise is evaluated only where `guard`, a boolean column, is true, and is NULL elsewhere. */
export function guardRaising(expression: Expression, guard: Expression): Expression {
	if (!mayRaise(expression)) return expression;
	// Comparisons stay on top: a join finds its keys in them.
	const isComparison = expression.kind === "call" && /^(eq|ne|lt|le|gt|ge)\(/.test(expression.functionId);
	if (isComparison || expression.kind === "and") {
		return { ...expression, arguments: expression.arguments.map((part) => guardRaising(part, guard)) };
	}
	return {
		kind: "case",
		branches: [{ when: guard, then: expression }],
		otherwise: { kind: "constant", value: null, type: expression.type },
		type: expression.type,
	};
}
