/**
 * Physical plans: what the optimizer sends and `engine/operators` runs. A tree of operators over the tables that the plan lists once.
 *
 * An operator's output columns are, in order: scan, its `columns`; filter, sort, top_n, limit, exchange, those of the input; project and expand, their expressions;
 * hash_join and nested_loop_join, as {@link JoinKind} says; hash_aggregate, the group keys then the aggregates; window, the input's then one per call;
 * set_operation and union_all, those of their inputs, which agree; table_function, the input's, then each function's, then the ordinality; values, subplan_scan,
 * worktable_scan and recursive_union, their `types`.
 */
import type { TableId } from "#shared/base/ids.ts";
import type { DataType } from "../data-type.ts";
import type { FilePage, Watermarks } from "../snapshot.ts";
import type { TableSchema } from "../table.ts";
import type { SqlValue } from "../value.ts";
import type { AggregateCall, Expression, SortKey, WindowCall } from "./expression.ts";

export const PLAN_VERSION = 1;

/** What the optimizer believes of an operator's output. */
export interface Estimate {
	rowCount: number;
	byteCount: number;
	/** Of this operator alone. */
	milliseconds: number;
	/** Names the predicate's or join's shape, constants left out: what a run teaches about `rowCount` is kept under it. Absent where nothing can be learned. */
	shape?: string;
	/** Rows of the tables that the shape speaks of, when planned. */
	shapeRowCount?: number;
	/** What earlier runs have multiplied `rowCount` by; absent where nothing was learnt. */
	learned?: number;
}

export type PhysicalOperator =
	| PhysicalScan
	| PhysicalValues
	| PhysicalFilter
	| PhysicalProject
	| PhysicalHashJoin
	| PhysicalNestedLoopJoin
	| PhysicalHashAggregate
	| PhysicalSort
	| PhysicalTopN
	| PhysicalLimit
	| PhysicalExchange
	| PhysicalUnionAll
	| PhysicalSetOperation
	| PhysicalExpand
	| PhysicalWindow
	| PhysicalTableFunction
	| PhysicalSubplanScan
	| PhysicalRecursiveUnion
	| PhysicalWorktableScan;

/**
 * What a join emits for a probe row, given the build rows that match it:
 * - `inner`: probe ++ build, for each match;
 * - `left`: the same, and once with NULLs where there is no match;
 * - `right`: as inner, and each build row that nothing matched, with NULLs for the probe's columns: left, with the sides exchanged (hash joins only);
 * - `full`: as left, and each build row that nothing matched, with NULLs for the probe's columns;
 * - `semi`, `anti`: the probe's columns, once, where there is a match, or none;
 * - `right_semi`, `right_anti`: the build's columns, once, where there is a match, or none: the same, with the sides exchanged (hash joins only);
 * - `mark`: the probe's columns and a boolean, whether there is a match, in SQL's three values: NULL where no match is true and one is NULL (x IN (..., NULL));
 * - `single`: as left, and more than one match raises 21000 (a scalar subquery's rows).
 */
export type JoinKind = "inner" | "left" | "right" | "full" | "semi" | "anti" | "right_semi" | "right_anti" | "mark" | "single";

interface OperatorBase {
	estimate: Estimate;
}

/** Reads files and tails of `plan.tables[table]`. `predicate` is over the output columns and is applied in full by the source. */
export interface PhysicalScan extends OperatorBase {
	kind: "scan";
	table: number;
	/** Field ids, in output order; may be empty (count(*)). */
	columns: number[];
	predicate: Expression | null;
}
export interface PhysicalValues extends OperatorBase {
	kind: "values";
	types: DataType[];
	rows: Expression[][];
}
export interface PhysicalFilter extends OperatorBase {
	kind: "filter";
	input: PhysicalOperator;
	predicate: Expression;
}
export interface PhysicalProject extends OperatorBase {
	kind: "project";
	input: PhysicalOperator;
	expressions: Expression[];
}
/**
 * Equi-join. Keys are pairwise of one type; NULL never matches. `residual` is over the columns probe ++ build, whatever the join emits, and decides matches (in a left join
 * a probe row whose matches all fail it is kept with NULLs); it is two-valued in a mark join too: where it is NULL there is no match.
 */
export interface PhysicalHashJoin extends OperatorBase {
	kind: "hash_join";
	join: JoinKind;
	/** Only of `mark`: the last pair of keys is compared in three values, as IN does, among the build rows that the other pairs (plain) match. */
	nullAware: boolean;
	probe: PhysicalOperator;
	build: PhysicalOperator;
	probeKeys: Expression[];
	buildKeys: Expression[];
	residual: Expression | null;
}
/** Any condition over probe ++ build; null is true. In a `mark` join its NULLs count. */
export interface PhysicalNestedLoopJoin extends OperatorBase {
	kind: "nested_loop_join";
	join: JoinKind;
	probe: PhysicalOperator;
	build: PhysicalOperator;
	condition: Expression | null;
}
/** No group keys: one row, also over no input. No aggregates: DISTINCT. */
export interface PhysicalHashAggregate extends OperatorBase {
	kind: "hash_aggregate";
	input: PhysicalOperator;
	groupKeys: Expression[];
	aggregates: AggregateCall[];
	/** Absent where every group is wanted, and where there are no group keys. */
	wanted?: WantedGroups;
}
/**
 * Whoever reads the groups takes no more than `groupCount` (at least 1): the first by `order`, in which groups may tie, or any where it is empty. Rows of other groups may be left
 * out and such groups be given out or not; a group that is one of those has all of its rows.
 */
export interface WantedGroups {
	groupCount: number;
	/** `key` is the place of a group key. */
	order: { key: number; descending: boolean; nullsFirst: boolean }[];
}
export interface PhysicalSort extends OperatorBase {
	kind: "sort";
	input: PhysicalOperator;
	keys: SortKey[];
}
/** The rows [offset, offset + limit) of the sorted input. */
export interface PhysicalTopN extends OperatorBase {
	kind: "top_n";
	input: PhysicalOperator;
	keys: SortKey[];
	limit: number;
	offset: number;
}
export interface PhysicalLimit extends OperatorBase {
	kind: "limit";
	input: PhysicalOperator;
	limit: number | null;
	offset: number;
}
/** Where a plan may be cut into fragments. A one-executor plan has none. */
export interface PhysicalExchange extends OperatorBase {
	kind: "exchange";
	mode: "gather" | "broadcast" | "hash";
	keys: Expression[];
	input: PhysicalOperator;
}

/** UNION ALL: the rows of the first input, then of the next. Types agree. */
export interface PhysicalUnionAll extends OperatorBase {
	kind: "union_all";
	inputs: PhysicalOperator[];
}
/** NULLs are equal here. Without `all` each row comes once; with it, intersect emits min(left, right) copies and except left - right. */
export interface PhysicalSetOperation extends OperatorBase {
	kind: "set_operation";
	operation: "intersect" | "except";
	all: boolean;
	left: PhysicalOperator;
	right: PhysicalOperator;
}
/** Each input row once per projection: grouping sets aggregate over it, with NULLs for the keys that a set leaves out. Projections agree in types. */
export interface PhysicalExpand extends OperatorBase {
	kind: "expand";
	input: PhysicalOperator;
	projections: Expression[][];
}
/**
 * Window functions over one partitioning and order. The input comes sorted by `partitionKeys` (any direction), then `orderKeys`: the planner puts the sort below. Rows keep
 * their order. Peers are rows of a partition with equal order keys; without order keys all of them.
 */
export interface PhysicalWindow extends OperatorBase {
	kind: "window";
	input: PhysicalOperator;
	partitionKeys: Expression[];
	orderKeys: SortKey[];
	calls: WindowCall[];
}
/**
 * Functions that return rows, called once for each input row: their rows are zipped, the shorter padded with NULLs. `inner` drops an input row for which all are empty;
 * `left` keeps it once with NULLs. `ordinality` adds a bigint that counts from 1 for each input row.
 */
export interface PhysicalTableFunction extends OperatorBase {
	kind: "table_function";
	input: PhysicalOperator;
	join: "inner" | "left";
	functions: { functionId: string; arguments: Expression[]; types: DataType[] }[];
	ordinality: boolean;
}
/** Reads `plan.subplans[subplan]`, which runs once whoever reads it, and however often. */
export interface PhysicalSubplanScan extends OperatorBase {
	kind: "subplan_scan";
	subplan: number;
	types: DataType[];
}
/**
 * WITH RECURSIVE: emits `seed`, then runs `step` over the rows of the round before (a `worktable_scan` of the same `worktable`) until a round is empty. `distinct` (UNION)
 * drops rows already emitted. Worktables are numbered within the plan.
 */
export interface PhysicalRecursiveUnion extends OperatorBase {
	kind: "recursive_union";
	seed: PhysicalOperator;
	step: PhysicalOperator;
	distinct: boolean;
	worktable: number;
	types: DataType[];
}
export interface PhysicalWorktableScan extends OperatorBase {
	kind: "worktable_scan";
	worktable: number;
	types: DataType[];
}

/** A table or view that a statement names, at the version that it was bound to. */
export interface PlanRelation {
	tableId: TableId;
	schemaVersion: number;
}

/** A table of the plan: one snapshot for every reference to it (invariant Q1). */
export interface PlanTable {
	schema: TableSchema;
	snapshotVersion: number;
	watermarks: Watermarks;
	/** The files left after pruning by statistics. */
	pages: FilePage[];
	filesPruned: number;
}

export interface PlanStatement {
	/** Microseconds since 1970, fixed for the whole statement. */
	nowMicroseconds: bigint;
	timeZone: string;
	parameters: SqlValue[];
}

export interface OutputColumn {
	name: string;
	type: DataType;
	nullable: boolean;
}

export interface PlanEstimate {
	rowCount: number;
	byteCount: number;
	milliseconds: number;
	dollars: number;
}

export interface PhysicalPlan {
	version: typeof PLAN_VERSION;
	statement: PlanStatement;
	tables: PlanTable[];
	/** Views that were expanded; absent from a sender that knows none. */
	views?: PlanRelation[];
	/** Shared subplans (materialised CTEs, subqueries used twice); one may read those before it. */
	subplans: PhysicalOperator[];
	root: PhysicalOperator;
	output: OutputColumn[];
	estimate: PlanEstimate;
}
