/** Comparisons of rows: `(a, b) = (c, d)`, `(a, b) < (c, d)`. A row value by itself is no type here. */
import type { Node } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN } from "../../logical/expression.ts";
import { as } from "../parse/ast.ts";
import type { Bound } from "./bound.ts";
import { bindComparison } from "./operators.ts";
import type { StatementContext } from "./statement.ts";

/** The fields of ROW(...) or of a list in brackets. */
export function rowItems(node: Node | undefined): Node[] {
	return as(node, "RowExpr")?.args ?? [];
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
