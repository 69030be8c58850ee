/** Which expressions may raise for rows that the statement would not have shown them. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { children, signatureOf } from "../expression.ts";

/** Numeric arithmetic raises beyond 38 digits only, far from any stored value; these are not held to raise. */
const HARMLESS = /^(add|subtract|multiply|negate|abs|round|trunc|ceil|floor)\(numeric/;

/** Conservative: true when unsure. */
export function mayRaise(expression: Expression): boolean {
	if (expression.kind === "call") {
		const signature = signatureOf(expression.functionId);
		if (signature.canRaise && !HARMLESS.test(signature.id)) return true;
	}
	if (expression.kind === "cast" && !widens(expression)) return true;
	if (expression.kind === "quantified") return true;
	return children(expression).some(mayRaise);
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
