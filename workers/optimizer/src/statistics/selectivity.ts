/**
 * The fraction of rows that a predicate keeps. Constants are PostgreSQL's (src/include/utils/selfuncs.h, like_support.c): they are what decades of
 * plans were tuned with, where statistics say nothing.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { orderOf } from "./order.ts";
import { patternSelectivity } from "./pattern.ts";
import type { ColumnStatisticsEstimate } from "./table-statistics.ts";

/** Statistics of a column id; null for a computed column. */
export type StatisticsOf = (id: number) => ColumnStatisticsEstimate | null;

/** `=` of unknown things (DEFAULT_EQ_SEL). */
const EQUALITY_DEFAULT = 0.005;
/** `<` of unknown things (DEFAULT_INEQ_SEL). */
const INEQUALITY_DEFAULT = 0.3333333333333333;
/** IS NULL of a computed value (DEFAULT_UNK_SEL). */
const NULL_DEFAULT = 0.005;
/** A boolean of which nothing is known. */
const BOOLEAN_DEFAULT = 0.5;
const SELECTIVITY_MIN = 1e-9;
/** Values of an IN list that are looked up one by one; the others are taken to be alike. */
const LIST_VALUES_ASKED_MAX = 100;

/** @returns in [0, 1] */
export function selectivity(predicate: Expression | null, statistics: StatisticsOf): number {
	if (predicate === null) return 1;
	return Math.min(1, Math.max(0, estimate(predicate, statistics)));
}

function estimate(predicate: Expression, statistics: StatisticsOf): number {
	switch (predicate.kind) {
		case "constant":
			return predicate.value === true ? 1 : 0;
		case "and":
			return conjunctionSelectivity(predicate.arguments, statistics);
		case "or":
			// Independent: P(a or b) = 1 - (1 - P(a))(1 - P(b)).
			return 1 - predicate.arguments.reduce((rest, argument) => rest * (1 - selectivity(argument, statistics)), 1);
		case "not":
			return 1 - selectivity(predicate.input, statistics);
		case "is_null": {
			const known = columnOf(predicate.input, statistics);
			const fraction = known === null ? NULL_DEFAULT : known.nullFraction;
			return predicate.negated ? 1 - fraction : fraction;
		}
		case "in_list": {
			const { input, values } = predicate;
			const asked = values.slice(0, LIST_VALUES_ASKED_MAX);
			const sum = asked.reduce<number>((all, value) => all + equality(input, { value, type: input.type }, statistics), 0);
			const fraction = Math.min(1, (sum * values.length) / Math.max(asked.length, 1));
			return predicate.negated ? 1 - fraction : fraction;
		}
		case "column":
			return equality(predicate, { value: true, type: predicate.type }, statistics);
		case "call":
			return callSelectivity(predicate.functionId, predicate.arguments, statistics);
		default:
			return BOOLEAN_DEFAULT;
	}
}

/** Two ends of a range over one column are not independent: together they keep low + high - 1 (PostgreSQL's clauselist_selectivity). */
function conjunctionSelectivity(parts: Expression[], statistics: StatisticsOf): number {
	const ranges = new Map<number, { low: number; high: number; floor: number }>();
	let product = 1;
	for (const part of parts) {
		const side = rangeSide(part);
		const fraction = selectivity(part, statistics);
		if (side === null) {
			product *= fraction;
			continue;
		}
		const range = ranges.get(side.column) ?? { low: 1, high: 1, floor: rangeFloor(statistics(side.column)) };
		if (side.upper) range.high = Math.min(range.high, fraction);
		else range.low = Math.min(range.low, fraction);
		ranges.set(side.column, range);
	}
	for (const { low, high, floor } of ranges.values()) product *= low < 1 && high < 1 ? Math.max(low + high - 1, floor) : low * high;
	return product;
}

/** A range keeps no less than one value does. */
function rangeFloor(known: ColumnStatisticsEstimate | null): number {
	return known?.distribution == null ? EQUALITY_DEFAULT : Math.min(EQUALITY_DEFAULT, 1 / known.distinctCount);
}

function rangeSide(part: Expression): { column: number; upper: boolean } | null {
	if (part.kind !== "call") return null;
	const match = /^(lt|le|gt|ge)\(/.exec(part.functionId);
	const [left, right] = part.arguments;
	if (match === null || left === undefined || right === undefined) return null;
	const below = match[1] === "lt" || match[1] === "le";
	const column = underCasts(left);
	if (column !== null && right.kind === "constant") return { column: column.index, upper: below };
	const mirrored = underCasts(right);
	if (mirrored !== null && left.kind === "constant") return { column: mirrored.index, upper: !below };
	return null;
}

function underCasts(expression: Expression): { index: number; type: DataType } | null {
	let node = expression;
	while (node.kind === "cast") node = node.input;
	return node.kind === "column" ? { index: node.index, type: node.type } : null;
}

function columnOf(expression: Expression, statistics: StatisticsOf): ColumnStatisticsEstimate | null {
	const column = underCasts(expression);
	return column === null ? null : statistics(column.index);
}

function callSelectivity(functionId: string, list: Expression[], statistics: StatisticsOf): number {
	const name = functionId.slice(0, functionId.indexOf("("));
	const [left, right] = list;
	if (left === undefined || right === undefined) return BOOLEAN_DEFAULT;
	const constant = right.kind === "constant" ? right : left.kind === "constant" ? left : null;
	const operand = constant === right ? left : right;
	switch (name) {
		case "eq":
			return equality(operand, constant, statistics);
		case "ne":
			return 1 - equality(operand, constant, statistics);
		case "lt":
		case "le":
			return inequality(operand, constant, { below: constant === right, inclusive: name === "le" }, statistics);
		case "gt":
		case "ge":
			return inequality(operand, constant, { below: constant !== right, inclusive: name === "ge" }, statistics);
		case "like":
		case "ilike":
		case "not_like":
		case "not_ilike": {
			const known = columnOf(left, statistics);
			const fraction = patternSelectivity(right, name.endsWith("ilike"), known?.distribution ?? null);
			return (name.startsWith("not_") ? 1 - fraction : fraction) * (1 - (known?.nullFraction ?? 0));
		}
		default:
			return BOOLEAN_DEFAULT;
	}
}

type Constant = { value: SqlValue; type: DataType };

/** What the sketches say of the constant, else (1 - nulls) / distinct values; nothing outside the bounds. */
function equality(operand: Expression, constant: Constant | null, statistics: StatisticsOf): number {
	const known = columnOf(operand, statistics);
	if (known === null) return EQUALITY_DEFAULT;
	const place = constant === null ? null : orderOf(constant.type, constant.value);
	const sameAxis = constant !== null && (underCasts(operand)?.type.kind === constant.type.kind || isNumber(constant.type));
	if (place !== null && sameAxis && known.minimum !== null && known.maximum !== null && (place < known.minimum || place > known.maximum)) {
		return SELECTIVITY_MIN;
	}
	const fraction = constant === null ? null : (known.distribution?.equalTo(constant.value, constant.type) ?? null);
	return (1 - known.nullFraction) * (fraction ?? 1 / known.distinctCount);
}

function isNumber(type: DataType): boolean {
	return ["smallint", "integer", "bigint", "numeric", "real", "double"].includes(type.kind);
}

/** By quantiles where there are some, else by linear interpolation between the column's bounds. */
function inequality(
	operand: Expression,
	constant: Constant | null,
	{ below, inclusive }: { below: boolean; inclusive: boolean },
	statistics: StatisticsOf,
): number {
	const known = columnOf(operand, statistics);
	const place = constant === null ? null : placeOf(underCasts(operand)?.type, constant);
	if (known === null || place === null) return INEQUALITY_DEFAULT;
	const rank = known.distribution?.below(place, below === inclusive) ?? null;
	if (rank !== null) return Math.max((below ? rank : 1 - rank) * (1 - known.nullFraction), SELECTIVITY_MIN);
	if (known.minimum === null || known.maximum === null) return INEQUALITY_DEFAULT;
	const width = known.maximum - known.minimum;
	const fraction = width <= 0 ? BOOLEAN_DEFAULT : Math.min(1, Math.max(0, (place - known.minimum) / width));
	return Math.max((below ? fraction : 1 - fraction) * (1 - known.nullFraction), SELECTIVITY_MIN);
}

/** The constant on the column's axis: a timestamp compared with dates counts days. */
function placeOf(columnType: DataType | undefined, constant: Constant): number | null {
	const place = orderOf(constant.type, constant.value);
	if (place === null || columnType === undefined) return null;
	if (columnType.kind === "date" && (constant.type.kind === "timestamp" || constant.type.kind === "timestamptz")) return place / 86_400e6;
	return place;
}
