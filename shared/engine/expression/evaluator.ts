/** A compiled expression: one object per node of the bound expression, each evaluated over the live rows of a batch. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import type { Vector } from "../vector/vector.ts";

export interface CompileOptions {
	engine: Engine;
	statement: PlanStatement;
}

export interface Evaluator {
	readonly type: DataType;
	/** Work units of a live row, 1 = one integer addition. */
	readonly costPerRow: number;
	/** Value when the expression is a constant. */
	readonly constant?: SqlValue;
	/**
	 * The values at the positions of the batch's live rows; lanes of other rows are undefined but in range. May be a column of the batch itself.
	 * The result lives as long as `region` and the batch (what was made of a dictionary: until a batch with another one comes). @throws LittoralError that some live row raises
	 */
	evaluate(batch: Batch, region: Region): Vector;
	/** As {@link evaluate}, but a free NUMERIC may come as NUMERIC(18,s): for those that take either (functions/decimal.ts). Absent where it never does. */
	evaluateNarrow?(batch: Batch, region: Region): Vector;
}

/** For who takes a free NUMERIC in 64 bits as well. */
export function evaluateNarrow(evaluator: Pick<Evaluator, "evaluate" | "evaluateNarrow">, batch: Batch, region: Region): Vector {
	return evaluator.evaluateNarrow === undefined ? evaluator.evaluate(batch, region) : evaluator.evaluateNarrow(batch, region);
}

/** The batch with only `count` of its rows alive. Positions lie at `selection`. */
export function narrow(batch: Batch, selection: number, count: number): Batch {
	return { rowCount: batch.rowCount, columns: batch.columns, selection, selectedCount: count };
}
