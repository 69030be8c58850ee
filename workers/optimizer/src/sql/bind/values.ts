/** VALUES as a query. */
import type { Node, SelectStmt } from "libpg-query";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { as, locationOf } from "../parse/ast.ts";
import { boundType, type Bound } from "./bound.ts";
import { coerce } from "./coerce.ts";
import { unifyTypes } from "./conditionals.ts";
import { expressionEnvironment } from "./expression.ts";
import type { BoundQuery, QueryOptions } from "./query.ts";
import { EMPTY_SCOPE } from "./scope.ts";

/** @throws syntax_error (42601) for lists of different lengths, datatype_mismatch (42804) */
export function bindValues(query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	const environment = expressionEnvironment({ statement, scope: EMPTY_SCOPE, clause: "VALUES" });
	const rows = (query.valuesLists ?? []).map((list) => as(list, "List")?.items ?? []);
	const width = rows[0]?.length ?? 0;
	const bound = rows.map((row) => {
		if (row.length !== width) {
			throw statement.error("syntax_error", "VALUES lists must all be the same length", locationOf(row[0] as Node));
		}
		return row.map((item) => environment.bind(item));
	});
	const types = Array.from({ length: width }, (_, index): DataType => {
		const column = bound.map((row) => row[index] as Bound);
		const target = options.targetTypes?.[index];
		if (target !== undefined && column.every((value) => boundType(value) === null)) return target;
		return unifyTypes(statement, column, "VALUES");
	});
	const expressions = bound.map((row) => row.map((value, index): Expression => coerce(statement, value, types[index] as DataType)));
	const columns = types.map((type, index) => {
		const name = `column${index + 1}`;
		const nullable = expressions.some((row) => row[index]?.kind !== "constant" || row[index].value === null);
		return { name, id: statement.columns.add({ name, type, nullable, origin: null }), type };
	});
	return { operator: { kind: "values", columns: columns.map((column) => column.id), types, rows: expressions }, columns };
}
