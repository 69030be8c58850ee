/** What is evaluated, on which rows, and how often. */
import { isLittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEngine, type Kernels } from "../kernels/kernels.ts";
import { Lease } from "../memory/lease.ts";
import type { Batch } from "../vector/batch.ts";
import { BatchBuilder } from "../vector/builder.ts";
import { readRows, readValue } from "../vector/read.ts";
import { buildVector } from "../vector/vectors.fixture.ts";
import { compileExpression } from "./compile.ts";
import { evaluateConstant, isFoldable } from "./fold.ts";
import { STATEMENT } from "./oracle.fixture.ts";
import { compilePredicate } from "./predicate.ts";

const calls = new Map<string, number>();
const engine = createEngine({
	pageCount: 128,
	wrap: (kernels) =>
		new Proxy({} as Kernels, {
			get(_, name: string) {
				calls.set(name, (calls.get(name) ?? 0) + 1);
				return Reflect.get(kernels, name) as unknown;
			},
		}),
});
let lease: Lease;
beforeEach(() => {
	lease = new Lease(engine.arena, { owner: "test" });
	calls.clear();
});
afterEach(() => lease.release());
const options = { engine, statement: STATEMENT };

const INTEGER: DataType = { kind: "integer" };
const BOOLEAN = { kind: "boolean" } as const;
const TEXT: DataType = { kind: "text" };

const col = (index: number, type: DataType = INTEGER): Expression => ({ kind: "column", index, type });
const constant = (value: SqlValue, type: DataType = INTEGER): Expression => ({ kind: "constant", value, type });
function call(functionId: string, ...operands: Expression[]): Expression {
	const type = signatureById(functionId)?.result(operands.map((operand) => operand.type)) as DataType;
	return { kind: "call", functionId, arguments: operands, type };
}
const divide = call("divide(integer,integer)", col(0), col(1));
const notZero = call("ne(integer,integer)", col(1), constant(0));
const positive = call("gt(integer,integer)", divide, constant(0));

function integers(rows: SqlValue[][], selected?: number[]): Batch {
	const region = lease.region();
	const builder = new BatchBuilder(engine, region, [INTEGER, INTEGER], 16);
	for (const row of rows) builder.appendRow(row);
	const batch = builder.finish();
	if (selected === undefined) return batch;
	const selection = region.allocate(selected.length * 2);
	engine.arena.views.u16.set(selected, selection / 2);
	return { ...batch, selection, selectedCount: selected.length };
}
function values(expression: Expression, batch: Batch): SqlValue[] {
	const vector = compileExpression(expression, options).evaluate(batch, lease.region());
	const { u16 } = engine.arena.views;
	return Array.from({ length: batch.selectedCount }, (_, index) =>
		readValue(engine, vector, batch.selection === 0 ? index : (u16[batch.selection / 2 + index] as number)),
	);
}
function messageOf(run: () => unknown): string {
	try {
		run();
	} catch (error) {
		if (isLittoralError(error)) return `${error.details.sqlstate} ${error.message}`;
		throw error;
	}
	return "nothing raised";
}

describe("a row that does not reach a division cannot raise", () => {
	const rows = [
		[6, 3],
		[1, 0],
		[null, 0],
		[5, null],
	];
	test("unless it is alive and valid", () => {
		expect(messageOf(() => values(divide, integers(rows)))).toBe("22012 division by zero");
		expect(values(divide, integers(rows, [0, 2, 3]))).toEqual([2, null, null]);
	});
	test.each<[string, Expression, SqlValue[]]>([
		["AND", { kind: "and", arguments: [notZero, positive], type: BOOLEAN }, [true, false, false, null]],
		[
			"OR",
			{ kind: "or", arguments: [call("eq(integer,integer)", col(1), constant(0)), positive], type: BOOLEAN },
			[true, true, true, null],
		],
		["CASE", { kind: "case", branches: [{ when: notZero, then: divide }], otherwise: constant(-1), type: INTEGER }, [2, -1, -1, -1]],
		[
			"COALESCE",
			{
				kind: "coalesce",
				arguments: [{ kind: "case", branches: [{ when: notZero, then: constant(null) }], otherwise: col(1), type: INTEGER }, divide],
				type: INTEGER,
			},
			[2, 0, 0, null],
		],
	])("behind %s", (_, expression, expected) => {
		expect(values(expression, integers(rows))).toEqual(expected);
	});
	test("behind an earlier conjunct of a predicate", () => {
		const predicate = compilePredicate({ kind: "and", arguments: [notZero, positive], type: BOOLEAN }, options);
		expect(readRows(engine, predicate.select(integers(rows), lease.region()))).toEqual([[6, 3]]);
	});
	test("when no row is alive", () => {
		expect(values(call("divide(integer,integer)", constant(1), constant(0)), integers(rows, []))).toEqual([]);
	});
});

describe("dictionaries", () => {
	const lower = call("lower(text)", col(0, TEXT));
	const toInteger: Expression = { kind: "cast", input: col(0, TEXT), type: INTEGER, explicit: true };
	function texts(entries: SqlValue[]): Batch {
		const column = buildVector(engine, lease.region(), { type: TEXT, encoding: "dictionary", values: entries });
		return { rowCount: entries.length, columns: [column], selection: 0, selectedCount: entries.length };
	}
	test("a function of one is computed once per dictionary, and its result is a dictionary that stays the same", () => {
		const batch = texts(["A", "B", null, "A"]);
		const compiled = compileExpression(lower, options);
		const first = compiled.evaluate(batch, lease.region());
		const second = compiled.evaluate(batch, lease.region());
		expect(first.kind === "dictionary" && second.kind === "dictionary" && first.dictionary === second.dictionary).toBe(true);
		expect([0, 1, 2, 3].map((row) => readValue(engine, second, row))).toEqual(["a", "b", null, "a"]);
	});
	test("LIKE runs its kernel once per dictionary", () => {
		const compiled = compileExpression(call("like(text,text)", col(0, TEXT), constant("A%", TEXT)), options);
		const batch = texts(["Ab", "B", null, "A"]);
		for (let round = 0; round < 3; round++) {
			const vector = compiled.evaluate(batch, lease.region());
			expect([0, 1, 2, 3].map((row) => readValue(engine, vector, row))).toEqual([true, false, null, true]);
		}
		expect(calls.get("like_bytes")).toBe(1);
	});
	test("an entry that raises but belongs to no live row does not raise", () => {
		const batch = texts(["1", "x", "2"]);
		const selection = lease.region().allocate(4);
		engine.arena.views.u16.set([0, 2], selection / 2);
		expect(values(toInteger, { ...batch, selection, selectedCount: 2 })).toEqual([1, 2]);
		expect(messageOf(() => values(toInteger, batch))).toBe('22P02 invalid input syntax for type integer: "x"');
	});
	test("one without entries has only NULLs", () => {
		expect(values(call("length(text)", col(0, TEXT)), texts([null, null]))).toEqual([null, null]);
	});
	test("entries for which the function is NULL make NULL rows", () => {
		const expression = call("regexp_substr(text,text)", col(0, TEXT), constant("\\d+", TEXT));
		expect(values(expression, texts(["a1", "b", null, "a1"]))).toEqual(["1", null, null, "1"]);
	});
});

describe("casts to VARCHAR(n) and CHAR(n)", () => {
	const to = (type: DataType, explicit: boolean, text: string): (() => SqlValue) => {
		return () => evaluateConstant({ kind: "cast", input: constant(text, TEXT), type, explicit }, options);
	};
	test("an explicit one cuts, an assignment refuses all but blanks", () => {
		const varchar: DataType = { kind: "varchar", length: 3 };
		const char: DataType = { kind: "char", length: 3 };
		expect(to(varchar, true, "äbcd")()).toBe("äbc");
		expect(messageOf(to(varchar, false, "äbcd"))).toBe("22001 value too long for type character varying(3)");
		expect(to(varchar, false, "abc  ")()).toBe("abc");
		expect(to(char, true, "ab")()).toBe("ab ");
		expect(to(char, false, "abc ")()).toBe("abc");
		expect(messageOf(to(char, false, "abcd"))).toBe("22001 value too long for type character(3)");
	});
});

describe("constants", () => {
	test("fold to values", () => {
		const sum = call(
			"add(numeric,numeric)",
			constant({ coefficient: 15n, scale: 1 }, { kind: "numeric" }),
			constant({ coefficient: 5n, scale: 2 }, { kind: "numeric" }),
		);
		expect(evaluateConstant(sum, options)).toEqual({ coefficient: 155n, scale: 2 });
		expect(evaluateConstant(call("now()"), options)).toBe(STATEMENT.nowMicroseconds);
		expect(evaluateConstant(call("add(integer,integer)", constant(null), constant(1)), options)).toBe(null);
		expect(messageOf(() => evaluateConstant(call("divide(integer,integer)", constant(1), constant(0)), options))).toBe(
			"22012 division by zero",
		);
		expect(engine.arena.leasedPageCount).toBe(0);
	});
	test("fold only without columns", () => {
		expect(isFoldable(call("add(integer,integer)", constant(1), constant(2)))).toBe(true);
		expect(isFoldable(divide)).toBe(false);
		expect(
			isFoldable({ kind: "case", branches: [{ when: constant(true, BOOLEAN), then: constant(1) }], otherwise: col(0), type: INTEGER }),
		).toBe(false);
	});
});

test("plain comparisons and arithmetic of a batch run in kernels", () => {
	values({ kind: "and", arguments: [notZero, positive], type: BOOLEAN }, integers([[1, 1]]));
	expect([...calls.keys()]).toEqual(expect.arrayContaining(["compare_i32", "arithmetic_i32", "logic_step"]));
});
