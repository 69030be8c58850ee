/** The kernels against their twins in kernels/reference: NULL patterns, encodings, selections, batch sizes up to 2048, extremes. */
import { isLittoralError } from "#shared/base/errors.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createEngine } from "../kernels/kernels.ts";
import { type ArithmeticName, integerArithmetic, numericArithmetic } from "../kernels/reference/arithmetic.ts";
import { compareValues } from "../kernels/reference/comparison.ts";
import { conjunction, disjunction, type Truth } from "../kernels/reference/logic.ts";
import { Lease } from "../memory/lease.ts";
import { readValue } from "../vector/read.ts";
import { type BatchSpec, batchesOf, buildBatch, liveRows, SCALAR_TYPES } from "../vector/vectors.fixture.ts";
import { compileExpression } from "./compile.ts";
import { STATEMENT } from "./oracle.fixture.ts";
import { compilePredicate } from "./predicate.ts";

const engine = createEngine({ pageCount: 256 });

/** The expression's values over the live rows, or the message that it raises. */
function evaluate(spec: BatchSpec, expression: Expression): SqlValue[] | string {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		const region = lease.region();
		const batch = buildBatch(engine, region, spec);
		const vector = compileExpression(expression, { engine, statement: STATEMENT }).evaluate(batch, region);
		return positions(spec).map((row) => readValue(engine, vector, row));
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return error.message;
	} finally {
		lease.release();
	}
}

const positions = (spec: BatchSpec): number[] => spec.selection ?? Array.from({ length: spec.rowCount }, (_, row) => row);

const column = (type: DataType, index: number): Expression => ({ kind: "column", index, type });
function call(functionId: string, types: DataType[]): Expression {
	const type = signatureById(functionId)?.result(types) as DataType;
	return { kind: "call", functionId, arguments: types.map((argument, index) => column(argument, index)), type };
}

const HOLDS = {
	eq: (order: number) => order === 0,
	ne: (order: number) => order !== 0,
	lt: (order: number) => order < 0,
	le: (order: number) => order <= 0,
	gt: (order: number) => order > 0,
	ge: (order: number) => order >= 0,
};

test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("comparisons of %s", (_, type) => {
	fc.assert(
		fc.property(batchesOf([type, type]), fc.constantFrom(...(Object.keys(HOLDS) as (keyof typeof HOLDS)[])), (spec, name) => {
			const expected = liveRows(spec).map(([left, right]) =>
				left === null || right === null ? null : HOLDS[name](compareValues(type, left as SqlValue, right as SqlValue)),
			);
			expect(evaluate(spec, call(`${name}(${type.kind},${type.kind})`, [type, type]))).toEqual(expected);
		}),
		{ numRuns: 60 },
	);
});

const RANGES = { smallint: 15n, integer: 31n, bigint: 63n } as const;
const NAMES: ArithmeticName[] = ["add", "subtract", "multiply", "divide", "modulo"];

test.each(Object.entries(RANGES))("arithmetic of %s", (kind, bits) => {
	const type = { kind } as DataType;
	const expectedOf = (name: ArithmeticName, left: SqlValue, right: SqlValue): SqlValue | { raised: string } => {
		if (left === null || right === null) return null;
		const result = integerArithmetic(name, BigInt(left as number), BigInt(right as number));
		if (typeof result === "string") return { raised: result };
		if (result < -(1n << bits) || result >= 1n << bits) return { raised: `${kind} out of range` };
		return kind === "bigint" ? result : Number(result);
	};
	fc.assert(
		fc.property(
			batchesOf([type, type], fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(2048))),
			fc.constantFrom(...NAMES),
			(spec, name) => {
				const expected = liveRows(spec).map(([left, right]) => expectedOf(name, left as SqlValue, right as SqlValue));
				const raised = expected.find((value) => value !== null && typeof value === "object" && "raised" in value) as
					| { raised: string }
					| undefined;
				const messages = expected.map((value) => (value !== null && typeof value === "object" && "raised" in value ? value.raised : ""));
				const outcome = evaluate(spec, call(`${name}(${kind},${kind})`, [type, type]));
				if (raised === undefined) expect(outcome).toEqual(expected);
				else expect(messages).toContain(outcome);
			},
		),
		{ numRuns: 150 },
	);
});

const NUMERICS: DataType[] = [
	{ kind: "numeric", precision: 12, scale: 2 },
	{ kind: "numeric", precision: 30, scale: 4 },
	{ kind: "numeric" },
];

test.each(NUMERICS.flatMap((left) => NUMERICS.map((right) => [typeName(left), typeName(right), left, right] as const)))(
	"arithmetic of %s and %s",
	(_, __, left, right) => {
		fc.assert(
			fc.property(batchesOf([left, right], fc.integer({ min: 0, max: 4 })), fc.constantFrom(...NAMES), (spec, name) => {
				const expected = liveRows(spec).map(([a, b]) =>
					a === null || b === null ? null : numericArithmetic(name, a as NumericValue, b as NumericValue),
				);
				const outcome = evaluate(spec, call(`${name}(numeric,numeric)`, [left, right]));
				const raised = expected.filter((value) => typeof value === "string");
				if (raised.length === 0) expect(outcome).toEqual(expected);
				else expect(raised).toContain(outcome);
			}),
			{ numRuns: 120 },
		);
	},
);

test("AND and OR of columns, dictionaries and constants, as values and as predicates", () => {
	const type: DataType = { kind: "boolean" };
	fc.assert(
		fc.property(batchesOf([type, type, type]), fc.constantFrom("and" as const, "or" as const), (spec, kind) => {
			const expression: Expression = { kind, arguments: [0, 1, 2].map((index) => column(type, index)), type: { kind: "boolean" } };
			const expected = liveRows(spec).map((row) => (kind === "and" ? conjunction(row as Truth[]) : disjunction(row as Truth[])));
			expect(evaluate(spec, expression)).toEqual(expected);
			const lease = new Lease(engine.arena, { owner: "test" });
			const region = lease.region();
			const live = compilePredicate(expression, { engine, statement: STATEMENT }).select(buildBatch(engine, region, spec), region);
			expect(live.selectedCount).toBe(expected.filter((truth) => truth === true).length);
			const kept = positions(spec).filter((_, index) => expected[index] === true);
			const rows = Array.from({ length: live.selectedCount }, (_, index) =>
				live.selection === 0 ? index : engine.arena.views.u16[live.selection / 2 + index],
			);
			expect(rows).toEqual(kept);
			lease.release();
		}),
		{ numRuns: 100 },
	);
});

test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("CASE and COALESCE of %s choose row by row", (_, type) => {
	const condition: DataType = { kind: "boolean" };
	fc.assert(
		fc.property(batchesOf([condition, type, type]), (spec) => {
			const rows = liveRows(spec);
			const choice: Expression = {
				kind: "case",
				branches: [{ when: column(condition, 0), then: column(type, 1) }],
				otherwise: column(type, 2),
				type,
			};
			expect(evaluate(spec, choice)).toEqual(rows.map(([when, then, otherwise]) => (when === true ? then : otherwise)));
			const first: Expression = { kind: "coalesce", arguments: [column(type, 1), column(type, 2)], type };
			expect(evaluate(spec, first)).toEqual(rows.map(([, left, right]) => left ?? right));
			const missing: Expression = { kind: "is_null", input: column(type, 1), negated: false, type: { kind: "boolean" } };
			expect(evaluate(spec, missing)).toEqual(rows.map(([, value]) => value === null));
		}),
		{ numRuns: 40 },
	);
});

test.each(SCALAR_TYPES.map((type) => [typeName(type), type] as const))("IN of %s finds what equality finds", (_, type) => {
	fc.assert(
		fc.property(batchesOf([type, type], fc.integer({ min: 1, max: 40 })), fc.boolean(), fc.boolean(), (spec, negated, withNull) => {
			const rows = liveRows(spec);
			const known = rows.map(([, value]) => value as SqlValue).filter((value) => value !== null);
			const values = withNull ? [...known, null] : known;
			const expected = rows.map(([value]): Truth => {
				if (value === null || value === undefined) return null;
				const found = known.some((other) => compareValues(type, value, other) === 0);
				if (!found && withNull) return null;
				return found !== negated;
			});
			if (values.length === 0) return;
			const expression: Expression = { kind: "in_list", input: column(type, 0), values, negated, type: { kind: "boolean" } };
			expect(evaluate(spec, expression)).toEqual(expected);
		}),
		{ numRuns: 40 },
	);
});
