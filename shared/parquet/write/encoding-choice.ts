/**
 * How the values of a page are written: by what it costs to keep and to read them. A byte costs the same whether it is stored, fetched or copied; above that each encoding costs
 * processor time to read. The constants are nanoseconds, measured on files of the benches (`bench/README.md`), a byte's set so that a codec or an encoding has to save
 * a quarter of the bytes to be worth a pass of snappy over them (docs/decisions/0045-encodings-by-cost.md).
 */

/** Storing, fetching and copying a byte: 330 MB/s. */
const BYTE_NS = 3;
/** Snappy, for each byte that it gives: 1.35 GB/s. */
const SNAPPY_NS = 0.75;
/** DELTA_BINARY_PACKED: unpacking and adding up a value. */
const DELTA_NS = 0.6;
/** Unpacking a code. */
const CODE_NS = 0.3;
/** Conditions, hashes and groups are made once for each entry of a dictionary: it may cost this much more than plain numbers. */
const DICTIONARY_FACTOR = 1.2;
/** A dictionary is kept where each entry stands for at least this many values of the first page. */
const DICTIONARY_REPEATS_MIN = 2;

/** A dictionary after the first half of a page's values and after all of them. */
export interface DictionaryFacts {
	entryCountHalfway: number;
	entryCount: number;
	/** Of the entries, PLAIN; of the page's codes. */
	entriesByteCount: number;
	codesByteCount: number;
}

/** The first page of a chunk with values. Sizes are bytes; `null`: values of this type are not written so. */
export interface PageFacts {
	valueCount: number;
	/** Values of the whole chunk, as far as is known. */
	chunkValueCount: number;
	plainByteCount: number;
	plainSnappyByteCount: number;
	deltaByteCount: number | null;
	/** Whole numbers, dates and the like: reading them without a dictionary costs little. */
	isNumber: boolean;
	dictionary: DictionaryFacts | null;
}

export type ChosenEncoding = "plain" | "delta" | "dictionary";

/** True where snappy saves so much that reading the rest and undoing it is cheaper than reading all bytes. */
export function paysToCompress(byteCount: number, compressedByteCount: number): boolean {
	return compressedByteCount * BYTE_NS + byteCount * SNAPPY_NS < byteCount * BYTE_NS;
}

/**
 * Entries that a dictionary will have after `halfCount` halves of a page, if new ones go on getting rarer at the rate of the first two: exact for values drawn evenly from a
 * fixed set, and for keys in order.
 */
export function expectedEntryCount({ entryCountHalfway, entryCount }: DictionaryFacts, halfCount: number): number {
	const rate = (entryCount - entryCountHalfway) / Math.max(1, entryCountHalfway);
	if (rate >= 1) return entryCountHalfway * halfCount;
	return (entryCountHalfway * (1 - rate ** halfCount)) / (1 - rate);
}

const bitWidthOf = (entryCount: number): number => Math.max(1, Math.ceil(Math.log2(entryCount)));

/** Of a page with its share of the entries. */
function dictionaryCost({ valueCount, chunkValueCount }: PageFacts, dictionary: DictionaryFacts): number {
	const pageCount = chunkValueCount / valueCount;
	const entryCount = expectedEntryCount(dictionary, 2 * pageCount);
	const codesByteCount = (dictionary.codesByteCount * bitWidthOf(entryCount)) / bitWidthOf(dictionary.entryCount);
	const entriesByteCount = (dictionary.entriesByteCount * entryCount) / dictionary.entryCount;
	return BYTE_NS * (codesByteCount + entriesByteCount / pageCount) + CODE_NS * valueCount;
}

/** What a chunk's values are written as, from its first page on. Other values than numbers get a dictionary wherever they repeat. */
export function chooseEncoding(facts: PageFacts): ChosenEncoding {
	const { valueCount, plainByteCount, plainSnappyByteCount, deltaByteCount, isNumber, dictionary } = facts;
	const plainCost = paysToCompress(plainByteCount, plainSnappyByteCount)
		? BYTE_NS * plainSnappyByteCount + SNAPPY_NS * plainByteCount
		: BYTE_NS * plainByteCount;
	const deltaCost = deltaByteCount === null ? Number.POSITIVE_INFINITY : BYTE_NS * deltaByteCount + DELTA_NS * valueCount;
	if (dictionary !== null && dictionary.entryCount * DICTIONARY_REPEATS_MIN <= valueCount) {
		const costMax = Math.min(plainCost, deltaCost) * DICTIONARY_FACTOR;
		if (!isNumber || dictionaryCost(facts, dictionary) <= costMax) return "dictionary";
	}
	return deltaCost < plainCost ? "delta" : "plain";
}
