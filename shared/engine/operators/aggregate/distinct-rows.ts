/**
 * The rows of an aggregate with DISTINCT that bring a combination of group and arguments for the first time. A table of the combinations decides; in front of it
 * stands a memory of pairs of group and argument (by its id), which most rows of few values never get past.
 *
 * When memory is tight no combination is added any more: rows of those that are not there go to files by their hash, with their group's address, which stays as long as
 * the aggregation does. At the input's end the table is given up, since what is in the files is in none of it, and each file is passed through a table of its own.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import { flatten, type RowSpace } from "../../vector/copy.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import { DistinctTable } from "./distinct-table.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { KeyIds } from "./key-ids.ts";
import type { BatchSource } from "../source.ts";
import type { SpillFile } from "../spill/spill-file.ts";

/** Groups' addresses, as a column. */
export const GROUP_ADDRESS: DataType = { kind: "integer" };

/** A power of two; of 8 bytes. */
const PAIR_COUNT = 32_768;
/** The memory is given up when more than this part of its rows got past it, once it has seen so many. */
const PAST_FRACTION_MAX = 0.5;
const TRIAL_ROW_COUNT = 65_536;

/** What a group's addresses are as a column of integers. */
export function groupColumn(groups: Pointer): FlatVector {
	return { kind: "flat", type: GROUP_ADDRESS, physical: "i32", values: groups, validity: 0, offsets: 0 };
}

/** Rows whose combination is new: the arguments, flat where those rows are, and `groups` u32 by position. */
export interface NewRows {
	rows: RowSpace;
	columns: FlatVector[];
	groups: Pointer;
}

export class DistinctRows {
	readonly #context: ExecutionContext;
	readonly #engine: Engine;
	readonly #types: DataType[];
	/** Of the input, then of each file. */
	#table: DistinctTable;
	/** The file that is read. */
	#reading: { file: SpillFile; source: BatchSource } | null = null;
	/** Files still to come, the next one last. */
	readonly #pending: { file: SpillFile; level: number }[] = [];
	/** Of a single argument, once it came as a dictionary; null where the memory does not pay. */
	#pairs: { ids: KeyIds; memory: Pointer } | null | undefined;
	#askedCount = 0;
	#pastCount = 0;

	constructor(context: ExecutionContext, argumentTypes: DataType[]) {
		this.#context = context;
		this.#engine = context.engine;
		this.#types = [GROUP_ADDRESS, ...argumentTypes];
		this.#table = new DistinctTable(context, this.#types, 0);
		this.#pairs = argumentTypes.length === 1 ? undefined : null;
	}

	/** Rows are being written: whoever feeds it asks `context.spillBlocked` between its batches. */
	get isSpilling(): boolean {
		return this.#table.isSpilling;
	}

	/** Of the live rows of a batch; what is not known yet is kept for {@link step}. */
	select(columns: Vector[], batch: RowSpace, groups: Pointer, region: Region): NewRows {
		const rows = this.#unseen(columns[0] as Vector, batch, groups, region);
		const flat = columns.map((column) => flatten(this.#engine, column, rows, region));
		return { rows: this.#table.select([groupColumn(groups), ...flat], rows, region), columns: flat, groups };
	}

	/** After the input's end, until it returns null: more rows that are new, in `region`. */
	step(region: Region): NewRows | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue || (this.isSpilling && this.#context.spillBlocked)) return "blocked";
			const batch = this.#reading?.source.next() ?? null;
			if (batch === "blocked") return batch;
			if (batch === null) {
				if (!this.#nextFile()) return null;
				continue;
			}
			region.reset();
			const flat = batch.columns.map((column) => flatten(this.#engine, column, batch, region));
			const rows = this.#table.select(flat, batch, region);
			const [group, ...columns] = flat as [FlatVector, ...FlatVector[]];
			if (rows.selectedCount > 0) return { rows, columns, groups: group.values };
		}
	}

	/** @returns false at the end */
	#nextFile(): boolean {
		const { level } = this.#table;
		for (const file of this.#table.close()) this.#pending.push({ file, level: level + 1 });
		this.#reading?.source.close();
		this.#reading?.file.drop();
		this.#reading = null;
		const next = this.#pending.pop();
		if (next === undefined) return false;
		this.#table = new DistinctTable(this.#context, this.#types, next.level);
		this.#reading = { file: next.file, source: this.#table.within(() => next.file.source()) };
		return true;
	}

	#unseen(argument: Vector, rows: RowSpace, groups: Pointer, region: Region): RowSpace {
		if (this.#pairs === null || argument.kind !== "dictionary") return rows;
		this.#pairs ??= { ids: new KeyIds(this.#context, this.#types[1] as DataType), memory: this.#newMemory() };
		const words = this.#pairs.ids.find(argument, rows, region);
		if (words === null || this.#isWasted()) {
			this.#context.lease.freePages(this.#pairs.memory);
			this.#pairs = null;
			return rows;
		}
		const selection = region.allocate(rows.selectedCount * 2);
		const { memory } = this.#pairs;
		const { kernels } = this.#engine;
		const selectedCount = kernels.pairs_unseen(rows.selectedCount, rows.selection, groups, words, memory, PAIR_COUNT - 1, selection);
		this.#askedCount += rows.selectedCount;
		this.#pastCount += selectedCount;
		return { rowCount: rows.rowCount, selection, selectedCount };
	}

	#newMemory(): Pointer {
		const byteCount = PAIR_COUNT * 8;
		const memory = this.#context.lease.allocatePages(byteCount);
		this.#engine.arena.views.u8.fill(0, memory, memory + byteCount);
		return memory;
	}

	#isWasted(): boolean {
		return this.#askedCount >= TRIAL_ROW_COUNT && this.#pastCount > this.#askedCount * PAST_FRACTION_MAX;
	}
}
