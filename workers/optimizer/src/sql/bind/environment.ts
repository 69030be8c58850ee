/** Where an expression stands: what names it sees, what aggregates are to it, and how to bind its parts. */
import type { Node } from "libpg-query";
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import type { ColumnId } from "../../logical/plan.ts";
import type { Bound } from "./bound.ts";
import type { Scope } from "./scope.ts";
import type { StatementContext } from "./statement.ts";

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
	| "DEFAULT expressions";

/** Aggregates of one query level, in order of first use; equal calls are one. */
export interface AggregateCollector {
	columns: ColumnId[];
	calls: AggregateCall[];
}

export interface ExpressionEnvironment {
	statement: StatementContext;
	scope: Scope;
	clause: Clause;
	/** null where the clause allows no aggregates. */
	aggregates: AggregateCollector | null;
	/** True inside an aggregate's arguments. */
	insideAggregate: boolean;
	/** Where each bound column reference stands in the text, for errors found after binding. */
	locations: WeakMap<object, { location: number; name: string }>;
	/** Binds a part in this environment, or in one changed a little. */
	bind(node: Node, change?: Partial<ExpressionEnvironment>): Bound;
}
