/**
 * Puts a {@link StageClock} around the engine's operators, its Parquet reader, what evaluates expressions, and the kernel that decompresses. Only processes that
 * measure stages are instrumented, and no other figure is taken from them.
 */
import { compileExpression } from "#shared/engine/expression/compile.ts";
import { evaluateNarrow } from "#shared/engine/expression/evaluator.ts";
import { compilePredicate } from "#shared/engine/expression/predicate.ts";
import type { Kernels } from "#shared/engine/kernels/kernels.ts";
import type { Evaluator } from "#shared/engine/operators/evaluator.ts";
import { FilterOperator } from "#shared/engine/operators/filter.ts";
import { HashAggregateOperator } from "#shared/engine/operators/aggregate/hash-aggregate.ts";
import { HashJoinOperator } from "#shared/engine/operators/join/hash-join.ts";
import { NestedLoopJoinOperator } from "#shared/engine/operators/join/nested-loop-join.ts";
import { ProjectOperator } from "#shared/engine/operators/project.ts";
import { SetOperationOperator } from "#shared/engine/operators/set-operation.ts";
import { SortOperator } from "#shared/engine/operators/sort/sort.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import { SubplanScanOperator } from "#shared/engine/operators/subplan.ts";
import { TopNOperator } from "#shared/engine/operators/sort/top-n.ts";
import { WindowOperator } from "#shared/engine/operators/window/window.ts";
import { ParquetReader } from "#shared/parquet/read/reader.ts";
import { TableSource } from "../../workers/tenant/src/query/table-source.ts";
import type { Stage, StageClock } from "./stage-clock.ts";

const CLASSES: [{ prototype: Pick<BatchSource, "next"> }, Stage][] = [
	[ParquetReader, "decode"],
	[TableSource, "other"],
	[FilterOperator, "filter"],
	[HashAggregateOperator, "hash"],
	[HashJoinOperator, "hash"],
	[SetOperationOperator, "hash"],
	[NestedLoopJoinOperator, "other"],
	[ProjectOperator, "other"],
	[SortOperator, "other"],
	[SubplanScanOperator, "other"],
	[TopNOperator, "other"],
	[WindowOperator, "other"],
];

export interface Instruments {
	evaluator: Evaluator;
	wrapKernels: (kernels: Kernels) => Kernels;
}

/** For the rest of this process. */
export function instrument(clock: StageClock): Instruments {
	for (const [instrumented, stage] of CLASSES) {
		const { next } = instrumented.prototype;
		const name = (instrumented as unknown as { name: string }).name;
		instrumented.prototype.next = function (this: BatchSource) {
			return clock.within(name, stage, () => next.call(this));
		};
	}
	return {
		evaluator: {
			compileExpression(expression, options) {
				const compiled = compileExpression(expression, options);
				return {
					costPerRow: compiled.costPerRow,
					evaluate: (batch, region) => clock.within("expression", "other", () => compiled.evaluate(batch, region)),
					evaluateNarrow: (batch, region) => clock.within("expression", "other", () => evaluateNarrow(compiled, batch, region)),
				};
			},
			compilePredicate(expression, options) {
				const compiled = compilePredicate(expression, options);
				return {
					costPerRow: compiled.costPerRow,
					select: (batch, region) => clock.within("predicate", "filter", () => compiled.select(batch, region)),
				};
			},
		},
		wrapKernels: (kernels) => ({
			...kernels,
			snappy_decompress: (...input) => clock.within("snappy", "decompress", () => kernels.snappy_decompress(...input)),
		}),
	};
}
