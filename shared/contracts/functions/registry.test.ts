import { expect, test } from "vitest";
import type { DataType } from "../data-type.ts";
import { castContext } from "./casts.ts";
import { SIGNATURES, signatureById, signaturesByName } from "./registry.ts";
import { OPERATOR_FUNCTIONS } from "./signature.ts";

test("ids are unique and say name and arguments", () => {
	expect(new Set(SIGNATURES.map((signature) => signature.id)).size).toBe(SIGNATURES.length);
	expect(signatureById("add(integer,integer)")?.result([])).toEqual({ kind: "integer" });
	expect(signatureById("concat(any...)")?.variadic).toBe(true);
	expect(signatureById("nothing()")).toBeUndefined();
	expect(signaturesByName("count").map((signature) => signature.id)).toEqual(["count()", "count(any)"]);
});

test("every operator names a function that exists, with its number of arguments", () => {
	for (const [arity, names] of [
		[1, OPERATOR_FUNCTIONS.unary],
		[2, OPERATOR_FUNCTIONS.binary],
	] as const) {
		for (const name of Object.values(names)) {
			expect(
				signaturesByName(name).some((signature) => signature.kind === "scalar" && signature.arguments.length === arity),
				name,
			).toBe(true);
		}
	}
});

const numeric: DataType = { kind: "numeric", precision: 10, scale: 2 };
test.each([
	[{ kind: "integer" }, { kind: "bigint" }, "implicit"],
	[{ kind: "bigint" }, { kind: "integer" }, "assignment"],
	[{ kind: "boolean" }, { kind: "integer" }, "explicit"],
	[{ kind: "boolean" }, { kind: "bigint" }, null],
	[numeric, { kind: "double" }, "implicit"],
	[{ kind: "double" }, numeric, "assignment"],
	[numeric, { kind: "numeric" }, "implicit"],
	[{ kind: "date" }, { kind: "timestamptz" }, "implicit"],
	[{ kind: "timestamp" }, { kind: "date" }, "assignment"],
	[{ kind: "date" }, { kind: "integer" }, null],
	[{ kind: "text" }, { kind: "integer" }, "explicit"],
	[{ kind: "integer" }, { kind: "varchar", length: 3 }, "assignment"],
	[{ kind: "char", length: 3 }, { kind: "text" }, "implicit"],
	[{ kind: "uuid" }, { kind: "bytea" }, null],
	[{ kind: "array", element: { kind: "integer" } }, { kind: "array", element: { kind: "bigint" } }, "implicit"],
] satisfies [DataType, DataType, string | null][])("%j casts to %j: %s", (from, to, context) => {
	expect(castContext(from, to)).toBe(context);
});
