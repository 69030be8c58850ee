/** SQL types as every plan, schema and stored object names them, and the physical type that holds each in memory. */
import { unreachable } from "#shared/base/assert.ts";
import { z } from "zod";

const simpleKinds = [
	"boolean",
	"smallint",
	"integer",
	"bigint",
	"real",
	"double",
	"text",
	"bytea",
	"date",
	"time",
	"timestamp",
	"timestamptz",
	"interval",
	"uuid",
	"jsonb",
] as const;

/**
 * `numeric` with precision and scale is fixed (the coefficient alone is stored); without, it is a free NUMERIC: a coefficient of
 * at most 38 digits and a display scale per value. `varchar` and `char` count code points; `varchar` without a length is unbounded.
 */
export const DataType = z.union([
	z.object({ kind: z.enum(simpleKinds) }),
	z.object({ kind: z.literal("numeric"), precision: z.int().min(1).max(38).optional(), scale: z.int().min(0).max(38).optional() }),
	z.object({ kind: z.literal("varchar"), length: z.int().min(1).optional() }),
	z.object({ kind: z.literal("char"), length: z.int().min(1) }),
	z.object({
		kind: z.literal("array"),
		get element(): z.ZodType<DataType> {
			return DataType;
		},
	}),
]);
export type DataType =
	| { kind: (typeof simpleKinds)[number] }
	| { kind: "numeric"; precision?: number | undefined; scale?: number | undefined }
	| { kind: "varchar"; length?: number | undefined }
	| { kind: "char"; length: number }
	| { kind: "array"; element: DataType };
export type DataTypeKind = DataType["kind"];

/**
 * How a vector lies in memory (little-endian, 64-byte aligned): `bool` one byte; `i32`, `i64`, `f32`, `f64`; `i128` two i64, low first;
 * `numeric` i128 coefficients beside i32 scales; `interval` months i32, days i32, microseconds i64; `bytes` i32 offsets and bytes. An array is bytes too, which hold
 * its elements (`engine/vector/array-value.ts`).
 */
export type PhysicalType = "bool" | "i32" | "i64" | "i128" | "f32" | "f64" | "numeric" | "interval" | "bytes";

/** Bytes a value takes; `bytes` counts its offset only. */
export const PHYSICAL_BYTES: Record<PhysicalType, number> = {
	bool: 1,
	i32: 4,
	i64: 8,
	i128: 16,
	f32: 4,
	f64: 8,
	numeric: 16,
	interval: 16,
	bytes: 4,
};

/** Largest precision whose coefficient fits 64 bits. */
export const DECIMAL_I64_PRECISION_MAX = 18;
export const NUMERIC_PRECISION_MAX = 38;

export function physicalType(type: DataType): PhysicalType {
	switch (type.kind) {
		case "boolean":
			return "bool";
		case "smallint":
		case "integer":
		case "date":
			return "i32";
		case "bigint":
		case "time":
		case "timestamp":
		case "timestamptz":
			return "i64";
		case "real":
			return "f32";
		case "double":
			return "f64";
		case "uuid":
			return "i128";
		case "interval":
			return "interval";
		case "text":
		case "varchar":
		case "char":
		case "bytea":
		case "jsonb":
		case "array":
			return "bytes";
		case "numeric":
			if (type.precision === undefined) return "numeric";
			return type.precision <= DECIMAL_I64_PRECISION_MAX ? "i64" : "i128";
		default:
			return unreachable(type);
	}
}

/** PostgreSQL's name, as `format_type` prints it: `bigint`, `numeric(18,4)`, `timestamp without time zone`, `text[]`. */
export function typeName(type: DataType): string {
	switch (type.kind) {
		case "double":
			return "double precision";
		case "time":
			return "time without time zone";
		case "timestamp":
			return "timestamp without time zone";
		case "timestamptz":
			return "timestamp with time zone";
		case "numeric":
			return type.precision === undefined ? "numeric" : `numeric(${type.precision},${type.scale ?? 0})`;
		case "varchar":
			return type.length === undefined ? "character varying" : `character varying(${type.length})`;
		case "char":
			return `character(${type.length})`;
		case "array":
			return `${typeName(type.element)}[]`;
		default:
			return type.kind;
	}
}

/** Equal {@link typeName}s, without making them: operators ask for every column of every batch. */
export function sameType(left: DataType, right: DataType): boolean {
	if (left === right) return true;
	if (left.kind === "array") return right.kind === "array" && sameType(left.element, right.element);
	if (left.kind === "numeric") {
		if (right.kind !== "numeric" || left.precision !== right.precision) return false;
		return left.precision === undefined || (left.scale ?? 0) === (right.scale ?? 0);
	}
	if (left.kind === "varchar") return right.kind === "varchar" && left.length === right.length;
	if (left.kind === "char") return right.kind === "char" && left.length === right.length;
	return left.kind === right.kind;
}
