/**
 * Logical plans: what the binder makes and the rules rewrite.
 *
 * Expressions are those of `contracts/plan/expression.ts` with one difference: a column expression's `index` is a {@link ColumnId}, unique in the
 * statement, so that operators can be moved without renumbering. The physical planner turns ids into positions at the end.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall, Expression, SortKey } from "#shared/contracts/plan/expression.ts";

/** Position in {@link ColumnTable}; every output of every operator that computes or reads something has its own. */
export type ColumnId = number;

export interface ColumnInfo {
	/** For EXPLAIN only. */
	name: string;
	type: DataType;
	/** Where the column is made; an outer join above may add NULLs. */
	nullable: boolean;
	/** The stored column it is, for statistics. */
	origin: { table: number; fieldId: number } | null;
}

/** The statement's columns by id. */
export class ColumnTable {
	private readonly columns: ColumnInfo[] = [];

	add(info: ColumnInfo): ColumnId {
		this.columns.push(info);
		return this.columns.length - 1;
	}
	get(id: ColumnId): ColumnInfo {
		const info = this.columns[id];
		if (info === undefined) throw new Error(`unknown column id ${id}`);
		return info;
	}
}

export type LogicalOperator =
	| LogicalScan
	| LogicalValues
	| LogicalFilter
	| LogicalProject
	| LogicalJoin
	| LogicalAggregate
	| LogicalSort
	| LogicalTopN
	| LogicalLimit;

/** `columns[i]` reads field `fieldIds[i]` of `plan.tables[table]`. */
export interface LogicalScan {
	kind: "scan";
	table: number;
	columns: ColumnId[];
	fieldIds: number[];
	predicate: Expression | null;
}
export interface LogicalValues {
	kind: "values";
	columns: ColumnId[];
	types: DataType[];
	rows: Expression[][];
}
export interface LogicalFilter {
	kind: "filter";
	input: LogicalOperator;
	predicate: Expression;
}
/** Emits only `columns`; a column that passes through unchanged keeps its id. */
export interface LogicalProject {
	kind: "project";
	input: LogicalOperator;
	columns: ColumnId[];
	expressions: Expression[];
}
/** `left` keeps every row of the left side. `condition` null is a cross join. */
export interface LogicalJoin {
	kind: "join";
	join: "inner" | "left";
	left: LogicalOperator;
	right: LogicalOperator;
	condition: Expression | null;
}
/** Emits the group columns, then the aggregate columns. */
export interface LogicalAggregate {
	kind: "aggregate";
	input: LogicalOperator;
	groupColumns: ColumnId[];
	groupKeys: Expression[];
	aggregateColumns: ColumnId[];
	aggregates: AggregateCall[];
}
export interface LogicalSort {
	kind: "sort";
	input: LogicalOperator;
	keys: SortKey[];
}
export interface LogicalTopN {
	kind: "top_n";
	input: LogicalOperator;
	keys: SortKey[];
	limit: number;
	offset: number;
}
export interface LogicalLimit {
	kind: "limit";
	input: LogicalOperator;
	limit: number | null;
	offset: number;
}
