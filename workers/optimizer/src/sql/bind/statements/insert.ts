/** INSERT: the rows to store, as a query whose outputs are all of the table's columns in schema order. */
import type { InsertStmt, Node, SelectStmt } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { ColumnSchema, TableSchema, ViewSource } from "#shared/contracts/table.ts";
import type { LogicalOperator } from "../../../logical/plan.ts";
import { as, locationOf } from "../../parse/ast.ts";
import { boundType, typed, type Bound } from "../bound.ts";
import { tryCoerce } from "../expressions/coerce.ts";
import { expressionEnvironment } from "../expressions/expression.ts";
import { ONE_ROW } from "../from/relation-scope.ts";
import { checkSchema, resolveRelation } from "../from/relations.ts";
import { bindNiladic } from "../functions/functions.ts";
import type { QueryOptions } from "../query.ts";
import { EMPTY_SCOPE } from "../scope.ts";
import { bareTypeName, type StatementContext } from "../statement.ts";
import { subqueryCollector } from "../expressions/subqueries.ts";
import { hasCalls } from "../walk.ts";
import { bindWith } from "../select/with-queries.ts";
import { valuesOperator } from "../select/values.ts";

/** The rows to store. */
export interface BoundInsert {
	schema: TableSchema;
	operator: LogicalOperator;
	columns: { name: string; id: number }[];
}

/**
 * @param around of the statement, or of the WITH that the INSERT stands in
 * @throws what PostgreSQL throws, and feature_not_supported (0A000)
 */
export function bindInsert(insert: InsertStmt, around: QueryOptions): BoundInsert {
	const { statement, bindQuery } = around;
	if (insert.relation === undefined) throw statement.unsupported("this INSERT");
	if (insert.onConflictClause !== undefined) throw statement.unsupported("ON CONFLICT", insert.onConflictClause.location ?? 0);
	if (insert.override !== undefined && insert.override !== "OVERRIDING_NOT_SET") throw statement.unsupported("OVERRIDING");
	checkSchema(statement, insert.relation);
	const snapshot = resolveRelation(statement, insert.relation);
	const { schema } = snapshot;
	const targets = targetColumns(statement, insert, schema);
	if (schema.view !== undefined) throw refuseView(statement, schema, schema.view);
	statement.addTable(snapshot);
	const options: QueryOptions = {
		...around,
		mayInsert: false,
		// WITH before INSERT is seen by its query, and by the WITH of that query.
		commonTables: bindWith({ withClause: insert.withClause }, around),
		targetTypes: targets.map((target) => target.column.type),
	};
	const source = as(insert.selectStmt, "SelectStmt");
	if (source === undefined) return assemble(options, { schema, targets: [], input: ONE_ROW, values: [] });
	if (isPlainValues(source)) return bindValuesInsert(options, { schema, targets, explicit: insert.cols !== undefined, query: source });
	const bound = bindQuery(source, options);
	const first = locationOf(as(source.targetList?.[targets.length], "ResTarget")?.val);
	checkCount(statement, {
		given: bound.columns.length,
		wanted: targets.length,
		explicit: insert.cols !== undefined,
		surplus: first,
		missing: targets[bound.columns.length]?.location,
	});
	const values = bound.columns.map((column, index): Expression => {
		const location = locationOf(as(source.targetList?.[index], "ResTarget")?.val);
		const value = typed({ kind: "column", index: column.id, type: column.type }, location);
		return assign(statement, value, (targets[index] as Target).column);
	});
	return assemble(options, { schema, targets: targets.slice(0, values.length), input: bound.operator, values });
}

/** PostgreSQL writes through a view that is one relation's rows, without aggregates and the like; Littoral through none. */
function refuseView(statement: StatementContext, schema: TableSchema, view: ViewSource): Error {
	const query = statement.insideView(schema, view, (node) => as(node, "SelectStmt"));
	const isWritable =
		query !== undefined &&
		query.fromClause?.length === 1 &&
		as(query.fromClause[0], "RangeVar") !== undefined &&
		[query.distinctClause, query.groupClause, query.havingClause, query.limitCount, query.limitOffset, query.withClause].every(
			(clause) => clause === undefined,
		) &&
		(query.targetList ?? []).some((target) => as(as(target, "ResTarget")?.val, "ColumnRef") !== undefined) &&
		!hasCalls(query.targetList);
	if (isWritable)
		return statement.error("feature_not_supported", "INSERT into a view is not supported", -1, "Insert into the table that it reads.");
	return statement.error("object_not_in_prerequisite_state", `cannot insert into view "${schema.name}"`);
}

interface Target {
	column: ColumnSchema;
	location: number;
}

/** @throws undefined_column (42703), duplicate_column (42701) */
function targetColumns(statement: StatementContext, insert: InsertStmt, schema: TableSchema): Target[] {
	if (insert.cols === undefined) return schema.columns.map((column) => ({ column, location: -1 }));
	const targets: Target[] = [];
	for (const node of insert.cols) {
		const item = as(node, "ResTarget");
		const location = item?.location ?? 0;
		const name = item?.name ?? "";
		if (item?.indirection !== undefined) throw statement.unsupported("INSERT into part of a column", location);
		const column = schema.columns.find((candidate) => candidate.name === name);
		if (column === undefined) {
			throw statement.error("undefined_column", `column "${name}" of relation "${schema.name}" does not exist`, location);
		}
		if (targets.some((target) => target.column === column)) {
			throw statement.error("duplicate_column", `column "${name}" specified more than once`, location);
		}
		targets.push({ column, location });
	}
	return targets;
}

function isPlainValues(query: SelectStmt): boolean {
	return (
		query.valuesLists !== undefined &&
		query.sortClause === undefined &&
		query.limitCount === undefined &&
		query.limitOffset === undefined &&
		query.withClause === undefined
	);
}

function checkCount(
	statement: StatementContext,
	count: { given: number; wanted: number; explicit: boolean; surplus: number; missing: number | undefined },
): void {
	if (count.given > count.wanted) throw statement.error("syntax_error", "INSERT has more expressions than target columns", count.surplus);
	if (count.explicit && count.given < count.wanted) {
		throw statement.error("syntax_error", "INSERT has more target columns than expressions", count.missing);
	}
}

/** Each value is assigned by itself: DEFAULT is allowed, and a literal takes its column's type. */
function bindValuesInsert(
	options: QueryOptions,
	insert: { schema: TableSchema; targets: Target[]; explicit: boolean; query: SelectStmt },
): BoundInsert {
	const { schema, targets, explicit, query } = insert;
	const { statement } = options;
	let width = -1;
	const rows = (query.valuesLists ?? []).map((list) => {
		const items = as(list, "List")?.items ?? [];
		if (width === -1) width = items.length;
		if (items.length !== width) {
			throw statement.error("syntax_error", "VALUES lists must all be the same length", locationOf(items[0] as Node));
		}
		checkCount(statement, {
			given: items.length,
			wanted: targets.length,
			explicit,
			surplus: locationOf(items[targets.length]),
			missing: targets[items.length]?.location,
		});
		return items;
	});
	const used = targets.slice(0, Math.max(width, 0));
	const bound = rows.map((items) => {
		const subqueries = subqueryCollector();
		const environment = expressionEnvironment({ query: options, scope: EMPTY_SCOPE, clause: "VALUES", subqueries });
		const row = items.map((item, index) => {
			const { column } = used[index] as Target;
			if (as(item, "SetToDefault") !== undefined) return defaultExpression(options, column);
			return assign(statement, environment.bind(item), column);
		});
		return { row, subqueries };
	});
	const ids = used.map(({ column }) => statement.columns.add({ name: column.name, type: column.type, nullable: true, origin: null }));
	const input = valuesOperator(statement, ids, bound);
	const values = used.map(({ column }, index): Expression => ({ kind: "column", index: ids[index] as number, type: column.type }));
	return assemble(options, { schema, targets: used, input, values });
}

/** @throws datatype_mismatch (42804) */
function assign(statement: StatementContext, value: Bound, column: ColumnSchema): Expression {
	const expression = tryCoerce(statement, value, column.type, "assignment");
	if (expression !== null) return expression;
	throw statement.error(
		"datatype_mismatch",
		`column "${column.name}" is of type ${bareTypeName(column.type)} but expression is of type ${bareTypeName(boundType(value))}`,
		value.location,
		"You will need to rewrite or cast the expression.",
	);
}

function defaultExpression(query: QueryOptions, column: ColumnSchema): Expression {
	const value = column.default?.value;
	if (value === undefined) return { kind: "constant", value: null, type: column.type };
	if (value.kind === "constant") return { kind: "constant", value: value.value, type: column.type };
	const environment = expressionEnvironment({ query, scope: EMPTY_SCOPE, clause: "DEFAULT expressions" });
	return assign(query.statement, bindNiladic(environment, "now", -1), column);
}

/** All columns of the table in schema order: the values given, defaults for the rest. */
function assemble(
	options: QueryOptions,
	insert: { schema: TableSchema; targets: Target[]; input: LogicalOperator; values: Expression[] },
): BoundInsert {
	const { statement } = options;
	const { schema, targets, input, values } = insert;
	const expressions = schema.columns.map((column): Expression => {
		const index = targets.findIndex((target) => target.column === column);
		return index === -1 ? defaultExpression(options, column) : (values[index] as Expression);
	});
	const used = new Set<number>();
	const columns = schema.columns.map((column, index) => {
		const expression = expressions[index] as Expression;
		if (expression.kind === "column" && !used.has(expression.index)) {
			used.add(expression.index);
			return { name: column.name, id: expression.index };
		}
		return { name: column.name, id: statement.columns.add({ name: column.name, type: column.type, nullable: true, origin: null }) };
	});
	return { schema, columns, operator: { kind: "project", input, columns: columns.map((column) => column.id), expressions } };
}
