/**
 * Small numbers for the values of one key, the same in every batch: its dictionaries may differ, the numbers do not. An entry is hashed once, when a row first
 * shows it. Where a key is no dictionary, or has too many values, there are no numbers, and who asks goes by the values.
 */
import { KEY_ID_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import { flatten, type RowSpace } from "../../vector/copy.ts";
import type { DictionaryVector, Vector } from "../../vector/vector.ts";
import { CodeWords } from "./code-words.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { GroupTable } from "./group-table.ts";

const ID_BYTES = 8;

export class KeyIds {
	readonly #engine: Engine;
	/** The values, each with its id behind it. */
	readonly #values: GroupTable;
	readonly #words: CodeWords;

	constructor(context: ExecutionContext, type: DataType) {
		this.#engine = context.engine;
		this.#values = new GroupTable(context, [type], ID_BYTES);
		this.#words = new CodeWords(context, (key, rowCount, region) => this.#idsOf(key, rowCount, region));
	}

	/** Ids are from 1 to this. */
	get count(): number {
		return this.#values.groupCount;
	}

	/** @returns u32 by row position, in `region`; null where the key has no ids */
	find(key: Vector, rows: RowSpace, region: Region): Pointer | null {
		if (key.kind !== "dictionary" || this.count > KEY_ID_COUNT_MAX || !this.#words.takes(key.dictionary)) return null;
		return this.#words.find(key, rows, region);
	}

	/** @returns u32 by code, 0 where an id is not known yet; null where the key has no ids */
	idsByCode({ dictionary }: DictionaryVector): Pointer | null {
		return this.count <= KEY_ID_COUNT_MAX && this.#words.fits(dictionary) ? this.#words.wordsOf(dictionary) : null;
	}

	#idsOf(key: Vector, rowCount: number, region: Region): Pointer {
		const rows = { rowCount, selection: 0, selectedCount: rowCount };
		const { kernels } = this.#engine;
		const { extraOffset } = this.#values.layout;
		const first = this.count + 1;
		const { groups, created, createdCount } = this.#values.find([flatten(this.#engine, key, rows, region)], rows, region);
		kernels.groups_number(createdCount, created, groups, extraOffset, first);
		kernels.groups_numbers(rowCount, 0, groups, extraOffset);
		return groups;
	}
}
