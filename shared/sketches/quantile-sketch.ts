/**
 * KLL: quantiles of a stream of numbers in some 3 k items (Karnin, Lang and Liberty 2016). Level h holds items of weight 2^h; a full level is sorted, and every other
 * item of it goes up, the odd or the even ones by a coin. Capacities shrink by two thirds a level downwards. The error of a rank is about 1.7 / k of the count, one-sided, at 99%
 * (k = 200: 0.8 to 1.3%), at any count, merged or not. The coin is a fixed sequence: the same rows give the same sketch.
 *
 * Numbers are in PostgreSQL's order: NaN is above infinity, -0 equals 0.
 *
 * Payload: u16 k, u16 level count, u32 coin, f64 count, f64 minimum, f64 maximum, u32 item count per level, f64 items level by level.
 */
import { assert } from "#shared/base/assert.ts";
import { damaged, ENVELOPE_BYTES, SKETCH_KIND, unwrap, wrap } from "./envelope.ts";

const K_MIN = 8;
const K_MAX = 4096;
/** 2^52 values exactly. */
const LEVEL_COUNT_MAX = 52;
const LEVEL_CAPACITY_MIN = 8;
const SHRINK = 2 / 3;
const HEADER_BYTES = 32;
const ITEM_BYTES = 8;

/** Most bytes that {@link QuantileSketch.encode} gives. */
export function quantileSketchBytesMax(k: number): number {
	return ENVELOPE_BYTES + HEADER_BYTES + LEVEL_COUNT_MAX * 4 + capacityOf(k, LEVEL_COUNT_MAX) * ITEM_BYTES;
}

export class QuantileSketch {
	readonly k: number;
	private levels: number[][] = [[]];
	private itemCount = 0;
	private capacity: number;
	private valueCount = 0;
	private lowest = Number.POSITIVE_INFINITY;
	private highest = Number.NEGATIVE_INFINITY;
	/** State of the coin: xorshift32. */
	private coin = 0x9e3779b9;
	private ordered: { values: Float64Array; ranks: Float64Array } | null = null;

	/** @param k 8 to 4096; accuracy grows with it */
	constructor(k: number) {
		assert(Number.isInteger(k) && k >= K_MIN && k <= K_MAX, "k within bounds");
		this.k = k;
		this.capacity = capacityOf(k, 1);
	}

	/** Values seen, each by its weight. */
	get count(): number {
		return this.valueCount;
	}

	/** The exact lowest of the values; undefined of none. */
	get minimum(): number | undefined {
		return this.valueCount === 0 ? undefined : this.lowest;
	}

	get maximum(): number | undefined {
		return this.valueCount === 0 ? undefined : this.highest;
	}

	/** @param level the value stands for 2^level of the stream: a sample of it */
	add(value: number, level = 0): void {
		assert(level >= 0 && level < LEVEL_COUNT_MAX, "a level within bounds");
		this.grow(level + 1);
		this.widen(value, value);
		(this.levels[level] as number[]).push(value);
		this.itemCount++;
		this.valueCount += 2 ** level;
		this.ordered = null;
		this.shrink();
	}

	/** @param other of the same k */
	merge(other: QuantileSketch): void {
		assert(other.k === this.k, "sketches of one k");
		if (other.valueCount === 0) return;
		this.grow(other.levels.length);
		for (const [level, items] of other.levels.entries()) for (const item of items) (this.levels[level] as number[]).push(item);
		this.itemCount += other.itemCount;
		this.valueCount += other.valueCount;
		this.widen(other.lowest, other.highest);
		this.ordered = null;
		this.shrink();
	}

	/**
	 * @param fraction in [0, 1]
	 * @returns a value at about that rank, the exact extremes at 0 and 1; undefined where nothing was added
	 */
	quantile(fraction: number): number | undefined {
		if (this.valueCount === 0) return undefined;
		if (fraction <= 0) return this.lowest;
		if (fraction >= 1) return this.highest;
		const { values, ranks } = this.sorted();
		const wanted = fraction * this.valueCount;
		let low = 0;
		let high = values.length - 1;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((ranks[middle] as number) < wanted) low = middle + 1;
			else high = middle;
		}
		return values[low];
	}

	/**
	 * The fraction of values below `value`, or not above it with `inclusive`.
	 *
	 * @returns in [0, 1]; 0 where nothing was added
	 */
	rank(value: number, inclusive: boolean): number {
		if (this.valueCount === 0) return 0;
		const { values, ranks } = this.sorted();
		let low = 0;
		let high = values.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			const order = compareNumbers(values[middle] as number, value);
			if (order < 0 || (inclusive && order === 0)) low = middle + 1;
			else high = middle;
		}
		return low === 0 ? 0 : (ranks[low - 1] as number) / this.valueCount;
	}

	encode(): Uint8Array {
		const { levels } = this;
		const payloadBytes = HEADER_BYTES + levels.length * 4 + this.itemCount * ITEM_BYTES;
		return wrap(SKETCH_KIND.kll, payloadBytes, (view) => {
			view.setUint16(0, this.k, true);
			view.setUint16(2, levels.length, true);
			view.setUint32(4, this.coin >>> 0, true);
			view.setFloat64(8, this.valueCount, true);
			view.setFloat64(16, this.lowest, true);
			view.setFloat64(24, this.highest, true);
			let at = HEADER_BYTES;
			for (const items of levels) {
				view.setUint32(at, items.length, true);
				at += 4;
			}
			for (const items of levels)
				for (const item of items) {
					view.setFloat64(at, item, true);
					at += ITEM_BYTES;
				}
		});
	}

	/** @throws internal_error for damaged bytes */
	static decode(bytes: Uint8Array): QuantileSketch {
		const view = unwrap(SKETCH_KIND.kll, bytes);
		if (view.byteLength < HEADER_BYTES) throw damaged("shorter than its header");
		const k = view.getUint16(0, true);
		const levelCount = view.getUint16(2, true);
		if (k < K_MIN || k > K_MAX) throw damaged("a k out of bounds");
		if (levelCount < 1 || levelCount > LEVEL_COUNT_MAX) throw damaged("a level count out of bounds");
		if (view.byteLength < HEADER_BYTES + levelCount * 4) throw damaged("cut short");
		const counts = Array.from({ length: levelCount }, (_, level) => view.getUint32(HEADER_BYTES + level * 4, true));
		const itemCount = counts.reduce((sum, count) => sum + count, 0);
		if (itemCount > capacityOf(k, levelCount)) throw damaged("too many items");
		if (view.byteLength !== HEADER_BYTES + levelCount * 4 + itemCount * ITEM_BYTES) throw damaged("another length than its items take");
		const sketch = new QuantileSketch(k);
		let at = HEADER_BYTES + levelCount * 4;
		sketch.levels = counts.map((count) =>
			Array.from({ length: count }, () => {
				at += ITEM_BYTES;
				return view.getFloat64(at - ITEM_BYTES, true);
			}),
		);
		sketch.itemCount = itemCount;
		sketch.capacity = capacityOf(k, levelCount);
		sketch.coin = view.getUint32(4, true);
		sketch.valueCount = view.getFloat64(8, true);
		sketch.lowest = view.getFloat64(16, true);
		sketch.highest = view.getFloat64(24, true);
		const weighed = counts.reduce((sum, count, level) => sum + count * 2 ** level, 0);
		if (weighed !== sketch.valueCount || sketch.coin === 0) throw damaged("its count differs from its items");
		return sketch;
	}

	private widen(low: number, high: number): void {
		if (this.valueCount === 0 || compareNumbers(low, this.lowest) < 0) this.lowest = low;
		if (this.valueCount === 0 || compareNumbers(high, this.highest) > 0) this.highest = high;
	}

	private grow(levelCount: number): void {
		if (levelCount <= this.levels.length) return;
		while (this.levels.length < levelCount) this.levels.push([]);
		this.capacity = capacityOf(this.k, levelCount);
	}

	/** Lowest full level first: it costs the least accuracy. */
	private shrink(): void {
		while (this.itemCount > this.capacity) {
			const level = this.levels.findIndex((items, index) => items.length >= levelCapacity(this.k, this.levels.length, index));
			assert(level !== -1, "more items than all levels hold, so one is full");
			this.grow(level + 2);
			// Growing may have made room already; compacting all the same keeps the steps simple.
			this.compact(level);
		}
	}

	private compact(level: number): void {
		const items = Float64Array.from(this.levels[level] as number[]).sort();
		const kept = items.length % 2 === 0 ? [] : [items[0] as number];
		const above = this.levels[level + 1] as number[];
		for (let index = kept.length + this.flip(); index < items.length; index += 2) above.push(items[index] as number);
		this.levels[level] = kept;
		this.itemCount -= (items.length - kept.length) / 2;
	}

	private flip(): number {
		let state = this.coin;
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		this.coin = state;
		return (state >>> 7) & 1;
	}

	/** Items ascending, with the weight of each and of all before it. */
	private sorted(): { values: Float64Array; ranks: Float64Array } {
		if (this.ordered !== null) return this.ordered;
		const items = this.levels.flatMap((level, index) => level.map((value) => ({ value, weight: 2 ** index })));
		items.sort((left, right) => compareNumbers(left.value, right.value));
		let sum = 0;
		const ranks = Float64Array.from(items, ({ weight }) => (sum += weight));
		return (this.ordered = { values: Float64Array.from(items, ({ value }) => value), ranks });
	}
}

function levelCapacity(k: number, levelCount: number, level: number): number {
	return Math.max(LEVEL_CAPACITY_MIN, Math.ceil(k * SHRINK ** (levelCount - 1 - level)));
}

function capacityOf(k: number, levelCount: number): number {
	let sum = 0;
	for (let level = 0; level < levelCount; level++) sum += levelCapacity(k, levelCount, level);
	return sum;
}

function compareNumbers(left: number, right: number): number {
	if (left < right) return -1;
	if (left > right) return 1;
	return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}
