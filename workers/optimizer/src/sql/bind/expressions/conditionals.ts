/** CASE, COALESCE, NULLIF, GREATEST and LEAST: several expressions that must find one type. */
import type { CaseExpr, CoalesceExpr, MinMaxExpr, A_Expr } from "libpg-query";
import { signaturesByName } from "#shared/contracts/functions/registry.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { as } from "../../parse/ast.ts";
import { boundType, typed, type Bound } from "../bound.ts";
import { coerce, coerceBoolean, settle } from "./coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { guarded, isNull, isTrue, notTrue } from "../guard.ts";
import { bindComparison } from "./operators.ts";
import { bareTypeName, type StatementContext } from "../statement.ts";
import { commonType } from "../functions/type-category.ts";

/** @throws datatype_mismatch (42804): `CASE types integer and text cannot be matched`, at the expression that does not fit */
export function unifyTypes(statement: StatementContext, list: Bound[], construct: string): DataType {
	const common = commonType(list.map(boundType));
	if ("type" in common) return common.type;
	throw statement.error(
		"datatype_mismatch",
		`${construct} types ${bareTypeName(common.left)} and ${bareTypeName(common.right)} cannot be matched`,
		list[common.conflict]?.location ?? -1,
	);
}

export function bindCase(environment: ExpressionEnvironment, expression: CaseExpr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	const subject = expression.arg === undefined ? null : environment.bind(expression.arg);
	// PostgreSQL gives an untyped subject the type text before it compares.
	const settled = subject === null ? null : typed(settle(statement, subject), subject.location);
	const whens: Expression[] = [];
	const thens: Bound[] = [];
	for (const node of expression.args ?? []) {
		const branch = as(node, "CaseWhen");
		if (branch?.expr === undefined || branch.result === undefined) throw statement.unsupported("this CASE", location);
		const when = environment.bind(
			branch.expr,
			guarded(environment, branch.expr, () => whens.map(notTrue)),
		);
		whens.push(
			settled === null
				? coerceBoolean(statement, when, "CASE/WHEN")
				: bindComparison(statement, "=", [settled, when], branch.location ?? 0),
		);
		const reached = () => [...whens.slice(0, -1).map(notTrue), isTrue(whens.at(-1) as Expression)];
		thens.push(environment.bind(branch.result, guarded(environment, branch.result, reached)));
	}
	const otherwise: Bound =
		expression.defresult === undefined
			? { kind: "unknown", text: null, location: -1 }
			: environment.bind(
					expression.defresult,
					guarded(environment, expression.defresult, () => whens.map(notTrue)),
				);
	const type = unifyTypes(statement, [otherwise, ...thens], "CASE");
	return typed(
		{
			kind: "case",
			branches: thens.map((then, index) => ({ when: whens[index] as Expression, then: coerce(statement, then, type) })),
			otherwise: coerce(statement, otherwise, type),
			type,
		},
		location,
	);
}

export function bindCoalesce(environment: ExpressionEnvironment, expression: CoalesceExpr): Bound {
	const { statement } = environment;
	const list: Bound[] = [];
	const missing: Expression[] = [];
	for (const argument of expression.args ?? []) {
		const bound = environment.bind(
			argument,
			guarded(environment, argument, () => missing),
		);
		if (bound.kind === "typed") missing.push(isNull(bound.expression));
		list.push(bound);
	}
	const type = unifyTypes(statement, list, "COALESCE");
	return typed({ kind: "coalesce", arguments: list.map((bound) => coerce(statement, bound, type)), type }, expression.location ?? 0);
}

export function bindMinMax(environment: ExpressionEnvironment, expression: MinMaxExpr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	const name = expression.op === "IS_LEAST" ? "least" : "greatest";
	const list = (expression.args ?? []).map((argument) => environment.bind(argument));
	const type = unifyTypes(statement, list, name.toUpperCase());
	const signature = signaturesByName(name)[0];
	if (signature === undefined) throw statement.unsupported(name.toUpperCase(), location);
	return typed({ kind: "call", functionId: signature.id, arguments: list.map((bound) => coerce(statement, bound, type)), type }, location);
}

/** NULLIF(a, b): CASE WHEN a = b THEN NULL ELSE a END, of the type that `=` takes a as. */
export function bindNullIf(environment: ExpressionEnvironment, expression: A_Expr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	if (expression.lexpr === undefined || expression.rexpr === undefined)
		throw statement.unsupported("NULLIF without two arguments", location);
	const left = environment.bind(expression.lexpr);
	const right = environment.bind(expression.rexpr);
	const equal = bindComparison(statement, "=", [left, right], location);
	const type = comparedType(boundType(left), boundType(right));
	const value = coerce(statement, left, type);
	return typed(
		{ kind: "case", branches: [{ when: equal, then: { kind: "constant", value: null, type } }], otherwise: value, type },
		location,
	);
}

const WHOLE_KINDS: readonly string[] = ["smallint", "integer", "bigint"];
const BINARY_KINDS: readonly string[] = ["real", "double"];

/** The type of PostgreSQL's equality operator on its left side: whole numbers compare across their types, and so do binary ones and dates. */
function comparedType(left: DataType | null, right: DataType | null): DataType {
	const own = left ?? right ?? { kind: "text" };
	if (own.kind === "varchar") return { kind: "text" };
	if (right === null) return own;
	const isNumber = WHOLE_KINDS.includes(own.kind) || own.kind === "numeric";
	if (isNumber && BINARY_KINDS.includes(right.kind)) return { kind: "double" };
	return WHOLE_KINDS.includes(own.kind) && right.kind === "numeric" ? { kind: "numeric" } : own;
}
