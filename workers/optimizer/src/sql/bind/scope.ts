/** The names that an expression may use: relations of FROM and their columns, looked up as PostgreSQL does, with its hints. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ColumnId } from "../../logical/plan.ts";
import type { ExpressionEnvironment, QueryLevel } from "./environment.ts";
import { levenshtein, nearest } from "./nearest-name.ts";

export interface ScopeColumn {
	name: string;
	id: ColumnId;
	type: DataType;
	/** A row value, shown as its text: no other query may read it. */
	isRow?: boolean;
}

/** A relation of FROM under its alias. */
export interface Relation {
	/** Empty for a subquery without an alias. */
	alias: string;
	/** The table's own name, for hints when an alias hides it; null for subqueries. */
	tableName: string | null;
	columns: ScopeColumn[];
	/** On the side of an outer join that may have no row. */
	mayBeMissing?: boolean;
	/** A function's one column: the relation named as a whole is its value. */
	isValue?: boolean;
}

/** `columns` is what `*` and unqualified names see: those of the relations, with the columns of JOIN USING merged. */
export interface Scope {
	relations: Relation[];
	columns: ScopeColumn[];
	/** Relations of the same FROM that cannot be referenced from here, for error messages. */
	hidden?: Relation[];
	/** The left side of a RIGHT or FULL JOIN, which no LATERAL item on its right may use. */
	beside?: Relation[];
}

export const EMPTY_SCOPE: Scope = { relations: [], columns: [] };

/** A column and the number of query levels between it and its use. */
export interface Found {
	column: ScopeColumn;
	level: QueryLevel | null;
}

type Names = Pick<ExpressionEnvironment, "statement" | "scope" | "outer">;

/** The levels from the innermost outwards; the first has no {@link QueryLevel} of its own. */
function levels({ scope, outer }: Names): { scope: Scope; level: QueryLevel | null }[] {
	const list: { scope: Scope; level: QueryLevel | null }[] = [{ scope, level: null }];
	for (let level = outer; level !== null; level = level.outer) list.push({ scope: level.scope, level });
	return list;
}

/** @throws ambiguous_column (42702), undefined_column (42703) */
export function findColumn(names: Names, name: string, location: number): Found {
	const { statement } = names;
	const all = levels(names);
	for (const { scope, level } of all) {
		const found = scope.columns.filter((column) => column.name === name);
		if (found.length > 1) throw statement.error("ambiguous_column", `column reference "${name}" is ambiguous`, location);
		if (found[0] !== undefined) return { column: found[0], level };
	}
	const candidates = all.flatMap(({ scope }) =>
		scope.relations.flatMap((relation) =>
			relation.columns.map((column) => ({ name: column.name, penalty: 0, label: qualified(relation, column.name) })),
		),
	);
	throw statement.error("undefined_column", `column "${name}" does not exist`, location, columnHint(name, candidates));
}

/** A column by relation and name. @throws undefined_table (42P01), ambiguous_column, undefined_column */
export function findQualifiedColumn(names: Names, reference: { relation: string; name: string; location: number }): Found {
	const { statement } = names;
	const { relation: alias, name, location } = reference;
	const { relation, level } = findRelation(names, alias, location);
	const found = relation.columns.filter((column) => column.name === name);
	if (found.length > 1) throw statement.error("ambiguous_column", `column reference "${name}" is ambiguous`, location);
	if (found[0] !== undefined) return { column: found[0], level };
	const candidates = levels(names).flatMap(({ scope }) =>
		scope.relations.flatMap((other) => {
			const penalty = levenshtein(alias, other.alias);
			return other.columns.map((column) => ({ name: column.name, penalty, label: qualified(other, column.name) }));
		}),
	);
	throw statement.error("undefined_column", `column ${alias}.${name} does not exist`, location, columnHint(name, candidates));
}

/** @throws undefined_table (42P01), duplicate_alias (42712) */
export function findRelation(names: Names, alias: string, location: number): { relation: Relation; level: QueryLevel | null } {
	const { statement } = names;
	const all = levels(names);
	for (const { scope, level } of all) {
		const found = scope.relations.filter((relation) => relation.alias === alias);
		if (found.length > 1) throw statement.error("ambiguous_alias", `table reference "${alias}" is ambiguous`, location);
		if (found[0] !== undefined) return { relation: found[0], level };
	}
	const message = `invalid reference to FROM-clause entry for table "${alias}"`;
	for (const { scope } of all) {
		const renamed = scope.relations.find((relation) => relation.tableName === alias);
		if (renamed !== undefined) {
			throw statement.error("undefined_table", message, location, `Perhaps you meant to reference the table alias "${renamed.alias}".`);
		}
		if (scope.beside?.some((relation) => relation.alias === alias)) throw statement.error("invalid_column_reference", message, location);
		if (scope.hidden?.some((relation) => relation.alias === alias)) throw statement.error("undefined_table", message, location);
	}
	throw statement.error("undefined_table", `missing FROM-clause entry for table "${alias}"`, location);
}

/** Is `name` alone a relation's, and no column's? */
export function namesRelation(names: Names, name: string): boolean {
	const all = levels(names).map(({ scope }) => scope);
	if (all.some(({ columns }) => columns.some((column) => column.name === name))) return false;
	return all.some(({ relations }) => relations.some((relation) => relation.alias === name));
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
