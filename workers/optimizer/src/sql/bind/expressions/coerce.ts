/** Casts: what PostgreSQL converts on its own, what it converts on request, and literals and parameters that take the type their context gives. */
import { castContext, type CastContext } from "#shared/contracts/functions/casts.ts";
import { sameType, type DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { joinArray } from "#shared/contracts/values/array-text.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { boundType, typed, type Bound } from "../bound.ts";
import { clockWord } from "./clock-words.ts";
import { bareTypeName, type StatementContext } from "../statement.ts";
import { bareType } from "../functions/type-category.ts";

const CONTEXT_RANK: Record<CastContext, number> = { implicit: 0, assignment: 1, explicit: 2 };

/** Would PostgreSQL cast `from` (null = unknown) to `to` in this context? */
export function canCoerce(from: DataType | null, to: DataType, context: CastContext): boolean {
	if (from === null) return true;
	const needed = castContext(from, to);
	return needed !== null && CONTEXT_RANK[needed] <= CONTEXT_RANK[context];
}

/** What a text stands for as `type`, a constant but for words of the clock; a length, precision or scale is applied by a cast over it. */
function constantFromText(statement: StatementContext, text: string | null, type: DataType, location: number): Expression {
	const base = bareType(type.kind === "char" ? { kind: "text" } : type);
	const fromClock = text === null ? null : clockWord(text, base);
	if (fromClock !== null) return fromClock;
	const options = { timeZone: statement.planStatement.timeZone };
	const value: SqlValue = text === null ? null : statement.at(location, () => parseValue(base, text, options));
	return { kind: "constant", value, type: base };
}

/** The value of parameter `number` as `type`; the first use decides the type for all. */
function parameterConstant(statement: StatementContext, number: number, type: DataType, location: number): Expression {
	const { values, types } = statement.parameters;
	types[number - 1] = bareType(type);
	const value = values[number - 1];
	return constantFromText(statement, parameterText(value, type), bareType(type), location);
}

/** A JSON value as the text that the type's input function reads. */
function parameterText(value: unknown, type: DataType): string | null {
	if (value === null || value === undefined) return null;
	if (typeof value === "string") return value;
	if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
	if (type.kind === "array" && Array.isArray(value)) return joinArray(value.map((element) => parameterText(element, type.element)));
	return JSON.stringify(value);
}

/**
 * `bound` as an expression of exactly `type`, by a cast if need be. The caller knows that the cast exists (see {@link canCoerce}).
 *
 * @param explicit whether SQL asked for the cast: it decides whether varchar(n) cuts or raises
 */
export function coerce(statement: StatementContext, bound: Bound, type: DataType, explicit = false): Expression {
	switch (bound.kind) {
		case "unknown":
			return castTo(constantFromText(statement, bound.text, type, bound.location), type, explicit);
		case "parameter":
			return castTo(parameterConstant(statement, bound.number, type, bound.location), type, explicit);
		case "typed":
			return castTo(bound.expression, type, explicit);
	}
}

function castTo(input: Expression, type: DataType, explicit: boolean): Expression {
	if (sameType(input.type, type)) return input;
	if (input.kind === "constant" && input.value === null) return { ...input, type };
	// A text constant is a varchar one as it stands.
	if (input.kind === "constant" && input.type.kind === "text" && type.kind === "varchar" && type.length === undefined)
		return { ...input, type };
	return { kind: "cast", input, type, explicit };
}

/** Coerces where PostgreSQL would by itself. @returns null where it would not */
export function tryCoerce(statement: StatementContext, bound: Bound, type: DataType, context: CastContext): Expression | null {
	return canCoerce(boundType(bound), type, context) ? coerce(statement, bound, type, context === "explicit") : null;
}

/** A boolean argument of `construct` (WHERE, AND, CASE/WHEN ...). @throws datatype_mismatch (42804) */
export function coerceBoolean(statement: StatementContext, bound: Bound, construct: string): Expression {
	return coerceArgument(statement, bound, { kind: "boolean" }, construct);
}

/** @throws datatype_mismatch (42804): `argument of LIMIT must be type bigint, not type text` */
export function coerceArgument(statement: StatementContext, bound: Bound, type: DataType, construct: string): Expression {
	const coerced = tryCoerce(statement, bound, type, "assignment");
	if (coerced !== null && (type.kind !== "boolean" || boundType(bound) === null || boundType(bound)?.kind === "boolean")) return coerced;
	throw statement.error(
		"datatype_mismatch",
		`argument of ${construct} must be type ${bareTypeName(type)}, not type ${bareTypeName(boundType(bound))}`,
		bound.location,
	);
}

/** CAST and `::`. @throws cannot_coerce (42846) */
export function bindExplicitCast(statement: StatementContext, bound: Bound, type: DataType, location: number): Bound {
	const from = boundType(bound);
	if (!canCoerce(from, type, "explicit")) {
		throw statement.error("cannot_coerce", `cannot cast type ${bareTypeName(from)} to ${bareTypeName(type)}`, location);
	}
	return typed(coerce(statement, bound, type, true), location);
}

/** An expression whose type nothing decided is text, as in PostgreSQL since version 10. */
export function settle(statement: StatementContext, bound: Bound): Expression {
	return bound.kind === "typed" ? bound.expression : coerce(statement, bound, { kind: "text" });
}
