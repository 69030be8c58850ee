/**
 * The rows of an aggregate with DISTINCT that bring a combination of group and arguments for the first time. A table of the combinations decides; in front of it
 * stands a memory of pairs of group and argument (by its id), which most rows of few values never get past.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import { flatten, type RowSpace } from "../vector/copy.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { GroupTable } from "./group-table.ts";
import { KeyIds } from "./key-ids.ts";

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

export class DistinctRows {
	readonly #context: ExecutionContext;
	readonly #engine: Engine;
	readonly #seen: GroupTable;
	/** Of a single argument, once it came as a dictionary; null where the memory does not pay. */
	#pairs: { ids: KeyIds; memory: Pointer } | null | undefined;
	readonly #argumentType: DataType;
	#askedCount = 0;
	#pastCount = 0;

	constructor(context: ExecutionContext, argumentTypes: DataType[]) {
		this.#context = context;
		this.#engine = context.engine;
		this.#seen = new GroupTable(context, [GROUP_ADDRESS, ...argumentTypes], 0);
		this.#argumentType = argumentTypes[0] as DataType;
		this.#pairs = argumentTypes.length === 1 ? undefined : null;
	}

	/** @returns the live rows that are new, and the arguments, flat where those rows are */
	select(columns: Vector[], batch: RowSpace, groups: Pointer, region: Region): { rows: RowSpace; columns: FlatVector[] } {
		const rows = this.#unseen(columns[0] as Vector, batch, groups, region);
		const flat = columns.map((column) => flatten(this.#engine, column, rows, region));
		if (rows.selectedCount === 0) return { rows, columns: flat };
		const { created, createdCount } = this.#seen.find([groupColumn(groups), ...flat], rows, region);
		return { rows: { ...rows, selection: created, selectedCount: createdCount }, columns: flat };
	}

	#unseen(argument: Vector, rows: RowSpace, groups: Pointer, region: Region): RowSpace {
		if (this.#pairs === null || argument.kind !== "dictionary") return rows;
		this.#pairs ??= { ids: new KeyIds(this.#context, this.#argumentType), memory: this.#newMemory() };
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
