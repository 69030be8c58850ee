/**
 * What an expression over one column makes of a dictionary's entries, computed once per dictionary and kept in pages of its own until another dictionary comes or
 * the lease ends. An expression that raises for some entry is not memoised for that dictionary: the entry may belong to no live row.
 */
import { isLittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten } from "../vector/copy.ts";
import { isValid } from "../vector/read.ts";
import type { Dictionary, DictionaryVector, FlatVector, Vector } from "../vector/vector.ts";
import { mergeParts } from "./merge.ts";

/** As many entries as u16 positions name. */
const MEMO_ENTRY_COUNT_MAX = 65_535;
/** Entries are computed once a dictionary was asked for this part of their number in rows: at the worst that much is computed twice. */
const ROWS_PER_ENTRY_MIN = 0.25;

/** How the expression is computed; both may raise. Results lie in `region`. */
export interface EntryEvaluation {
	/** Over entries as they stand. */
	entries(entries: FlatVector, entryCount: number, region: Region): Vector;
	/** Of NULL, as row 0 of what is returned; null where that is NULL always. */
	ofNull: ((region: Region) => FlatVector) | null;
}

interface Memo {
	source: Dictionary;
	region: Region;
	/** Live rows that asked. */
	rowCount: number;
	/** Over entries; null where the expression raised; undefined as long as it was not computed. */
	result: FlatVector | null | undefined;
	/** Of results without NULLs: downstream may memoise on its identity in turn. */
	dictionary: Dictionary | null;
	/** Of NULL, once it was asked for: "null" too, or the entries' dictionary with one more; null where it raised, or the entries have NULLs. */
	withNull: Dictionary | "null" | null | undefined;
}

export class DictionaryMemo {
	readonly #engine: Engine;
	#memo: Memo | null = null;

	constructor(engine: Engine) {
		this.#engine = engine;
	}

	/** @returns null where the caller has to compute row by row */
	apply(vector: DictionaryVector, batch: Batch, region: Region, evaluation: EntryEvaluation): Vector | null {
		const { entryCount } = vector.dictionary;
		if (entryCount === 0 || entryCount > MEMO_ENTRY_COUNT_MAX) return null;
		const memo = this.#memoOf(vector.dictionary, region);
		memo.rowCount += batch.selectedCount;
		if (memo.result === undefined) {
			if (memo.rowCount < entryCount * ROWS_PER_ENTRY_MIN) return null;
			memo.result = unlessItRaises(() => this.#resultOf(memo, evaluation));
			if (memo.result !== null && memo.result.validity === 0) memo.dictionary = { values: memo.result, entryCount };
		}
		const { result } = memo;
		if (result === null) return null;
		if (vector.validity !== 0 && evaluation.ofNull !== null) {
			const { ofNull } = evaluation;
			if (memo.withNull === undefined) memo.withNull = unlessItRaises(() => this.#appendNull(memo, ofNull));
			if (memo.withNull === null) return null;
			if (memo.withNull !== "null") return this.#withNulls(vector, batch, region, memo.withNull);
		}
		const answer = { ...vector, type: result.type, physical: result.physical };
		if (memo.dictionary !== null) return { ...answer, dictionary: memo.dictionary };
		// flatten() gathers by code whatever the entries are, NULL entries included.
		const entries = { ...answer, dictionary: { values: { ...result, validity: 0 }, entryCount } };
		const flat = flatten(this.#engine, entries, batch, region);
		const validity = region.allocate((batch.rowCount + 7) >> 3);
		this.#engine.kernels.lookup_validity(batch.rowCount, vector.codes, vector.validity, result.validity, validity);
		return { ...flat, validity };
	}

	#memoOf(source: Dictionary, region: Region): Memo {
		const known = this.#memo;
		if (known !== null && known.source === source && known.region.lease === region.lease) return known;
		const isOurs = known !== null && known.region.lease === region.lease;
		if (isOurs) known.region.reset();
		const kept = isOurs ? known.region : region.lease.region();
		this.#memo = { source, region: kept, rowCount: 0, result: undefined, dictionary: null, withNull: undefined };
		return this.#memo;
	}

	#resultOf({ source, region }: Memo, evaluation: EntryEvaluation): FlatVector {
		const { values, entryCount } = source;
		const rows = { rowCount: entryCount, selection: 0, selectedCount: entryCount };
		return flatten(this.#engine, evaluation.entries(values, entryCount, region), rows, region);
	}

	/** Rows that are NULL take the last code. */
	#withNulls(vector: DictionaryVector, batch: Batch, region: Region, dictionary: Dictionary): Vector {
		const codes = region.allocate(batch.rowCount * 4);
		this.#engine.kernels.codes_with_null(batch.rowCount, vector.codes, vector.validity, dictionary.entryCount - 1, codes);
		const { type, physical } = dictionary.values;
		return { kind: "dictionary", type, physical, codes, validity: 0, dictionary };
	}

	#appendNull(memo: Memo, ofNull: (region: Region) => FlatVector): Dictionary | "null" | null {
		const { region } = memo;
		const { entryCount } = memo.source;
		const result = memo.result as FlatVector;
		const last = ofNull(region);
		const { views } = this.#engine.arena;
		if (!isValid(views, last.validity, 0)) return "null";
		if (result.validity !== 0 || !sameLanes(last, result)) return null;
		const selection = region.allocate(2);
		views.u16[selection / 2] = entryCount;
		const rowCount = entryCount + 1;
		const rows = { rowCount, columns: [], selection: 0, selectedCount: entryCount };
		const values = mergeParts(this.#engine, region, result.type, rowCount, [
			{ rows, vector: result },
			{
				rows: { ...rows, selection, selectedCount: 1 },
				vector: { kind: "constant", type: last.type, physical: last.physical, value: last },
			},
		]);
		return { values, entryCount: rowCount };
	}
}

/** Decimals of one column may lie in 64 bits or in 128. */
function sameLanes(left: FlatVector, right: FlatVector): boolean {
	return left.physical === right.physical && scaleOf(left.type) === scaleOf(right.type);
}

const scaleOf = (type: DataType): number | undefined => (type.kind === "numeric" ? type.scale : undefined);

/** Null where the statement's own error came: memory that is short ends it as anywhere. */
function unlessItRaises<Result>(compute: () => Result): Result | null {
	try {
		return compute();
	} catch (error) {
		if (!isLittoralError(error) || error.code === "resource_exhausted" || error.code === "overloaded") throw error;
		return null;
	}
}
