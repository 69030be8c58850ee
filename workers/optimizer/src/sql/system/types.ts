/** How PostgreSQL's own tables describe a type: name, number, modifier, and what information_schema says of it. */
import type { DataType, DataTypeKind } from "#shared/contracts/data-type.ts";

interface PgType {
	oid: number;
	arrayOid: number;
	name: string;
	/** Bytes of a value; -1 where it varies. */
	length: number;
	category: string;
}

/** @see PostgreSQL's src/include/catalog/pg_type.dat */
export const PG_TYPES: Record<Exclude<DataTypeKind, "array">, PgType> = {
	boolean: { oid: 16, arrayOid: 1000, name: "bool", length: 1, category: "B" },
	bytea: { oid: 17, arrayOid: 1001, name: "bytea", length: -1, category: "U" },
	bigint: { oid: 20, arrayOid: 1016, name: "int8", length: 8, category: "N" },
	smallint: { oid: 21, arrayOid: 1005, name: "int2", length: 2, category: "N" },
	integer: { oid: 23, arrayOid: 1007, name: "int4", length: 4, category: "N" },
	text: { oid: 25, arrayOid: 1009, name: "text", length: -1, category: "S" },
	real: { oid: 700, arrayOid: 1021, name: "float4", length: 4, category: "N" },
	double: { oid: 701, arrayOid: 1022, name: "float8", length: 8, category: "N" },
	char: { oid: 1042, arrayOid: 1014, name: "bpchar", length: -1, category: "S" },
	varchar: { oid: 1043, arrayOid: 1015, name: "varchar", length: -1, category: "S" },
	date: { oid: 1082, arrayOid: 1182, name: "date", length: 4, category: "D" },
	time: { oid: 1083, arrayOid: 1183, name: "time", length: 8, category: "D" },
	timestamp: { oid: 1114, arrayOid: 1115, name: "timestamp", length: 8, category: "D" },
	timestamptz: { oid: 1184, arrayOid: 1185, name: "timestamptz", length: 8, category: "D" },
	interval: { oid: 1186, arrayOid: 1187, name: "interval", length: 16, category: "T" },
	numeric: { oid: 1700, arrayOid: 1231, name: "numeric", length: -1, category: "N" },
	uuid: { oid: 2950, arrayOid: 2951, name: "uuid", length: 16, category: "U" },
	jsonb: { oid: 3802, arrayOid: 3807, name: "jsonb", length: -1, category: "U" },
};

export function pgTypeOf(type: DataType): { oid: number; name: string; length: number } {
	if (type.kind !== "array") return PG_TYPES[type.kind];
	const element = type.element.kind === "array" ? PG_TYPES.text : PG_TYPES[type.element.kind];
	return { oid: element.arrayOid, name: `_${element.name}`, length: -1 };
}

/** pg_attribute.atttypmod: a length or precision and scale with a header of 4; -1 without. */
export function typeModifier(type: DataType): number {
	if ((type.kind === "varchar" || type.kind === "char") && type.length !== undefined) return type.length + 4;
	if (type.kind === "numeric" && type.precision !== undefined) return ((type.precision << 16) | (type.scale ?? 0)) + 4;
	return -1;
}

/** Bits of a binary number, digits of a decimal one. */
export function numericPrecision(type: DataType): { precision: number | null; radix: number | null; scale: number | null } {
	switch (type.kind) {
		case "smallint":
			return { precision: 16, radix: 2, scale: 0 };
		case "integer":
			return { precision: 32, radix: 2, scale: 0 };
		case "bigint":
			return { precision: 64, radix: 2, scale: 0 };
		case "real":
			return { precision: 24, radix: 2, scale: null };
		case "double":
			return { precision: 53, radix: 2, scale: null };
		case "numeric":
			return { precision: type.precision ?? null, radix: 10, scale: type.precision === undefined ? null : (type.scale ?? 0) };
		default:
			return { precision: null, radix: null, scale: null };
	}
}
