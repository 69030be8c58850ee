/** Bound expressions: every name resolved, every type and cast explicit. Evaluated by `engine/expression`. */
import type { DataType } from "../data-type.ts";
import type { SqlValue } from "../value.ts";

export type Expression =
	| ColumnExpression
	| ConstantExpression
	| CallExpression
	| CastExpression
	| LogicalExpression
	| NotExpression
	| IsNullExpression
	| InListExpression
	| QuantifiedExpression
	| CaseExpression
	| CoalesceExpression;

/** Column `index` (from 0) of the operator's input batch; a join's input is the probe side's columns, then the build side's. */
export interface ColumnExpression {
	kind: "column";
	index: number;
	type: DataType;
}
/** `value` null is the typed NULL. Parameters are bound as constants; the plan's statement keeps them too. */
export interface ConstantExpression {
	kind: "constant";
	value: SqlValue;
	type: DataType;
}
/** `functionId` names one overload of the registry in `contracts/functions`, e.g. `add(integer,integer)`. */
export interface CallExpression {
	kind: "call";
	functionId: string;
	arguments: Expression[];
	type: DataType;
}
/** `explicit` follows PostgreSQL's cast contexts: it decides whether varchar(n) cuts or raises. */
export interface CastExpression {
	kind: "cast";
	input: Expression;
	type: DataType;
	explicit: boolean;
}
/** SQL's three-valued AND and OR; two or more arguments, evaluated left to right on the rows still undecided. */
export interface LogicalExpression {
	kind: "and" | "or";
	arguments: Expression[];
	type: { kind: "boolean" };
}
export interface NotExpression {
	kind: "not";
	input: Expression;
	type: { kind: "boolean" };
}
export interface IsNullExpression {
	kind: "is_null";
	input: Expression;
	negated: boolean;
	type: { kind: "boolean" };
}
/** `input IN (values)`; every value has the input's type. A null among them makes a miss NULL. */
export interface InListExpression {
	kind: "in_list";
	input: Expression;
	values: SqlValue[];
	negated: boolean;
	type: { kind: "boolean" };
}
/** `input op ANY (array)` or, with `all`, `input op ALL (array)`, in SQL's three values; `functionId` is the boolean operator of the input's and the element's type. */
export interface QuantifiedExpression {
	kind: "quantified";
	functionId: string;
	input: Expression;
	array: Expression;
	all: boolean;
	type: { kind: "boolean" };
}
/** Searched CASE; the simple form is bound to equality calls. `otherwise` is a NULL constant where SQL has no ELSE. */
export interface CaseExpression {
	kind: "case";
	branches: { when: Expression; then: Expression }[];
	otherwise: Expression;
	type: DataType;
}
export interface CoalesceExpression {
	kind: "coalesce";
	arguments: Expression[];
	type: DataType;
}

/** One aggregate of an aggregation; `functionId` names an aggregate overload, e.g. `sum(integer)`; `count()` is count(*). */
export interface AggregateCall {
	functionId: string;
	arguments: Expression[];
	distinct: boolean;
	/** FILTER (WHERE ...). */
	filter: Expression | null;
	/** ORDER BY within the call, or WITHIN GROUP's: rows reach the aggregate in this order. With `distinct` its keys are among the arguments. Absent: any order. */
	orderBy?: SortKey[];
	type: DataType;
}

/** A window function (registry kind `window`) or an aggregate over a frame. */
export interface WindowCall {
	functionId: string;
	arguments: Expression[];
	/** Only of aggregates. */
	filter: Expression | null;
	frame: WindowFrame;
	type: DataType;
}

/** `rangeKey` is the order key that RANGE's boundaries are compared with (cast to their type); null unless a bound has an offset in mode `range`. */
export interface WindowFrame {
	mode: "rows" | "range" | "groups";
	start: FrameBound;
	end: FrameBound;
	exclude: "no_others" | "current_row" | "group" | "ties";
	rangeKey: Expression | null;
}

/**
 * `offset` is a count of rows or groups (a bigint without columns; NULL raises 22004, a negative one 22013); in mode `range` it is the boundary itself, the current row's
 * order key plus or minus the offset.
 */
export type FrameBound =
	| { kind: "unbounded_preceding" | "current_row" | "unbounded_following" }
	| { kind: "preceding" | "following"; offset: Expression };

export interface SortKey {
	expression: Expression;
	descending: boolean;
	nullsFirst: boolean;
}
