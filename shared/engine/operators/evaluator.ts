/** How operators evaluate expressions: the shape of `expression/compile.ts`, so that an operator's test needs only the few expressions it uses. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import type { Vector } from "../vector/vector.ts";

interface EvaluatorOptions {
	engine: Engine;
	statement: PlanStatement;
}

/** Values of an expression at the rows' own positions, for the batch's live rows; in `region` or shared with the batch. */
export interface CompiledExpression {
	evaluate(batch: Batch, region: Region): Vector;
	/** As `evaluate`, but a free NUMERIC may come as NUMERIC(18,s). Absent where it never does. */
	evaluateNarrow?(batch: Batch, region: Region): Vector;
	/** Work units a row. */
	readonly costPerRow: number;
}

/** The batch with its selection narrowed to the rows where the predicate is true. */
export interface CompiledPredicate {
	select(batch: Batch, region: Region): Batch;
	readonly costPerRow: number;
}

export interface Evaluator {
	compileExpression(expression: Expression, options: EvaluatorOptions): CompiledExpression;
	compilePredicate(expression: Expression, options: EvaluatorOptions): CompiledPredicate;
}
