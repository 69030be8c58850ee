/** Functions that return rows, called for one input row after the other; the rows of several are zipped. No result is ever made as a whole. */
import type { PhysicalTableFunction } from "#shared/contracts/plan/physical.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { bindTableFunction } from "../functions/table/registry.ts";
import type { OpenTableFunction, TableRows } from "../functions/table/table-function.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { VectorBuilder } from "../vector/builder.ts";
import { takeBatch } from "../vector/copy.ts";
import { readValue } from "../vector/read.ts";
import type { Vector } from "../vector/vector.ts";
import type { CompiledExpression } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

interface BoundFunction {
	open: OpenTableFunction;
	arguments: CompiledExpression[];
	types: DataType[];
	costPerRow: number;
}

/** The calls of one input row, and how many rows they gave. */
interface OpenRow {
	position: number;
	/** null once a function has no more. */
	calls: (TableRows | null)[];
	rowCount: number;
}

/** A batch being put together. */
interface Output {
	positions: Pointer;
	columns: VectorBuilder[][];
	ordinality: VectorBuilder;
	rowCount: number;
}

export class TableFunctionOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #node: PhysicalTableFunction;
	readonly #input: BatchSource;
	readonly #functions: BoundFunction[];
	readonly #inputRegion: Region;
	readonly #region: Region;
	#batch: { batch: Batch; arguments: Vector[][] } | null = null;
	/** Live row of `#batch` that is opened next. */
	#index = 0;
	#open: OpenRow | null = null;

	constructor(context: ExecutionContext, node: PhysicalTableFunction, input: BatchSource) {
		this.#context = context;
		this.#node = node;
		this.#input = input;
		this.#functions = node.functions.map(({ functionId, arguments: list, types }) => ({
			open: bindTableFunction(functionId, { argumentTypes: list.map(({ type }) => type), types, statement: context.statement }),
			arguments: list.map((argument) => context.compileExpression(argument)),
			types,
			costPerRow: (signatureById(functionId)?.cost ?? 1) * Math.max(1, types.length),
		}));
		this.#inputRegion = context.lease.region();
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			if (this.#batch === null) {
				const batch = this.#input.next();
				if (batch === null || batch === "blocked") return batch;
				if (batch.selectedCount > 0) this.#start(batch);
				continue;
			}
			const filled = this.#fill(this.#batch.batch, this.#batch.arguments);
			if (this.#open === null && this.#index === this.#batch.batch.selectedCount) this.#batch = null;
			if (filled !== null) return filled;
		}
	}

	close(): void {
		this.#input.close();
	}

	#start(batch: Batch): void {
		this.#inputRegion.reset();
		this.#index = 0;
		const list = this.#functions.map((one) => one.arguments.map((argument) => argument.evaluate(batch, this.#inputRegion)));
		this.#batch = { batch, arguments: list };
	}

	/** The rows of some calls, as many as fit; null if they gave none. */
	#fill(batch: Batch, list: Vector[][]): Batch | null {
		const { engine, batchRowCountMax } = this.#context;
		this.#region.reset();
		const output: Output = {
			positions: this.#region.allocate(batchRowCountMax * 2),
			columns: this.#functions.map(({ types }) => types.map((type) => new VectorBuilder(engine, this.#region, type, batchRowCountMax))),
			ordinality: new VectorBuilder(engine, this.#region, { kind: "bigint" }, batchRowCountMax),
			rowCount: 0,
		};
		while (output.rowCount < batchRowCountMax && !this.#context.yieldDue) {
			if (this.#open === null) {
				if (this.#index === batch.selectedCount) break;
				this.#open = this.#openRow(batch, list);
			}
			if (this.#pull(this.#open, output, batchRowCountMax - output.rowCount)) this.#open = null;
		}
		if (output.rowCount === 0) return null;
		const taken = takeBatch(engine, batch, { positions: output.positions, count: output.rowCount }, this.#region);
		const made = output.columns.flat().map((column) => column.finish());
		const columns = [...taken.columns, ...made, ...(this.#node.ordinality ? [output.ordinality.finish()] : [])];
		this.#context.spend(output.rowCount * taken.columns.length);
		return { ...taken, columns };
	}

	#openRow(batch: Batch, list: Vector[][]): OpenRow {
		const { engine } = this.#context;
		const index = this.#index++;
		const position = batch.selection === 0 ? index : (engine.arena.views.u16[batch.selection / 2 + index] as number);
		this.#context.spend(this.#functions.length * 4);
		const calls = this.#functions.map(({ open }, call) =>
			open((list[call] as Vector[]).map((vector) => readValue(engine, vector, position))),
		);
		return { position, calls, rowCount: 0 };
	}

	/** Appends up to `countMax` rows of one input row. @returns true when it has no more */
	#pull(row: OpenRow, output: Output, countMax: number): boolean {
		const pulled = row.calls.map((call, index) => {
			const count = call?.pull(output.columns[index] as VectorBuilder[], countMax) ?? 0;
			if (count < countMax) row.calls[index] = null;
			this.#context.spend(count * (this.#functions[index] as BoundFunction).costPerRow);
			return count;
		});
		const ended = row.calls.every((call) => call === null);
		let count = Math.max(0, ...pulled);
		// A LEFT JOIN keeps a row without any once, with NULLs.
		const padded = ended && row.rowCount + count === 0 && this.#node.join === "left";
		if (padded) count = 1;
		for (const [index, columns] of output.columns.entries()) {
			for (const column of columns) for (let missing = pulled[index] as number; missing < count; missing++) column.append(null);
		}
		for (let done = 1; done <= count; done++) output.ordinality.append(padded ? null : BigInt(row.rowCount + done));
		const { u16 } = this.#context.engine.arena.views;
		u16.fill(row.position, output.positions / 2 + output.rowCount, output.positions / 2 + output.rowCount + count);
		output.rowCount += count;
		row.rowCount += count;
		return ended;
	}
}
