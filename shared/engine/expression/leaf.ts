/** Columns and constants. */
import { assert } from "#shared/base/assert.ts";
import { sameType } from "#shared/contracts/data-type.ts";
import type { ColumnExpression, ConstantExpression } from "#shared/contracts/plan/expression.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import { narrowTypeOf } from "../functions/decimal.ts";
import { constantVector } from "../vector/builder.ts";
import type { CompileOptions, Evaluator } from "./evaluator.ts";

export function compileColumn({ index, type }: ColumnExpression): Evaluator {
	const isThere = `the batch has column ${index}`;
	const isTyped = `column ${index} has the type that the plan says`;
	return {
		type,
		costPerRow: 0,
		evaluate(batch) {
			const column = batch.columns[index];
			assert(column !== undefined, isThere);
			assert(sameType(column.type, type), isTyped);
			return column;
		},
	};
}

export function compileConstant({ value, type }: ConstantExpression, { engine }: CompileOptions): Evaluator {
	const constant: Evaluator = {
		type,
		costPerRow: 0,
		constant: value,
		evaluate: (_, region) => constantVector(engine, region, type, value),
	};
	const narrow = value === null || type.kind !== "numeric" || type.precision !== undefined ? null : narrowTypeOf(value as NumericValue);
	return narrow === null ? constant : { ...constant, evaluateNarrow: (_, region) => constantVector(engine, region, narrow, value) };
}
