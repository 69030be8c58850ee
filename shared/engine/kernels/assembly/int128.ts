// Unsigned 128-bit magnitudes as (low, high) halves; functions with two results write them at `out` (low first). No 128-bit type, no shared state.

/** 10^38, the first magnitude that no NUMERIC has. */
export const LIMIT_LOW: u64 = 0x098a224000000000;
export const LIMIT_HIGH: u64 = 0x4b3b4ca85a86c47a;

// @ts-ignore: decorator
@inline
export function atLeast(lowA: u64, highA: u64, lowB: u64, highB: u64): bool {
	return highA != highB ? highA > highB : lowA >= lowB;
}

// @ts-ignore: decorator
@inline
export function aboveLimit(low: u64, high: u64): bool {
	return atLeast(low, high, LIMIT_LOW, LIMIT_HIGH);
}

/** The high half of a 64 x 64 product. */
export function multiplyHighU64(a: u64, b: u64): u64 {
	const aLow = a & 0xffffffff;
	const aHigh = a >> 32;
	const bLow = b & 0xffffffff;
	const bHigh = b >> 32;
	const middle = aHigh * bLow + ((aLow * bLow) >> 32);
	const middle2 = aLow * bHigh + (middle & 0xffffffff);
	return aHigh * bHigh + (middle >> 32) + (middle2 >> 32);
}

/** a x b at `out`. @returns false when it passes 128 bits */
export function multiplyU128(lowA: u64, highA: u64, lowB: u64, highB: u64, out: usize): bool {
	const low = lowA * lowB;
	let high = multiplyHighU64(lowA, lowB);
	if (highA != 0 || highB != 0) {
		if (highA != 0 && highB != 0) return false;
		const wide = highA != 0 ? highA : highB;
		const other = highA != 0 ? lowB : lowA;
		if (multiplyHighU64(wide, other) != 0) return false;
		const cross = wide * other;
		high += cross;
		if (high < cross) return false;
	}
	store<u64>(out, low);
	store<u64>(out, high, 8);
	return true;
}

/** 10^0 to 10^38, 16 bytes each, at `out`: 39 x 16 bytes. Callers keep it as the table that other kernels take. */
export function pow10_table(out: usize): void {
	store<u64>(out, 1);
	store<u64>(out, 0, 8);
	for (let power: i32 = 1; power <= 38; power++) {
		const from = out + (<usize>(power - 1) << 4);
		multiplyU128(load<u64>(from), load<u64>(from, 8), 10, 0, out + (<usize>power << 4));
	}
}

/** Decimal digits of a magnitude; 0 has one. `table`: see pow10_table. */
export function digitCount(low: u64, high: u64, table: usize): i32 {
	const bits: i32 = high != 0 ? 128 - <i32>clz<u64>(high) : 64 - <i32>clz<u64>(low | 1);
	// floor(bits x log10(2)) is the digits, or one less.
	let digits: i32 = (bits * 1233) >> 12;
	const power = table + (<usize>digits << 4);
	if (digits <= 38 && atLeast(low, high, load<u64>(power), load<u64>(power, 8))) digits++;
	return max(digits, 1);
}

/** value x 10^power at `out`, power >= 0. @returns false when it reaches 10^38 */
export function scaleUp(low: u64, high: u64, power: i32, table: usize, out: usize): bool {
	if ((low | high) == 0 || power == 0) {
		store<u64>(out, low);
		store<u64>(out, high, 8);
		return !aboveLimit(low, high);
	}
	if (power > 38) return false;
	const factor = table + (<usize>power << 4);
	if (!multiplyU128(low, high, load<u64>(factor), load<u64>(factor, 8), out)) return false;
	return !aboveLimit(load<u64>(out), load<u64>(out, 8));
}

/**
 * Long division of `limbs` 32-bit limbs (least first, 8 at most) at `dividend` by the 128-bit divisor; Knuth's algorithm D.
 * The quotient goes to `quotient` (same number of limbs), the remainder to `remainder` (16 bytes). `dividend` is destroyed; it has room for limbs + 1.
 */
export function divideLimbs(dividend: usize, limbs: i32, divisorLow: u64, divisorHigh: u64, quotient: usize, remainder: usize): void {
	const size: i32 = divisorHigh != 0 ? ((divisorHigh >> 32) != 0 ? 4 : 3) : (divisorLow >> 32) != 0 ? 2 : 1;
	if (size == 1) {
		let rest: u64 = 0;
		for (let index: i32 = limbs - 1; index >= 0; index--) {
			const at = <usize>index << 2;
			const part = (rest << 32) | <u64>load<u32>(dividend + at);
			store<u32>(quotient + at, <u32>(part / divisorLow));
			rest = part % divisorLow;
		}
		store<u64>(remainder, rest);
		store<u64>(remainder, 0, 8);
		return;
	}
	// Normalise: the divisor's top limb has its top bit set.
	const shift: u64 = <u64>clz<u32>(<u32>(size == 4 ? divisorHigh >> 32 : size == 3 ? divisorHigh : divisorLow >> 32));
	const low = divisorLow << shift;
	const high = shift == 0 ? divisorHigh : (divisorHigh << shift) | (divisorLow >> (64 - shift));
	let carry: u64 = 0;
	for (let index: i32 = 0; index < limbs; index++) {
		const at = dividend + (<usize>index << 2);
		const part = (<u64>load<u32>(at) << shift) | carry;
		store<u32>(at, <u32>part);
		carry = part >> 32;
	}
	store<u32>(dividend + (<usize>limbs << 2), <u32>carry);
	const d0 = <u32>low;
	const d1 = <u32>(low >> 32);
	const d2 = <u32>high;
	const d3 = <u32>(high >> 32);
	const top: u64 = size == 4 ? d3 : size == 3 ? d2 : d1;
	const second: u64 = size == 4 ? d2 : size == 3 ? d1 : d0;
	for (let index: i32 = limbs - 1; index >= limbs - size + 1; index--) store<u32>(quotient + (<usize>index << 2), 0);
	for (let position: i32 = limbs - size; position >= 0; position--) {
		const at = dividend + (<usize>position << 2);
		const lead = (<u64>load<u32>(at + (<usize>size << 2)) << 32) | <u64>load<u32>(at + (<usize>(size - 1) << 2));
		let estimate = lead / top;
		let rest = lead % top;
		while (estimate >> 32 != 0 || estimate * second > ((rest << 32) | <u64>load<u32>(at + (<usize>(size - 2) << 2)))) {
			estimate--;
			rest += top;
			if (rest >> 32 != 0) break;
		}
		let borrow: u64 = 0;
		let product: u64 = 0;
		for (let index: i32 = 0; index < size; index++) {
			const digit: u64 = index == 0 ? d0 : index == 1 ? d1 : index == 2 ? d2 : d3;
			product += estimate * digit;
			const place = at + (<usize>index << 2);
			const difference = <u64>load<u32>(place) - (product & 0xffffffff) - borrow;
			store<u32>(place, <u32>difference);
			borrow = difference >> 63;
			product >>= 32;
		}
		const place = at + (<usize>size << 2);
		const difference = <u64>load<u32>(place) - product - borrow;
		store<u32>(place, <u32>difference);
		if (difference >> 63 != 0) {
			estimate--;
			let sum: u64 = 0;
			for (let index: i32 = 0; index < size; index++) {
				const digit: u64 = index == 0 ? d0 : index == 1 ? d1 : index == 2 ? d2 : d3;
				const back = at + (<usize>index << 2);
				sum += <u64>load<u32>(back) + digit;
				store<u32>(back, <u32>sum);
				sum >>= 32;
			}
			store<u32>(place, load<u32>(place) + <u32>sum);
		}
		store<u32>(quotient + (<usize>position << 2), <u32>estimate);
	}
	// The remainder, shifted back.
	const r0 = <u64>load<u32>(dividend) | (<u64>load<u32>(dividend, 4) << 32);
	const r1 = size > 2 ? <u64>load<u32>(dividend, 8) | (size > 3 ? <u64>load<u32>(dividend, 12) << 32 : 0) : 0;
	store<u64>(remainder, shift == 0 ? r0 : (r0 >> shift) | (r1 << (64 - shift)));
	store<u64>(remainder, r1 >> shift, 8);
}
