/**
 * What the first key of a top-N says by itself: rows that sort after the last one that is kept are passed over before the other keys are looked at. Of a dictionary each entry is
 * asked once per bound, and rows go by their codes: no text is looked up for them.
 */
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import { DESCRIPTOR_BYTES, type RowColumn, writeDescriptors } from "../../vector/row-layout.ts";
import type { Dictionary, DictionaryVector, Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { RowStore } from "../rows/row-store.ts";

/** As many entries as u16 positions name. */
const ENTRY_COUNT_MAX = 65_536;
/** Entries are compared once a dictionary was asked for this part of their number in rows: the bound changes often at first. */
const ROWS_PER_ENTRY_MIN = 1 / 32;

/** A stored row of a store that is never added to behind it, and the first key of both. */
export interface KeyBound {
	stored: Pointer;
	store: RowStore;
	column: number;
	descending: boolean;
	nullsFirst: boolean;
	/** There is no other key. */
	isOnly: boolean;
}

export class FirstKey {
	readonly #engine: Engine;
	/** Of the truths below. */
	readonly #region: Region;
	#dictionary: Dictionary | null = null;
	#store: RowStore | null = null;
	/** Live rows that asked. */
	#rowCount = 0;
	/** A boolean per entry: it does not sort after the bound. Null as long as that was not computed. */
	#truths: Pointer | null = null;

	constructor({ engine, lease }: Pick<ExecutionContext, "engine" | "lease">) {
		this.#engine = engine;
		this.#region = lease.region();
	}

	/** Rows of the batch that the key does not rule out; all of them where it cannot tell cheaply. The selection lies in `region`. */
	select(batch: Batch, key: Vector, bound: KeyBound, region: Region): Batch {
		if (key.kind === "dictionary" && key.validity === 0) {
			const { entryCount } = key.dictionary;
			if (entryCount > 0 && entryCount <= ENTRY_COUNT_MAX) return this.#selectCodes(batch, key, bound, region);
		}
		// The comparison of all keys is that of the only one.
		return bound.isOnly ? batch : this.#notAfter(batch, key, bound, region);
	}

	#selectCodes(batch: Batch, { dictionary, codes }: DictionaryVector, bound: KeyBound, region: Region): Batch {
		if (this.#dictionary !== dictionary || this.#store !== bound.store) {
			this.#dictionary = dictionary;
			this.#store = bound.store;
			this.#rowCount = 0;
			this.#truths = null;
		}
		this.#rowCount += batch.selectedCount;
		if (this.#truths === null && this.#rowCount < dictionary.entryCount * ROWS_PER_ENTRY_MIN) return batch;
		this.#truths ??= this.#truthsOf(dictionary, bound);
		const selection = region.allocate(batch.selectedCount * 2);
		const { selectedCount } = batch;
		const count = this.#engine.kernels.select_codes(selectedCount, batch.selection, codes, 0, this.#truths, selection);
		return count === selectedCount ? batch : { ...batch, selection, selectedCount: count };
	}

	#truthsOf({ values, entryCount }: Dictionary, bound: KeyBound): Pointer {
		const { u8, u16 } = this.#engine.arena.views;
		this.#region.reset();
		const entries = { rowCount: entryCount, columns: [], selection: 0, selectedCount: entryCount };
		const { selection, selectedCount } = this.#notAfter(entries, values, bound, this.#region);
		const truths = this.#region.allocateZeroed(entryCount);
		for (let index = 0; index < selectedCount; index++) u8[truths + (u16[(selection >> 1) + index] as number)] = 1;
		return truths;
	}

	#notAfter(batch: Batch, key: Vector, { stored, store, column, descending, nullsFirst }: KeyBound, region: Region): Batch {
		const vector = flatten(this.#engine, key, batch, region);
		const descriptors = region.allocate(DESCRIPTOR_BYTES);
		writeDescriptors(this.#engine, [{ column: store.layout.columns[column] as RowColumn, vector, descending, nullsFirst }], descriptors);
		const selection = region.allocate(batch.selectedCount * 2);
		const selectedCount = this.#engine.kernels.rows_not_after(batch.selectedCount, batch.selection, 1, descriptors, stored, selection);
		return { ...batch, selection, selectedCount };
	}
}
