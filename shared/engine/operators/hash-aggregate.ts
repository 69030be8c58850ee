/**
 * GROUP BY, DISTINCT and aggregates without groups. Consumes the whole input, then emits the groups in the order in which they were first seen.
 * Without keys there is one group, also over no input.
 */
import { SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { PhysicalHashAggregate } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { compactBatch } from "../vector/copy.ts";
import { gatherColumn } from "../vector/row-gather.ts";
import { AggregateCalls, stateLayout } from "./aggregate-calls.ts";
import type { CompiledExpression } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { GroupFinder } from "./group-finder.ts";
import { GroupTable } from "./group-table.ts";
import { RowCursor } from "./row-cursor.ts";
import type { BatchSource } from "./source.ts";

/** Work units of finding one row's group, per key. */
const KEY_COST = 4;

export class HashAggregateOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #keys: CompiledExpression[];
	readonly #table: GroupTable;
	readonly #finder: GroupFinder;
	readonly #calls: AggregateCalls;
	readonly #keyCost: number;
	readonly #region: Region;
	#output: RowCursor | null = null;

	constructor(context: ExecutionContext, node: Pick<PhysicalHashAggregate, "groupKeys" | "aggregates">, input: BatchSource) {
		this.#context = context;
		this.#input = input;
		this.#keys = node.groupKeys.map((key) => context.compileExpression(key));
		this.#keyCost = this.#keys.reduce((cost, key) => cost + key.costPerRow + KEY_COST, 0);
		const { stateBytes, offsets } = stateLayout(node.aggregates);
		const keyTypes = node.groupKeys.map(({ type }) => type);
		this.#table = new GroupTable(context, keyTypes, stateBytes);
		this.#finder = new GroupFinder(context, this.#table);
		const { extraOffset } = this.#table.layout;
		this.#calls = new AggregateCalls(
			context,
			node.aggregates,
			this.#table,
			offsets.map((offset) => extraOffset + offset),
		);
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		while (this.#output === null) {
			if (this.#context.yieldDue) return "blocked";
			const batch = this.#input.next();
			if (batch === "blocked") return batch;
			if (batch === null) {
				if (this.#keys.length === 0) this.#table.single();
				this.#output = new RowCursor(this.#context.engine, this.#table.blocks(), this.#table.layout.rowBytes);
			} else if (batch.selectedCount > 0) this.#consume(batch);
		}
		this.#region.reset();
		const rows = this.#output.next(this.#context.batchRowCountMax, this.#region);
		if (rows.count === 0) return null;
		const { engine } = this.#context;
		const keys = this.#table.layout.columns.map((column) => gatherColumn(engine, { ...column, present: -1 }, rows, this.#region));
		const columns = [...keys, ...this.#calls.finish(rows, this.#region)];
		this.#context.spend(rows.count * columns.length);
		return { rowCount: rows.count, columns, selection: 0, selectedCount: rows.count };
	}

	close(): void {
		this.#input.close();
	}

	#consume(input: Batch): void {
		this.#region.reset();
		const sparse = input.selectedCount < input.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(this.#context.engine, input, this.#region) : input;
		this.#context.spend(batch.selectedCount * this.#keyCost);
		const keys = this.#keys.map((key) => key.evaluate(batch, this.#region));
		const groups = this.#finder.find(batch, keys, this.#region);
		this.#calls.update(batch, groups, this.#region);
	}
}
