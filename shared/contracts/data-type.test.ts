import { expect, test } from "vitest";
import { type DataType, physicalType, sameType, typeName } from "./data-type.ts";

const NAMES: [DataType, string, string][] = [
	[{ kind: "boolean" }, "boolean", "bool"],
	[{ kind: "smallint" }, "smallint", "i32"],
	[{ kind: "integer" }, "integer", "i32"],
	[{ kind: "date" }, "date", "i32"],
	[{ kind: "bigint" }, "bigint", "i64"],
	[{ kind: "time" }, "time without time zone", "i64"],
	[{ kind: "timestamp" }, "timestamp without time zone", "i64"],
	[{ kind: "timestamptz" }, "timestamp with time zone", "i64"],
	[{ kind: "real" }, "real", "f32"],
	[{ kind: "double" }, "double precision", "f64"],
	[{ kind: "numeric" }, "numeric", "numeric"],
	[{ kind: "numeric", precision: 18, scale: 4 }, "numeric(18,4)", "i64"],
	[{ kind: "numeric", precision: 19 }, "numeric(19,0)", "i128"],
	[{ kind: "uuid" }, "uuid", "i128"],
	[{ kind: "interval" }, "interval", "interval"],
	[{ kind: "text" }, "text", "bytes"],
	[{ kind: "varchar" }, "character varying", "bytes"],
	[{ kind: "varchar", length: 5 }, "character varying(5)", "bytes"],
	[{ kind: "char", length: 1 }, "character(1)", "bytes"],
	[{ kind: "bytea" }, "bytea", "bytes"],
	[{ kind: "jsonb" }, "jsonb", "bytes"],
	[{ kind: "array", element: { kind: "text" } }, "text[]", "bytes"],
];

test.each(NAMES)("%j has PostgreSQL's name and its physical type", (type, name, physical) => {
	expect([typeName(type), physicalType(type)]).toEqual([name, physical]);
});

test("types are the same when their names are", () => {
	for (const [left, leftName] of NAMES) {
		for (const [right, rightName] of NAMES) expect(sameType(left, right)).toBe(leftName === rightName);
	}
});
