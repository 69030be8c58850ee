/** Where a constant lies among the values of a column's type, whose bounds the statistics hold. */
import { sameType, type DataType } from "../data-type.ts";
import { encodeBound, hasBounds } from "../bound.ts";
import type { NumericValue, SqlValue } from "../value.ts";

/**
 * `bytes` is the bound of the greatest value of the column's type that is not above the constant; `exact` says that it equals it.
 * A constant outside the type's values is `below` or `above` all of them.
 */
export type ConstantPlace = { kind: "at"; bytes: Uint8Array; exact: boolean } | { kind: "below" } | { kind: "above" };

const INTEGER_LIMITS: Partial<Record<DataType["kind"], bigint>> = { smallint: 2n ** 15n, integer: 2n ** 31n, bigint: 2n ** 63n };
const MICROSECONDS_PER_DAY = 86_400_000_000n;

/** @returns null where the two types cannot be compared by bounds, and for NULL and NaN */
export function placeConstant(columnType: DataType, value: SqlValue, valueType: DataType): ConstantPlace | null {
	if (value === null || !hasBounds(columnType) || columnType.kind === "char" || valueType.kind === "char") return null;
	if (isText(columnType) && isText(valueType)) return at(columnType, value);
	const columnLimit = INTEGER_LIMITS[columnType.kind];
	if (columnLimit !== undefined) {
		const number = asNumeric(value, valueType);
		return number === null ? null : placeInteger(columnType, columnLimit, number);
	}
	if (columnType.kind === "numeric") {
		const number = asNumeric(value, valueType);
		return number === null ? null : placeDecimal(columnType, number);
	}
	if (columnType.kind === "date" && valueType.kind === "timestamp") {
		const microseconds = value as bigint;
		const day = floorDivide(microseconds, MICROSECONDS_PER_DAY);
		const bytes = encodeBound(columnType, Number(day));
		return bytes === null ? null : { kind: "at", bytes, exact: day * MICROSECONDS_PER_DAY === microseconds };
	}
	return sameType(columnType, valueType) ? at(columnType, value) : null;
}

function at(type: DataType, value: SqlValue): ConstantPlace | null {
	const bytes = encodeBound(type, value);
	return bytes === null ? null : { kind: "at", bytes, exact: true };
}

function isText(type: DataType): boolean {
	return type.kind === "text" || type.kind === "varchar";
}

function asNumeric(value: SqlValue, type: DataType): NumericValue | null {
	switch (type.kind) {
		case "smallint":
		case "integer":
			return { coefficient: BigInt(value as number), scale: 0 };
		case "bigint":
			return { coefficient: value as bigint, scale: 0 };
		case "numeric":
			return value as NumericValue;
		default:
			return null;
	}
}

function placeInteger(type: DataType, limit: bigint, number: NumericValue): ConstantPlace | null {
	const unit = 10n ** BigInt(number.scale);
	const whole = floorDivide(number.coefficient, unit);
	if (whole >= limit) return { kind: "above" };
	if (whole < -limit) return { kind: "below" };
	const bytes = encodeBound(type, type.kind === "bigint" ? whole : Number(whole));
	return bytes === null ? null : { kind: "at", bytes, exact: whole * unit === number.coefficient };
}

function placeDecimal(type: Extract<DataType, { kind: "numeric" }>, number: NumericValue): ConstantPlace | null {
	if (type.precision === undefined) return null;
	const scale = type.scale ?? 0;
	const shift = 10n ** BigInt(Math.max(number.scale - scale, 0));
	const scaled = number.coefficient * 10n ** BigInt(Math.max(scale - number.scale, 0));
	const whole = floorDivide(scaled, shift);
	const limit = 10n ** BigInt(type.precision);
	if (whole >= limit) return { kind: "above" };
	if (whole <= -limit) return { kind: "below" };
	const bytes = encodeBound(type, { coefficient: whole, scale });
	return bytes === null ? null : { kind: "at", bytes, exact: whole * shift === scaled };
}

function floorDivide(value: bigint, divisor: bigint): bigint {
	const quotient = value / divisor;
	return value % divisor < 0n ? quotient - 1n : quotient;
}
