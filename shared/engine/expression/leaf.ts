/** Columns and constants. */
import { assert } from "#shared/base/assert.ts";
import { sameType } from "#shared/contracts/data-type.ts";
import type { ColumnExpression, ConstantExpression } from "#shared/contracts/plan/expression.ts";
import { constantVector } from "../vector/builder.ts";
import type { CompileOptions, Evaluator } from "./evaluator.ts";

export function compileColumn({ index, type }: ColumnExpression): Evaluator {
	return {
		type,
		costPerRow: 0,
		evaluate(batch) {
			const column = batch.columns[index];
			assert(column !== undefined, `the batch has no column ${index}`);
			assert(sameType(column.type, type), `column ${index} has the type that the plan says`);
			return column;
		},
	};
}

export function compileConstant({ value, type }: ConstantExpression, { engine }: CompileOptions): Evaluator {
	return { type, costPerRow: 0, constant: value, evaluate: (_, region) => constantVector(engine, region, type, value) };
}
