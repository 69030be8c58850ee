/** One pass of a hash aggregation: groups an input as far as memory goes; rows of further groups are left in files. */
import { SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { PhysicalHashAggregate } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { compactBatch, flatten } from "../vector/copy.ts";
import { gatherColumn, type RowPointers } from "../vector/row-gather.ts";
import type { Vector } from "../vector/vector.ts";
import { AggregateCalls, stateLayout } from "./aggregate-calls.ts";
import type { CompiledExpression } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { GroupFinder } from "./group-finder.ts";
import { GroupTable } from "./group-table.ts";
import type { LateColumns } from "./late-columns.ts";
import { RowCursor } from "./row-cursor.ts";
import type { BatchSource } from "./source.ts";
import type { SpillFile } from "./spill-file.ts";
import { spaceAtLevel } from "./spill-partitions.ts";
import { StagedPartitions } from "./staged-partitions.ts";

/** Work units of finding one row's group, per key. */
const KEY_COST = 4;

export interface GroupBy extends Pick<PhysicalHashAggregate, "groupKeys" | "aggregates"> {
	late?: LateColumns | undefined;
}

export class AggregatePass {
	readonly #context: ExecutionContext;
	readonly #node: GroupBy;
	readonly #columnCount: number;
	readonly #input: BatchSource;
	readonly #level: number;
	readonly #keys: CompiledExpression[];
	readonly #table: GroupTable;
	readonly #finder: GroupFinder;
	readonly #calls: AggregateCalls;
	readonly #keyCost: number;
	readonly #region: Region;
	/** Set once memory was tight: rows of groups that are not in the table. */
	#spilled: StagedPartitions | null = null;
	#consumed = false;
	#output: RowCursor | null = null;

	/** @param level of the recursion over spilled rows, from 0 */
	constructor(context: ExecutionContext, node: GroupBy, input: BatchSource, level: number) {
		this.#context = context;
		this.#node = node;
		this.#columnCount = node.groupKeys.length + node.aggregates.length;
		this.#input = input;
		this.#level = level;
		this.#keys = node.groupKeys.map((key) => context.compileExpression(key));
		this.#keyCost = this.#keys.reduce((cost, key) => cost + key.costPerRow + KEY_COST, 0);
		const { stateBytes, offsets } = stateLayout(node.aggregates);
		const keyTypes = node.groupKeys.map(({ type }) => type);
		this.#table = new GroupTable(context, keyTypes, stateBytes);
		this.#finder = new GroupFinder(context, this.#table, keyTypes);
		const { extraOffset } = this.#table.layout;
		this.#calls = new AggregateCalls(
			context,
			node.aggregates,
			this.#table,
			offsets.map((offset) => extraOffset + offset),
		);
		this.#region = context.lease.region();
	}

	/** After the end: the files that another pass must read. */
	get spilled(): SpillFile[] {
		return this.#spilled?.files.filter(({ rowCount }) => rowCount > 0) ?? [];
	}

	next(): Batch | "blocked" | null {
		while (!this.#consumed) {
			if (this.#context.yieldDue || (this.#isSpilling && this.#context.spillBlocked)) return "blocked";
			const batch = this.#input.next();
			if (batch === "blocked") return batch;
			if (batch === null) {
				if (this.#keys.length === 0) this.#table.single();
				this.#spilled?.finish();
				this.#consumed = true;
			} else if (batch.selectedCount > 0) this.#consume(batch);
		}
		if (this.#output === null) {
			for (;;) {
				const settled = this.#calls.settle(this.#region);
				if (settled === true) break;
				if (settled === "blocked" || this.#context.yieldDue) return "blocked";
			}
			this.#output = new RowCursor(this.#context.engine, this.#table.blocks(), this.#table.layout.rowBytes);
		}
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			this.#region.reset();
			const all = this.#output.next(this.#context.batchRowCountMax, this.#region);
			if (all.count === 0) return null;
			const rows = this.#wanted(all);
			if (rows.count === 0) continue;
			const columns = Array.from({ length: this.#columnCount }, (_, column) => this.#column(column, rows));
			this.#context.spend(rows.count * columns.length);
			return { rowCount: rows.count, columns, selection: 0, selectedCount: rows.count };
		}
	}

	/** A column of the output: keys first. */
	#column(column: number, rows: RowPointers): Vector {
		const key = this.#table.layout.columns[column];
		if (key === undefined) return this.#calls.finish(column - this.#keys.length, rows, this.#region);
		return gatherColumn(this.#context.engine, { ...key, present: -1 }, rows, this.#region);
	}

	/** Those of the groups that somebody wants, as far as that is known. */
	#wanted(all: RowPointers): RowPointers {
		const { engine } = this.#context;
		const { late } = this.#node;
		if (late?.select == null) return all;
		this.#context.spend(all.count * late.deciding.length);
		const columns: Vector[] = [];
		for (const column of late.deciding) columns[column] = this.#column(column, all);
		const { selection, selectedCount } = late.select({ rowCount: all.count, columns, selection: 0, selectedCount: all.count });
		if (selection === 0) return all;
		this.#context.countWithheld(all.count - selectedCount);
		const rows = this.#region.allocate(selectedCount * 4);
		engine.kernels.take_32(selectedCount, selection, all.rows, rows);
		return { rows, count: selectedCount };
	}

	get #isSpilling(): boolean {
		return this.#spilled !== null || this.#calls.isSpilling;
	}

	#consume(input: Batch): void {
		this.#region.reset();
		const sparse = input.selectedCount < input.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(this.#context.engine, input, this.#region) : input;
		this.#context.spend(batch.selectedCount * this.#keyCost);
		const keys = this.#keys.map((key) => key.evaluate(batch, this.#region));
		if (this.#spilled !== null) return this.#consumeKnown(batch, keys, this.#spilled);
		const groups = this.#finder.find(batch, keys, this.#region);
		this.#calls.update(batch, groups, this.#region, this.#keys.length === 0 ? this.#table.single() : undefined);
		this.#spillIfTight();
	}

	/** Rows of groups that are there; the others are spilled as they came. */
	#consumeKnown(batch: Batch, keys: Vector[], spilled: StagedPartitions): void {
		const flat = keys.map((key) => flatten(this.#context.engine, key, batch, this.#region));
		const { groups, hashes, found, missing } = this.#table.lookUp(flat, batch, this.#region);
		if (missing.selectedCount > 0) spilled.add({ ...batch, ...missing }, hashes, this.#region);
		if (found.selectedCount > 0) this.#calls.update({ ...batch, ...found }, groups, this.#region);
	}

	#spillIfTight(): void {
		if (this.#keys.length === 0 || !this.#context.memoryTight(this.#table.growthBytes)) return;
		const space = spaceAtLevel(this.#context, this.#level);
		if (space !== null) this.#spilled = new StagedPartitions(this.#context, space, this.#level);
	}
}
