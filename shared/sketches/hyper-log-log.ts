/**
 * HyperLogLog: how many distinct values were seen, in 2^precision registers (Flajolet et al. 2007), estimated without bias tables (Ertl 2017,
 * "New cardinality estimation algorithms for HyperLogLog sketches", the improved raw estimator). Standard error 1.04 / sqrt(2^precision), at any count.
 * Merging is a maximum per register: the result does not depend on how rows were shared out.
 *
 * Payload: u8 precision, u8 form, u16 count; form 0: 2^precision registers of 6 bits; form 1: `count` of u16 register, u8 rank, ascending.
 */
import { assert } from "#shared/base/assert.ts";
import { damaged, ENVELOPE_BYTES, SKETCH_KIND, unwrap, wrap } from "./envelope.ts";

const PRECISION_MIN = 4;
const PRECISION_MAX = 14;
const HEADER_BYTES = 4;
const SPARSE_ENTRY_BYTES = 3;

/** Most bytes that {@link HyperLogLog.encode} gives. */
export function hyperLogLogBytesMax(precision: number): number {
	return ENVELOPE_BYTES + HEADER_BYTES + denseBytes(precision);
}

export class HyperLogLog {
	readonly precision: number;
	/** The longest run of leading zeros, plus one, of the hashes of each register: [2^precision]. */
	private readonly ranks: Uint8Array;

	/** @param precision 4 to 14 */
	constructor(precision: number) {
		assert(Number.isInteger(precision) && precision >= PRECISION_MIN && precision <= PRECISION_MAX, "a precision within bounds");
		this.precision = precision;
		this.ranks = new Uint8Array(1 << precision);
	}

	/** A value by the halves of its hash (`value-hash.ts`). */
	add(high: number, low: number): void {
		const register = low & (this.ranks.length - 1);
		const zeros = high === 0 ? 32 + Math.clz32(low & -this.ranks.length) : Math.clz32(high);
		const rank = Math.min(zeros, 64 - this.precision) + 1;
		if (rank > (this.ranks[register] as number)) this.ranks[register] = rank;
	}

	/** @param other of the same precision */
	merge(other: HyperLogLog): void {
		assert(other.precision === this.precision, "sketches of one precision");
		for (let register = 0; register < this.ranks.length; register++)
			if ((other.ranks[register] as number) > (this.ranks[register] as number)) this.ranks[register] = other.ranks[register] as number;
	}

	/** @returns estimated distinct values, at least 0 */
	estimate(): number {
		const registerCount = this.ranks.length;
		const rankMax = 64 - this.precision;
		const counts = new Float64Array(rankMax + 2);
		for (const rank of this.ranks) counts[rank] = (counts[rank] as number) + 1;
		let sum = registerCount * tau(1 - (counts[rankMax + 1] as number) / registerCount);
		for (let rank = rankMax; rank >= 1; rank--) sum = 0.5 * (sum + (counts[rank] as number));
		sum += registerCount * sigma((counts[0] as number) / registerCount);
		return registerCount ** 2 / (2 * Math.LN2) / sum;
	}

	encode(): Uint8Array {
		const { precision, ranks } = this;
		let used = 0;
		for (const rank of ranks) if (rank !== 0) used++;
		const isSparse = used * SPARSE_ENTRY_BYTES < denseBytes(precision);
		const payloadBytes = HEADER_BYTES + (isSparse ? used * SPARSE_ENTRY_BYTES : denseBytes(precision));
		return wrap(SKETCH_KIND.hyperLogLog, payloadBytes, (view, bytes) => {
			bytes[0] = precision;
			bytes[1] = isSparse ? 1 : 0;
			if (!isSparse) {
				for (let register = 0; register < ranks.length; register += 4) {
					const four =
						(ranks[register] as number) |
						((ranks[register + 1] as number) << 6) |
						((ranks[register + 2] as number) << 12) |
						((ranks[register + 3] as number) << 18);
					const at = HEADER_BYTES + (register / 4) * 3;
					view.setUint16(at, four & 0xffff, true);
					bytes[at + 2] = four >>> 16;
				}
				return;
			}
			view.setUint16(2, used, true);
			let at = HEADER_BYTES;
			for (let register = 0; register < ranks.length; register++) {
				if (ranks[register] === 0) continue;
				view.setUint16(at, register, true);
				bytes[at + 2] = ranks[register] as number;
				at += SPARSE_ENTRY_BYTES;
			}
		});
	}

	/** @throws internal_error for damaged bytes */
	static decode(bytes: Uint8Array): HyperLogLog {
		const view = unwrap(SKETCH_KIND.hyperLogLog, bytes);
		if (view.byteLength < HEADER_BYTES) throw damaged("shorter than its header");
		const precision = view.getUint8(0);
		if (precision < PRECISION_MIN || precision > PRECISION_MAX) throw damaged("a precision out of bounds");
		const sketch = new HyperLogLog(precision);
		const form = view.getUint8(1);
		const used = view.getUint16(2, true);
		if (form === 0) sketch.readDense(view);
		else if (form === 1) sketch.readSparse(view, used);
		else throw damaged(`form ${form} is unknown`);
		for (const rank of sketch.ranks) if (rank > 65 - precision) throw damaged("a rank out of bounds");
		return sketch;
	}

	private readDense(view: DataView): void {
		if (view.byteLength !== HEADER_BYTES + denseBytes(this.precision)) throw damaged("another length than its registers take");
		for (let register = 0; register < this.ranks.length; register += 4) {
			const at = HEADER_BYTES + (register / 4) * 3;
			const four = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
			for (let index = 0; index < 4; index++) this.ranks[register + index] = (four >>> (6 * index)) & 63;
		}
	}

	private readSparse(view: DataView, used: number): void {
		if (view.byteLength !== HEADER_BYTES + used * SPARSE_ENTRY_BYTES) throw damaged("another length than its registers take");
		for (let index = 0; index < used; index++) {
			const at = HEADER_BYTES + index * SPARSE_ENTRY_BYTES;
			const register = view.getUint16(at, true);
			if (register >= this.ranks.length) throw damaged("a register out of bounds");
			this.ranks[register] = view.getUint8(at + 2);
		}
	}
}

function denseBytes(precision: number): number {
	return ((1 << precision) / 4) * 3;
}

/** x + sum of x^(2^k) 2^(k-1): corrects for registers never touched. */
function sigma(fraction: number): number {
	if (fraction === 1) return Infinity;
	let power = fraction;
	let factor = 1;
	let sum = fraction;
	for (;;) {
		power *= power;
		const before = sum;
		sum += power * factor;
		factor += factor;
		if (sum === before) return sum;
	}
}

/** (1 - x - sum of (1 - x^(2^-k))^2 2^-k) / 3: corrects for registers at their end. */
function tau(fraction: number): number {
	if (fraction === 0 || fraction === 1) return 0;
	let root = fraction;
	let factor = 1;
	let sum = 1 - fraction;
	for (;;) {
		root = Math.sqrt(root);
		const before = sum;
		factor *= 0.5;
		sum -= (1 - root) ** 2 * factor;
		if (sum === before) return sum / 3;
	}
}
