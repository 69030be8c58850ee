/** From a type as SQL spells it to a {@link DataType}. The grammar has already turned `int` into `pg_catalog.int4` and so on. */
import type { Node, TypeName } from "libpg-query";
import { NUMERIC_PRECISION_MAX, type DataType } from "#shared/contracts/data-type.ts";
import { as, strings } from "../../parse/ast.ts";
import type { StatementContext } from "../statement.ts";

const SIMPLE: Record<string, DataType> = {
	bool: { kind: "boolean" },
	boolean: { kind: "boolean" },
	int2: { kind: "smallint" },
	int4: { kind: "integer" },
	int8: { kind: "bigint" },
	float4: { kind: "real" },
	float8: { kind: "double" },
	text: { kind: "text" },
	bytea: { kind: "bytea" },
	date: { kind: "date" },
	time: { kind: "time" },
	timestamp: { kind: "timestamp" },
	timestamptz: { kind: "timestamptz" },
	interval: { kind: "interval" },
	uuid: { kind: "uuid" },
	jsonb: { kind: "jsonb" },
	// See contracts/functions/json-names.ts.
	json: { kind: "jsonb" },
};
/** Types of PostgreSQL that Littoral knows of and does not have. */
const KNOWN_UNSUPPORTED = new Set([
	"timetz",
	"bit",
	"varbit",
	"money",
	"inet",
	"cidr",
	"xml",
	"point",
	"oid",
	"name",
	"regclass",
	"tsvector",
]);

/** The type named; `interval` fields are in {@link intervalFields}. @throws undefined_object (42704), feature_not_supported, invalid_parameter_value */
export function bindTypeName(statement: StatementContext, name: TypeName): DataType {
	const location = name.location ?? 0;
	const parts = strings(name.names);
	const base = parts[parts.length - 1] ?? "";
	if (parts.length > 1 && parts[0] !== "pg_catalog") {
		throw statement.error("invalid_schema_name", `schema "${parts[0] ?? ""}" does not exist`, location);
	}
	if ((name.arrayBounds ?? []).length > 0) {
		// Neither the number of dimensions nor their bounds are part of a type, as in PostgreSQL.
		const { arrayBounds: _, ...element } = name;
		return { kind: "array", element: bindTypeName(statement, element) };
	}
	const modifiers = (name.typmods ?? []).map((node) => integerOf(statement, node, location));
	const simple = SIMPLE[base];
	if (simple !== undefined) {
		const takesPrecision = simple.kind === "time" || simple.kind === "timestamp" || simple.kind === "timestamptz";
		if (modifiers.length > 0 && simple.kind !== "interval" && !(takesPrecision && modifiers[0] === 6)) {
			if (takesPrecision) throw statement.unsupported(`a precision of ${base} other than 6`, location);
			throw statement.error("syntax_error", `type modifier is not allowed for type "${base}"`, location);
		}
		return simple;
	}
	switch (base) {
		case "numeric":
			return numericType(statement, modifiers, location);
		case "varchar":
			return modifiers.length === 0
				? { kind: "varchar" }
				: { kind: "varchar", length: lengthOf(statement, "varchar", modifiers, location) };
		case "bpchar":
			return modifiers.length === 0 ? { kind: "text" } : { kind: "char", length: lengthOf(statement, "char", modifiers, location) };
		default:
			if (KNOWN_UNSUPPORTED.has(base)) throw statement.unsupported(`type ${base}`, location);
			throw statement.error("undefined_object", `type "${parts.join(".")}" does not exist`, location);
	}
}

function numericType(statement: StatementContext, modifiers: number[], location: number): DataType {
	const [precision, scale = 0] = modifiers;
	if (precision === undefined) return { kind: "numeric" };
	if (modifiers.length > 2) throw statement.error("invalid_parameter_value", "invalid NUMERIC type modifier", location);
	if (precision < 1 || precision > 1000) {
		throw statement.error("invalid_parameter_value", `NUMERIC precision ${precision} must be between 1 and 1000`, location);
	}
	if (scale < -1000 || scale > 1000)
		throw statement.error("invalid_parameter_value", `NUMERIC scale ${scale} must be between -1000 and 1000`, location);
	if (precision > NUMERIC_PRECISION_MAX) throw statement.unsupported(`a NUMERIC precision above ${NUMERIC_PRECISION_MAX}`, location);
	if (scale < 0 || scale > precision) throw statement.unsupported("a NUMERIC scale outside 0 to the precision", location);
	return { kind: "numeric", precision, scale };
}

function lengthOf(statement: StatementContext, name: string, modifiers: number[], location: number): number {
	const length = modifiers[0] ?? 0;
	if (length < 1) throw statement.error("invalid_parameter_value", `length for type ${name} must be at least 1`, location);
	if (length > 10_485_760) throw statement.error("invalid_parameter_value", `length for type ${name} cannot exceed 10485760`, location);
	return length;
}

function integerOf(statement: StatementContext, node: Node, location: number): number {
	const constant = as(node, "A_Const");
	if (constant?.ival === undefined) {
		throw statement.error("syntax_error", "type modifiers must be simple constants or identifiers", location);
	}
	return constant.ival.ival ?? 0;
}

/** Fields of an interval, by the bits that PostgreSQL gives them. */
const INTERVAL_FIELDS = [
	["year", 2],
	["month", 1],
	["day", 3],
	["hour", 10],
	["minute", 11],
	["second", 12],
] as const;
const INTERVAL_FULL_RANGE = 0x7fff;

export type IntervalField = (typeof INTERVAL_FIELDS)[number][0];
/** INTERVAL DAY TO SECOND (3): the first and last field, null for all, and the digits of a second. */
export interface IntervalModifier {
	range: { first: IntervalField; last: IntervalField } | null;
	precision: number | null;
}

/** @returns null where the type has neither */
export function intervalModifier(name: TypeName): IntervalModifier | null {
	const [mask, precision = null] = (name.typmods ?? []).map((node) => as(node, "A_Const")?.ival?.ival ?? 0);
	if (mask === undefined) return null;
	const fields = INTERVAL_FIELDS.filter(([, bit]) => (mask & (1 << bit)) !== 0).map(([field]) => field);
	const [first, last] = [fields[0], fields.at(-1)];
	const range = mask === INTERVAL_FULL_RANGE || first === undefined || last === undefined ? null : { first, last };
	return range === null && precision === null ? null : { range, precision };
}
