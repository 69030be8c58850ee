/**
 * Physical plans: what the optimizer sends and `engine/operators` runs. A tree of operators over the tables that the plan lists once.
 *
 * An operator's output columns are, in order: scan, its `columns`; filter, sort, top_n, limit, exchange, those of the input; project, its expressions; hash_join and
 * nested_loop_join, the probe side's then the build side's; hash_aggregate, the group keys then the aggregates; values, its columns.
 */
import type { DataType } from "../data-type.ts";
import type { FilePage, Watermarks } from "../snapshot.ts";
import type { TableSchema } from "../table.ts";
import type { SqlValue } from "../value.ts";
import type { AggregateCall, Expression, SortKey } from "./expression.ts";

export const PLAN_VERSION = 1;

/** What the optimizer believes of an operator's output. */
export interface Estimate {
	rowCount: number;
	byteCount: number;
	/** Of this operator alone. */
	milliseconds: number;
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
	| PhysicalExchange;

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
 * Equi-join; `left` keeps every row of the probe side. Keys are pairwise of one type; NULL never matches. `residual` is over the joined columns
 * and, in a left join, decides matches (a probe row whose matches all fail it is kept with NULLs).
 */
export interface PhysicalHashJoin extends OperatorBase {
	kind: "hash_join";
	join: "inner" | "left";
	probe: PhysicalOperator;
	build: PhysicalOperator;
	probeKeys: Expression[];
	buildKeys: Expression[];
	residual: Expression | null;
}
export interface PhysicalNestedLoopJoin extends OperatorBase {
	kind: "nested_loop_join";
	join: "inner" | "left";
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
	root: PhysicalOperator;
	output: OutputColumn[];
	estimate: PlanEstimate;
}
