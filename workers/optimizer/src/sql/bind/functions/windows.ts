/** Window functions: calls are collected while the select list is bound, their windows are bound after the other clauses, as in PostgreSQL. */
import type { FuncCall, Node, WindowDef } from "libpg-query";
import { signaturesByName } from "#shared/contracts/functions/registry.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression, FrameBound, SortKey, WindowCall, WindowFrame } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns, fingerprint } from "../../../logical/expression.ts";
import { mapKeys, mapWindowCall } from "../../../logical/map-expressions.ts";
import type { ColumnId, LogicalOperator } from "../../../logical/plan.ts";
import { as } from "../../parse/ast.ts";
import { boundType, typed } from "../bound.ts";
import { coerceArgument } from "../expressions/coerce.ts";
import type { Clause, ExpressionEnvironment } from "../environment.ts";
import { bindOperator } from "../expressions/operators.ts";
import { bindSortKey } from "../select/ordering.ts";
import type { StatementContext } from "../statement.ts";

/** A call whose window is not bound yet. */
interface PendingCall {
	column: ColumnId;
	definition: WindowDef;
	call: Omit<WindowCall, "frame">;
}

export interface WindowCollector {
	pending: PendingCall[];
}

export function addWindowCall(
	environment: ExpressionEnvironment,
	syntax: FuncCall,
	call: Omit<WindowCall, "frame">,
	name: string,
): Expression {
	const { statement, windows, clause } = environment;
	const location = syntax.location ?? 0;
	if (environment.insideAggregate) {
		throw statement.error("grouping_error", "aggregate function calls cannot contain window function calls", location);
	}
	if (environment.insideWindow) throw statement.error("windowing_error", "window function calls cannot be nested", location);
	if (windows === null) throw statement.error("windowing_error", refusal(clause), location);
	const isCount = name === "count" || name === "row_number" || name === "rank" || name === "dense_rank";
	const column = statement.columns.add({ name, type: call.type, nullable: !isCount, origin: null });
	windows.pending.push({ column, definition: syntax.over as WindowDef, call });
	return { kind: "column", index: column, type: call.type };
}

function refusal(clause: Clause): string {
	if (clause.startsWith("window ")) return "window functions are not allowed in window definitions";
	return `window functions are not allowed in ${clause}`;
}

/** Windows that agree are computed together. */
interface BoundWindow {
	partitionKeys: Expression[];
	orderKeys: SortKey[];
	columns: ColumnId[];
	calls: WindowCall[];
}

interface WindowShape {
	partitionKeys: Expression[];
	orderKeys: SortKey[];
	frame: WindowDef;
	/** Has a frame clause of its own. */
	isFramed: boolean;
}

/** Binds the windows of `collector` and those that WINDOW names, used or not. */
export function bindWindows(
	environment: (clause: Clause) => ExpressionEnvironment,
	definitions: Node[],
	collector: WindowCollector,
): BoundWindow[] {
	const { statement } = environment("SELECT");
	const named = new Map<string, WindowShape>();
	for (const node of definitions) {
		const definition = as(node, "WindowDef") as WindowDef;
		const name = definition.name ?? "";
		const location = definition.location ?? 0;
		if (named.has(name)) throw statement.error("windowing_error", `window "${name}" is already defined`, location);
		named.set(name, bindShape(environment, definition, named, true));
	}
	const windows = new Map<string, BoundWindow>();
	for (const { column, definition, call } of collector.pending) {
		const shape = bindShape(environment, definition, named, false);
		const frame = bindFrame(environment, shape);
		const key = [...shape.partitionKeys, ...shape.orderKeys.map((sort) => sort.expression)].map(fingerprint).join("|");
		const directions = shape.orderKeys.map(({ descending, nullsFirst }) => `${descending}${nullsFirst}`).join();
		const whole = `${shape.partitionKeys.length}|${key}|${directions}`;
		let window = windows.get(whole);
		if (window === undefined) {
			window = { partitionKeys: shape.partitionKeys, orderKeys: shape.orderKeys, columns: [], calls: [] };
			windows.set(whole, window);
		}
		window.columns.push(column);
		window.calls.push({ ...call, frame });
	}
	return [...windows.values()];
}

/** Stacks the windows on `input`, their expressions changed by `lift`. */
export function stackWindows(
	input: LogicalOperator,
	windows: BoundWindow[],
	lift: (expression: Expression) => Expression,
): LogicalOperator {
	return windows.reduce<LogicalOperator>((below, window) => {
		const calls = window.calls.map((call) => mapWindowCall(call, lift));
		const partitionKeys = window.partitionKeys.map(lift);
		return { kind: "window", input: below, partitionKeys, orderKeys: mapKeys(window.orderKeys, lift), columns: window.columns, calls };
	}, input);
}

/** FRAMEOPTION_ flags of the parser (src/include/nodes/parsenodes.h). */
const FRAME = {
	nonDefault: 0x1,
	range: 0x2,
	rows: 0x4,
	groups: 0x8,
	startUnboundedPreceding: 0x20,
	endUnboundedFollowing: 0x100,
	startCurrentRow: 0x200,
	endCurrentRow: 0x400,
	startOffsetPreceding: 0x800,
	endOffsetPreceding: 0x1000,
	startOffsetFollowing: 0x2000,
	endOffsetFollowing: 0x4000,
	excludeCurrentRow: 0x8000,
	excludeGroup: 0x10000,
	excludeTies: 0x20000,
} as const;

/** OVER w, OVER (w ...), OVER (...), WINDOW w AS (...). @throws undefined_object (42704), windowing_error (42P20) */
function bindShape(
	environment: (clause: Clause) => ExpressionEnvironment,
	definition: WindowDef,
	named: Map<string, WindowShape>,
	isDefinition: boolean,
): WindowShape {
	const { statement } = environment("SELECT");
	const location = definition.location ?? 0;
	const isFramed = ((definition.frameOptions ?? 0) & FRAME.nonDefault) !== 0;
	// OVER w has its name, OVER (w ...) a reference; in WINDOW w AS (...) the name is what is defined.
	const wholeName = isDefinition ? undefined : definition.name;
	const name = wholeName ?? definition.refname;
	const parent = name === undefined ? null : named.get(name);
	if (parent === undefined) throw statement.error("undefined_object", `window "${name}" does not exist`, location);
	if (wholeName !== undefined && parent !== null) return parent;
	const partitionKeys = (definition.partitionClause ?? []).map((node) => bindSortKey(environment("window PARTITION BY"), node).expression);
	const orderKeys = (definition.orderClause ?? []).map((node) => bindSortKey(environment("window ORDER BY"), node));
	if (parent === null) return { partitionKeys, orderKeys, frame: definition, isFramed };
	if (partitionKeys.length > 0) {
		throw statement.error("windowing_error", `cannot override PARTITION BY clause of window "${name}"`, location);
	}
	if (orderKeys.length > 0 && parent.orderKeys.length > 0) {
		throw statement.error("windowing_error", `cannot override ORDER BY clause of window "${name}"`, location);
	}
	if (parent.isFramed) {
		const isPlain = orderKeys.length === 0 && !isFramed;
		throw statement.error(
			"windowing_error",
			`cannot copy window "${name}" because it has a frame clause`,
			location,
			isPlain ? "Omit the parentheses in this OVER clause." : undefined,
		);
	}
	return {
		partitionKeys: parent.partitionKeys,
		orderKeys: orderKeys.length > 0 ? orderKeys : parent.orderKeys,
		frame: definition,
		isFramed,
	};
}

function bindFrame(environment: (clause: Clause) => ExpressionEnvironment, shape: WindowShape): WindowFrame {
	const { statement } = environment("SELECT");
	const { frame: definition, orderKeys } = shape;
	const options = definition.frameOptions ?? 0;
	const has = (flag: number) => (options & flag) !== 0;
	const mode = has(FRAME.rows) ? "rows" : has(FRAME.groups) ? "groups" : "range";
	const exclude = has(FRAME.excludeCurrentRow)
		? "current_row"
		: has(FRAME.excludeGroup)
			? "group"
			: has(FRAME.excludeTies)
				? "ties"
				: "no_others";
	const hasOffset = definition.startOffset !== undefined || definition.endOffset !== undefined;
	const location = definition.location ?? 0;
	if (mode === "groups" && orderKeys.length === 0) {
		throw statement.error("windowing_error", "GROUPS mode requires an ORDER BY clause", location);
	}
	if (mode === "range" && hasOffset && orderKeys.length !== 1) {
		throw statement.error("windowing_error", "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column", location);
	}
	const offset = (node: Node | undefined, preceding: boolean): FrameBound => {
		const kind = preceding ? "preceding" : "following";
		return mode === "range"
			? { kind, offset: rangeBoundary(environment("window RANGE"), shape, node as Node, preceding) }
			: { kind, offset: countOffset(environment(mode === "rows" ? "window ROWS" : "window GROUPS"), node as Node, mode) };
	};
	const start: FrameBound = has(FRAME.startOffsetPreceding)
		? offset(definition.startOffset, true)
		: has(FRAME.startOffsetFollowing)
			? offset(definition.startOffset, false)
			: { kind: has(FRAME.startCurrentRow) ? "current_row" : "unbounded_preceding" };
	const end: FrameBound = has(FRAME.endOffsetPreceding)
		? offset(definition.endOffset, true)
		: has(FRAME.endOffsetFollowing)
			? offset(definition.endOffset, false)
			: { kind: has(FRAME.endUnboundedFollowing) ? "unbounded_following" : "current_row" };
	const boundary = [start, end].find((bound) => "offset" in bound);
	const key = orderKeys[0]?.expression;
	const rangeKey =
		mode === "range" && boundary !== undefined && "offset" in boundary && key !== undefined ? castTo(key, boundary.offset.type) : null;
	return { mode, start, end, exclude, rangeKey };
}

function castTo(input: Expression, type: DataType): Expression {
	return input.type.kind === type.kind ? input : { kind: "cast", input, type, explicit: false };
}

/** @throws invalid_column_reference (42P10) for a column, datatype_mismatch (42804) */
function countOffset(environment: ExpressionEnvironment, node: Node, mode: "rows" | "groups"): Expression {
	const { statement } = environment;
	const name = mode.toUpperCase();
	const bound = environment.bind(node);
	const expression = coerceArgument(statement, bound, { kind: "bigint" }, name);
	refuseColumns(environment, expression, name, bound.location);
	return expression;
}

function refuseColumns({ statement }: ExpressionEnvironment, expression: Expression, name: string, location: number): void {
	if (collectColumns(expression).size > 0) {
		throw statement.error("invalid_column_reference", `argument of ${name} must not contain variables`, location);
	}
}

/** The current row's order key minus or plus the offset; a negative or NULL offset raises when it is evaluated. */
function rangeBoundary(environment: ExpressionEnvironment, { orderKeys }: WindowShape, node: Node, preceding: boolean): Expression {
	const { statement } = environment;
	const [sort] = orderKeys as [SortKey];
	const offset = environment.bind(node);
	const location = offset.location;
	const key = typed(sort.expression, location);
	const keyType = sort.expression.type;
	const isTime = ["date", "time", "timestamp", "timestamptz"].includes(keyType.kind);
	if (!isTime && !["smallint", "integer", "bigint", "real", "double", "numeric"].includes(keyType.kind)) {
		throw statement.error(
			"feature_not_supported",
			`RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${keyType.kind}`,
			location,
		);
	}
	const wanted: DataType = isTime ? { kind: "interval" } : boundType(offset) === null ? keyType : (boundType(offset) as DataType);
	const amount = coerceArgument(statement, offset, wanted, "RANGE");
	refuseColumns(environment, amount, "RANGE", location);
	const checked = checkedOffset(statement, amount);
	const subtracts = preceding !== sort.descending;
	const boundary = bindOperator(statement, subtracts ? "-" : "+", [key, typed(checked, location)], location);
	return boundary.kind === "typed" ? boundary.expression : sort.expression;
}

/** PostgreSQL refuses a NULL or negative offset once there is a row; the offset is a constant, so it is refused here. */
function checkedOffset(statement: StatementContext, amount: Expression): Expression {
	const value = statement.evaluate(amount);
	const zero = zeroOf(amount.type);
	const kind = amount.type.kind;
	const below = signaturesByName("lt").find((signature) => signature.arguments[0] === kind && signature.arguments[1] === kind);
	const isNegative =
		value !== null &&
		below !== undefined &&
		statement.evaluate({ kind: "call", functionId: below.id, arguments: [amount, zero], type: BOOLEAN }) === true;
	if (value === null || isNegative) {
		throw statement.error("invalid_preceding_or_following_size", "invalid preceding or following size in window function");
	}
	return { kind: "constant", value, type: amount.type };
}

function zeroOf(type: DataType): Expression {
	switch (type.kind) {
		case "bigint":
			return { kind: "constant", value: 0n, type };
		case "numeric":
			return { kind: "constant", value: { coefficient: 0n, scale: 0 }, type: { kind: "numeric" } };
		case "interval":
			return { kind: "constant", value: { months: 0, days: 0, microseconds: 0n }, type };
		default:
			return { kind: "constant", value: 0, type };
	}
}

/** row_number() or rank() over its window's whole order. */
export function rankCall(name: "row_number" | "rank"): WindowCall {
	return {
		functionId: `${name}()`,
		arguments: [],
		filter: null,
		frame: { mode: "range", start: { kind: "unbounded_preceding" }, end: { kind: "current_row" }, exclude: "no_others", rangeKey: null },
		type: { kind: "bigint" },
	};
}
