/** What an operator stores of each input row: the input's columns and, behind them, the values of expressions that are not columns themselves. */
import { SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { compactBatch, flatten } from "../vector/copy.ts";
import type { FlatVector } from "../vector/vector.ts";
import type { CompiledExpression } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";

/** A batch as it is stored: every column flat, in the order of {@link StoredColumns.types}. */
export interface StorableBatch {
	columns: FlatVector[];
	rowCount: number;
	selection: Pointer;
	selectedCount: number;
}

export class StoredColumns {
	readonly #context: ExecutionContext;
	/** Input columns that are stored: all or none. */
	readonly inputCount: number;
	readonly types: DataType[];
	readonly #computed: { compiled: CompiledExpression; column: number }[] = [];
	#costPerRow: number;

	/** @param inputTypes of the input's columns; none where only expressions are stored */
	constructor(context: ExecutionContext, inputTypes: DataType[]) {
		this.#context = context;
		this.inputCount = inputTypes.length;
		this.types = [...inputTypes];
		this.#costPerRow = inputTypes.length;
	}

	/** Where the expression's values will stand; to be called before the first batch. */
	columnOf(expression: Expression): number {
		if (expression.kind === "column" && expression.index < this.inputCount) return expression.index;
		const compiled = this.#context.compileExpression(expression);
		const column = this.types.push(expression.type) - 1;
		this.#computed.push({ compiled, column });
		this.#costPerRow += compiled.costPerRow + 1;
		return column;
	}

	/** Packs a sparse batch, flattens what is stored, and evaluates the rest, in `region`. */
	prepare(input: Batch, region: Region): StorableBatch {
		const { engine } = this.#context;
		const sparse = input.selectedCount < input.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(engine, input, region) : input;
		this.#context.spend(batch.selectedCount * this.#costPerRow);
		const columns = batch.columns.slice(0, this.inputCount).map((column) => flatten(engine, column, batch, region));
		for (const { compiled, column } of this.#computed) columns[column] = flatten(engine, compiled.evaluate(batch, region), batch, region);
		return { columns, rowCount: batch.rowCount, selection: batch.selection, selectedCount: batch.selectedCount };
	}
}
