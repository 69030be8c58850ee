/** FROM: tables, WITH queries, subqueries and joins become one operator and the scope of names that the other clauses see. */
import type { Alias, JoinExpr, Node, RangeSubselect, RangeVar } from "libpg-query";
import type { LogicalOperator } from "../../logical/plan.ts";
import { outputColumns } from "../../logical/output.ts";
import { conjunction } from "../../logical/expression.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { as, kindOf, strings } from "../parse/ast.ts";
import { typed } from "./bound.ts";
import { coerce, coerceBoolean } from "./coerce.ts";
import { expressionEnvironment } from "./expression.ts";
import { nearest } from "./nearest-name.ts";
import { bindComparison } from "./operators.ts";
import type { QueryOptions } from "./query.ts";
import type { Relation, Scope, ScopeColumn } from "./scope.ts";
import { unifyTypes } from "./conditionals.ts";
import type { StatementContext } from "./statement.ts";

export interface BoundFrom {
	operator: LogicalOperator;
	scope: Scope;
}

/** One row without columns: the input of a SELECT without FROM. */
export const ONE_ROW: LogicalOperator = { kind: "values", columns: [], types: [], rows: [[]] };

export function bindFrom(items: Node[], options: QueryOptions): BoundFrom {
	let result: BoundFrom | null = null;
	for (const item of items) {
		const next = bindItem(item, options);
		result = result === null ? next : crossJoin(options.statement, result, next);
	}
	return result ?? { operator: ONE_ROW, scope: { relations: [], columns: [] } };
}

function crossJoin(statement: StatementContext, left: BoundFrom, right: BoundFrom): BoundFrom {
	return {
		operator: { kind: "join", join: "inner", left: left.operator, right: right.operator, condition: null },
		scope: {
			relations: mergeRelations(statement, left.scope, right.scope),
			columns: [...left.scope.columns, ...right.scope.columns],
		},
	};
}

function mergeRelations(statement: StatementContext, left: Scope, right: Scope): Relation[] {
	for (const relation of right.relations) {
		if (relation.alias !== "" && left.relations.some((other) => other.alias === relation.alias)) {
			throw statement.error("duplicate_alias", `table name "${relation.alias}" specified more than once`);
		}
	}
	return [...left.relations, ...right.relations];
}

function bindItem(item: Node, options: QueryOptions): BoundFrom {
	const { statement } = options;
	switch (kindOf(item)) {
		case "RangeVar":
			return bindTable(as(item, "RangeVar") as RangeVar, options);
		case "RangeSubselect":
			return bindSubquery(as(item, "RangeSubselect") as RangeSubselect, options);
		case "JoinExpr":
			return bindJoin(as(item, "JoinExpr") as JoinExpr, options);
		case "RangeFunction":
			throw statement.unsupported("a function in FROM");
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
			const bound = options.bindQuery(common.query, { ...options, commonTables: common.visible, targetTypes: [] });
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

/** User tables live in `public`. @throws invalid_schema_name (3F000) */
export function checkSchema(statement: StatementContext, reference: RangeVar): void {
	const location = reference.location ?? 0;
	if (reference.catalogname !== undefined) {
		const name = [reference.catalogname, reference.schemaname, reference.relname].join(".");
		throw statement.error("feature_not_supported", `cross-database references are not implemented: "${name}"`, location);
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

function bindSubquery(reference: RangeSubselect, options: QueryOptions): BoundFrom {
	const { statement } = options;
	const query = as(reference.subquery, "SelectStmt");
	if (query === undefined || reference.lateral) throw statement.unsupported("LATERAL");
	const bound = options.bindQuery(query, { ...options, targetTypes: [] });
	return relationScope(statement, bound.operator, { alias: "", tableName: null, columns: bound.columns }, reference.alias);
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

function bindJoin(join: JoinExpr, options: QueryOptions): BoundFrom {
	const { statement } = options;
	if (join.larg === undefined || join.rarg === undefined) throw statement.unsupported("this join");
	const left = bindItem(join.larg, options);
	const right = bindItem(join.rarg, options);
	if (join.jointype === "JOIN_FULL") throw statement.unsupported("FULL JOIN");
	const outer = join.jointype === "JOIN_LEFT" || join.jointype === "JOIN_RIGHT";
	const keptIsRight = join.jointype === "JOIN_RIGHT";
	const scope: Scope = {
		relations: mergeRelations(statement, left.scope, right.scope),
		columns: [...left.scope.columns, ...right.scope.columns],
	};
	const using = join.isNatural ? commonNames(left.scope, right.scope) : strings(join.usingClause);
	const conditions: Expression[] = [];
	const merged: ScopeColumn[] = [];
	let cast: { column: ScopeColumn; expression: Expression }[] = [];
	for (const name of using) {
		const pair = bindUsing(statement, name, left.scope, right.scope);
		conditions.push(pair.condition);
		const kept = keptIsRight ? pair.right : pair.left;
		const value = coerce(statement, typed({ kind: "column", index: kept.id, type: kept.type }, -1), pair.type);
		if (value.kind === "column") merged.push({ ...kept, name });
		else {
			const id = statement.columns.add({ name, type: pair.type, nullable: statement.columns.get(kept.id).nullable, origin: null });
			const column = { name, id, type: pair.type };
			merged.push(column);
			cast = [...cast, { column, expression: value }];
		}
	}
	if (join.quals !== undefined) {
		const environment = expressionEnvironment({ statement, scope, clause: "JOIN conditions" });
		conditions.push(coerceBoolean(statement, environment.bind(join.quals), "JOIN/ON"));
	}
	if (outer) {
		for (const id of outputColumns(keptIsRight ? left.operator : right.operator)) statement.columns.get(id).nullable = true;
	}
	const [first, second] = keptIsRight ? [right, left] : [left, right];
	let operator: LogicalOperator = {
		kind: "join",
		join: outer ? "left" : "inner",
		left: first.operator,
		right: second.operator,
		condition: conjunction(conditions),
	};
	if (cast.length > 0) operator = extend(statement, operator, cast);
	const rest = scope.columns.filter((column) => !using.includes(column.name));
	const joined: Scope = { relations: scope.relations, columns: [...merged, ...rest] };
	if (join.alias?.aliasname !== undefined) {
		const relation: Relation = { alias: join.alias.aliasname, tableName: null, columns: joined.columns };
		return { operator, scope: { relations: [relation], columns: joined.columns } };
	}
	return { operator, scope: joined };
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
