/** Binds one expression: each kind of syntax goes to the file that knows it. */
import type { A_Expr, ColumnRef, Node, SQLValueFunction } from "libpg-query";
import { as, kindOf, strings } from "../parse/ast.ts";
import { bindArray, bindQuantified, bindSubscripts } from "./arrays.ts";
import { typed, type Bound } from "./bound.ts";
import { bindCase, bindCoalesce, bindMinMax, bindNullIf } from "./conditionals.ts";
import type { AggregateCollector, Clause, ExpressionEnvironment } from "./environment.ts";
import { bindFunctionCall, bindNiladic } from "./functions.ts";
import { bindConstant, bindParameter, bindTypeCast } from "./literals.ts";
import { bindOperator } from "./operators.ts";
import { bindBetween, bindBoolean, bindBooleanTest, bindDistinct, bindIn, bindLike, bindNullTest } from "./predicates.ts";
import { findColumn, findQualifiedColumn, type Scope } from "./scope.ts";
import type { StatementContext } from "./statement.ts";

/** The environment in which a clause's expressions are bound. */
export function expressionEnvironment(options: {
	statement: StatementContext;
	scope: Scope;
	clause: Clause;
	aggregates?: AggregateCollector | null;
	locations?: ExpressionEnvironment["locations"];
}): ExpressionEnvironment {
	return makeEnvironment({
		statement: options.statement,
		scope: options.scope,
		clause: options.clause,
		aggregates: options.aggregates ?? null,
		insideAggregate: false,
		locations: options.locations ?? new WeakMap(),
	});
}

function makeEnvironment(fields: Omit<ExpressionEnvironment, "bind">): ExpressionEnvironment {
	const environment: ExpressionEnvironment = {
		...fields,
		bind(node, change) {
			return bindExpression(change === undefined ? environment : makeEnvironment({ ...fields, ...change }), node);
		},
	};
	return environment;
}

function bindExpression(environment: ExpressionEnvironment, node: Node): Bound {
	const { statement } = environment;
	const kind = kindOf(node);
	switch (kind) {
		case "ColumnRef":
			return bindColumn(environment, as(node, kind) as ColumnRef);
		case "A_Const":
			return bindConstant(statement, as(node, kind) ?? {});
		case "ParamRef":
			return bindParameter(statement, as(node, kind) ?? {});
		case "TypeCast":
			return bindTypeCast(environment, as(node, kind) ?? {});
		case "A_Expr":
			return bindOperatorExpression(environment, as(node, kind) ?? {});
		case "BoolExpr":
			return bindBoolean(environment, as(node, kind) ?? {});
		case "NullTest":
			return bindNullTest(environment, as(node, kind) ?? {});
		case "BooleanTest":
			return bindBooleanTest(environment, as(node, kind) ?? {});
		case "CaseExpr":
			return bindCase(environment, as(node, kind) ?? {});
		case "CoalesceExpr":
			return bindCoalesce(environment, as(node, kind) ?? {});
		case "MinMaxExpr":
			return bindMinMax(environment, as(node, kind) ?? {});
		case "FuncCall":
			return bindFunctionCall(environment, as(node, kind) ?? {});
		case "SQLValueFunction":
			return bindValueFunction(environment, as(node, kind) ?? {});
		case "CollateClause":
			return bindCollate(environment, node);
		case "SubLink":
			throw statement.unsupported("a subquery in an expression", as(node, kind)?.location ?? 0);
		case "SetToDefault":
			throw statement.error("syntax_error", "DEFAULT is not allowed in this context", as(node, kind)?.location ?? 0);
		case "A_ArrayExpr":
			return bindArray(environment, as(node, kind) ?? {});
		case "RowExpr":
			throw statement.unsupported("a row value", as(node, kind)?.location ?? 0);
		case "A_Indirection":
			return bindSubscripts(environment, as(node, kind) ?? {});
		case "GroupingFunc":
			throw statement.unsupported("GROUPING", as(node, kind)?.location ?? 0);
		default:
			throw statement.unsupported(`${kind} in an expression`);
	}
}

function bindColumn(environment: ExpressionEnvironment, reference: ColumnRef): Bound {
	const { statement, scope, clause } = environment;
	const location = reference.location ?? 0;
	const fields = reference.fields ?? [];
	if (clause === "DEFAULT expressions")
		throw statement.error("feature_not_supported", "cannot use column reference in DEFAULT expression", location);
	if (fields.some((field) => as(field, "A_Star") !== undefined)) {
		throw statement.error("syntax_error", 'syntax error at or near "*"', location);
	}
	const names = strings(fields);
	const name = names[names.length - 1] ?? "";
	if (names.length > 3) {
		throw statement.error("feature_not_supported", `cross-database references are not implemented: ${names.join(".")}`, location);
	}
	if (names.length > 2 && !(names.length === 3 && names[0] === "public")) {
		throw statement.error("undefined_table", `missing FROM-clause entry for table "${names[names.length - 2] ?? ""}"`, location);
	}
	const column =
		names.length === 1
			? findColumn(statement, scope, name, location)
			: findQualifiedColumn(statement, scope, { relation: names[names.length - 2] as string, name, location });
	if (clause === "LIMIT" || clause === "OFFSET") {
		throw statement.error("invalid_column_reference", `argument of ${clause} must not contain variables`, location);
	}
	const expression = { kind: "column", index: column.id, type: column.type } as const;
	const relation = names.length === 1 ? scope.relations.find((other) => other.columns.some((own) => own.id === column.id)) : undefined;
	const shown = names.length === 1 ? [relation?.alias ?? "", name].filter((part) => part !== "").join(".") : names.slice(-2).join(".");
	environment.locations.set(expression, { location, name: shown });
	return typed(expression, location);
}

function bindOperatorExpression(environment: ExpressionEnvironment, expression: A_Expr): Bound {
	const { statement } = environment;
	const location = expression.location ?? 0;
	switch (expression.kind) {
		case "AEXPR_IN":
			return bindIn(environment, expression);
		case "AEXPR_LIKE":
		case "AEXPR_ILIKE":
			return bindLike(environment, expression);
		case "AEXPR_BETWEEN":
		case "AEXPR_NOT_BETWEEN":
		case "AEXPR_BETWEEN_SYM":
		case "AEXPR_NOT_BETWEEN_SYM":
			return bindBetween(environment, expression);
		case "AEXPR_NULLIF":
			return bindNullIf(environment, expression);
		case "AEXPR_DISTINCT":
		case "AEXPR_NOT_DISTINCT":
			return bindDistinct(environment, expression);
		case "AEXPR_OP": {
			const symbols = strings(expression.name);
			const operands = [expression.lexpr, expression.rexpr]
				.filter((operand) => operand !== undefined)
				.map((operand) => environment.bind(operand));
			return bindOperator(statement, symbols[symbols.length - 1] ?? "", operands, location);
		}
		case "AEXPR_OP_ANY":
		case "AEXPR_OP_ALL":
			return bindQuantified(environment, expression);
		case "AEXPR_SIMILAR":
			throw statement.unsupported("SIMILAR TO", location);
		default:
			throw statement.unsupported("this operator", location);
	}
}

const VALUE_FUNCTIONS: Record<string, string> = {
	SVFOP_CURRENT_DATE: "current_date",
	SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
	SVFOP_LOCALTIME: "localtime",
	SVFOP_LOCALTIMESTAMP: "localtimestamp",
};

function bindValueFunction(environment: ExpressionEnvironment, expression: SQLValueFunction): Bound {
	const location = expression.location ?? 0;
	const name = VALUE_FUNCTIONS[expression.op ?? ""];
	if (name === undefined) throw environment.statement.unsupported((expression.op ?? "").replace("SVFOP_", "").toLowerCase(), location);
	return bindNiladic(environment, name, location);
}

/** Text compares by bytes: the collations that do so are accepted, others are not here. */
function bindCollate(environment: ExpressionEnvironment, node: Node): Bound {
	const clause = as(node, "CollateClause");
	const name = strings(clause?.collname).at(-1) ?? "";
	const location = clause?.location ?? 0;
	if (clause?.arg === undefined || !["C", "POSIX", "ucs_basic", "default"].includes(name)) {
		throw environment.statement.unsupported(`collation "${name}"`, location);
	}
	return environment.bind(clause.arg);
}
