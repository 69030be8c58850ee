/** An item of FROM under its alias: the operator that gives its rows, and the names that it puts into scope. */
import type { Alias } from "libpg-query";
import type { LogicalOperator } from "../../../logical/plan.ts";
import { strings } from "../../parse/ast.ts";
import type { QueryLevel } from "../environment.ts";
import type { QueryOptions } from "../query.ts";
import type { Relation, Scope, ScopeColumn } from "../scope.ts";
import type { StatementContext } from "../statement.ts";

export interface BoundFrom {
	operator: LogicalOperator;
	scope: Scope;
}

/** One row without columns: the input of a SELECT without FROM. */
export const ONE_ROW: LogicalOperator = { kind: "values", columns: [], types: [], rows: [[]] };

export function relationScope(
	statement: StatementContext,
	operator: LogicalOperator,
	relation: Relation,
	alias: Alias | undefined,
): BoundFrom {
	const name = alias?.aliasname ?? relation.alias;
	const names = strings(alias?.colnames);
	const columns = renameColumns(statement, { alias: name, columns: relation.columns, names, location: -1 });
	const named: Relation = { ...relation, alias: name, columns };
	return { operator, scope: { relations: [named], columns } };
}

/** @throws invalid_column_reference (42P10) for more names than columns */
export function renameColumns(
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

export function bothScopes(statement: StatementContext, left: Scope, right: Scope): Scope {
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

/** The query level that a FROM item sees: that of its siblings, inside the levels around. */
export function levelBeside({ outer }: QueryOptions, scope: Scope): QueryLevel | null {
	const isEmpty = scope.relations.length === 0 && (scope.hidden ?? []).length === 0 && (scope.beside ?? []).length === 0;
	return isEmpty
		? outer
		: { scope, aggregates: null, clause: "FROM clause of their own query level", insideAggregate: false, uses: [], outer };
}
