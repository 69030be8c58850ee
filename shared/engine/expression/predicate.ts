/** Predicates narrow a batch's selection to the rows for which they are true. The parts of a top-level AND run one after the other, each on what is left. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten } from "../vector/copy.ts";
import { isValid } from "../vector/read.ts";
import type { Vector } from "../vector/vector.ts";
import { compileExpression } from "./compile.ts";
import { type CompileOptions, type Evaluator, narrow } from "./evaluator.ts";

export interface CompiledPredicate {
	readonly costPerRow: number;
	/** The batch with fewer live rows, its columns as they are; the new selection lies in `region`. @throws LittoralError that some live row raises */
	select(batch: Batch, region: Region): Batch;
}

export function compilePredicate(expression: Expression, options: CompileOptions): CompiledPredicate {
	const conjuncts = conjunctsOf(expression).map((conjunct) => compileExpression(conjunct, options));
	return {
		costPerRow: conjuncts.reduce((cost, conjunct) => cost + conjunct.costPerRow + 1, 0),
		select(batch, region) {
			let live = batch;
			for (const conjunct of conjuncts) {
				if (live.selectedCount === 0) break;
				live = keepTrue(conjunct, live, region, options);
			}
			return live;
		},
	};
}

function conjunctsOf(expression: Expression): Expression[] {
	return expression.kind === "and" ? expression.arguments.flatMap(conjunctsOf) : [expression];
}

function keepTrue(conjunct: Evaluator, batch: Batch, region: Region, { engine }: CompileOptions): Batch {
	const vector = conjunct.evaluate(batch, region);
	if (vector.kind === "constant") {
		const { views } = engine.arena;
		if (isValid(views, vector.value.validity, 0) && views.u8[vector.value.values] !== 0) return batch;
		return narrow(batch, region.allocate(0), 0);
	}
	const selection = region.allocate(batch.selectedCount * 2);
	const count = selectTrue(vector, batch, region, selection, engine);
	if (count === batch.selectedCount) return batch;
	return narrow(batch, selection, count);
}

/** The live rows whose boolean is true, as positions at `selection`. @returns how many */
function selectTrue(
	vector: Exclude<Vector, { kind: "constant" }>,
	batch: Batch,
	region: Region,
	selection: Pointer,
	engine: Engine,
): number {
	const { selectedCount, selection: live } = batch;
	const { kernels } = engine;
	if (vector.kind === "dictionary") {
		return kernels.select_codes(selectedCount, live, vector.codes, vector.validity, vector.dictionary.values.values, selection);
	}
	const flat = flatten(engine, vector, batch, region);
	return kernels.select_true(selectedCount, live, flat.values, flat.validity, selection);
}
