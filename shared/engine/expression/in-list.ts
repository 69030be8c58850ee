/** `input IN (constants)`: one comparison per value on the rows not yet found, or a binary search of the sorted values where there are many. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { bindComparison } from "../functions/comparison.ts";
import type { Kernel } from "../functions/kernel.ts";
import { VectorBuilder } from "../vector/builder.ts";
import { ApplyEvaluator } from "./apply.ts";
import { compileLogical, compileNot } from "./logical.ts";
import type { CompileOptions, Evaluator } from "./evaluator.ts";
import { compileConstant } from "./leaf.ts";

const BOOLEAN: DataType = { kind: "boolean" };
/** Below this many values, comparing with each is faster than searching. */
const SEARCH_COUNT_MIN = 5;

export function compileInList(input: Evaluator, list: { values: SqlValue[]; negated: boolean }, options: CompileOptions): Evaluator {
	const values = list.values.filter((value) => value !== null);
	const found = compileFound(input, values, options);
	const hasNull = values.length < list.values.length;
	// A miss is NULL when the list has one: found OR NULL.
	const answer = hasNull
		? compileLogical("or", [found, compileConstant({ kind: "constant", value: null, type: BOOLEAN }, options)], options)
		: found;
	return list.negated ? compileNot(answer, options) : answer;
}

function compileFound(input: Evaluator, values: SqlValue[], options: CompileOptions): Evaluator {
	const { type } = input;
	const searchable = typeof values[0] === "number" || typeof values[0] === "bigint" || typeof values[0] === "string";
	const physicalSearch =
		searchable && type.kind !== "real" && type.kind !== "double" && type.kind !== "char" && type.kind !== "uuid" && type.kind !== "jsonb";
	const strict = { type: BOOLEAN, strict: true, total: true, repeatable: true };
	if (physicalSearch && values.length >= SEARCH_COUNT_MIN) {
		return new ApplyEvaluator(
			{ ...strict, arguments: [input], kernel: searchKernel(type, values), costPerRow: 2 + Math.log2(values.length) },
			options,
		);
	}
	const comparisons = values.map((value): Evaluator => {
		const constant = compileConstant({ kind: "constant", value, type }, options);
		const kernel = bindComparison("eq", [type, type]);
		return new ApplyEvaluator({ ...strict, arguments: [input, constant], kernel, costPerRow: 1 }, options);
	});
	if (comparisons.length === 1) return comparisons[0] as Evaluator;
	if (comparisons.length === 0) {
		// Only NULLs in the list, or nothing: never found, but NULL for a NULL input.
		const kernel = bindComparison("ne", [type, type]);
		return new ApplyEvaluator({ ...strict, arguments: [input, input], kernel, costPerRow: 1 }, options);
	}
	return compileLogical("or", comparisons, options);
}

const encoder = new TextEncoder();

function compareUtf8(left: SqlValue, right: SqlValue): number {
	const a = encoder.encode(left as string);
	const b = encoder.encode(right as string);
	const common = Math.min(a.length, b.length);
	for (let index = 0; index < common; index++) if (a[index] !== b[index]) return (a[index] as number) - (b[index] as number);
	return a.length - b.length;
}

function searchKernel(type: DataType, values: SqlValue[]): Kernel {
	const sorted =
		typeof values[0] === "string"
			? values.toSorted(compareUtf8)
			: values.toSorted((left, right) => ((left as number) < (right as number) ? -1 : 1));
	return ({ engine, region, rows }, operands) => {
		const builder = new VectorBuilder(engine, region, type, sorted.length);
		for (const value of sorted) builder.append(value);
		const list = builder.finish();
		const out = region.allocate(rows.rowCount);
		const vector = (operands[0] as (typeof operands)[0]).vector;
		const { kernels } = engine;
		if (vector.physical === "i32") kernels.in_sorted_i32(rows.count, rows.selection, vector.values, list.values, sorted.length, out);
		else if (vector.physical === "i64") kernels.in_sorted_i64(rows.count, rows.selection, vector.values, list.values, sorted.length, out);
		else kernels.in_sorted_bytes(rows.count, rows.selection, vector.values, vector.offsets, list.values, list.offsets, sorted.length, out);
		return { kind: "flat", type: BOOLEAN, physical: "bool", values: out, validity: 0, offsets: 0 };
	};
}
