/**
 * Common factors of OR.
 *
 * Effect: (a AND b) OR (a AND c) becomes a AND (b OR c); a OR of equalities of one column with constants becomes an IN list.
 * Better: `a` may be a join condition (TPC-H 19 would be a cross join without it), push down, and prune files.
 * Safe: distributivity holds in three-valued logic. An operand keeps its place relative to the others of its conjunction.
 * Must not match: (a AND b) OR c, which has no common factor; a volatile `a`, which would be evaluated once instead of twice.
 */
import { sameType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { BOOLEAN, conjuncts, disjuncts, fingerprint, isStable, rewrite } from "../expression.ts";
import { mapExpressions } from "../map-expressions.ts";
import type { Rule } from "../rule.ts";

export const factorDisjunctions: Rule = {
	name: "factor-disjunctions",
	apply: (plan) => mapExpressions(plan, (expression) => rewrite(expression, (node) => (node.kind === "or" ? factor(node) : node))),
};

function factor(node: Expression): Expression {
	const sides = disjuncts(node).map(conjuncts);
	const [first, ...others] = sides;
	if (first === undefined) return node;
	const otherKeys = others.map((side) => new Set(side.map(fingerprint)));
	const common = first.filter((part) => isStable(part) && otherKeys.every((keys) => keys.has(fingerprint(part))));
	if (common.length === 0) return joinEqualities(sides.map(toConjunction)) ?? node;
	const commonKeys = new Set(common.map(fingerprint));
	const rests = sides.map((side) => side.filter((part) => !commonKeys.has(fingerprint(part))));
	// One side is nothing but common factors: the others add nothing to it.
	if (rests.some((rest) => rest.length === 0)) return toConjunction(common);
	const remaining = rests.map(toConjunction);
	const disjunction = joinEqualities(remaining) ?? { kind: "or", arguments: remaining, type: BOOLEAN };
	return toConjunction([...common, disjunction]);
}

function toConjunction(parts: Expression[]): Expression {
	const [only] = parts;
	return parts.length === 1 && only !== undefined ? only : { kind: "and", arguments: parts, type: BOOLEAN };
}

/** `a = 1 OR a = 2` as an IN list; null where some side is anything else. */
function joinEqualities(sides: Expression[]): Expression | null {
	let input: Expression | null = null;
	const values: SqlValue[] = [];
	for (const side of sides) {
		if (side.kind !== "call" || !side.functionId.startsWith("eq(")) return null;
		const [left, right] = side.arguments;
		if (left?.kind !== "column" || right?.kind !== "constant" || !sameType(left.type, right.type)) return null;
		if (left.type.kind === "char" || left.type.kind === "numeric") return null;
		if (input !== null && fingerprint(input) !== fingerprint(left)) return null;
		input = left;
		values.push(right.value);
	}
	return input === null || values.length < 2 ? null : { kind: "in_list", input, values, negated: false, type: BOOLEAN };
}
