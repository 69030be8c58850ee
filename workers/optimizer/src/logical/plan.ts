/**
 * Logical plans: what the binder makes and the rules rewrite.
 *
 * Expressions are those of `contracts/plan/expression.ts` with one difference: a column expression's `index` is a {@link ColumnId}, unique in the
 * statement, so that operators can be moved without renumbering. The physical planner turns ids into positions at the end.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { PLAN_COLUMN_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall, Expression, SortKey, WindowCall } from "#shared/contracts/plan/expression.ts";
import type { JoinKind, WantedGroups } from "#shared/contracts/plan/physical.ts";

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

	/** @throws statement_too_complex (54001): each copy that unnesting makes of a plan has columns of its own */
	add(info: ColumnInfo): ColumnId {
		if (this.columns.length >= PLAN_COLUMN_COUNT_MAX)
			throw new LittoralError("statement_too_complex", "the statement has too many columns in all");
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
	| LogicalLimit
	| LogicalUnionAll
	| LogicalSetOperation
	| LogicalExpand
	| LogicalWindow
	| LogicalTableFunction
	| LogicalSubplanScan
	| LogicalRecursiveUnion
	| LogicalWorktableScan;

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
/**
 * The left side is the probe side of {@link JoinKind}, the right one the build side. `condition` null is a cross join; where it is NULL there is no match.
 * Before `unnest`, the right side may use columns of the left one: a dependent join, which stands for a correlated subquery or LATERAL.
 */
export interface LogicalJoin {
	kind: "join";
	/** Which side is built, and so which is right, is decided later. */
	join: Exclude<JoinKind, "right" | "right_semi" | "right_anti">;
	left: LogicalOperator;
	right: LogicalOperator;
	condition: Expression | null;
	/** Of a mark join only. */
	mark?: JoinMark;
	/**
	 * A boolean column of the left side, never NULL. Only left rows for which it is true reach the subquery that the join stands for: for the others nothing of the
	 * right side may raise, and what the join gives them is not looked at. `unnest` resolves it.
	 */
	guard?: Expression;
}
/**
 * `column` is whether `comparison` is true for one of the right rows that `condition` matches, in SQL's three values: NULL where it is NULL for one of
 * them and true for none. Without a comparison it is whether there is a match at all (EXISTS).
 */
export interface JoinMark {
	column: ColumnId;
	comparison: Expression | null;
}
/** Emits the group columns, then the aggregate columns. */
export interface LogicalAggregate {
	kind: "aggregate";
	input: LogicalOperator;
	groupColumns: ColumnId[];
	groupKeys: Expression[];
	aggregateColumns: ColumnId[];
	aggregates: AggregateCall[];
	/** Set by the rule `limit-groups`. */
	wanted?: WantedGroups;
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
/** Emits `columns`; `inputColumns[i]` are the columns of input i that they are made of, in order. */
export interface LogicalUnionAll {
	kind: "union_all";
	columns: ColumnId[];
	inputs: LogicalOperator[];
	inputColumns: ColumnId[][];
}
/** As a union, of two inputs; rows are compared whole, NULLs equal. */
export interface LogicalSetOperation {
	kind: "set_operation";
	operation: "intersect" | "except";
	all: boolean;
	columns: ColumnId[];
	inputs: [LogicalOperator, LogicalOperator];
	inputColumns: [ColumnId[], ColumnId[]];
}
/** Emits `columns` once per projection. */
export interface LogicalExpand {
	kind: "expand";
	input: LogicalOperator;
	columns: ColumnId[];
	projections: Expression[][];
}
/** Emits the input's columns, then one per call. The physical planner puts the sort below. */
export interface LogicalWindow {
	kind: "window";
	input: LogicalOperator;
	partitionKeys: Expression[];
	orderKeys: SortKey[];
	columns: ColumnId[];
	calls: WindowCall[];
}
/** Emits the input's columns, each function's columns, then the ordinality. */
export interface LogicalTableFunction {
	kind: "table_function";
	input: LogicalOperator;
	join: "inner" | "left";
	functions: { functionId: string; arguments: Expression[]; columns: ColumnId[] }[];
	ordinality: ColumnId | null;
}
/** Reads subplan `subplan` of the statement; `columns[i]` is output `outputs[i]` of it. */
export interface LogicalSubplanScan {
	kind: "subplan_scan";
	subplan: number;
	columns: ColumnId[];
	outputs: number[];
}
/** `seedColumns` and `stepColumns` are the columns of its inputs, in the order of `columns`. */
export interface LogicalRecursiveUnion {
	kind: "recursive_union";
	seed: LogicalOperator;
	step: LogicalOperator;
	seedColumns: ColumnId[];
	stepColumns: ColumnId[];
	distinct: boolean;
	worktable: number;
	columns: ColumnId[];
}
export interface LogicalWorktableScan {
	kind: "worktable_scan";
	worktable: number;
	columns: ColumnId[];
}

/** A query that runs once, whoever reads it, and however often. */
export interface Subplan {
	operator: LogicalOperator;
	/** Its outputs, in order. */
	columns: ColumnId[];
	/** MATERIALIZED, NOT MATERIALIZED, or as the planner likes. */
	materialized: boolean | null;
}

/** A statement's plan: subplans may read one another, never in a circle. */
export interface Program {
	root: LogicalOperator;
	subplans: Subplan[];
	/** The subplan whose rows an INSERT stores, whether it is read or not. */
	stored: number | null;
}
