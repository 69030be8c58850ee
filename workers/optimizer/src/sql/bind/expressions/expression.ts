/** Binds one expression: each kind of syntax goes to the file that knows it. */
import type { A_Expr, ColumnRef, Node, SQLValueFunction } from "libpg-query";
import { as, kindOf, strings } from "../../parse/ast.ts";
import { bindArray, bindQuantified, bindSubscripts } from "./arrays.ts";
import { typed, type Bound } from "../bound.ts";
import { bindCase, bindCoalesce, bindMinMax, bindNullIf } from "./conditionals.ts";
import type { Clause, ExpressionEnvironment } from "../environment.ts";
import { bindFunctionCall, bindNiladic } from "../functions/functions.ts";
import { bindGroupingCall } from "../select/grouping-sets.ts";
import { bindConstant, bindParameter, bindTypeCast } from "./literals.ts";
import { bindOperator } from "./operators.ts";
import { bindBetween, bindBoolean, bindBooleanTest, bindDistinct, bindIn, bindLike, bindNullTest } from "./predicates.ts";
import type { QueryOptions } from "../query.ts";
import { refuseRow, rowShape } from "./row-values.ts";
import { bindRowOperator } from "./rows.ts";
import { findColumn, findQualifiedColumn, findRelation, type Found, namesRelation, type Scope } from "../scope.ts";
import { bindRowSubLink, bindSubLink } from "./subqueries.ts";

/** The environment in which a clause's expressions are bound. What is not given is not allowed there. */
export function expressionEnvironment(
	options: { query: QueryOptions; scope: Scope; clause: Clause } & Partial<
		Pick<ExpressionEnvironment, "aggregates" | "locations" | "subqueries" | "windows" | "tableFunctions">
	>,
): ExpressionEnvironment {
	const { query, scope, clause } = options;
	return makeEnvironment({
		statement: query.statement,
		query,
		scope,
		outer: query.outer,
		clause,
		aggregates: options.aggregates ?? null,
		insideAggregate: false,
		insideWindow: false,
		guard: null,
		subqueries: options.subqueries ?? null,
		windows: options.windows ?? null,
		tableFunctions: options.tableFunctions ?? null,
		noRowsIn: null,
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
			return bindCase(withoutRows(environment, "CASE"), as(node, kind) ?? {});
		case "CoalesceExpr":
			return bindCoalesce(withoutRows(environment, "COALESCE"), as(node, kind) ?? {});
		case "MinMaxExpr":
			return bindMinMax(environment, as(node, kind) ?? {});
		case "FuncCall":
			return bindFunctionCall(environment, as(node, kind) ?? {});
		case "SQLValueFunction":
			return bindValueFunction(environment, as(node, kind) ?? {});
		case "CollateClause":
			return bindCollate(environment, node);
		case "SubLink":
			return bindSubLink(environment, as(node, kind) ?? {});
		case "SetToDefault":
			throw statement.error("syntax_error", "DEFAULT is not allowed in this context", as(node, kind)?.location ?? 0);
		case "A_ArrayExpr":
			return bindArray(environment, as(node, kind) ?? {});
		case "RowExpr":
			throw refuseRow(statement, node);
		case "A_Indirection":
			return bindSubscripts(environment, as(node, kind) ?? {});
		case "GroupingFunc":
			return bindGroupingCall(environment, as(node, kind) ?? {});
		default:
			throw statement.unsupported(`${kind} in an expression`);
	}
}

/** A construct that evaluates its parts only sometimes, so that no part may return rows. */
function withoutRows(environment: ExpressionEnvironment, construct: string): ExpressionEnvironment {
	return { ...environment, bind: (node, change) => environment.bind(node, { ...change, noRowsIn: construct }) };
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
	const { column, level } =
		names.length === 1
			? (findValue(environment, reference, name) ?? findColumn(environment, name, location))
			: findQualifiedColumn(environment, { relation: names[names.length - 2] as string, name, location });
	if (column.isRow) throw statement.unsupported("a row value that a query inside has made", location);
	const expression = { kind: "column", index: column.id, type: column.type } as const;
	const { relations } = level?.scope ?? scope;
	const relation = names.length === 1 ? relations.find((other) => other.columns.some((own) => own.id === column.id)) : undefined;
	const shown = names.length === 1 ? [relation?.alias ?? "", name].filter((part) => part !== "").join(".") : names.slice(-2).join(".");
	environment.locations.set(expression, { location, name: shown });
	level?.uses.push({ id: column.id, name: shown, location });
	return typed(expression, location);
}

/** The column of a function in FROM that is named as a whole. @throws feature_not_supported (0A000) for another relation: a row */
function findValue(environment: ExpressionEnvironment, reference: ColumnRef, name: string): Found | null {
	if (!namesRelation(environment, name)) return null;
	const { relation, level } = findRelation(environment, name, reference.location ?? 0);
	const [column] = relation.columns;
	if (!relation.isValue || column === undefined) throw refuseRow(environment.statement, { ColumnRef: reference });
	return { column, level };
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
			const rows = bindRowOperator(environment, symbols.at(-1) ?? "", expression);
			if (rows !== null) return typed(rows, location);
			const subLink = as(expression.rexpr, "SubLink");
			if (subLink?.subLinkType === "EXPR_SUBLINK" && rowShape(environment, expression.lexpr) !== null) {
				return bindRowSubLink(environment, expression, subLink);
			}
			const operands = [expression.lexpr, expression.rexpr]
				.filter((operand) => operand !== undefined)
				.map((operand) => environment.bind(operand));
			return bindOperator(statement, symbols[symbols.length - 1] ?? "", operands, location);
		}
		case "AEXPR_OP_ANY":
		case "AEXPR_OP_ALL":
			return bindQuantified(environment, expression);
		case "AEXPR_SIMILAR": {
			// The grammar has made the pattern similar_to_escape(pattern [, escape]) and the operator ~ or !~.
			const operands = [expression.lexpr, expression.rexpr]
				.filter((operand) => operand !== undefined)
				.map((operand) => environment.bind(operand));
			return bindOperator(statement, strings(expression.name)[0] ?? "~", operands, location);
		}
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
	const op = expression.op ?? "";
	return bindNiladic(environment, VALUE_FUNCTIONS[op] ?? op.replace("SVFOP_", "").toLowerCase(), location);
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
