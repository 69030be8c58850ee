/** What binding a query gives, and what it is told by the statement around it. */
import type { SelectStmt } from "libpg-query";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { LogicalOperator } from "../../logical/plan.ts";
import type { ScopeColumn } from "./scope.ts";
import type { StatementContext } from "./statement.ts";

/** `columns` are the operator's output columns, in order, with their names. */
export interface BoundQuery {
	operator: LogicalOperator;
	columns: ScopeColumn[];
}

/** A WITH query: bound anew at each reference, so each reference has columns of its own. */
export interface CommonTable {
	name: string;
	query: SelectStmt;
	columnNames: string[];
	location: number;
	/** What it sees itself: the WITH queries before it. */
	visible: CommonTable[];
}

export interface QueryOptions {
	statement: StatementContext;
	/** Innermost last. */
	commonTables: CommonTable[];
	/** Types that untyped literals of the output take, by position: the columns of an INSERT. */
	targetTypes?: (DataType | undefined)[];
	/** Binds a query inside this one. */
	bindQuery: BindQuery;
}

export type BindQuery = (query: SelectStmt, options: QueryOptions) => BoundQuery;
