/** Where an expression stands: what names it sees, what aggregates are to it, and how to bind its parts. */
import type { Node } from "libpg-query";
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import type { ColumnId } from "../../logical/plan.ts";
import type { Bound } from "./bound.ts";
import type { Guard } from "./guard.ts";
import type { QueryOptions } from "./query.ts";
import type { Scope } from "./scope.ts";
import type { StatementContext } from "./statement.ts";
import type { SubqueryCollector } from "./expressions/subqueries.ts";
import type { TableFunctionCollector } from "./functions/table-functions.ts";
import type { WindowCollector } from "./functions/windows.ts";

/** As PostgreSQL's messages name it. */
export type Clause =
	| "SELECT"
	| "WHERE"
	| "HAVING"
	| "GROUP BY"
	| "ORDER BY"
	| "JOIN conditions"
	| "LIMIT"
	| "OFFSET"
	| "VALUES"
	| "FILTER"
	| "functions in FROM"
	| "FROM clause of their own query level"
	| "window PARTITION BY"
	| "window ORDER BY"
	| "window ROWS"
	| "window RANGE"
	| "window GROUPS"
	| "DISTINCT ON"
	| "RETURNING"
	| "DEFAULT expressions";

/** Aggregates of one query level, in order of first use; equal calls are one. */
export interface AggregateCollector {
	columns: ColumnId[];
	calls: AggregateCall[];
	/** Subqueries inside their arguments: they are joined before the grouping. */
	subqueries: SubqueryCollector;
	/** GROUPING(...) calls, whose values follow from the grouping set: the column, and the positions of their arguments among the group items. */
	/** Arguments of WITHIN GROUP aggregates that belong to the group, not to its rows: they may use grouped columns only. */
	direct: Expression[];
	groupings: { column: ColumnId; arguments: { bound: Bound; location: number }[] }[];
}

/** A column of an outer query that a subquery uses. */
export interface OuterUse {
	id: ColumnId;
	name: string;
	location: number;
}

/** A query level as the queries inside it see it. */
export interface QueryLevel {
	scope: Scope;
	/** null where aggregates of this level may not stand. */
	aggregates: AggregateCollector | null;
	clause: Clause;
	/** The queries inside stand in an aggregate's arguments. */
	insideAggregate: boolean;
	/** What the queries inside have used of it so far. */
	uses: OuterUse[];
	outer: QueryLevel | null;
}

export interface ExpressionEnvironment {
	statement: StatementContext;
	/** What a subquery in here is bound with. */
	query: QueryOptions;
	scope: Scope;
	/** The query around this one; null at the outermost level. */
	outer: QueryLevel | null;
	clause: Clause;
	/** null where the clause allows no aggregates. */
	aggregates: AggregateCollector | null;
	/** True inside an aggregate's arguments. */
	insideAggregate: boolean;
	/** True inside a window function's arguments. */
	insideWindow: boolean;
	/** Under which conditions this place is evaluated at all; null where always. */
	guard: Guard | null;
	/** Where subqueries of this place are collected; null where none may stand. */
	subqueries: SubqueryCollector | null;
	/** null where the clause allows no window functions. */
	windows: WindowCollector | null;
	/** null where no function may return rows, and what stands in the way. */
	tableFunctions: TableFunctionCollector | null;
	noRowsIn: string | null;
	/** Where each bound column reference stands in the text, for errors found after binding. */
	locations: WeakMap<object, { location: number; name: string }>;
	/** Binds a part in this environment, or in one changed a little. */
	bind(node: Node, change?: Partial<ExpressionEnvironment>): Bound;
}
