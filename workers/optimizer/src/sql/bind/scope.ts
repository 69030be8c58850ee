/** The names that an expression may use: relations of FROM and their columns, looked up as PostgreSQL does, with its hints. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ColumnId } from "../../logical/plan.ts";
import { levenshtein, nearest } from "./nearest-name.ts";
import type { StatementContext } from "./statement.ts";

export interface ScopeColumn {
	name: string;
	id: ColumnId;
	type: DataType;
}

/** A relation of FROM under its alias. */
export interface Relation {
	/** Empty for a subquery without an alias. */
	alias: string;
	/** The table's own name, for hints when an alias hides it; null for subqueries. */
	tableName: string | null;
	columns: ScopeColumn[];
}

/** `columns` is what `*` and unqualified names see: those of the relations, with the columns of JOIN USING merged. */
export interface Scope {
	relations: Relation[];
	columns: ScopeColumn[];
}

export const EMPTY_SCOPE: Scope = { relations: [], columns: [] };

/** @throws ambiguous_column (42702), undefined_column (42703) */
export function findColumn(statement: StatementContext, scope: Scope, name: string, location: number): ScopeColumn {
	const found = scope.columns.filter((column) => column.name === name);
	if (found.length > 1) throw statement.error("ambiguous_column", `column reference "${name}" is ambiguous`, location);
	if (found[0] !== undefined) return found[0];
	const candidates = scope.relations.flatMap((relation) =>
		relation.columns.map((column) => ({ name: column.name, penalty: 0, label: qualified(relation, column.name) })),
	);
	throw statement.error("undefined_column", `column "${name}" does not exist`, location, columnHint(name, candidates));
}

/** A column by relation and name. @throws undefined_table (42P01), ambiguous_column, undefined_column */
export function findQualifiedColumn(
	statement: StatementContext,
	scope: Scope,
	reference: { relation: string; name: string; location: number },
): ScopeColumn {
	const { relation: alias, name, location } = reference;
	const relation = findRelation(statement, scope, alias, location);
	const found = relation.columns.filter((column) => column.name === name);
	if (found.length > 1) throw statement.error("ambiguous_column", `column reference "${name}" is ambiguous`, location);
	if (found[0] !== undefined) return found[0];
	const candidates = scope.relations.flatMap((other) => {
		const penalty = levenshtein(alias, other.alias);
		return other.columns.map((column) => ({ name: column.name, penalty, label: qualified(other, column.name) }));
	});
	throw statement.error("undefined_column", `column ${alias}.${name} does not exist`, location, columnHint(name, candidates));
}

export function findRelation(statement: StatementContext, scope: Scope, alias: string, location: number): Relation {
	const found = scope.relations.filter((relation) => relation.alias === alias);
	if (found.length > 1) throw statement.error("duplicate_alias", `table reference "${alias}" is ambiguous`, location);
	if (found[0] !== undefined) return found[0];
	const hidden = scope.relations.find((relation) => relation.tableName === alias);
	if (hidden !== undefined) {
		throw statement.error(
			"undefined_table",
			`invalid reference to FROM-clause entry for table "${alias}"`,
			location,
			`Perhaps you meant to reference the table alias "${hidden.alias}".`,
		);
	}
	throw statement.error("undefined_table", `missing FROM-clause entry for table "${alias}"`, location);
}

function qualified(relation: Relation, name: string): string {
	return relation.alias === "" ? name : `${relation.alias}.${name}`;
}

function columnHint(wanted: string, candidates: { name: string; penalty: number; label: string }[]): string | undefined {
	const [first, second] = nearest(wanted, candidates);
	if (first === undefined) return undefined;
	if (second === undefined) return `Perhaps you meant to reference the column "${first.label}".`;
	return `Perhaps you meant to reference the column "${first.label}" or the column "${second.label}".`;
}
