// Arithmetic and order of NUMERIC: operands, results and answers as numeric-lanes.ts has them.
import { holds } from "./comparison";
import { aboveLimit, atLeast, digitCount, divideLimbs, multiplyHighU64, multiplyU128, scaleUp } from "./int128";
import { highOf, lowOf, magnitudeHigh, magnitudeLow, OVERFLOW, putSigned, scaleOf, ZERO_DIVISOR } from "./numeric-lanes";
import { rowAt } from "./rows";

/** left + right, or with `subtract` left - right. */
export function numeric_add(subtract: i32, count: i32, selection: usize, left: usize, right: usize, out: usize, outScales: usize, table: usize, scratch: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		let aLow = lowOf(left, row);
		const aHigh = highOf(left, row);
		let bLow = lowOf(right, row);
		const bHigh = highOf(right, row);
		const aScale = scaleOf(left, row);
		const bScale = scaleOf(right, row);
		const aNegative = aHigh < 0;
		const bNegative = subtract != 0 ? bHigh >= 0 : bHigh < 0;
		let aTop = magnitudeHigh(aLow, aHigh);
		aLow = magnitudeLow(aLow, aHigh);
		let bTop = magnitudeHigh(bLow, bHigh);
		bLow = magnitudeLow(bLow, bHigh);
		if (aScale < bScale) {
			if (!scaleUp(aLow, aTop, bScale - aScale, table, scratch)) return OVERFLOW;
			aLow = load<u64>(scratch);
			aTop = load<u64>(scratch, 8);
		} else if (bScale < aScale) {
			if (!scaleUp(bLow, bTop, aScale - bScale, table, scratch)) return OVERFLOW;
			bLow = load<u64>(scratch);
			bTop = load<u64>(scratch, 8);
		}
		let low: u64;
		let high: u64;
		let negative = aNegative;
		if (aNegative == bNegative) {
			low = aLow + bLow;
			high = aTop + bTop + u64(low < aLow);
			// Both are below 10^38, so the sum is below 2^128.
			if (aboveLimit(low, high)) return OVERFLOW;
		} else if (atLeast(aLow, aTop, bLow, bTop)) {
			low = aLow - bLow;
			high = aTop - bTop - u64(aLow < bLow);
		} else {
			low = bLow - aLow;
			high = bTop - aTop - u64(bLow < aLow);
			negative = bNegative;
		}
		putSigned(out, row, low, high, negative);
		store<i32>(outScales + (<usize>row << 2), max(aScale, bScale));
	}
	return 0;
}

/** Leading bits that only repeat the sign; 64 of 0 and of -1. */
// @ts-ignore: decorator
@inline
function spareBits(value: i64): i32 {
	return <i32>clz<i64>(value ^ (value >> 63));
}

/** Factors whose product fits 64 bits, as those of money do, take one multiplication. */
export function numeric_multiply(count: i32, selection: usize, left: usize, right: usize, out: usize, outScales: usize, scratch: usize): i32 {
	const a = <usize>load<u32>(left);
	const b = <usize>load<u32>(right);
	// Strides in bytes: 0 of a constant, 16 of wide coefficients.
	const aStep: usize = load<i32>(left, 16) != 0 ? 0 : load<i32>(left, 4) != 0 ? 16 : 8;
	const bStep: usize = load<i32>(right, 16) != 0 ? 0 : load<i32>(right, 4) != 0 ? 16 : 8;
	const aWide = load<i32>(left, 4) != 0;
	const bWide = load<i32>(right, 4) != 0;
	const isFixed = load<u32>(left, 8) == 0 && load<u32>(right, 8) == 0;
	const fixedScale = load<i32>(left, 12) + load<i32>(right, 12);
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const aAt = a + <usize>row * aStep;
		const bAt = b + <usize>row * bStep;
		const aNarrow = load<i64>(aAt);
		const bNarrow = load<i64>(bAt);
		const isNarrow = (!aWide || load<i64>(aAt, 8) == aNarrow >> 63) && (!bWide || load<i64>(bAt, 8) == bNarrow >> 63);
		if (isNarrow && spareBits(aNarrow) + spareBits(bNarrow) >= 66) {
			const product = aNarrow * bNarrow;
			const at = out + (<usize>row << 4);
			store<i64>(at, product);
			store<i64>(at, product >> 63, 8);
		} else if (!multiplyRow(row, left, right, out, scratch)) return OVERFLOW;
		store<i32>(outScales + (<usize>row << 2), isFixed ? fixedScale : scaleOf(left, row) + scaleOf(right, row));
	}
	return 0;
}

/** @returns false above the limit of coefficients */
function multiplyRow(row: i32, left: usize, right: usize, out: usize, scratch: usize): bool {
	const aLow = lowOf(left, row);
	const aHigh = highOf(left, row);
	const bLow = lowOf(right, row);
	const bHigh = highOf(right, row);
	const aMagnitude = magnitudeLow(aLow, aHigh);
	const aTop = magnitudeHigh(aLow, aHigh);
	const bMagnitude = magnitudeLow(bLow, bHigh);
	const bTop = magnitudeHigh(bLow, bHigh);
	let low: u64;
	let high: u64;
	if ((aTop | bTop) == 0) {
		low = aMagnitude * bMagnitude;
		high = multiplyHighU64(aMagnitude, bMagnitude);
	} else {
		if (!multiplyU128(aMagnitude, aTop, bMagnitude, bTop, scratch)) return false;
		low = load<u64>(scratch);
		high = load<u64>(scratch, 8);
	}
	if (aboveLimit(low, high)) return false;
	putSigned(out, row, low, high, (aHigh < 0) != (bHigh < 0));
	return true;
}

/** floor(a / 4) for any sign. */
// @ts-ignore: decorator
@inline
function quarter(value: i32): i32 {
	return value >> 2;
}

/** The leading base-10000 digit of a value of `digits` decimal digits whose leading digit has that decimal exponent. */
function firstDigit(low: u64, high: u64, digits: i32, exponent: i32, table: usize, scratch: usize): i32 {
	const width = exponent - (quarter(exponent) << 2) + 1;
	if (digits <= width) return <i32>(low * load<u64>(table + (<usize>(width - digits) << 4)));
	const power = table + (<usize>(digits - width) << 4);
	store<u64>(scratch, low);
	store<u64>(scratch, high, 8);
	divideLimbs(scratch, 4, load<u64>(power), load<u64>(power, 8), scratch + 40, scratch + 80);
	return load<i32>(scratch, 40);
}

/** PostgreSQL's select_div_scale: at least 16 significant digits, and no fewer than either operand shows. */
function quotientScale(aLow: u64, aHigh: u64, aScale: i32, bLow: u64, bHigh: u64, bScale: i32, table: usize, scratch: usize): i32 {
	let weightA: i32 = 0;
	let weightB: i32 = 0;
	let firstA: i32 = 0;
	let firstB: i32 = 0;
	if ((aLow | aHigh) != 0) {
		const digits = digitCount(aLow, aHigh, table);
		const exponent = digits - 1 - aScale;
		weightA = quarter(exponent);
		firstA = firstDigit(aLow, aHigh, digits, exponent, table, scratch);
	}
	if ((bLow | bHigh) != 0) {
		const digits = digitCount(bLow, bHigh, table);
		const exponent = digits - 1 - bScale;
		weightB = quarter(exponent);
		firstB = firstDigit(bLow, bHigh, digits, exponent, table, scratch);
	}
	let weight = weightA - weightB;
	if (firstA <= firstB) weight--;
	return max(max(16 - weight * 4, aScale), max(bScale, 0));
}

/** a x 10^power as eight limbs at `out`, power >= 0. @returns false when it passes 256 bits */
function scaleUpWide(low: u64, high: u64, power: i32, out: usize): bool {
	store<u64>(out, low);
	store<u64>(out, high, 8);
	store<u64>(out, 0, 16);
	store<u64>(out, 0, 24);
	while (power > 0) {
		const step = min(power, 9);
		let factor: u64 = 1;
		for (let index: i32 = 0; index < step; index++) factor *= 10;
		let carry: u64 = 0;
		for (let limb: i32 = 0; limb < 8; limb++) {
			const at = out + (<usize>limb << 2);
			const part = <u64>load<u32>(at) * factor + carry;
			store<u32>(at, <u32>part);
			carry = part >> 32;
		}
		if (carry != 0) return false;
		power -= step;
	}
	return true;
}

export function numeric_divide(count: i32, selection: usize, left: usize, right: usize, out: usize, outScales: usize, table: usize, scratch: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const aLow = lowOf(left, row);
		const aHigh = highOf(left, row);
		const bLow = lowOf(right, row);
		const bHigh = highOf(right, row);
		const aScale = scaleOf(left, row);
		const bScale = scaleOf(right, row);
		if ((bLow | <u64>bHigh) == 0) return ZERO_DIVISOR;
		const dividendLow = magnitudeLow(aLow, aHigh);
		const dividendHigh = magnitudeHigh(aLow, aHigh);
		const divisorLow = magnitudeLow(bLow, bHigh);
		const divisorHigh = magnitudeHigh(bLow, bHigh);
		const scale = quotientScale(dividendLow, dividendHigh, aScale, divisorLow, divisorHigh, bScale, table, scratch);
		let low: u64 = 0;
		let high: u64 = 0;
		if ((dividendLow | dividendHigh) != 0) {
			if (!scaleUpWide(dividendLow, dividendHigh, scale + bScale - aScale, scratch)) return OVERFLOW;
			divideLimbs(scratch, 8, divisorLow, divisorHigh, scratch + 64, scratch + 128);
			low = load<u64>(scratch, 64);
			high = load<u64>(scratch, 72);
			if ((load<u64>(scratch, 80) | load<u64>(scratch, 88)) != 0) return OVERFLOW;
			// Half away from zero: remainder >= divisor - remainder.
			const restLow = load<u64>(scratch, 128);
			const restHigh = load<u64>(scratch, 136);
			const missingLow = divisorLow - restLow;
			const missingHigh = divisorHigh - restHigh - u64(divisorLow < restLow);
			if (atLeast(restLow, restHigh, missingLow, missingHigh)) {
				low++;
				high += u64(low == 0);
			}
			if (aboveLimit(low, high)) return OVERFLOW;
		}
		putSigned(out, row, low, high, (aHigh < 0) != (bHigh < 0));
		store<i32>(outScales + (<usize>row << 2), scale);
	}
	return 0;
}

/** The remainder with the dividend's sign. */
export function numeric_modulo(count: i32, selection: usize, left: usize, right: usize, out: usize, outScales: usize, table: usize, scratch: usize): i32 {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const aLow = lowOf(left, row);
		const aHigh = highOf(left, row);
		const bLow = lowOf(right, row);
		const bHigh = highOf(right, row);
		const scale = max(scaleOf(left, row), scaleOf(right, row));
		if ((bLow | <u64>bHigh) == 0) return ZERO_DIVISOR;
		if (!scaleUp(magnitudeLow(bLow, bHigh), magnitudeHigh(bLow, bHigh), scale - scaleOf(right, row), table, scratch + 160)) {
			// The divisor at the dividend's scale passes 10^38, so it is the larger, and the dividend is the remainder.
			putSigned(out, row, magnitudeLow(aLow, aHigh), magnitudeHigh(aLow, aHigh), aHigh < 0);
			store<i32>(outScales + (<usize>row << 2), scale);
			continue;
		}
		if (!scaleUpWide(magnitudeLow(aLow, aHigh), magnitudeHigh(aLow, aHigh), scale - scaleOf(left, row), scratch)) return OVERFLOW;
		divideLimbs(scratch, 8, load<u64>(scratch, 160), load<u64>(scratch, 168), scratch + 64, scratch + 128);
		putSigned(out, row, load<u64>(scratch, 128), load<u64>(scratch, 136), aHigh < 0);
		store<i32>(outScales + (<usize>row << 2), scale);
	}
	return 0;
}

/** `op`: 0 negate, 1 absolute value, 2 the value itself, 3 sign. */
export function numeric_unary(op: i32, count: i32, selection: usize, operand: usize, out: usize, outScales: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const low = lowOf(operand, row);
		const high = highOf(operand, row);
		const negative = high < 0;
		const zero = (low | <u64>high) == 0;
		if (op == 3) {
			putSigned(out, row, zero ? 0 : 1, 0, negative);
			store<i32>(outScales + (<usize>row << 2), 0);
			continue;
		}
		putSigned(out, row, magnitudeLow(low, high), magnitudeHigh(low, high), op == 0 ? !negative : op == 2 ? negative : false);
		store<i32>(outScales + (<usize>row << 2), scaleOf(operand, row));
	}
}

/** -1, 0 or 1. Scales differ freely; nothing overflows. */
function order(left: usize, right: usize, row: i32, table: usize, scratch: usize): i32 {
	const aLow = lowOf(left, row);
	const aHigh = highOf(left, row);
	const bLow = lowOf(right, row);
	const bHigh = highOf(right, row);
	const aScale = scaleOf(left, row);
	const bScale = scaleOf(right, row);
	if (aScale == bScale) {
		if (aHigh != bHigh) return aHigh < bHigh ? -1 : 1;
		return aLow == bLow ? 0 : aLow < bLow ? -1 : 1;
	}
	const aSign: i32 = aHigh < 0 ? -1 : (aLow | <u64>aHigh) == 0 ? 0 : 1;
	const bSign: i32 = bHigh < 0 ? -1 : (bLow | <u64>bHigh) == 0 ? 0 : 1;
	if (aSign != bSign || aSign == 0) return aSign < bSign ? -1 : aSign > bSign ? 1 : 0;
	let low = magnitudeLow(aLow, aHigh);
	let high = magnitudeHigh(aLow, aHigh);
	let otherLow = magnitudeLow(bLow, bHigh);
	let otherHigh = magnitudeHigh(bLow, bHigh);
	// A side that passes 10^38 when brought to the other's scale is the larger.
	if (aScale < bScale) {
		if (!scaleUp(low, high, bScale - aScale, table, scratch)) return aSign;
		low = load<u64>(scratch);
		high = load<u64>(scratch, 8);
	} else {
		if (!scaleUp(otherLow, otherHigh, aScale - bScale, table, scratch)) return -aSign;
		otherLow = load<u64>(scratch);
		otherHigh = load<u64>(scratch, 8);
	}
	if (low == otherLow && high == otherHigh) return 0;
	return atLeast(low, high, otherLow, otherHigh) ? aSign : -aSign;
}

/** `op` as in compare_i32. */
export function numeric_compare(op: i32, count: i32, selection: usize, left: usize, right: usize, out: usize, table: usize, scratch: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		store<u8>(out + <usize>row, holds(op, order(left, right, row, table, scratch)));
	}
}
