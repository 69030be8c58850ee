/** A word for each entry of the last dictionary that came, learnt when a row first shows it: of group-by the group's address, else an id. */
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import { type RowSpace, takeBatch } from "../../vector/copy.ts";
import type { Dictionary, DictionaryVector, Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";

/** A word (not 0) for each of `rowCount` rows, u32[rowCount]. */
type Learn = (key: Vector, rowCount: number, region: Region) => Pointer;

export class CodeWords {
	readonly #engine: Engine;
	readonly #context: ExecutionContext;
	readonly #learn: Learn;
	/** u32[entries + 1], the last for NULL. */
	#known: { dictionary: Dictionary; words: Pointer; byteCount: number } | null = null;

	constructor(context: ExecutionContext, learn: Learn) {
		this.#context = context;
		this.#engine = context.engine;
		this.#learn = learn;
	}

	/** False of a dictionary with too many entries to keep a word of each: its rows are looked up by their values, and that is counted. */
	takes(dictionary: Dictionary): boolean {
		const fits = this.fits(dictionary);
		if (!fits) this.#context.countDictionaryOverflow();
		return fits;
	}

	/** As {@link takes}, without counting. */
	fits({ entryCount }: Dictionary): boolean {
		return entryCount <= this.#context.dictionaryEntryCountMax;
	}

	/** u32[entries + 1], the last for NULL; 0 where a word is not known yet. Until another dictionary comes. */
	wordsOf(dictionary: Dictionary): Pointer {
		if (this.#known?.dictionary === dictionary) return this.#known.words;
		const { lease } = this.#context;
		const byteCount = (dictionary.entryCount + 1) * 4;
		if (this.#known === null || this.#known.byteCount < byteCount) {
			if (this.#known !== null) lease.freePages(this.#known.words);
			this.#known = null;
			this.#known = { dictionary, words: lease.allocatePages(byteCount), byteCount };
		}
		this.#known = { ...this.#known, dictionary };
		this.#engine.arena.views.u8.fill(0, this.#known.words, this.#known.words + byteCount);
		return this.#known.words;
	}

	/** @returns u32 by row position, in `region` */
	find(key: DictionaryVector, rows: RowSpace, region: Region): Pointer {
		const { kernels } = this.#engine;
		const { codes, validity, dictionary } = key;
		const { entryCount } = dictionary;
		const { rowCount, selection, selectedCount } = rows;
		const known = this.wordsOf(dictionary);
		const words = region.allocate(rowCount * 4);
		const unknown = region.allocate(selectedCount * 2);
		const ask = (): number => kernels.codes_words(selectedCount, selection, codes, validity, entryCount, known, words, unknown);
		const unknownCount = ask();
		if (unknownCount === 0) return words;
		const positions = { positions: unknown, count: unknownCount };
		const packed = takeBatch(this.#engine, { ...rows, columns: [key] }, positions, region);
		const learnt = this.#learn(packed.columns[0] as Vector, unknownCount, region);
		kernels.codes_learn(unknownCount, unknown, codes, validity, entryCount, known, learnt);
		ask();
		return words;
	}
}
