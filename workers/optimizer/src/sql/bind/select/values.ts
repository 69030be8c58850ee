/** VALUES as a query. */
import type { Node, SelectStmt } from "libpg-query";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { ColumnId, LogicalOperator } from "../../../logical/plan.ts";
import { as, locationOf } from "../../parse/ast.ts";
import { boundType, type Bound } from "../bound.ts";
import { coerce } from "../expressions/coerce.ts";
import { unifyTypes } from "../expressions/conditionals.ts";
import { expressionEnvironment } from "../expressions/expression.ts";
import type { BoundQuery, QueryOptions } from "../query.ts";
import { EMPTY_SCOPE } from "../scope.ts";
import type { StatementContext } from "../statement.ts";
import { joinSubqueries, subqueryCollector, type SubqueryCollector } from "../expressions/subqueries.ts";

/** @throws syntax_error (42601) for lists of different lengths, datatype_mismatch (42804) */
export function bindValues(query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	const rows = (query.valuesLists ?? []).map((list) => as(list, "List")?.items ?? []);
	const width = rows[0]?.length ?? 0;
	const bound = rows.map((row) => {
		if (row.length !== width) {
			throw statement.error("syntax_error", "VALUES lists must all be the same length", locationOf(row[0] as Node));
		}
		const subqueries = subqueryCollector();
		const environment = expressionEnvironment({ query: options, scope: EMPTY_SCOPE, clause: "VALUES", subqueries });
		return { items: row.map((item) => environment.bind(item)), subqueries };
	});
	const types = Array.from({ length: width }, (_, index): DataType => {
		const column = bound.map(({ items }) => items[index] as Bound);
		const target = options.targetTypes?.[index];
		if (target !== undefined && column.every((value) => boundType(value) === null)) return target;
		return unifyTypes(statement, column, "VALUES");
	});
	const values = bound.map(({ items, subqueries }) => ({
		row: items.map((value, index): Expression => coerce(statement, value, types[index] as DataType)),
		subqueries,
	}));
	const columns = types.map((type, index) => {
		const name = `column${index + 1}`;
		const nullable = values.some(({ row }) => row[index]?.kind !== "constant" || row[index].value === null);
		return { name, id: statement.columns.add({ name, type, nullable, origin: null }), type };
	});
	return {
		operator: valuesOperator(
			statement,
			columns.map((column) => column.id),
			values,
		),
		columns,
	};
}

/** A row with a subquery is a projection over the subquery's join; without one all rows are one operator. */
export function valuesOperator(
	statement: StatementContext,
	columns: ColumnId[],
	rows: { row: Expression[]; subqueries: SubqueryCollector }[],
): LogicalOperator {
	const types = columns.map((id) => statement.columns.get(id).type);
	if (rows.every(({ subqueries }) => subqueries.subqueries.length === 0)) {
		return { kind: "values", columns, types, rows: rows.map(({ row }) => row) };
	}
	const inputColumns = rows.map(() => columns.map((id) => statement.columns.add({ ...statement.columns.get(id), nullable: true })));
	const inputs = rows.map(({ row, subqueries }, index): LogicalOperator => {
		const input = joinSubqueries({ kind: "values", columns: [], types: [], rows: [[]] }, subqueries, statement.columns);
		return { kind: "project", input, columns: inputColumns[index] as ColumnId[], expressions: row };
	});
	return { kind: "union_all", columns, inputs, inputColumns };
}
