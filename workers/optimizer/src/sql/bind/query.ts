/** What binding a query gives, and what it is told by the statement around it. */
import type { InsertStmt, SelectStmt } from "libpg-query";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { LogicalOperator } from "../../logical/plan.ts";
import type { Bound } from "./bound.ts";
import type { QueryLevel } from "./environment.ts";
import type { ScopeColumn } from "./scope.ts";
import type { StatementContext } from "./statement.ts";

/** `columns` are the operator's output columns, in order, with their names. */
export interface BoundQuery {
	operator: LogicalOperator;
	columns: ScopeColumn[];
	/** Outputs that are untyped literals or parameters, by position: the column is text, and a set operation may give it another type. */
	untyped?: ReadonlyMap<number, Bound>;
	/** Where each output stands in the text, for a set operation's errors. */
	locations?: number[];
}

/** A WITH query, bound once, where it is defined. */
export interface CommonTable {
	name: string;
	columnNames: string[];
	location: number;
	/** What a reference to it reads. */
	source:
		| { kind: "subplan"; subplan: number; columns: ScopeColumn[] }
		/** An INSERT without RETURNING. */
		| { kind: "nothing" }
		/** Uses columns of the query around its WITH: each reference has a copy. */
		| { kind: "copied"; query: BoundQuery }
		/** The recursive term's own reference to it. */
		| { kind: "worktable"; recursion: Recursion };
}

/** A recursive query while its second term is bound. */
export interface Recursion {
	worktable: number;
	columns: ScopeColumn[];
	referenceCount: number;
}

export interface QueryOptions {
	statement: StatementContext;
	/** The query around; null at the outermost level. */
	outer: QueryLevel | null;
	/** Innermost last. */
	commonTables: CommonTable[];
	/** Types that untyped literals of the output take, by position: the columns of an INSERT. */
	targetTypes?: (DataType | undefined)[];
	/** A WITH of this query may hold an INSERT: it stands at the top of the statement. */
	mayInsert?: boolean;
	/** Binds a query inside this one. */
	bindQuery: BindQuery;
	/** Binds an INSERT of a WITH at the top; what it returns, null without RETURNING. */
	bindInsert?: (insert: InsertStmt, options: QueryOptions) => BoundQuery | null;
}

export type BindQuery = (query: SelectStmt, options: QueryOptions) => BoundQuery;
