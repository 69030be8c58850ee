/**
 * What a strict function makes of a dictionary's entries, computed once per dictionary and kept in pages of its own until another dictionary comes or the
 * lease ends. A function that raises for some entry is not memoised for that dictionary: the entry may belong to no live row.
 */
import { isLittoralError } from "#shared/base/errors.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten } from "../vector/copy.ts";
import type { Dictionary, DictionaryVector, FlatVector, Vector } from "../vector/vector.ts";

/** Larger dictionaries are looked up row by row: computing entries that no row has would cost more than it saves. Also the most that u16 positions name. */
const MEMO_ENTRY_COUNT_MAX = 8192;

interface Memo {
	source: Dictionary;
	region: Region;
	/** Over entries; null where the function raised. */
	result: FlatVector | null;
	/** Of results that are bytes without NULLs: downstream may memoise on its identity in turn. */
	dictionary: Dictionary | null;
}

export class DictionaryMemo {
	readonly #engine: Engine;
	#memo: Memo | null = null;

	constructor(engine: Engine) {
		this.#engine = engine;
	}

	/** @returns null where the caller has to compute row by row */
	apply(
		vector: DictionaryVector,
		batch: Batch,
		region: Region,
		compute: (entries: FlatVector, entryCount: number, region: Region) => FlatVector,
	): Vector | null {
		const { dictionary } = vector;
		if (dictionary.entryCount === 0 || dictionary.entryCount > MEMO_ENTRY_COUNT_MAX) return null;
		const memo = this.#remember(dictionary, region, compute);
		const { result } = memo;
		if (result === null) return null;
		if (memo.dictionary !== null) return { ...vector, type: result.type, physical: result.physical, dictionary: memo.dictionary };
		// flatten() gathers by code whatever the entries are, NULL entries included.
		const gathered: DictionaryVector = {
			...vector,
			type: result.type,
			physical: result.physical,
			dictionary: { values: result, entryCount: dictionary.entryCount },
		};
		if (result.validity === 0) return flatten(this.#engine, gathered, batch, region);
		const entries = { ...gathered, dictionary: { values: { ...result, validity: 0 }, entryCount: dictionary.entryCount } };
		const flat = flatten(this.#engine, entries, batch, region);
		const validity = region.allocate((batch.rowCount + 7) >> 3);
		this.#engine.kernels.lookup_validity(batch.rowCount, vector.codes, vector.validity, result.validity, validity);
		return { ...flat, validity };
	}

	#remember(source: Dictionary, region: Region, compute: (entries: FlatVector, entryCount: number, region: Region) => FlatVector): Memo {
		const known = this.#memo;
		if (known !== null && known.source === source && known.region.lease === region.lease) return known;
		let kept: Region;
		if (known !== null && known.region.lease === region.lease) {
			kept = known.region;
			kept.reset();
		} else kept = region.lease.region();
		let result: FlatVector | null = null;
		try {
			result = compute(source.values, source.entryCount, kept);
		} catch (error) {
			if (!isLittoralError(error) || error.code === "resource_exhausted" || error.code === "overloaded") throw error;
		}
		const stays = result !== null && result.physical === "bytes" && result.validity === 0;
		this.#memo = {
			source,
			region: kept,
			result,
			dictionary: stays ? { values: result as FlatVector, entryCount: source.entryCount } : null,
		};
		return this.#memo;
	}
}
