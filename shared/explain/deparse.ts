/** Bound expressions as SQL text, for EXPLAIN: readable, not meant to be parsed again. */
import { unreachable } from "#shared/base/assert.ts";
import { typeName, type DataType } from "#shared/contracts/data-type.ts";
import { OPERATOR_FUNCTIONS } from "#shared/contracts/functions/signature.ts";
import type { AggregateCall, Expression, FrameBound, SortKey, WindowCall } from "#shared/contracts/plan/expression.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import type { SqlValue } from "#shared/contracts/value.ts";

/** Values of a list shown at most. */
const LIST_LENGTH_MAX = 10;

const SYMBOLS = new Map(Object.entries(OPERATOR_FUNCTIONS.binary).map(([symbol, name]) => [name, symbol]));

/** @param names of the input's columns, by position */
export function deparse(expression: Expression, names: string[]): string {
	const inner = (part: Expression) => deparse(part, names);
	switch (expression.kind) {
		case "column":
			return names[expression.index] ?? `#${expression.index}`;
		case "constant":
			return literal(expression.value, expression.type);
		case "call":
			return call(expression.functionId, expression.arguments.map(inner));
		case "cast":
			return `${inner(expression.input)}::${typeName(expression.type)}`;
		case "and":
		case "or":
			return `(${expression.arguments.map(inner).join(expression.kind === "and" ? " AND " : " OR ")})`;
		case "not":
			return `(NOT ${inner(expression.input)})`;
		case "is_null":
			return `(${inner(expression.input)} IS ${expression.negated ? "NOT " : ""}NULL)`;
		case "in_list": {
			const shown = expression.values.slice(0, LIST_LENGTH_MAX).map((value) => literal(value, expression.input.type));
			if (expression.values.length > shown.length) shown.push(`... ${expression.values.length - shown.length} more`);
			return `(${inner(expression.input)} ${expression.negated ? "NOT IN" : "IN"} (${shown.join(", ")}))`;
		}
		case "quantified": {
			const quantifier = `${expression.all ? "ALL" : "ANY"} (${inner(expression.array)})`;
			return call(expression.functionId, [inner(expression.input), quantifier]);
		}
		case "case": {
			const branches = expression.branches.map(({ when, then }) => `WHEN ${inner(when)} THEN ${inner(then)}`);
			return `CASE ${branches.join(" ")} ELSE ${inner(expression.otherwise)} END`;
		}
		case "coalesce":
			return `COALESCE(${expression.arguments.map(inner).join(", ")})`;
		default:
			return unreachable(expression);
	}
}

function call(functionId: string, list: string[]): string {
	const name = functionId.slice(0, functionId.indexOf("("));
	const symbol = SYMBOLS.get(name);
	if (symbol !== undefined && list.length === 2) return `(${list[0] ?? ""} ${symbol} ${list[1] ?? ""})`;
	return `${name}(${list.join(", ")})`;
}

function literal(value: SqlValue, type: DataType): string {
	if (value === null) return "NULL";
	const text = formatValue(type, value);
	const isBare = ["boolean", "smallint", "integer", "bigint", "numeric", "real", "double"].includes(type.kind);
	if (type.kind === "boolean") return value === true ? "true" : "false";
	return isBare ? text : `'${text.replaceAll("'", "''")}'`;
}

export function deparseAggregate(aggregate: AggregateCall, names: string[]): string {
	const name = aggregate.functionId.slice(0, aggregate.functionId.indexOf("("));
	const list = aggregate.arguments.length === 0 ? "*" : aggregate.arguments.map((argument) => deparse(argument, names)).join(", ");
	const filter = aggregate.filter === null ? "" : ` FILTER (WHERE ${deparse(aggregate.filter, names)})`;
	const order = aggregate.orderBy === undefined ? "" : ` ORDER BY ${aggregate.orderBy.map((key) => deparseSortKey(key, names)).join(", ")}`;
	return `${name}(${aggregate.distinct ? "DISTINCT " : ""}${list}${order})${filter}`;
}

/** The partitioning and order stand at the operator; the frame is shown where it is not the default. */
export function deparseWindowCall(window: WindowCall, names: string[]): string {
	const { mode, start, end, exclude } = window.frame;
	const isDefault = mode === "range" && start.kind === "unbounded_preceding" && end.kind === "current_row" && exclude === "no_others";
	const bound = (side: FrameBound) =>
		`${"offset" in side ? `${deparse(side.offset, names)} ` : ""}${side.kind.replace("_", " ").toUpperCase()}`;
	const excluded = exclude === "no_others" ? "" : ` EXCLUDE ${exclude.replace("_", " ").toUpperCase()}`;
	const over = isDefault ? "" : `${mode.toUpperCase()} BETWEEN ${bound(start)} AND ${bound(end)}${excluded}`;
	return `${deparseAggregate({ ...window, distinct: false }, names)} OVER (${over})`;
}

export function deparseSortKey(key: SortKey, names: string[]): string {
	const nulls = key.nullsFirst === key.descending ? "" : key.nullsFirst ? " NULLS FIRST" : " NULLS LAST";
	return `${deparse(key.expression, names)}${key.descending ? " DESC" : ""}${nulls}`;
}
