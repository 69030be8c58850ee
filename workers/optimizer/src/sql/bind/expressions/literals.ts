/** Literals and parameters. Numbers take their type from their size; quoted texts and NULL wait for their context. */
import type { A_Const, ParamRef, TypeCast } from "libpg-query";
import { isLittoralError } from "#shared/base/errors.ts";
import { typeName, type DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { as, leftmost } from "../../parse/ast.ts";
import { bindArray } from "./arrays.ts";
import { typed, type Bound } from "../bound.ts";
import { bindExplicitCast, coerce } from "./coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { type RowShape, rowShape, rowText } from "./row-values.ts";
import type { StatementContext } from "../statement.ts";
import { bindTypeName, intervalModifier } from "./type-name.ts";
import { withModifier } from "./interval-fields.ts";

const INT4_MIN = -(2n ** 31n);
const INT8_MIN = -(2n ** 63n);
const INT8_MAX = 2n ** 63n - 1n;

export function bindConstant(statement: StatementContext, constant: A_Const): Bound {
	const location = constant.location ?? 0;
	if (constant.isnull) return { kind: "unknown", text: null, location };
	if (constant.sval !== undefined) return { kind: "unknown", text: constant.sval.sval ?? "", location };
	if (constant.boolval !== undefined) {
		return typed({ kind: "constant", value: constant.boolval.boolval ?? false, type: { kind: "boolean" } }, location);
	}
	if (constant.ival !== undefined) return typed({ kind: "constant", value: constant.ival.ival ?? 0, type: { kind: "integer" } }, location);
	if (constant.fval !== undefined) {
		const text = (constant.fval.fval ?? "0").replaceAll("_", "");
		if (/^[-+]?(\d+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(text)) {
			const whole = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text.replace("+", ""));
			// Only -2147483648 gets here as a text: the grammar negates what it could not read as an integer.
			if (whole === INT4_MIN) return typed({ kind: "constant", value: Number(whole), type: { kind: "integer" } }, location);
			if (whole >= INT8_MIN && whole <= INT8_MAX) return typed({ kind: "constant", value: whole, type: { kind: "bigint" } }, location);
		}
		const value = numericValue(text);
		// What a NUMERIC cannot hold here raises where it is evaluated: what is wrong with the statement itself is said first.
		const literal: Expression = { kind: "constant", value: text, type: { kind: "text" } };
		if (value === null) return typed({ kind: "cast", input: literal, type: { kind: "numeric" }, explicit: true }, location);
		return typed({ kind: "constant", value, type: { kind: "numeric" } }, location);
	}
	throw statement.unsupported("a bit string", location);
}

/** @returns null beyond what a NUMERIC holds */
function numericValue(text: string): SqlValue {
	try {
		return parseValue({ kind: "numeric" }, text);
	} catch (error) {
		if (isLittoralError(error) && error.code === "numeric_value_out_of_range") return null;
		throw error;
	}
}

/** @throws undefined_parameter (42P02) */
export function bindParameter(statement: StatementContext, parameter: ParamRef): Bound {
	const number = parameter.number ?? 0;
	const location = parameter.location ?? 0;
	const { values, types } = statement.parameters;
	if (number < 1 || number > values.length) throw statement.error("undefined_parameter", `there is no parameter $${number}`, location);
	const bound: Bound = { kind: "parameter", number, location };
	const known = types[number - 1];
	return known === undefined ? bound : typed(coerce(statement, bound, known), location);
}

/** CAST(x AS t), x::t and typed literals such as DATE '2026-01-31'. */
export function bindTypeCast(environment: ExpressionEnvironment, cast: TypeCast): Bound {
	const { statement } = environment;
	if (cast.typeName === undefined || cast.arg === undefined) throw statement.unsupported("this cast");
	const type = bindTypeName(statement, cast.typeName);
	const array = as(cast.arg, "A_ArrayExpr");
	const row = rowShape(environment, cast.arg);
	if (row !== null) return bindRowCast(statement, row, type, cast.location ?? 0);
	let input = array !== undefined && type.kind === "array" ? bindArray(environment, array, type.element) : environment.bind(cast.arg);
	if (type.kind === "interval") {
		const modifier = intervalModifier(cast.typeName);
		if (modifier !== null) input = withModifier(statement, input, modifier);
	}
	const own = cast.location ?? 0;
	const location = leftmost(own, leftmost(input.location, cast.typeName.location ?? 0));
	// `cannot cast type` points at the cast itself for ::, at the keyword for CAST.
	const bound = bindExplicitCast(statement, input, type, own);
	return { ...bound, location };
}

function bindRowCast(statement: StatementContext, row: RowShape, type: DataType, location: number): Bound {
	if (type.kind !== "text" && type.kind !== "varchar" && type.kind !== "char") {
		throw statement.error("cannot_coerce", `cannot cast type record to ${typeName(type)}`, location);
	}
	return { ...bindExplicitCast(statement, typed(rowText(statement, row), row.location), type, location), location: row.location };
}
