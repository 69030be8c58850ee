/**
 * The group of each row of a batch. One key that comes as a dictionary is looked up by its codes: each entry is hashed once, when a row first
 * shows it. Other keys are flattened and hashed row by row.
 */
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten, type RowSpace } from "../vector/copy.ts";
import type { Dictionary, DictionaryVector, Vector } from "../vector/vector.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { GroupTable } from "./group-table.ts";

export class GroupFinder {
	readonly #engine: Engine;
	readonly #context: ExecutionContext;
	readonly #table: GroupTable;
	/** Groups of the entries of the last dictionary: u32[entries + 1], the last for NULL. */
	#known: { dictionary: Dictionary; groups: Pointer; byteCount: number } | null = null;

	constructor(context: ExecutionContext, table: GroupTable) {
		this.#context = context;
		this.#engine = context.engine;
		this.#table = table;
	}

	/** @returns u32 by row position, in `region` */
	find(batch: Batch, keys: Vector[], region: Region): Pointer {
		const { kernels } = this.#engine;
		const [first] = keys;
		if (first === undefined) {
			const groups = region.allocate(batch.rowCount * 4);
			kernels.group_fill(batch.selectedCount, batch.selection, this.#table.single(), groups);
			return groups;
		}
		if (keys.length === 1 && first.kind === "dictionary" && first.dictionary.entryCount <= this.#context.dictionaryEntryCountMax)
			return this.#findByCodes(batch, first, region);
		return this.#findByValues(batch, keys, region);
	}

	#findByValues(rows: RowSpace, keys: Vector[], region: Region): Pointer {
		const flat = keys.map((key) => flatten(this.#engine, key, rows, region));
		return this.#table.find(flat, rows, region).groups;
	}

	#findByCodes(batch: Batch, key: DictionaryVector, region: Region): Pointer {
		const { kernels } = this.#engine;
		const { entryCount } = key.dictionary;
		const known = this.#knownGroups(key.dictionary);
		const groups = region.allocate(batch.rowCount * 4);
		const unknown = region.allocate(batch.selectedCount * 2);
		const { codes, validity } = key;
		const unknownCount = kernels.group_by_codes(batch.selectedCount, batch.selection, codes, validity, entryCount, known, groups, unknown);
		if (unknownCount === 0) return groups;
		const rows = { rowCount: batch.rowCount, selection: unknown, selectedCount: unknownCount };
		const found = this.#findByValues(rows, [key], region);
		kernels.group_learn_codes(unknownCount, unknown, codes, validity, entryCount, known, found);
		kernels.group_by_codes(batch.selectedCount, batch.selection, codes, validity, entryCount, known, groups, unknown);
		return groups;
	}

	#knownGroups(dictionary: Dictionary): Pointer {
		if (this.#known?.dictionary === dictionary) return this.#known.groups;
		const byteCount = (dictionary.entryCount + 1) * 4;
		if (this.#known === null || this.#known.byteCount < byteCount) {
			if (this.#known !== null) this.#context.lease.freePages(this.#known.groups);
			this.#known = { dictionary, groups: this.#context.lease.allocatePages(byteCount), byteCount };
		}
		this.#known = { ...this.#known, dictionary };
		this.#engine.arena.views.u8.fill(0, this.#known.groups, this.#known.groups + byteCount);
		return this.#known.groups;
	}
}
