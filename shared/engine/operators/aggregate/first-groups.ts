/**
 * Of a group-by of which the first n groups by some of its keys are wanted: a row whose keys sort behind those of n groups that are there is of no group that anybody wants, whatever
 * is still to come, since groups only become more. Nor is a row of a wanted group ever dropped: it would sort behind n groups, and so would its group in the end. Rows that tie with
 * the last of the n are kept: they may be its own.
 */
import { assert } from "#shared/base/assert.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { WantedGroups } from "#shared/contracts/plan/physical.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import { DESCRIPTOR_BYTES, type RowColumn, writeDescriptors } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { LateColumns } from "../late-columns.ts";
import type { GroupTable } from "./group-table.ts";

/** Of `sort_run`: 64 bits of the first key, a row. */
const ENTRY_BYTES = 12;
/** New groups before the first ones are sought again, beside as many as are wanted. */
const SLACK_GROUP_COUNT = 64;

export class FirstGroups {
	readonly #context: ExecutionContext;
	readonly #table: GroupTable;
	readonly #wanted: WantedGroups;
	readonly #entryCountMax: number;
	readonly #entries: Pointer;
	readonly #scratch: Pointer;
	/** Of stored rows; of a batch's. */
	readonly #stored: Pointer;
	readonly #batch: Pointer;
	/** Of what was told to the input, which is valid until it asks again. */
	readonly #lateRegion: Region;
	/** Groups that may be among the first, as entries. */
	#entryCount = 0;
	/** Groups of the table that were looked at. */
	#seenCount = 0;
	/** The last of the first groups when they were sought last; 0: there were not so many. */
	#bound: Pointer = 0;

	constructor(context: ExecutionContext, table: GroupTable, wanted: WantedGroups) {
		this.#context = context;
		this.#table = table;
		this.#wanted = wanted;
		this.#entryCountMax = 2 * wanted.groupCount + SLACK_GROUP_COUNT + BATCH_ROW_COUNT_MAX;
		this.#entries = context.lease.allocatePages(this.#entryCountMax * ENTRY_BYTES);
		this.#scratch = context.lease.allocatePages(this.#entryCountMax * ENTRY_BYTES);
		const region = context.lease.region();
		this.#stored = region.allocate(wanted.order.length * DESCRIPTOR_BYTES);
		this.#batch = region.allocate(wanted.order.length * DESCRIPTOR_BYTES);
		this.#lateRegion = context.lease.region();
		this.#describe([], this.#stored);
	}

	/** Lets the input ask: its column is the first key of the order. */
	tell(late: LateColumns | null): void {
		if (late === null) return;
		const [column] = late.deciding;
		assert(column !== undefined, "an input asks by a column");
		late.select = (batch) => {
			if (this.#bound === 0) return batch;
			this.#lateRegion.reset();
			return this.#notAfter(batch, [batch.columns[column] as Vector], this.#lateRegion);
		};
	}

	/** Those of the live rows that may be of a wanted group. @param keys of the group-by. The selection lies in `region` */
	select(batch: Batch, keys: readonly Vector[], region: Region): Batch {
		if (this.#bound === 0) return batch;
		const { order } = this.#wanted;
		return this.#notAfter(
			batch,
			order.map(({ key }) => keys[key] as Vector),
			region,
		);
	}

	/** After groups were made, of one batch at most. */
	learn(): void {
		const { groupCount, order } = this.#wanted;
		const { kernels, arena } = this.#context.engine;
		this.#takeNew();
		const isDue = this.#bound === 0 ? this.#entryCount >= groupCount : this.#entryCount >= 2 * groupCount + SLACK_GROUP_COUNT;
		if (!isDue) return;
		this.#context.spend(this.#entryCount * order.length);
		kernels.sort_run(this.#entryCount, this.#entries, this.#scratch, order.length, this.#stored);
		this.#entryCount = groupCount;
		this.#bound = arena.views.u32[(this.#entries + (groupCount - 1) * ENTRY_BYTES) / 4 + 2] as number;
	}

	/** Entries of the groups made since the last time. */
	#takeNew(): void {
		if (this.#table.groupCount === this.#seenCount) return;
		const { rowBytes } = this.#table.layout;
		let before = 0;
		for (const { pointer, rowCount } of this.#table.blocks()) {
			const seen = Math.min(rowCount, Math.max(0, this.#seenCount - before));
			const end = this.#entries + this.#entryCount * ENTRY_BYTES;
			this.#entryCount += rowCount - seen;
			assert(this.#entryCount <= this.#entryCountMax, "a batch makes no more groups than it may have rows");
			this.#context.engine.kernels.sort_entries_of(rowCount - seen, pointer + seen * rowBytes, rowBytes, this.#stored, end);
			before += rowCount;
		}
		this.#seenCount = before;
	}

	/** @param keys of the order, or its first ones */
	#notAfter(batch: Batch, keys: readonly Vector[], region: Region): Batch {
		const { engine } = this.#context;
		this.#describe(
			keys.map((key) => flatten(engine, key, batch, region)),
			this.#batch,
		);
		const selection = region.allocate(batch.selectedCount * 2);
		const { rows_not_after } = engine.kernels;
		const selectedCount = rows_not_after(batch.selectedCount, batch.selection, keys.length, this.#batch, this.#bound, selection);
		return { ...batch, selection, selectedCount };
	}

	#describe(vectors: readonly FlatVector[], out: Pointer): void {
		const columns = this.#wanted.order.map(({ key, descending, nullsFirst }, index) => ({
			column: this.#table.layout.columns[key] as RowColumn,
			vector: vectors[index] ?? null,
			descending,
			nullsFirst,
		}));
		writeDescriptors(this.#context.engine, columns, out);
	}
}

/** Null where all groups are wanted, or any. Takes the memory of the lease that the context has now, as the table does. */
export function firstGroups(
	context: ExecutionContext,
	table: GroupTable,
	node: { groupKeys: Expression[]; wanted?: WantedGroups },
): FirstGroups | null {
	const { wanted } = node;
	return wanted === undefined || wanted.order.length === 0 ? null : new FirstGroups(context, table, wanted);
}
