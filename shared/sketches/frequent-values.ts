/**
 * Misra-Gries: the values that a stream repeats most (Misra and Gries 1982). With `capacity` counters, a value that is more than `weight / (capacity + 1)` of the stream is
 * certainly kept, and no count is above the truth, nor below it by more than `errorMax`. Merging adds counters and takes off the largest that does not fit (Agarwal et al. 2012,
 * "Mergeable summaries"), which keeps that bound. Reductions wait until twice the counters are taken, so adding is one map operation on average.
 *
 * Payload: u16 capacity, u16 entry count, u32 0, f64 weight, f64 error, then per entry f64 count, u8 key bytes, key.
 */
import { assert } from "#shared/base/assert.ts";
import { damaged, ENVELOPE_BYTES, SKETCH_KIND, unwrap, wrap } from "./envelope.ts";

const CAPACITY_MAX = 1024;
/** A key has its length in one byte. */
const FREQUENT_KEY_BYTES_MAX = 255;
const HEADER_BYTES = 24;
const ENTRY_BYTES = 9;

/** Most bytes that {@link FrequentValues.encode} gives. */
export function frequentValuesBytesMax(capacity: number, keyBytesMax: number): number {
	return ENVELOPE_BYTES + HEADER_BYTES + capacity * (ENTRY_BYTES + keyBytesMax);
}

/** Keys are byte strings: one UTF-16 unit of 0 to 255 a byte. */
export class FrequentValues {
	readonly capacity: number;
	private readonly counts = new Map<string, number>();
	private total = 0;
	private error = 0;

	/** @param capacity counters kept, 1 to 1024 */
	constructor(capacity: number) {
		assert(Number.isInteger(capacity) && capacity >= 1 && capacity <= CAPACITY_MAX, "a capacity within bounds");
		this.capacity = capacity;
	}

	/** Of everything added. */
	get weight(): number {
		return this.total;
	}

	/** How far a count may be below the truth; what is not kept was added at most so often. */
	get errorMax(): number {
		this.reduce();
		return this.error;
	}

	add(key: string, weight = 1): void {
		assert(weight > 0, "a weight above zero");
		this.counts.set(key, (this.counts.get(key) ?? 0) + weight);
		this.total += weight;
		if (this.counts.size > 2 * this.capacity) this.reduce();
	}

	/** @param other of the same capacity */
	merge(other: FrequentValues): void {
		assert(other.capacity === this.capacity, "sketches of one capacity");
		for (const [key, count] of other.counts) this.counts.set(key, (this.counts.get(key) ?? 0) + count);
		this.total += other.total;
		this.error += other.error;
		this.reduce();
	}

	/** At most `capacity`, the most frequent first; equal counts by key. */
	entries(): { key: string; count: number }[] {
		this.reduce();
		return Array.from(this.counts, ([key, count]) => ({ key, count })).sort(
			(left, right) => right.count - left.count || (left.key < right.key ? -1 : 1),
		);
	}

	encode(): Uint8Array {
		const entries = this.entries();
		const keyBytes = entries.reduce((sum, { key }) => sum + key.length, 0);
		return wrap(SKETCH_KIND.misraGries, HEADER_BYTES + entries.length * ENTRY_BYTES + keyBytes, (view, bytes) => {
			view.setUint16(0, this.capacity, true);
			view.setUint16(2, entries.length, true);
			view.setFloat64(8, this.total, true);
			view.setFloat64(16, this.error, true);
			let at = HEADER_BYTES;
			for (const { key, count } of entries) {
				assert(key.length <= FREQUENT_KEY_BYTES_MAX, "a key within bounds");
				view.setFloat64(at, count, true);
				bytes[at + 8] = key.length;
				at += ENTRY_BYTES;
				for (let index = 0; index < key.length; index++) bytes[at++] = key.charCodeAt(index);
			}
		});
	}

	/** @throws internal_error for damaged bytes */
	static decode(bytes: Uint8Array): FrequentValues {
		const view = unwrap(SKETCH_KIND.misraGries, bytes);
		if (view.byteLength < HEADER_BYTES) throw damaged("shorter than its header");
		const capacity = view.getUint16(0, true);
		const entryCount = view.getUint16(2, true);
		if (capacity < 1 || capacity > CAPACITY_MAX || entryCount > capacity) throw damaged("counters out of bounds");
		const sketch = new FrequentValues(capacity);
		sketch.total = view.getFloat64(8, true);
		sketch.error = view.getFloat64(16, true);
		let at = HEADER_BYTES;
		let counted = 0;
		for (let index = 0; index < entryCount; index++) {
			if (at + ENTRY_BYTES > view.byteLength) throw damaged("cut short");
			const count = view.getFloat64(at, true);
			const end = at + ENTRY_BYTES + view.getUint8(at + 8);
			if (end > view.byteLength) throw damaged("cut short");
			let key = "";
			for (at += ENTRY_BYTES; at < end; at++) key += String.fromCharCode(view.getUint8(at));
			if (!(count > 0) || sketch.counts.has(key)) throw damaged("a count out of bounds");
			sketch.counts.set(key, count);
			counted += count;
		}
		if (at !== view.byteLength) throw damaged("longer than its entries");
		if (!(sketch.error >= 0) || !(counted <= sketch.total)) throw damaged("a total out of bounds");
		return sketch;
	}

	/** Takes off the largest count that does not fit from all: what falls to zero goes. */
	private reduce(): void {
		if (this.counts.size <= this.capacity) return;
		const counts = Float64Array.from(this.counts.values()).sort();
		const off = counts[counts.length - 1 - this.capacity] as number;
		for (const [key, count] of this.counts) {
			if (count <= off) this.counts.delete(key);
			else this.counts.set(key, count - off);
		}
		this.error += off;
	}
}
