/** Expressions over one column: what is computed once per entry of a dictionary is what is computed row by row, errors included. */
import { isLittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createEngine } from "../kernels/kernels.ts";
import { Lease } from "../memory/lease.ts";
import { readRows, readValue } from "../vector/read.ts";
import { type BatchSpec, batchesOf, buildBatch, type ColumnSpec } from "../vector/vectors.fixture.ts";
import { compileExpression } from "./compile.ts";
import { STATEMENT } from "./oracle.fixture.ts";
import { compilePredicate } from "./predicate.ts";
import { singleColumn } from "./single-column.ts";

const engine = createEngine({ pageCount: 256 });
const options = { engine, statement: STATEMENT };

const INTEGER: DataType = { kind: "integer" };
const BOOLEAN = { kind: "boolean" } as const;
const TEXT: DataType = { kind: "text" };

const x: Expression = { kind: "column", index: 0, type: INTEGER };
const integer = (value: number | null): Expression => ({ kind: "constant", value, type: INTEGER });
const text = (value: string | null): Expression => ({ kind: "constant", value, type: TEXT });
const call = (functionId: string, type: DataType, ...args: Expression[]): Expression => ({
	kind: "call",
	functionId,
	arguments: args,
	type,
});

const { number: NUMBER, truth: TRUTH } = fc.letrec<{ number: Expression; truth: Expression }>((tie) => ({
	number: fc.oneof(
		{ maxDepth: 3, depthIdentifier: "expression" },
		fc.constant(x),
		fc.option(fc.integer({ min: -2, max: 2 })).map(integer),
		fc.tuple(tie("number"), tie("number")).map(([left, right]) => call("add(integer,integer)", INTEGER, left, right)),
		fc.tuple(tie("number"), tie("number")).map(([left, right]) => call("divide(integer,integer)", INTEGER, left, right)),
		fc
			.tuple(tie("truth"), tie("number"), tie("number"))
			.map(([when, then, otherwise]): Expression => ({ kind: "case", branches: [{ when, then }], otherwise, type: INTEGER })),
		fc.tuple(tie("number"), tie("number")).map((args): Expression => ({ kind: "coalesce", arguments: args, type: INTEGER })),
	),
	truth: fc.oneof(
		{ maxDepth: 3, depthIdentifier: "expression" },
		fc.tuple(tie("number"), tie("number")).map(([left, right]) => call("lt(integer,integer)", BOOLEAN, left, right)),
		tie("number").map((input): Expression => ({ kind: "is_null", input, negated: false, type: BOOLEAN })),
		tie("number").map((input): Expression => ({ kind: "in_list", input, values: [1, 2, null], negated: true, type: BOOLEAN })),
		tie("truth").map((input): Expression => ({ kind: "not", input, type: BOOLEAN })),
		fc.tuple(tie("truth"), tie("truth")).map((args): Expression => ({ kind: "and", arguments: args, type: BOOLEAN })),
		fc.tuple(tie("truth"), tie("truth")).map((args): Expression => ({ kind: "or", arguments: args, type: BOOLEAN })),
	),
}));

/** A CASE of texts, as a group key or an argument. */
const CLASS = fc.tuple(TRUTH, TRUTH, fc.option(fc.constantFrom("short", ""))).map(
	([first, second, otherwise]): Expression => ({
		kind: "case",
		branches: [
			{ when: first, then: text("a") },
			{ when: second, then: text(null) },
		],
		otherwise: text(otherwise),
		type: TEXT,
	}),
);

/** Both batches' values, evaluated by one expression, or the error's message. */
function evaluate(expression: Expression, specs: BatchSpec[], encoding: ColumnSpec["encoding"]): (SqlValue[] | string)[] {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		const compiled = compileExpression(expression, options);
		return specs.map((spec) => {
			const region = lease.region();
			const batch = buildBatch(engine, region, { ...spec, columns: spec.columns.map((column) => ({ ...column, encoding })) });
			try {
				const vector = compiled.evaluate(batch, region);
				const positions = spec.selection ?? Array.from({ length: spec.rowCount }, (_, row) => row);
				return positions.map((row) => readValue(engine, vector, row));
			} catch (error) {
				if (!isLittoralError(error)) throw error;
				return error.message;
			}
		});
	} finally {
		lease.release();
		expect(engine.arena.leasedPageCount).toBe(0);
	}
}

test.each([
	["a number", NUMBER],
	["a truth", TRUTH],
	["a text", CLASS],
])("%s of a dictionary is what it is row by row", (_, expressions) => {
	fc.assert(
		fc.property(expressions, fc.array(batchesOf([INTEGER]), { minLength: 1, maxLength: 3 }), (expression, specs) => {
			expect(evaluate(expression, specs, "dictionary")).toEqual(evaluate(expression, specs, "flat"));
		}),
		{ numRuns: 500 },
	);
});

/** The same of column 1. */
const ofSecond = (expression: Expression): Expression =>
	JSON.parse(JSON.stringify(expression).replaceAll('"kind":"column","index":0', '"kind":"column","index":1')) as Expression;

test("a predicate of parts over one column or another keeps the same rows", () => {
	const parts = fc.array(fc.oneof(TRUTH, TRUTH.map(ofSecond)), { minLength: 1, maxLength: 4 });
	const conjunctions = parts.map((args): Expression => ({ kind: "and", arguments: args, type: BOOLEAN }));
	fc.assert(
		fc.property(conjunctions, batchesOf([INTEGER, INTEGER]), (expression, spec) => {
			const kept = (encoding: ColumnSpec["encoding"]): SqlValue[][] | string => {
				const lease = new Lease(engine.arena, { owner: "test" });
				try {
					const region = lease.region();
					const batch = buildBatch(engine, region, { ...spec, columns: spec.columns.map((column) => ({ ...column, encoding })) });
					return readRows(engine, compilePredicate(expression, options).select(batch, region));
				} catch (error) {
					if (!isLittoralError(error)) throw error;
					return error.message;
				} finally {
					lease.release();
				}
			};
			expect(kept("dictionary")).toEqual(kept("flat"));
		}),
		{ numRuns: 500 },
	);
});

describe("what is computed once per entry", () => {
	const y: Expression = { kind: "column", index: 1, type: INTEGER };
	test.each([
		["a column named twice", call("add(integer,integer)", INTEGER, x, x), 0],
		["no column", integer(1), null],
		["two columns", call("add(integer,integer)", INTEGER, x, y), null],
		["a function that never gives the same", call("random()", { kind: "double" }), null],
		["one inside", { kind: "coalesce", arguments: [x, call("random()", { kind: "double" })], type: INTEGER } as Expression, null],
	])("%s", (_, expression, expected) => {
		expect(singleColumn(expression)).toBe(expected);
	});
	test("a CASE stays a dictionary, the same for all batches of one", () => {
		const lease = new Lease(engine.arena, { owner: "test" });
		try {
			const spec: ColumnSpec = { type: INTEGER, encoding: "dictionary", values: [1, 2, 1, null] };
			const batch = buildBatch(engine, lease.region(), { rowCount: 4, columns: [spec], selection: null });
			const isNull: Expression = { kind: "is_null", input: x, negated: false, type: BOOLEAN };
			const compiled = compileExpression(
				{ kind: "case", branches: [{ when: isNull, then: text("none") }], otherwise: text("some"), type: TEXT },
				options,
			);
			const [first, second] = [compiled.evaluate(batch, lease.region()), compiled.evaluate(batch, lease.region())];
			expect(first.kind === "dictionary" && second.kind === "dictionary" && first.dictionary === second.dictionary).toBe(true);
			expect([0, 1, 2, 3].map((row) => readValue(engine, second, row))).toEqual(["some", "some", "some", "none"]);
		} finally {
			lease.release();
		}
	});
});
