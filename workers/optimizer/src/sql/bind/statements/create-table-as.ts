/** CREATE TABLE AS and SELECT INTO: a table of the query's columns, and its rows. */
import type { CreateTableAsStmt, IntoClause, SelectStmt } from "libpg-query";
import type { TableDefinition } from "#shared/contracts/table.ts";
import { as, strings } from "../../parse/ast.ts";
import { bindOptions, checkColumns, checkName, refuseFreeNumeric } from "./create-table.ts";
import type { BoundQuery, QueryOptions } from "../query.ts";
import { checkSchema } from "../from/relations.ts";

export interface BoundTableAs {
	definition: TableDefinition;
	query: BoundQuery;
	/** WITH NO DATA. */
	isEmpty: boolean;
}

/** @throws syntax_error (42601) for more names than columns, duplicate_column (42701), feature_not_supported, and what the query throws */
export function bindCreateTableAs(options: QueryOptions, create: CreateTableAsStmt): BoundTableAs {
	const { statement } = options;
	const query = as(create.query, "SelectStmt");
	if (create.objtype === "OBJECT_MATVIEW") throw statement.unsupported("CREATE MATERIALIZED VIEW");
	if (create.into === undefined || query === undefined) throw statement.unsupported("CREATE TABLE AS over this statement");
	return bindInto(options, { query, into: create.into, ifNotExists: create.if_not_exists ?? false });
}

/** `SELECT ... INTO t`: of set operations the first query has it. @returns null for any other SELECT */
export function bindSelectInto(options: QueryOptions, query: SelectStmt): BoundTableAs | null {
	const { into, rest } = withoutInto(query);
	return into === undefined ? null : bindInto(options, { query: rest, into, ifNotExists: false });
}

function withoutInto(query: SelectStmt): { into: IntoClause | undefined; rest: SelectStmt } {
	if (query.larg !== undefined) {
		const { into, rest } = withoutInto(query.larg);
		return { into, rest: { ...query, larg: rest } };
	}
	const { intoClause, ...rest } = query;
	return { into: intoClause, rest };
}

function bindInto(options: QueryOptions, made: { query: SelectStmt; into: IntoClause; ifNotExists: boolean }): BoundTableAs {
	const { statement } = options;
	const { into, ifNotExists } = made;
	if (into.rel === undefined) throw statement.unsupported("this CREATE TABLE AS");
	checkSchema(statement, into.rel);
	if (into.rel.relpersistence !== undefined && into.rel.relpersistence !== "p")
		throw statement.unsupported("a temporary or unlogged table");
	if (into.tableSpaceName !== undefined || into.accessMethod !== undefined) throw statement.unsupported("this CREATE TABLE AS");
	const query = options.bindQuery(made.query, options);
	if (query.columns.some(({ isRow }) => isRow)) throw statement.unsupported("a row value as a column");
	const names = strings(into.colNames);
	if (names.length > query.columns.length) throw statement.error("syntax_error", "too many column names were specified");
	const columns = query.columns.map(({ name, type }, index) => ({ name: names[index] ?? name, type, nullable: true, default: null }));
	checkColumns(statement, columns);
	for (const { type } of columns) refuseFreeNumeric(statement, type, -1);
	const name = checkName(statement, into.rel.relname ?? "", into.rel.location ?? 0);
	return {
		definition: { name, ifNotExists, columns, primaryKey: null, sortKey: bindOptions(statement, into.options ?? [], columns) },
		query: { ...query, columns: query.columns.map((column, index) => ({ ...column, name: columns[index]?.name ?? column.name })) },
		isEmpty: into.skipData ?? false,
	};
}
