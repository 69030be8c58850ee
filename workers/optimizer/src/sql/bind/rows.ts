/** Row values where SQL takes them apart: comparisons, IN, BETWEEN, IS NULL, IS DISTINCT FROM. A row value by itself is no type here. */
import type { A_Expr, Node, NullTest } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN } from "../../logical/expression.ts";
import { as, leftmost, strings } from "../parse/ast.ts";
import { type Bound, boundType, typed } from "./bound.ts";
import { settle } from "./coerce.ts";
import { distinctValues } from "./distinct-values.ts";
import type { ExpressionEnvironment } from "./environment.ts";
import { bindComparison } from "./operators.ts";
import { namesRelation } from "./scope.ts";
import { bareTypeName, type StatementContext } from "./statement.ts";
import { bindStar } from "./targets.ts";

/**
 * The fields of ROW(...), of a list in brackets, or of a table named as a whole.
 *
 * @returns null where the expression is no row
 */
export function rowFields(environment: ExpressionEnvironment, node: Node | undefined): Bound[] | null {
	const row = as(node, "RowExpr");
	if (row !== undefined) {
		return (row.args ?? []).flatMap((item) => {
			const reference = as(item, "ColumnRef");
			const isStar = reference?.fields?.some((field) => as(field, "A_Star") !== undefined) ?? false;
			return reference !== undefined && isStar ? bindStar(environment, reference).map(({ bound }) => bound) : [environment.bind(item)];
		});
	}
	const reference = as(node, "ColumnRef");
	const [name, ...rest] = strings(reference?.fields);
	if (reference === undefined || name === undefined || name === "" || rest.length > 0) return null;
	return namesRelation(environment, name)
		? bindStar(environment, { ...reference, fields: [...(reference.fields ?? []), { A_Star: {} }] }).map(({ bound }) => bound)
		: null;
}

/** `op` between two rows that are written out. @returns null where a side is none */
export function bindRowOperator(environment: ExpressionEnvironment, symbol: string, expression: A_Expr): Expression | null {
	const { lexpr, rexpr, location = 0 } = expression;
	if (as(lexpr, "RowExpr") === undefined || as(rexpr, "RowExpr") === undefined) return null;
	const [left, right] = [rowFields(environment, lexpr) ?? [], rowFields(environment, rexpr) ?? []];
	return compareRows(environment.statement, symbol, left, right, location);
}

/** A row IS NULL where all its fields are, and IS NOT NULL where none is: neither is the other's opposite. */
export function bindRowNullTest({ statement }: ExpressionEnvironment, fields: Bound[], test: NullTest): Expression {
	const negated = test.nulltesttype === "IS_NOT_NULL";
	const tests = fields.map((field): Expression => ({ kind: "is_null", input: settle(statement, field), negated, type: BOOLEAN }));
	return tests.length === 0 ? { kind: "constant", value: true, type: BOOLEAN } : joined("and", tests);
}

/** `(a, b) [NOT] IN ((1, 2), ...)`. @throws undefined_function (42883) for an item that is no row */
export function bindRowIn(environment: ExpressionEnvironment, left: Bound[], items: Node[], expression: A_Expr): Bound {
	const { statement } = environment;
	const { location = 0 } = expression;
	const symbol = strings(expression.name)[0] ?? "=";
	const comparisons = items.map((item) => {
		const right = rowFields(environment, item);
		if (right !== null) return compareRows(statement, symbol, left, right, location);
		const type = bareTypeName(boundType(environment.bind(item)));
		throw statement.error("undefined_function", `operator does not exist: record ${symbol} ${type}`, location);
	});
	return typed(joined(symbol === "<>" ? "and" : "or", comparisons), leftmost(location, left[0]?.location ?? -1));
}

/** Rows differ where some pair does, NULL being a value. @throws syntax_error (42601) for rows of different lengths */
export function distinctRows(statement: StatementContext, left: Bound[], right: Bound[], location: number): Expression {
	if (left.length !== right.length) throw statement.error("syntax_error", "unequal number of entries in row expressions", location);
	if (left.length === 0) return { kind: "constant", value: false, type: BOOLEAN };
	const pairs = left.map((value, index) => distinctValues(statement, [value, right[index] as Bound], { negated: false, location }));
	return joined("or", pairs);
}

/**
 * As SQL has it: `=` is every pair equal, `<>` some pair different; an ordering is decided by the first pair that differs, and NULL where a pair before
 * that is NULL.
 *
 * @throws syntax_error (42601) for rows of different lengths
 */
export function compareRows(statement: StatementContext, symbol: string, left: Bound[], right: Bound[], location: number): Expression {
	if (left.length !== right.length) throw statement.error("syntax_error", "unequal number of entries in row expressions", location);
	if (left.length === 0) throw statement.error("feature_not_supported", "cannot compare rows of zero length", location);
	const pair = (name: string, index: number) => bindComparison(statement, name, [left[index] as Bound, right[index] as Bound], location);
	const pairs = (name: string) => left.map((_, index) => pair(name, index));
	switch (symbol) {
		case "=":
			return joined("and", pairs("="));
		case "<>":
			return joined("or", pairs("<>"));
		case "<":
		case "<=":
		case ">":
		case ">=": {
			const strict = symbol.slice(0, 1);
			let result = pair(symbol, left.length - 1);
			for (let index = left.length - 2; index >= 0; index--) {
				result = joined("or", [pair(strict, index), joined("and", [pair("=", index), result])]);
			}
			return result;
		}
		default:
			throw statement.error(
				"feature_not_supported",
				`could not determine interpretation of row comparison operator ${symbol}`,
				location,
				"Row comparison operators must be associated with btree operator families.",
			);
	}
}

function joined(kind: "and" | "or", list: Expression[]): Expression {
	const [only] = list;
	return list.length === 1 && only !== undefined ? only : { kind, arguments: list, type: BOOLEAN };
}
