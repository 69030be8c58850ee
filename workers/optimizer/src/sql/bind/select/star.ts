/** `*` and `t.*`: the columns that they stand for. */
import type { ColumnRef } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { strings } from "../../parse/ast.ts";
import { type Bound, typed } from "../bound.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { findRelation } from "../scope.ts";

export function bindStar(
	environment: ExpressionEnvironment,
	reference: ColumnRef,
): { name: string; bound: Bound; hidden: false; location: number }[] {
	const { statement, scope } = environment;
	const location = reference.location ?? 0;
	const qualifier = strings(reference.fields).filter((name) => name !== "");
	const alias = qualifier[qualifier.length - 1];
	if (alias === undefined && scope.relations.length === 0) {
		throw statement.error("syntax_error", "SELECT * with no tables specified is not valid", location);
	}
	const found = alias === undefined ? null : findRelation(environment, alias, location);
	const columns = found === null ? scope.columns : found.relation.columns;
	return columns.map((column) => {
		if (column.isRow) throw statement.unsupported("a row value that a query inside has made", location);
		found?.level?.uses.push({ id: column.id, name: `${found.relation.alias}.${column.name}`, location });
		const expression: Expression = { kind: "column", index: column.id, type: column.type };
		const relation = scope.relations.find((other) => other.columns.some((own) => own.id === column.id));
		environment.locations.set(expression, { location, name: `${relation?.alias ?? ""}.${column.name}` });
		return { name: column.name, bound: typed(expression, location), hidden: false, location };
	});
}
