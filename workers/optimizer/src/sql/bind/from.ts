/** FROM: tables, WITH queries, subqueries and joins become one operator and the scope of names that the other clauses see. */
import type { Alias, JoinExpr, Node, RangeFunction, RangeSubselect, RangeVar } from "libpg-query";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, conjunction, isNullable } from "../../logical/expression.ts";
import { outputColumns } from "../../logical/output.ts";
import type { ColumnId, LogicalOperator } from "../../logical/plan.ts";
import { as, kindOf, locationOf, strings } from "../parse/ast.ts";
import { typed } from "./bound.ts";
import { coerce, coerceBoolean, settle } from "./coerce.ts";
import { referCommonTable } from "./with-queries.ts";
import type { ExpressionEnvironment, QueryLevel } from "./environment.ts";
import { findSystemTable, isSystemSchema } from "../system/find.ts";
import type { SystemTable } from "../system/system-table.ts";
import { expressionEnvironment } from "./expression.ts";
import { bindRowsOf } from "./functions.ts";
import { nearest } from "./nearest-name.ts";
import { bindComparison } from "./operators.ts";
import type { QueryOptions } from "./query.ts";
import { outputName } from "./output-name.ts";
import { EMPTY_SCOPE, type Relation, type Scope, type ScopeColumn } from "./scope.ts";
import { joinSubqueries, subqueryCollector, type SubqueryCollector } from "./subqueries.ts";
import { unifyTypes } from "./conditionals.ts";
import type { StatementContext } from "./statement.ts";

export interface BoundFrom {
	operator: LogicalOperator;
	scope: Scope;
}

/** One row without columns: the input of a SELECT without FROM. */
export const ONE_ROW: LogicalOperator = { kind: "values", columns: [], types: [], rows: [[]] };

const EMPTY_FROM: BoundFrom = { operator: ONE_ROW, scope: EMPTY_SCOPE };

export function bindFrom(items: Node[], options: QueryOptions): BoundFrom {
	let result: BoundFrom | null = null;
	for (const item of items) {
		const next = bindItem(item, options, (result ?? EMPTY_FROM).scope);
		result = result === null ? next : crossJoin(options.statement, result, next);
	}
	return result ?? EMPTY_FROM;
}

function crossJoin(statement: StatementContext, left: BoundFrom, right: BoundFrom): BoundFrom {
	return {
		operator: { kind: "join", join: "inner", left: left.operator, right: right.operator, condition: null },
		scope: bothScopes(statement, left.scope, right.scope),
	};
}

function bothScopes(statement: StatementContext, left: Scope, right: Scope): Scope {
	return { relations: mergeRelations(statement, left, right), columns: [...left.columns, ...right.columns] };
}

function mergeRelations(statement: StatementContext, left: Scope, right: Scope): Relation[] {
	for (const relation of right.relations) {
		if (relation.alias !== "" && left.relations.some((other) => other.alias === relation.alias)) {
			throw statement.error("duplicate_alias", `table name "${relation.alias}" specified more than once`);
		}
	}
	return [...left.relations, ...right.relations];
}

/** @param siblings what stands to the left in the same FROM: LATERAL items and functions see it */
function bindItem(item: Node, options: QueryOptions, siblings: Scope): BoundFrom {
	const { statement } = options;
	switch (kindOf(item)) {
		case "RangeVar":
			return bindTable(as(item, "RangeVar") as RangeVar, options);
		case "RangeSubselect":
			return bindSubquery(as(item, "RangeSubselect") as RangeSubselect, options, siblings);
		case "JoinExpr":
			return bindJoin(as(item, "JoinExpr") as JoinExpr, options, siblings);
		case "RangeFunction":
			return bindRangeFunction(as(item, "RangeFunction") as RangeFunction, options, siblings);
		case "RangeTableSample":
			throw statement.unsupported("TABLESAMPLE", as(item, "RangeTableSample")?.location ?? 0);
		default:
			throw statement.unsupported(`${kindOf(item)} in FROM`);
	}
}

/** @throws undefined_table (42P01) with the nearest name, invalid_schema_name (3F000) */
function bindTable(reference: RangeVar, options: QueryOptions): BoundFrom {
	const { statement } = options;
	const name = reference.relname ?? "";
	if (reference.schemaname === undefined) {
		const common = options.commonTables.findLast((table) => table.name === name);
		if (common !== undefined) {
			const bound = referCommonTable(statement, common);
			const columns = renameColumns(statement, {
				alias: name,
				columns: bound.columns,
				names: common.columnNames,
				location: common.location,
				kind: "WITH query",
			});
			return relationScope(statement, bound.operator, { alias: name, tableName: name, columns }, reference.alias);
		}
	}
	const system = findSystemTable(name, reference.schemaname);
	if (system !== null && reference.catalogname === undefined) return bindSystemTable(statement, system, reference);
	checkSchema(statement, reference);
	const table = resolveTable(statement, reference);
	const snapshot = statement.tables[table];
	const columns = (snapshot?.schema.columns ?? []).map((column): ScopeColumn => {
		const origin = { table, fieldId: column.fieldId };
		const id = statement.columns.add({ name: column.name, type: column.type, nullable: column.nullable, origin });
		return { name: column.name, id, type: column.type };
	});
	const operator: LogicalOperator = {
		kind: "scan",
		table,
		columns: columns.map((column) => column.id),
		fieldIds: (snapshot?.schema.columns ?? []).map((column) => column.fieldId),
		predicate: null,
	};
	return relationScope(statement, operator, { alias: name, tableName: name, columns }, reference.alias);
}

/** Rows that describe the tenant's tables, made now. */
function bindSystemTable(statement: StatementContext, system: SystemTable, reference: RangeVar): BoundFrom {
	const columns = system.columns.map(({ name, type }): ScopeColumn => {
		return { name, type, id: statement.columns.add({ name, type, nullable: true, origin: null }) };
	});
	const types = system.columns.map(({ type }) => type);
	const rows = system
		.rows(statement.tableSchemas)
		.map((row) => row.map((value, index): Expression => ({ kind: "constant", value, type: types[index] as DataType })));
	const operator: LogicalOperator = { kind: "values", columns: columns.map((column) => column.id), types, rows };
	const name = reference.relname ?? "";
	return relationScope(statement, operator, { alias: name, tableName: name, columns }, reference.alias);
}

/** User tables live in `public`. @throws invalid_schema_name (3F000) */
export function checkSchema(statement: StatementContext, reference: RangeVar): void {
	const location = reference.location ?? 0;
	if (reference.catalogname !== undefined) {
		const name = [reference.catalogname, reference.schemaname, reference.relname].join(".");
		throw statement.error("feature_not_supported", `cross-database references are not implemented: "${name}"`, location);
	}
	if (reference.schemaname !== undefined && isSystemSchema(reference.schemaname)) {
		throw statement.error("undefined_table", `relation "${reference.schemaname}.${reference.relname ?? ""}" does not exist`, location);
	}
	if (reference.schemaname !== undefined && reference.schemaname !== "public") {
		throw statement.error("invalid_schema_name", `schema "${reference.schemaname}" does not exist`, location);
	}
}

/** Position of the table in the statement's tables. @throws undefined_table (42P01) */
export function resolveTable(statement: StatementContext, reference: RangeVar): number {
	const name = reference.relname ?? "";
	const table = statement.table(name);
	if (table !== null) return table;
	const [suggestion] = nearest(
		name,
		statement.tableNames.map((candidate) => ({ name: candidate, penalty: 0 })),
	);
	const shown = reference.schemaname === undefined ? name : `${reference.schemaname}.${name}`;
	throw statement.error(
		"undefined_table",
		`relation "${shown}" does not exist`,
		reference.location ?? 0,
		suggestion === undefined ? undefined : `Perhaps you meant to reference the table "${suggestion.name}".`,
	);
}

function bindSubquery(reference: RangeSubselect, options: QueryOptions, siblings: Scope): BoundFrom {
	const { statement } = options;
	const query = as(reference.subquery, "SelectStmt");
	if (query === undefined) throw statement.unsupported("this subquery in FROM");
	const outer = levelBeside(
		options,
		reference.lateral ? siblings : { ...EMPTY_SCOPE, hidden: [...siblings.relations, ...(siblings.beside ?? [])] },
	);
	const bound = options.bindQuery(query, { ...options, outer, targetTypes: [] });
	return relationScope(statement, bound.operator, { alias: "", tableName: null, columns: bound.columns }, reference.alias);
}

/** A function in FROM that returns one value: a row of one column. */
function bindScalarCall(environment: ExpressionEnvironment, call: Node, alias: Alias | undefined): BoundFrom {
	const { statement } = environment;
	const expression = settle(statement, environment.bind(call));
	const own = outputName(call);
	const name = alias?.aliasname ?? own;
	const { type } = expression;
	const id = statement.columns.add({ name, type, nullable: true, origin: null });
	const operator: LogicalOperator = { kind: "project", input: ONE_ROW, columns: [id], expressions: [expression] };
	return relationScope(statement, operator, { alias: own, tableName: null, columns: [{ name, id, type }] }, alias);
}

/** The query level that a FROM item sees: that of its siblings, inside the levels around. */
function levelBeside({ outer }: QueryOptions, scope: Scope): QueryLevel | null {
	const isEmpty = scope.relations.length === 0 && (scope.hidden ?? []).length === 0 && (scope.beside ?? []).length === 0;
	return isEmpty
		? outer
		: { scope, aggregates: null, clause: "FROM clause of their own query level", insideAggregate: false, uses: [], outer };
}

/** f(...), ROWS FROM (f(...), g(...)), WITH ORDINALITY: the functions' rows side by side, once for each row to the left that they use. */
function bindRangeFunction(reference: RangeFunction, options: QueryOptions, siblings: Scope): BoundFrom {
	const { statement } = options;
	const environment = expressionEnvironment({
		query: { ...options, outer: levelBeside(options, siblings) },
		scope: EMPTY_SCOPE,
		clause: "functions in FROM",
	});
	const functions: Extract<LogicalOperator, { kind: "table_function" }>["functions"] = [];
	const columns: ScopeColumn[] = [];
	const items = (reference.functions ?? []).map((node) => as(node, "List")?.items ?? []);
	const aliasName = reference.alias?.aliasname;
	const hasOne = items.length === 1;
	let firstName = "";
	for (const [call, definitions] of items) {
		if (call === undefined) throw statement.unsupported("this function in FROM");
		if (definitions !== undefined && as(definitions, "List") !== undefined) throw statement.unsupported("a column definition list");
		const bound = bindRowsOf(environment, call);
		if (bound === null) {
			if (hasOne && !reference.ordinality) return bindScalarCall(environment, call, reference.alias);
			throw statement.unsupported("a function that returns no rows beside others, or with ordinality", locationOf(call));
		}
		const name = outputName(call);
		firstName ||= name;
		const made = bound.columns.map((column): ScopeColumn => {
			const own = bound.isNamed ? column.name : hasOne && aliasName !== undefined ? aliasName : name;
			const id = statement.columns.add({ name: own, type: column.type, nullable: true, origin: null });
			return { name: own, id, type: column.type };
		});
		functions.push({ functionId: bound.functionId, arguments: bound.arguments, columns: made.map((column) => column.id) });
		columns.push(...made);
	}
	if ((reference.coldeflist ?? []).length > 0) throw statement.unsupported("a column definition list");
	let ordinality: ColumnId | null = null;
	if (reference.ordinality) {
		const type = { kind: "bigint" } as const;
		ordinality = statement.columns.add({ name: "ordinality", type, nullable: false, origin: null });
		columns.push({ name: "ordinality", id: ordinality, type });
	}
	const operator: LogicalOperator = { kind: "table_function", input: ONE_ROW, join: "inner", functions, ordinality };
	return relationScope(statement, operator, { alias: firstName, tableName: null, columns }, reference.alias);
}

function relationScope(statement: StatementContext, operator: LogicalOperator, relation: Relation, alias: Alias | undefined): BoundFrom {
	const name = alias?.aliasname ?? relation.alias;
	const names = strings(alias?.colnames);
	const columns = renameColumns(statement, { alias: name, columns: relation.columns, names, location: -1 });
	const named: Relation = { alias: name, tableName: relation.tableName, columns };
	return { operator, scope: { relations: [named], columns } };
}

/** @throws invalid_column_reference (42P10) for more names than columns */
function renameColumns(
	statement: StatementContext,
	relation: { alias: string; columns: ScopeColumn[]; names: string[]; location: number; kind?: string },
): ScopeColumn[] {
	const { alias, columns, names, location } = relation;
	if (names.length > columns.length) {
		throw statement.error(
			"invalid_column_reference",
			`${relation.kind ?? "table"} "${alias}" has ${columns.length} columns available but ${names.length} columns specified`,
			location,
		);
	}
	return columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
}

function bindJoin(join: JoinExpr, options: QueryOptions, siblings: Scope): BoundFrom {
	const { statement } = options;
	if (join.larg === undefined || join.rarg === undefined) throw statement.unsupported("this join");
	const left = bindItem(join.larg, options, siblings);
	const seesLeft = join.jointype !== "JOIN_RIGHT" && join.jointype !== "JOIN_FULL";
	const beside: Scope = seesLeft
		? { relations: [...siblings.relations, ...left.scope.relations], columns: [...siblings.columns, ...left.scope.columns] }
		: { ...siblings, beside: left.scope.relations };
	const right = bindItem(join.rarg, options, beside);
	const scope = bothScopes(statement, left.scope, right.scope);
	const using = join.isNatural ? commonNames(left.scope, right.scope) : strings(join.usingClause);
	const pairs = using.map((name) => ({ name, ...bindUsing(statement, name, left.scope, right.scope) }));
	const conditions = pairs.map((pair) => pair.condition);
	const subqueries = subqueryCollector();
	if (join.quals !== undefined) {
		const visible: Scope = { ...scope, hidden: siblings.relations };
		const environment = expressionEnvironment({ query: options, scope: visible, clause: "JOIN conditions", subqueries });
		const condition = coerceBoolean(statement, environment.bind(join.quals), "JOIN/ON");
		if (condition.kind !== "constant" || condition.value !== true) conditions.push(condition);
	}
	const joined = joinSides(statement, join, { left: left.operator, right: right.operator, conditions, subqueries });
	const computed: { column: ScopeColumn; expression: Expression }[] = [];
	const merged = pairs.map((pair): ScopeColumn => {
		const value = mergedValue(statement, join, pair);
		if (value.kind === "column") return { name: pair.name, id: value.index, type: value.type };
		const nullable = isNullable(value, statement.columns);
		const column = {
			name: pair.name,
			id: statement.columns.add({ name: pair.name, type: pair.type, nullable, origin: null }),
			type: pair.type,
		};
		computed.push({ column, expression: value });
		return column;
	});
	const operator = computed.length > 0 ? extend(statement, joined, computed) : joined;
	const rest = scope.columns.filter((column) => !using.includes(column.name));
	const result: Scope = { relations: scope.relations, columns: [...merged, ...rest] };
	if (join.alias?.aliasname !== undefined) {
		const names = strings(join.alias.colnames);
		const columns = renameColumns(statement, { alias: join.alias.aliasname, columns: result.columns, names, location: -1 });
		return { operator, scope: { relations: [{ alias: join.alias.aliasname, tableName: null, columns }], columns } };
	}
	return { operator, scope: result };
}

/** A column of USING: the side that is never missing, or the first that is there. */
function mergedValue(
	statement: StatementContext,
	join: JoinExpr,
	pair: { left: ScopeColumn; right: ScopeColumn; type: DataType },
): Expression {
	const [left, right] = [pair.left, pair.right].map((column) =>
		coerce(statement, typed({ kind: "column", index: column.id, type: column.type }, -1), pair.type),
	) as [Expression, Expression];
	if (join.jointype === "JOIN_FULL") return { kind: "coalesce", arguments: [left, right], type: pair.type };
	return join.jointype === "JOIN_RIGHT" ? right : left;
}

interface JoinSides {
	left: LogicalOperator;
	right: LogicalOperator;
	conditions: Expression[];
	/** Those of ON. */
	subqueries: SubqueryCollector;
}

function joinSides(statement: StatementContext, join: JoinExpr, sides: JoinSides): LogicalOperator {
	const { left, right, conditions, subqueries } = sides;
	const addNulls = (side: LogicalOperator) => {
		for (const id of outputColumns(side)) statement.columns.get(id).nullable = true;
	};
	if (join.jointype === undefined || join.jointype === "JOIN_INNER") {
		if (subqueries.subqueries.length === 0) return { kind: "join", join: "inner", left, right, condition: conjunction(conditions) };
		const input = joinSubqueries({ kind: "join", join: "inner", left, right, condition: null }, subqueries);
		const predicate = conjunction(conditions);
		return predicate === null ? input : { kind: "filter", input, predicate };
	}
	const placed = placeSubqueries(statement, sides);
	const condition = conjunction(conditions);
	switch (join.jointype) {
		case "JOIN_LEFT":
			addNulls(right);
			return { kind: "join", join: "left", ...placed, condition };
		case "JOIN_RIGHT":
			addNulls(left);
			return { kind: "join", join: "left", left: placed.right, right: placed.left, condition };
		case "JOIN_FULL":
			addNulls(left);
			addNulls(right);
			return { kind: "join", join: "full", ...placed, condition };
		default:
			throw statement.unsupported("this join");
	}
}

/** In an outer join's ON, a subquery is joined to the side that it uses: it keeps that side's rows as they are. */
function placeSubqueries(
	statement: StatementContext,
	{ left, right, subqueries }: JoinSides,
): { left: LogicalOperator; right: LogicalOperator } {
	let sides = { left, right };
	for (const subquery of subqueries.subqueries) {
		const used = new Set(subquery.uses.map(({ id }) => id));
		if (subquery.comparison !== null) collectColumns(subquery.comparison, used);
		const usesLeft = outputColumns(sides.left).some((id) => used.has(id));
		const usesRight = outputColumns(sides.right).some((id) => used.has(id));
		if (usesLeft && usesRight) throw statement.unsupported("a subquery in the ON of an outer join that uses both of its sides");
		const one = { ...subqueries, subqueries: [subquery] };
		sides = usesLeft ? { ...sides, left: joinSubqueries(sides.left, one) } : { ...sides, right: joinSubqueries(sides.right, one) };
	}
	return sides;
}

/** Adds computed columns to what an operator emits. */
function extend(
	statement: StatementContext,
	input: LogicalOperator,
	added: { column: ScopeColumn; expression: Expression }[],
): LogicalOperator {
	const passed = outputColumns(input);
	return {
		kind: "project",
		input,
		columns: [...passed, ...added.map((entry) => entry.column.id)],
		expressions: [
			...passed.map((id): Expression => ({ kind: "column", index: id, type: statement.columns.get(id).type })),
			...added.map((entry) => entry.expression),
		],
	};
}

function commonNames(left: Scope, right: Scope): string[] {
	return left.columns.map((column) => column.name).filter((name) => right.columns.some((column) => column.name === name));
}

function bindUsing(statement: StatementContext, name: string, left: Scope, right: Scope) {
	const side = (scope: Scope, which: "left" | "right"): ScopeColumn => {
		const found = scope.columns.filter((column) => column.name === name);
		if (found.length > 1) {
			throw statement.error("ambiguous_column", `common column name "${name}" appears more than once in ${which} table`);
		}
		if (found[0] === undefined) {
			throw statement.error("undefined_column", `column "${name}" specified in USING clause does not exist in ${which} table`);
		}
		return found[0];
	};
	const leftColumn = side(left, "left");
	const rightColumn = side(right, "right");
	const leftBound = typed({ kind: "column", index: leftColumn.id, type: leftColumn.type }, -1);
	const rightBound = typed({ kind: "column", index: rightColumn.id, type: rightColumn.type }, -1);
	return {
		left: leftColumn,
		right: rightColumn,
		type: unifyTypes(statement, [leftBound, rightBound], "JOIN/USING"),
		condition: bindComparison(statement, "=", [leftBound, rightBound], -1),
	};
}
