/** Row values where SQL takes them apart: comparisons, IN, BETWEEN, IS NULL, IS DISTINCT FROM. */
import type { A_Expr, Node, NullTest } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN } from "../../../logical/expression.ts";
import { as, leftmost, strings } from "../../parse/ast.ts";
import { type Bound, boundType, typed } from "../bound.ts";
import { settle } from "./coerce.ts";
import { distinctValues } from "./distinct-values.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { bindComparison } from "./operators.ts";
import { fieldsOf, type RowShape, rowShape } from "./row-values.ts";
import { bareTypeName, type StatementContext } from "../statement.ts";

/** `op` between two rows. @returns null where a side is none */
export function bindRowOperator(environment: ExpressionEnvironment, symbol: string, expression: A_Expr): Expression | null {
	const { lexpr, rexpr, location = 0 } = expression;
	if (as(rexpr, "SubLink") !== undefined || as(lexpr, "SubLink") !== undefined) return null;
	const [left, right] = [rowShape(environment, lexpr), rowShape(environment, rexpr)];
	return left === null || right === null ? null : compareShapes(environment.statement, symbol, left, right, location);
}

/**
 * Two written rows are compared field by field in SQL's three values. A relation's row is one value: its NULLs are equal to each other, and its types must agree.
 *
 * @throws datatype_mismatch (42804), feature_not_supported (0A000)
 */
function compareShapes(statement: StatementContext, symbol: string, left: RowShape, right: RowShape, location: number): Expression {
	const [own, other] = [fieldsOf(statement, left), fieldsOf(statement, right)];
	if (left.isWritten && right.isWritten) return compareRows(statement, symbol, own, other, location);
	for (const [index, field] of own.entries()) {
		const types = [field, other[index] ?? field].map(boundType);
		if (bareTypeName(types[0] ?? null) === bareTypeName(types[1] ?? null)) continue;
		const shown = types.map(bareTypeName).join(" and ");
		throw statement.error("datatype_mismatch", `cannot compare dissimilar column types ${shown} at record column ${index + 1}`);
	}
	if (left.mayBeMissing || right.mayBeMissing) throw statement.unsupported("to compare a row that an outer join may miss", location);
	if (own.length !== other.length)
		throw statement.error("datatype_mismatch", "cannot compare record types with different numbers of columns");
	const differ = distinctRows(statement, own, other, location);
	if (symbol === "<>") return differ;
	if (symbol === "=") return { kind: "not", input: differ, type: BOOLEAN };
	throw statement.unsupported(`operator ${symbol} of whole rows`, location);
}

/** A row IS NULL where all its fields are, and IS NOT NULL where none is: neither is the other's opposite. */
export function bindRowNullTest({ statement }: ExpressionEnvironment, fields: Bound[], test: NullTest): Expression {
	const negated = test.nulltesttype === "IS_NOT_NULL";
	const tests = fields.map((field): Expression => ({ kind: "is_null", input: settle(statement, field), negated, type: BOOLEAN }));
	return tests.length === 0 ? { kind: "constant", value: true, type: BOOLEAN } : joined("and", tests);
}

/** `(a, b) [NOT] IN ((1, 2), ...)`. @throws undefined_function (42883) for an item that is no row */
export function bindRowIn(environment: ExpressionEnvironment, left: RowShape, items: Node[], expression: A_Expr): Bound {
	const { statement } = environment;
	const { location = 0 } = expression;
	const symbol = strings(expression.name)[0] ?? "=";
	const comparisons = items.map((item) => {
		const right = rowShape(environment, item);
		if (right !== null) return compareShapes(statement, symbol, left, right, location);
		const type = bareTypeName(boundType(environment.bind(item)));
		throw statement.error("undefined_function", `operator does not exist: record ${symbol} ${type}`, location);
	});
	return typed(joined(symbol === "<>" ? "and" : "or", comparisons), leftmost(location, left.location));
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
