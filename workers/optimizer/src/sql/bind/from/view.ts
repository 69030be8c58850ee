/** A view in FROM is its query, bound where it stands, under the names and types that it was made with. */
import { assert } from "#shared/base/assert.ts";
import { sameType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { as } from "../../parse/ast.ts";
import type { BoundQuery, QueryOptions } from "../query.ts";
import type { ScopeColumn } from "../scope.ts";
import type { StatementContext } from "../statement.ts";

/**
 * @param schema a view's; columns that were added to it after the view that is being bound are left out
 * @throws invalid_object_definition (42P17) for a view that reads itself
 */
export function bindView(schema: TableSchema, { statement, bindQuery }: QueryOptions): BoundQuery {
	const { view } = schema;
	assert(view !== undefined, "a view has a query");
	if (statement.isDefinition) return withoutRows(statement, schema);
	const bound = statement.insideView(schema, view, (node) => {
		const query = as(node, "SelectStmt");
		assert(query !== undefined, "a view's text is a query");
		// Nothing of the query around it is seen from inside.
		return bindQuery(query, { statement, outer: null, commonTables: [], bindQuery, targetTypes: [] });
	});
	const outputs = schema.columns.map((column) => {
		const output = bound.columns[column.fieldId - 1];
		assert(output !== undefined, `view "${schema.name}" gives column "${column.name}"`);
		return { output, column };
	});
	if (outputs.every(({ output, column }) => sameType(output.type, column.type))) {
		return { operator: bound.operator, columns: outputs.map(({ output, column }) => ({ ...output, name: column.name })) };
	}
	// A later Littoral types the query otherwise: the view's columns are what they were.
	const columns = outputs.map(({ output, column: { name, type } }) => {
		const { nullable } = statement.columns.get(output.id);
		return { name, type, id: statement.columns.add({ name, type, nullable, origin: null }) };
	});
	const expressions = outputs.map(({ output, column }): Expression => {
		const input: Expression = { kind: "column", index: output.id, type: output.type };
		return { kind: "cast", input, type: column.type, explicit: false };
	});
	return { operator: { kind: "project", input: bound.operator, columns: columns.map(({ id }) => id), expressions }, columns };
}

/** As PostgreSQL: a view may be made over one that cannot be read, as it reads itself. */
function withoutRows(statement: StatementContext, schema: TableSchema): BoundQuery {
	const columns = schema.columns.map(({ name, type }): ScopeColumn => {
		return { name, type, id: statement.columns.add({ name, type, nullable: true, origin: null }) };
	});
	const types = columns.map(({ type }) => type);
	return { operator: { kind: "values", columns: columns.map(({ id }) => id), types, rows: [] }, columns };
}
