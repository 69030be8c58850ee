/**
 * Constant folding.
 *
 * Effect: a part without columns is replaced by its value; AND, OR, CASE and COALESCE drop what their constants decide.
 * Better: it is computed once, not once a row, and a comparison with a constant can prune files and be estimated.
 * Safe: the value comes from the engine's own evaluator. A part that raises stays as it is, so that its error comes only if a row reaches it.
 * Must not match: `SELECT 1/0 FROM t WHERE false`, which has no error to give.
 */
import { isLittoralError } from "#shared/base/errors.ts";
import { partsOf } from "#shared/contracts/plan/expression-parts.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { sameType } from "#shared/contracts/data-type.ts";
import { BOOLEAN, isStable, mapParts, signatureOf } from "../expression.ts";
import { mapExpressions } from "../map-expressions.ts";
import type { Rule, RuleContext } from "../rule.ts";

export const foldConstants: Rule = {
	name: "fold-constants",
	apply: (plan, context) => mapExpressions(plan, (expression) => fold(expression, context)),
};

function fold(expression: Expression, context: Pick<RuleContext, "evaluate">): Expression {
	const node = mapParts(expression, (child) => fold(child, context));
	switch (node.kind) {
		case "column":
		case "constant":
			return node;
		case "and":
		case "or":
			return foldLogical(node);
		case "case":
			return foldCase(node);
		case "coalesce":
			return foldCoalesce(node);
		default:
			break;
	}
	if (node.kind === "call" && signatureOf(node.functionId).strict && node.arguments.some(isNullConstant)) {
		return { kind: "constant", value: null, type: node.type };
	}
	const parts = partsOf(node);
	if (!parts.every((part) => part.kind === "constant") || !isStable(node)) return node;
	try {
		return { kind: "constant", value: context.evaluate(node), type: node.type };
	} catch (error) {
		if (isLittoralError(error)) return node;
		throw error;
	}
}

function isNullConstant(expression: Expression): boolean {
	return expression.kind === "constant" && expression.value === null;
}

function foldLogical(node: Extract<Expression, { kind: "and" | "or" }>): Expression {
	const decides = node.kind === "or";
	const kept: Expression[] = [];
	for (const argument of node.arguments) {
		if (argument.kind === "constant" && argument.value === decides) return argument;
		if (argument.kind === "constant" && argument.value === !decides) continue;
		if (argument.kind === node.kind) kept.push(...argument.arguments);
		else kept.push(argument);
	}
	const [only] = kept;
	if (only === undefined) return { kind: "constant", value: !decides, type: BOOLEAN };
	return kept.length === 1 ? only : { ...node, arguments: kept };
}

function foldCase(node: Extract<Expression, { kind: "case" }>): Expression {
	const branches: typeof node.branches = [];
	for (const branch of node.branches) {
		if (branch.when.kind !== "constant") branches.push(branch);
		else if (branch.when.value === true) return branches.length === 0 ? branch.then : { ...node, branches, otherwise: branch.then };
	}
	return branches.length === 0 ? node.otherwise : { ...node, branches };
}

function foldCoalesce(node: Extract<Expression, { kind: "coalesce" }>): Expression {
	const kept: Expression[] = [];
	for (const argument of node.arguments) {
		if (isNullConstant(argument)) continue;
		kept.push(argument);
		if (argument.kind === "constant") break;
	}
	const [only] = kept;
	if (only === undefined) return { kind: "constant", value: null, type: node.type };
	return kept.length === 1 && sameType(only.type, node.type) ? only : { ...node, arguments: kept };
}
