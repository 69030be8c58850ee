/** Boolean connectives and the predicates that SQL has syntax for. */
import type { A_Expr, BooleanTest, BoolExpr, Node, NullTest } from "libpg-query";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import { sameType, type DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { convertExactly } from "../../../logical/convert-constant.ts";
import { BOOLEAN } from "../../../logical/expression.ts";
import { as, leftmost, strings } from "../../parse/ast.ts";
import { boundType, typed, type Bound } from "../bound.ts";
import { coerce, coerceBoolean, settle } from "./coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { distinctValues } from "./distinct-values.ts";
import { guarded, guardedByAnd, notTrue } from "../guard.ts";
import { bindComparison, bindOperator } from "./operators.ts";
import { rowFields, rowShape } from "./row-values.ts";
import { bindRowIn, bindRowNullTest, bindRowOperator, distinctRows } from "./rows.ts";
import { commonType } from "../functions/type-category.ts";

export function bindBoolean(environment: ExpressionEnvironment, expression: BoolExpr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	const name = expression.boolop === "OR_EXPR" ? "OR" : expression.boolop === "NOT_EXPR" ? "NOT" : "AND";
	const list: Expression[] = [];
	let start = location;
	for (const node of expression.args ?? []) {
		const change = name === "AND" ? guardedByAnd(environment, node, list) : guarded(environment, node, () => list.map(notTrue));
		const bound = environment.bind(node, change);
		start = leftmost(start, bound.location);
		list.push(coerceBoolean(statement, bound, name));
	}
	if (name === "NOT") return typed({ kind: "not", input: list[0] as Expression, type: BOOLEAN }, start);
	return typed({ kind: name === "AND" ? "and" : "or", arguments: list, type: BOOLEAN }, start);
}

export function bindNullTest(environment: ExpressionEnvironment, test: NullTest): Bound {
	if (test.arg === undefined) throw environment.statement.unsupported("this test");
	const fields = rowFields(environment, test.arg);
	if (fields !== null) return typed(bindRowNullTest(environment, fields, test), leftmost(test.location ?? 0, fields[0]?.location ?? -1));
	const input = environment.bind(test.arg);
	const expression: Expression = {
		kind: "is_null",
		input: settle(environment.statement, input),
		negated: test.nulltesttype === "IS_NOT_NULL",
		type: BOOLEAN,
	};
	return typed(expression, leftmost(test.location ?? 0, input.location));
}

const TESTS: Record<string, { name: string; value: boolean | null; negated: boolean }> = {
	IS_TRUE: { name: "IS TRUE", value: true, negated: false },
	IS_NOT_TRUE: { name: "IS NOT TRUE", value: true, negated: true },
	IS_FALSE: { name: "IS FALSE", value: false, negated: false },
	IS_NOT_FALSE: { name: "IS NOT FALSE", value: false, negated: true },
	IS_UNKNOWN: { name: "IS UNKNOWN", value: null, negated: false },
	IS_NOT_UNKNOWN: { name: "IS NOT UNKNOWN", value: null, negated: true },
};

/** `b IS TRUE` is COALESCE(b, false), `b IS FALSE` is COALESCE(NOT b, false). */
export function bindBooleanTest(environment: ExpressionEnvironment, test: BooleanTest): Bound {
	const { statement } = environment;
	const described = TESTS[test.booltesttype ?? "IS_TRUE"];
	if (test.arg === undefined || described === undefined) throw statement.unsupported("this test", test.location);
	const bound = environment.bind(test.arg);
	const input = coerceBoolean(statement, bound, described.name);
	const location = leftmost(test.location ?? 0, bound.location);
	if (described.value === null) return typed({ kind: "is_null", input, negated: described.negated, type: BOOLEAN }, location);
	const tested: Expression = described.value ? input : { kind: "not", input, type: BOOLEAN };
	const known: Expression = {
		kind: "coalesce",
		arguments: [tested, { kind: "constant", value: false, type: BOOLEAN }],
		type: BOOLEAN,
	};
	return typed(described.negated ? { kind: "not", input: known, type: BOOLEAN } : known, location);
}

/** BETWEEN is two comparisons; each binds its own operand, as the types may differ. */
export function bindBetween(environment: ExpressionEnvironment, expression: A_Expr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	const bounds = as(expression.rexpr, "List")?.items ?? [];
	const [low, high] = bounds;
	if (expression.lexpr === undefined || low === undefined || high === undefined) throw statement.unsupported("this BETWEEN", location);
	const subject = expression.lexpr;
	const compare = (symbol: string, bound: Node): Expression => {
		const rows = bindRowOperator(environment, symbol, { lexpr: subject, rexpr: bound, location });
		return rows ?? bindComparison(statement, symbol, [environment.bind(subject), environment.bind(bound)], location);
	};
	const range = (from: Node, to: Node, negated: boolean): Expression => {
		const list = [compare(negated ? "<" : ">=", from), compare(negated ? ">" : "<=", to)];
		return { kind: negated ? "or" : "and", arguments: list, type: BOOLEAN };
	};
	const first = as(subject, "RowExpr")?.args?.[0] ?? subject;
	const start = leftmost(location, environment.bind(first).location);
	switch (expression.kind) {
		case "AEXPR_BETWEEN":
			return typed(range(low, high, false), start);
		case "AEXPR_NOT_BETWEEN":
			return typed(range(low, high, true), start);
		case "AEXPR_BETWEEN_SYM":
			return typed({ kind: "or", arguments: [range(low, high, false), range(high, low, false)], type: BOOLEAN }, start);
		default:
			return typed({ kind: "and", arguments: [range(low, high, true), range(high, low, true)], type: BOOLEAN }, start);
	}
}

/** LIKE and ILIKE; the grammar wraps a pattern with ESCAPE into like_escape(pattern, escape). */
export function bindLike(environment: ExpressionEnvironment, expression: A_Expr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	if (expression.lexpr === undefined || expression.rexpr === undefined) throw statement.unsupported("this LIKE", location);
	const symbol = strings(expression.name)[0] ?? "~~";
	const subject = environment.bind(expression.lexpr);
	const wrapped = as(expression.rexpr, "FuncCall");
	const [pattern, escape] = strings(wrapped?.funcname).at(-1) === "like_escape" ? (wrapped?.args ?? []) : [expression.rexpr];
	if (pattern === undefined) throw statement.unsupported("this LIKE", location);
	const bound = bindOperator(statement, symbol, [subject, environment.bind(pattern)], location);
	if (escape === undefined || bound.kind !== "typed" || bound.expression.kind !== "call") return bound;
	const functionId = bound.expression.functionId.replace("(text,text)", "(text,text,text)");
	if (signatureById(functionId) === undefined) throw statement.unsupported("ESCAPE here", location);
	const character = coerce(statement, environment.bind(escape), { kind: "text" });
	return typed({ ...bound.expression, functionId, arguments: [...bound.expression.arguments, character] }, bound.location);
}

/** IS [NOT] DISTINCT FROM: equality in which NULL equals NULL. */
export function bindDistinct(environment: ExpressionEnvironment, expression: A_Expr): Bound {
	const { statement } = environment;
	const { lexpr, rexpr, location = 0 } = expression;
	if (lexpr === undefined || rexpr === undefined) throw statement.unsupported("this comparison", location);
	const negated = expression.kind === "AEXPR_NOT_DISTINCT";
	const rows = [rowFields(environment, lexpr), rowFields(environment, rexpr)] as const;
	if (rows[0] !== null && rows[1] !== null) {
		const differ = distinctRows(statement, rows[0], rows[1], location);
		return typed(negated ? { kind: "not", input: differ, type: BOOLEAN } : differ, location);
	}
	// A row is a value, whatever its fields are: it is distinct from NULL.
	const other = rows[0] === null ? lexpr : rexpr;
	if (rows[0] !== rows[1] && as(other, "A_Const")?.isnull) return typed({ kind: "constant", value: !negated, type: BOOLEAN }, location);
	const [left, right] = [environment.bind(lexpr), environment.bind(rexpr)];
	return typed(distinctValues(statement, [left, right], { negated, location }), leftmost(location, left.location));
}

/** IN over a list. Constants become one list; anything else a chain of comparisons. */
export function bindIn(environment: ExpressionEnvironment, expression: A_Expr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	const negated = strings(expression.name)[0] === "<>";
	const items = as(expression.rexpr, "List")?.items ?? [];
	if (expression.lexpr === undefined) throw statement.unsupported("this IN", location);
	const row = rowShape(environment, expression.lexpr);
	if (row !== null) return bindRowIn(environment, row, items, expression);
	const subject = environment.bind(expression.lexpr);
	const values = items.map((item) => environment.bind(item));
	return typed(bindInValues(environment, { subject, values, negated, location }), leftmost(location, subject.location));
}

/** At least one value. */
export function bindInValues(
	environment: ExpressionEnvironment,
	{ subject, values, negated, location }: { subject: Bound; values: Bound[]; negated: boolean; location: number },
): Expression {
	const constants = constantList(environment, subject, values, location);
	if (constants !== null) return { kind: "in_list", input: constants.input, values: constants.values, negated, type: BOOLEAN };
	const comparisons = values.map((value) => bindComparison(environment.statement, negated ? "<>" : "=", [subject, value], location));
	const [only] = comparisons;
	if (comparisons.length === 1 && only !== undefined) return only;
	return { kind: negated ? "and" : "or", arguments: comparisons, type: BOOLEAN };
}

/** The values as constants of the subject's type; null where some value needs evaluation or a type of its own. */
function constantList(
	environment: ExpressionEnvironment,
	subject: Bound,
	values: Bound[],
	location: number,
): { input: Expression; values: SqlValue[] } | null {
	const { statement } = environment;
	const isConstant = (value: Bound) => value.kind !== "typed" || value.expression.kind === "constant";
	if (values.length < 2 || !values.every(isConstant)) return null;
	const common = commonType([boundType(subject), ...values.map(boundType)]);
	if (!("type" in common)) return null;
	const { type } = common;
	// Raises when the type has no equality.
	const probe = typed({ kind: "constant", value: null, type }, location);
	bindComparison(statement, "=", [probe, probe], location);
	// `real` values compare as double with a numeric literal: leave it to the operators.
	if (type.kind === "real") return null;
	const subjectType = boundType(subject);
	const keepsOwnType =
		subjectType !== null && (subjectType.kind === "char" || (subjectType.kind === "numeric" && subjectType.precision !== undefined));
	// CHAR(n) and NUMERIC(p,s) keep their type: what is no value of it can equal none, and is left out.
	const listType = keepsOwnType ? subjectType : type;
	if (listType.kind === "char" && !values.every((value) => value.kind === "unknown")) return null;
	const input = coerce(statement, subject, listType);
	const list: SqlValue[] = [];
	for (const value of values) {
		const member = listMember(statement, value, type, listType);
		if (member === "other") return null;
		if (member !== "unequal") list.push(member.value);
	}
	return { input, values: list };
}

/** One value of the list; `unequal` when no value of `listType` equals it, `other` when it needs evaluation. */
function listMember(
	statement: ExpressionEnvironment["statement"],
	value: Bound,
	type: DataType,
	listType: DataType,
): { value: SqlValue } | "unequal" | "other" {
	if (listType.kind === "char") {
		if (value.kind !== "unknown") return "other";
		if (value.text === null) return { value: null };
		const stripped = value.text.replace(/ +$/, "");
		const padding = listType.length - Array.from(stripped).length;
		return padding < 0 ? "unequal" : { value: stripped + " ".repeat(padding) };
	}
	const constant = coerce(statement, value, type);
	const inner = constant.kind === "cast" ? constant.input : constant;
	if (inner.kind !== "constant") return "other";
	if (inner.value === null || sameType(inner.type, listType)) return { value: inner.value };
	if (listType.kind === "numeric" && listType.precision === undefined) {
		const isWhole = inner.type.kind === "smallint" || inner.type.kind === "integer" || inner.type.kind === "bigint";
		return isWhole ? { value: { coefficient: BigInt(inner.value as number | bigint), scale: 0 } } : "other";
	}
	const isNumber = listType.kind === "numeric" || listType.kind === "bigint" || listType.kind === "integer" || listType.kind === "smallint";
	if (!isNumber) return "other";
	const converted = convertExactly(inner.value, inner.type, listType);
	return converted === null ? "unequal" : { value: converted };
}
