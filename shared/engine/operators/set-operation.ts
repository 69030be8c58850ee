/**
 * INTERSECT and EXCEPT by counting: an aggregation groups the rows of both sides by all their columns (NULLs are equal there) and counts each side's; a group then gives as
 * many copies as the operation says.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import type { PhysicalSetOperation } from "#shared/contracts/plan/physical.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { constantVector } from "../vector/builder.ts";
import { takeBatch } from "../vector/copy.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { HashAggregateOperator } from "./aggregate/hash-aggregate.ts";
import type { BatchSource } from "./source.ts";
import { UnionAllOperator } from "./union-all.ts";

const MARK_TYPE: DataType = { kind: "boolean" };

export class SetOperationOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #node: PhysicalSetOperation;
	readonly #columnCount: number;
	readonly #groups: BatchSource;
	readonly #region: Region;
	#batch: Batch | null = null;
	/** Row of `#batch` whose copies are being emitted, and how many were. */
	#row = 0;
	#copiesDone = 0;

	/** @param types of both sides' columns */
	constructor(context: ExecutionContext, node: PhysicalSetOperation, sides: { left: BatchSource; right: BatchSource }, types: DataType[]) {
		this.#context = context;
		this.#node = node;
		this.#columnCount = types.length;
		this.#region = context.lease.region();
		const marks = context.lease.region();
		const one = constantVector(context.engine, marks, MARK_TYPE, true);
		const none = constantVector(context.engine, marks, MARK_TYPE, null);
		const input = new UnionAllOperator([new MarkedSource(sides.left, [one, none]), new MarkedSource(sides.right, [none, one])]);
		const counting = {
			groupKeys: types.map((type, index) => ({ kind: "column" as const, index, type })),
			aggregates: [countOf(types.length), countOf(types.length + 1)],
		};
		this.#groups = new HashAggregateOperator(context, counting, input);
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			if (this.#batch === null) {
				const batch = this.#groups.next();
				if (batch === null || batch === "blocked") return batch;
				this.#batch = batch;
				this.#row = 0;
				this.#copiesDone = 0;
			}
			const copies = this.#copies(this.#batch);
			if (copies === null) this.#batch = null;
			else return copies;
		}
	}

	close(): void {
		this.#groups.close();
	}

	/** The next copies of the batch's rows, or null when there are no more. */
	#copies(batch: Batch): Batch | null {
		const { engine } = this.#context;
		const [left, right] = batch.columns.slice(this.#columnCount) as [FlatVector, FlatVector];
		this.#region.reset();
		const positions: Pointer = this.#region.allocate(this.#context.batchRowCountMax * 2);
		const { u16, i64 } = engine.arena.views;
		let count = 0;
		while (this.#row < batch.rowCount && count < this.#context.batchRowCountMax) {
			const sides = { left: Number(i64[left.values / 8 + this.#row]), right: Number(i64[right.values / 8 + this.#row]) };
			const taken = Math.min(copyCount(this.#node, sides) - this.#copiesDone, this.#context.batchRowCountMax - count);
			u16.fill(this.#row, positions / 2 + count, positions / 2 + count + taken);
			count += taken;
			this.#copiesDone += taken;
			if (count < this.#context.batchRowCountMax) {
				this.#row++;
				this.#copiesDone = 0;
			}
		}
		if (count === 0) return null;
		this.#context.spend(count * this.#columnCount);
		const rows = { ...batch, columns: batch.columns.slice(0, this.#columnCount) };
		return takeBatch(engine, rows, { positions, count }, this.#region);
	}
}

function copyCount({ operation, all }: PhysicalSetOperation, { left, right }: { left: number; right: number }): number {
	if (operation === "intersect") return all ? Math.min(left, right) : Math.min(left, right, 1);
	if (all) return Math.max(left - right, 0);
	return left > 0 && right === 0 ? 1 : 0;
}

function countOf(index: number): AggregateCall {
	const mark = { kind: "column" as const, index, type: MARK_TYPE };
	return { functionId: "count(any)", arguments: [mark], distinct: false, filter: null, type: { kind: "bigint" } };
}

/** One side's rows, with the marks that tell the sides apart behind them. */
class MarkedSource implements BatchSource {
	readonly #input: BatchSource;
	readonly #marks: Vector[];

	constructor(input: BatchSource, marks: Vector[]) {
		this.#input = input;
		this.#marks = marks;
	}

	next(): Batch | "blocked" | null {
		const batch = this.#input.next();
		if (batch === null || batch === "blocked") return batch;
		return { ...batch, columns: [...batch.columns, ...this.#marks] };
	}

	close(): void {
		this.#input.close();
	}
}
