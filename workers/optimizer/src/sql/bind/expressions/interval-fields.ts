/**
 * INTERVAL with fields (`DAY TO HOUR`) and with a precision of seconds: the fields say what a literal's bare numbers are, and what is below the last is cut off.
 * Source: PostgreSQL, DecodeInterval and AdjustIntervalForTypmod.
 */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { IntervalValue } from "#shared/contracts/value.ts";
import { parseInterval } from "#shared/contracts/values/interval-text.ts";
import { type Bound, typed } from "../bound.ts";
import type { StatementContext } from "../statement.ts";
import type { IntervalField, IntervalModifier } from "./type-name.ts";

/** @throws feature_not_supported (0A000) for most expressions, interval_field_overflow, invalid_datetime_format (22007), invalid_parameter_value (22023) */
export function withModifier(statement: StatementContext, input: Bound, { range, precision }: IntervalModifier): Bound {
	const { location } = input;
	if (input.kind === "unknown" && input.text === null) return input;
	if (precision !== null && precision > 6) throw statement.unsupported("a precision of INTERVAL above 6", location);
	if (input.kind === "typed" && input.expression.kind !== "constant" && input.expression.type.kind === "interval" && range !== null) {
		if (precision !== null) throw statement.unsupported("a precision of INTERVAL on an expression", location);
		if (range.last === "second") return input;
		const field: Expression = { kind: "constant", value: range.last, type: { kind: "text" } };
		const { type } = input.expression;
		return typed({ kind: "call", functionId: "date_trunc(text,interval)", arguments: [field, input.expression], type }, location);
	}
	const isConstant = input.kind === "typed" && input.expression.kind === "constant" && input.expression.type.kind === "interval";
	if (input.kind !== "unknown" && !isConstant) throw statement.unsupported("INTERVAL fields on an expression", location);
	const value =
		input.kind === "unknown"
			? statement.at(location, () => parseInterval(range === null ? (input.text as string) : withUnits(input.text as string, range)))
			: (input.expression as { value: IntervalValue | null }).value;
	if (value === null) return input;
	const cut = range === null ? value : cutBelow(value, range.last);
	return typed({ kind: "constant", value: precision === null ? cut : rounded(cut, precision), type: { kind: "interval" } }, location);
}

/** The text with the units that its bare numbers have. */
function withUnits(text: string, { first, last }: NonNullable<IntervalModifier["range"]>): string {
	const trimmed = text.trim();
	if (/^[-+]?\d+(\.\d*)?$/.test(trimmed)) return `${trimmed} ${last}`;
	// What stands before an hour is days.
	const pair = last === "hour" ? /^([-+]?\d+)\s+([-+]?\d+(?:\.\d*)?)$/.exec(trimmed) : null;
	if (pair !== null) return `${pair[1]} day ${pair[2]} hour`;
	const minutes = first === "minute" && last === "second" ? /^([-+]?)(\d+:\d+(?:\.\d*)?)$/.exec(trimmed) : null;
	return minutes === null ? trimmed : `${minutes[1]}0:${minutes[2]}`;
}

/** Whole multiples of the field that are kept of microseconds. */
const STEPS: Partial<Record<IntervalField, bigint>> = { hour: 3_600_000_000n, minute: 60_000_000n };

function cutBelow({ months, days, microseconds }: IntervalValue, last: IntervalField): IntervalValue {
	switch (last) {
		case "year":
			return { months: months - (months % 12), days: 0, microseconds: 0n };
		case "month":
			return { months, days: 0, microseconds: 0n };
		case "day":
			return { months, days, microseconds: 0n };
		default:
			return { months, days, microseconds: microseconds - (microseconds % (STEPS[last] ?? 1n)) };
	}
}

/** Half away from zero. */
function rounded({ months, days, microseconds }: IntervalValue, precision: number): IntervalValue {
	const unit = 10n ** BigInt(6 - precision);
	const half = microseconds < 0n ? -(unit / 2n) : unit / 2n;
	return { months, days, microseconds: unit === 1n ? microseconds : ((microseconds + half) / unit) * unit };
}
