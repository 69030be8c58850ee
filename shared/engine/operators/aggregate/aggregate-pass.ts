/**
 * One pass of a hash aggregation: groups an input as far as memory goes; rows of further groups are left in files.
 *
 * Where a scan says that no lower key is to come (`key-floor.ts`), the groups below are emitted in the middle of the input. The others, those of a key that two row groups
 * share and of NULL, are moved to a table of their own, and the memory of the table before is returned: an input in the order of its key needs room for one row group's groups.
 *
 * Where not all groups are wanted: once any so many are there, rows of others are dropped (without aggregates nothing more is read); of the first by their keys, `first-groups.ts`.
 */
import { assert } from "#shared/base/assert.ts";
import { SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { PhysicalHashAggregate } from "#shared/contracts/plan/physical.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { compactBatch, flatten } from "../../vector/copy.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { Vector } from "../../vector/vector.ts";
import { AggregateCalls, stateLayout } from "./aggregate-calls.ts";
import type { CompiledExpression } from "../evaluator.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { type FirstGroups, firstGroups } from "./first-groups.ts";
import { GroupFinder } from "./group-finder.ts";
import { GroupTable } from "./group-table.ts";
import type { KeyFloor } from "../key-filter/key-floor.ts";
import type { LateColumns } from "../late-columns.ts";
import { groupedColumns } from "../live-columns.ts";
import { RowCursor } from "../rows/row-cursor.ts";
import type { BatchSource } from "../source.ts";
import type { SpillFile } from "../spill/spill-file.ts";
import { spaceAtLevel } from "../spill/spill-partitions.ts";
import { StagedPartitions } from "../spill/staged-partitions.ts";

/** Work units of finding one row's group, per key. */
const KEY_COST = 4;
/** Fewer groups are not worth a table of their own. */
const EMITTED_GROUP_COUNT_MIN = 4096;

export interface GroupBy extends Pick<PhysicalHashAggregate, "groupKeys" | "aggregates" | "wanted"> {
	late?: LateColumns | undefined;
	/** Of the input, where it can do without rows of groups that are not wanted. */
	lateInput?: LateColumns | null;
	/** Of the input's keys, where its scan may know it. */
	floor?: KeyFloor | null;
}

/** Groups, and whoever remembers where they lie. */
interface Groups {
	lease: Lease;
	table: GroupTable;
	finder: GroupFinder;
	calls: AggregateCalls;
}

/** Groups on their way out: those below `floor`, with the others moved to `kept`; all of them where `kept` is null. */
interface Emission {
	cursor: RowCursor;
	floor: bigint;
	kept: Groups | null;
}

export class AggregatePass {
	readonly #context: ExecutionContext;
	readonly #node: GroupBy;
	readonly #columnCount: number;
	readonly #input: BatchSource;
	readonly #level: number;
	/** Columns of the input that keys and aggregates read, by place. */
	readonly #read: readonly number[];
	readonly #keys: CompiledExpression[];
	readonly #keyCost: number;
	readonly #region: Region;
	#groups: Groups;
	/** Where the first groups by some keys are wanted. */
	readonly #first: FirstGroups | null;
	/** Set once memory was tight: rows of groups that are not in the table. */
	#spilled: StagedPartitions | null = null;
	#consumed = false;
	#emission: Emission | null = null;
	/** The floor that was asked for last. */
	#floor: bigint | null = null;

	/** @param level of the recursion over spilled rows, from 0 */
	constructor(context: ExecutionContext, node: GroupBy, input: BatchSource, level: number) {
		this.#context = context;
		this.#node = node;
		this.#columnCount = node.groupKeys.length + node.aggregates.length;
		this.#input = input;
		this.#level = level;
		this.#read = [...groupedColumns(node)];
		this.#keys = node.groupKeys.map((key) => context.compileExpression(key));
		this.#keyCost = this.#keys.reduce((cost, key) => cost + key.costPerRow + KEY_COST, 0);
		this.#region = context.lease.region();
		this.#groups = this.#newGroups();
		this.#first = this.#within(({ table }) => firstGroups(context, table, node));
		if (level === 0) this.#first?.tell(node.lateInput ?? null);
	}

	/** After the end: the files that another pass must read. */
	get spilled(): SpillFile[] {
		return this.#spilled?.files.filter(({ rowCount }) => rowCount > 0) ?? [];
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue || (this.#isSpilling && this.#context.spillBlocked)) return "blocked";
			if (this.#emission !== null) {
				const batch = this.#emit(this.#emission);
				if (batch === "end") {
					if (this.#emission.kept === null) return null;
					this.#groups.lease.release();
					this.#groups = this.#emission.kept;
					this.#emission = null;
				} else if (batch !== null) return batch;
			} else if (this.#consumed) {
				const settled = this.#within(({ calls }) => calls.settle(this.#region));
				if (settled === "blocked") return settled;
				if (settled) this.#emission = { cursor: this.#cursor(), floor: 0n, kept: null };
			} else if (this.#hasWanted && this.#node.aggregates.length === 0) {
				this.#end();
			} else if (!this.#startsEmission()) {
				const batch = this.#input.next();
				if (batch === "blocked") return batch;
				if (batch === null) this.#end();
				else if (batch.selectedCount > 0) this.#within(() => this.#consume(batch));
			}
		}
	}

	#newGroups(): Groups {
		const lease = this.#context.lease.child();
		return this.#context.within(lease, () => {
			const { stateBytes, offsets } = stateLayout(this.#node.aggregates);
			const keyTypes = this.#node.groupKeys.map(({ type }) => type);
			const table = new GroupTable(this.#context, keyTypes, stateBytes);
			const states = offsets.map((offset) => table.layout.extraOffset + offset);
			const calls = new AggregateCalls(this.#context, this.#node.aggregates, table, states);
			return { lease, table, finder: new GroupFinder(this.#context, table, keyTypes), calls };
		});
	}

	/** With the groups' own memory; the input is never pulled from in it. */
	#within<Result>(work: (groups: Groups) => Result): Result {
		return this.#context.within(this.#groups.lease, () => work(this.#groups));
	}

	#cursor(): RowCursor {
		const { table } = this.#groups;
		return new RowCursor(this.#context.engine, table.blocks(), table.layout.rowBytes);
	}

	#end(): void {
		this.#within(({ table }) => {
			if (this.#keys.length === 0) table.single();
			this.#spilled?.finish();
		});
		this.#consumed = true;
	}

	/** Asked between batches: whether groups are emitted before more is read. It is worth it where most of them are below the floor. */
	#startsEmission(): boolean {
		const floor = this.#level === 0 ? (this.#node.floor?.leastToCome ?? null) : null;
		const { table, calls } = this.#groups;
		if (floor === null || this.#spilled !== null || table.groupCount < EMITTED_GROUP_COUNT_MIN || !calls.areMovable) return false;
		if (this.#floor !== null && floor <= this.#floor) return false;
		this.#floor = floor;
		let belowCount = 0;
		for (const cursor = this.#cursor(); ; ) {
			this.#region.reset();
			const rows = cursor.next(this.#context.batchRowCountMax, this.#region);
			if (rows.count === 0) break;
			this.#context.spend(rows.count);
			belowCount += this.#shareOut(rows, floor).below.count;
		}
		if (belowCount * 2 < table.groupCount) return false;
		this.#emission = { cursor: this.#cursor(), floor, kept: this.#newGroups() };
		return true;
	}

	#shareOut(stored: RowPointers, floor: bigint): { below: RowPointers; rest: RowPointers } {
		const { engine } = this.#context;
		const column = this.#groups.table.layout.columns[this.#node.floor?.key ?? 0];
		assert(column !== undefined, "a floor is of a key");
		const { rows, count } = stored;
		const bound = this.#region.allocate(8);
		engine.arena.views.i64[bound / 8] = floor;
		const [below, rest] = [this.#region.allocate(count * 4), this.#region.allocate(count * 4)];
		const isWide = column.kind === VALUE_KIND.i64 ? 1 : 0;
		const belowCount = engine.kernels.groups_below(count, rows, column.offset, column.nullBit, isWide, bound, below, rest);
		return { below: { rows: below, count: belowCount }, rest: { rows: rest, count: count - belowCount } };
	}

	/** The next groups; null where of some nobody wants any. */
	#emit({ cursor, floor, kept }: Emission): Batch | "end" | null {
		this.#region.reset();
		const stored = cursor.next(this.#context.batchRowCountMax, this.#region);
		if (stored.count === 0) return "end";
		if (kept === null) return this.#within(() => this.#finished(stored));
		const { below, rest } = this.#shareOut(stored, floor);
		if (rest.count > 0) this.#move(rest, kept);
		return below.count === 0 ? null : this.#within(() => this.#finished(below));
	}

	#finished(all: RowPointers): Batch | null {
		const rows = this.#wanted(all);
		if (rows.count === 0) return null;
		const columns = Array.from({ length: this.#columnCount }, (_, column) => this.#column(column, rows));
		this.#context.spend(rows.count * columns.length);
		return { rowCount: rows.count, columns, selection: 0, selectedCount: rows.count };
	}

	#move(stored: RowPointers, kept: Groups): void {
		const { engine } = this.#context;
		this.#context.spend(stored.count * this.#keyCost);
		const keys = this.#groups.table.layout.columns.map((key) => gatherColumn(engine, { ...key, present: -1 }, stored, this.#region));
		const rows = { rowCount: stored.count, selection: 0, selectedCount: stored.count };
		this.#context.within(kept.lease, () => {
			const { groups } = kept.table.find(keys, rows, this.#region);
			kept.calls.moveFrom(this.#groups.calls, stored, groups, this.#region);
		});
	}

	/** A column of the output: keys first. */
	#column(column: number, rows: RowPointers): Vector {
		const key = this.#groups.table.layout.columns[column];
		if (key === undefined) return this.#groups.calls.finish(column - this.#keys.length, rows, this.#region);
		return gatherColumn(this.#context.engine, { ...key, present: -1 }, rows, this.#region);
	}

	/** Those of the groups that somebody wants, as far as that is known. */
	#wanted(all: RowPointers): RowPointers {
		const { engine } = this.#context;
		const { late } = this.#node;
		if (late?.select == null) return all;
		const columns: Vector[] = [];
		for (const column of late.deciding) columns[column] = this.#column(column, all);
		const batch = { rowCount: all.count, columns, selection: 0, selectedCount: all.count };
		const { selection, selectedCount } = late.wanted(batch, this.#context);
		if (selection === 0) return all;
		const rows = this.#region.allocate(selectedCount * 4);
		engine.kernels.take_32(selectedCount, selection, all.rows, rows);
		return { rows, count: selectedCount };
	}

	get #isSpilling(): boolean {
		return this.#spilled !== null || this.#groups.calls.isSpilling;
	}

	/** The columns that are read, each in its place; a scan has those of its filter, too, and a file of spilled rows none but these. */
	#readOf(input: Batch): Batch {
		const columns: Vector[] = [];
		for (const [index, place] of this.#read.entries()) columns[place] = input.columns[this.#level === 0 ? place : index] as Vector;
		return { ...input, columns };
	}

	#consume(input: Batch): void {
		this.#region.reset();
		const read = this.#readOf(input);
		const sparse = read.selectedCount < read.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(this.#context.engine, read, this.#region) : read;
		this.#context.spend(batch.selectedCount * this.#keyCost);
		const keys = this.#keys.map((key) => key.evaluate(batch, this.#region));
		const rows = this.#first?.select(batch, keys, this.#region) ?? batch;
		if (rows.selectedCount === 0) return;
		if (this.#spilled !== null || this.#hasWanted) return this.#consumeKnown(rows, keys, this.#spilled);
		const groups = this.#groups.finder.find(rows, keys, this.#region);
		this.#groups.calls.update(rows, groups, this.#region, this.#keys.length === 0 ? this.#groups.table.single() : undefined);
		this.#first?.learn();
		this.#spillIfTight();
	}

	/** There are as many groups as anybody wants, whichever they are. */
	get #hasWanted(): boolean {
		const { wanted } = this.#node;
		return wanted !== undefined && wanted.order.length === 0 && this.#groups.table.groupCount >= wanted.groupCount;
	}

	/** Rows of groups that are there; the others are spilled as they came, or nobody wants them. */
	#consumeKnown(batch: Batch, keys: Vector[], spilled: StagedPartitions | null): void {
		const flat = keys.map((key) => flatten(this.#context.engine, key, batch, this.#region));
		const { groups, hashes, found, missing } = this.#groups.table.lookUp(flat, batch, this.#region);
		if (missing.selectedCount > 0) {
			const columns = this.#read.map((place) => batch.columns[place] as Vector);
			spilled?.add({ ...batch, ...missing, columns }, hashes, this.#region);
		}
		if (found.selectedCount > 0) this.#groups.calls.update({ ...batch, ...found }, groups, this.#region);
	}

	#spillIfTight(): void {
		if (this.#keys.length === 0 || this.#hasWanted || !this.#context.memoryTight(this.#groups.table.growthBytes)) return;
		const space = spaceAtLevel(this.#context, this.#level);
		if (space !== null) this.#spilled = new StagedPartitions(this.#context, space, this.#level);
	}
}
