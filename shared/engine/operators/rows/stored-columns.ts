/** What an operator stores of each input row: the input's columns and, behind them, the values of expressions that are not columns themselves. */
import { SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { columnsOf } from "../../expression/single-column.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { compactBatch, flatten } from "../../vector/copy.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { CompiledExpression } from "../evaluator.ts";
import type { ExecutionContext } from "../execution-context.ts";

/** A batch as it is stored: every column flat, in the order of {@link StoredColumns.types}. */
export interface StorableBatch {
	columns: FlatVector[];
	rowCount: number;
	selection: Pointer;
	selectedCount: number;
}

export class StoredColumns {
	readonly #context: ExecutionContext;
	/** Positions of the input's columns that are stored. */
	readonly #kept: readonly number[];
	readonly types: DataType[];
	readonly #computed: { compiled: CompiledExpression; column: number }[] = [];
	/** Positions of the input's columns that are read. */
	readonly #needed: Set<number>;
	#costPerRow: number;

	/** @param kept positions of the input's columns that are stored, in this order; default: all */
	constructor(context: ExecutionContext, inputTypes: DataType[], kept: readonly number[] = [...inputTypes.keys()]) {
		this.#context = context;
		this.#kept = kept;
		this.#needed = new Set(kept);
		this.types = kept.map((column) => inputTypes[column] as DataType);
		this.#costPerRow = kept.length;
	}

	/** Input columns that are stored: the first ones. */
	get inputCount(): number {
		return this.#kept.length;
	}

	/** Where an input column stands that is stored; -1 of another. */
	positionOf(inputColumn: number): number {
		return this.#kept.indexOf(inputColumn);
	}

	/** Where the expression's values will stand; to be called before the first batch. */
	columnOf(expression: Expression): number {
		const stored = expression.kind === "column" ? this.positionOf(expression.index) : -1;
		if (stored >= 0) return stored;
		const compiled = this.#context.compileExpression(expression);
		const column = this.types.push(expression.type) - 1;
		this.#computed.push({ compiled, column });
		for (const read of columnsOf(expression)) this.#needed.add(read);
		this.#costPerRow += compiled.costPerRow + 1;
		return column;
	}

	/** The columns that are stored or computed with, at their places. */
	#read(columns: readonly Vector[]): Vector[] {
		const read: Vector[] = [];
		for (const column of this.#needed) read[column] = columns[column] as Vector;
		return read;
	}

	/** Packs a sparse batch, flattens what is stored, and evaluates the rest, in `region`. */
	prepare(input: Batch, region: Region): StorableBatch {
		const { engine } = this.#context;
		const sparse = input.selectedCount < input.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(engine, { ...input, columns: this.#read(input.columns) }, region) : input;
		this.#context.spend(batch.selectedCount * this.#costPerRow);
		const columns = this.#kept.map((column) => flatten(engine, batch.columns[column] as Vector, batch, region));
		for (const { compiled, column } of this.#computed) columns[column] = flatten(engine, compiled.evaluate(batch, region), batch, region);
		return { columns, rowCount: batch.rowCount, selection: batch.selection, selectedCount: batch.selectedCount };
	}
}
