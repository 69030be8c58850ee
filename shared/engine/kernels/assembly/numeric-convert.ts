// NUMERIC to another scale or type, and from one: operands, results and answers as numeric-lanes.ts has them.
import { atLeast, divideLimbs, scaleUp } from "./int128";
import { highOf, lowOf, magnitudeHigh, magnitudeLow, OVERFLOW, putSigned, scaleOf } from "./numeric-lanes";
import { rowAt } from "./rows";

/**
 * To `scale` fraction digits, which may be negative (tens, hundreds), and to at most `precision` digits in all (38: no further limit). `mode`: 0 half away
 * from zero, 1 towards zero, 2 down, 3 up. A scale below 0 leaves a display scale of 0. `wide` says whether `out` takes i128 or i64; `outScales` may be 0.
 */
export function numeric_rescale(mode: i32, scale: i32, precision: i32, wide: i32, count: i32, selection: usize, operand: usize, out: usize, outScales: usize, table: usize, scratch: usize): i32 {
	const limit = table + (<usize>precision << 4);
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const from = lowOf(operand, row);
		const fromHigh = highOf(operand, row);
		const negative = fromHigh < 0;
		let low = magnitudeLow(from, fromHigh);
		let high = magnitudeHigh(from, fromHigh);
		const drop = scaleOf(operand, row) - scale;
		if (drop < 0) {
			if (!scaleUp(low, high, -drop, table, scratch)) return OVERFLOW;
			low = load<u64>(scratch);
			high = load<u64>(scratch, 8);
		} else if (drop > 0) {
			let roundUp: bool = false;
			if (drop > 38) {
				roundUp = (mode == 2 ? negative : mode == 3 ? !negative : false) && (low | high) != 0;
				low = 0;
				high = 0;
			} else {
				const power = table + (<usize>drop << 4);
				const powerLow = load<u64>(power);
				const powerHigh = load<u64>(power, 8);
				let restLow: u64;
				let restHigh: u64;
				if ((high | powerHigh) == 0) {
					restLow = low % powerLow;
					restHigh = 0;
					low = low / powerLow;
				} else {
					store<u64>(scratch, low);
					store<u64>(scratch, high, 8);
					divideLimbs(scratch, 4, powerLow, powerHigh, scratch + 64, scratch + 128);
					low = load<u64>(scratch, 64);
					high = load<u64>(scratch, 72);
					restLow = load<u64>(scratch, 128);
					restHigh = load<u64>(scratch, 136);
				}
				if (mode == 0) {
					const missingLow = powerLow - restLow;
					const missingHigh = powerHigh - restHigh - u64(powerLow < restLow);
					roundUp = atLeast(restLow, restHigh, missingLow, missingHigh);
				} else if (mode == 2) roundUp = negative && (restLow | restHigh) != 0;
				else if (mode == 3) roundUp = !negative && (restLow | restHigh) != 0;
			}
			if (roundUp) {
				low++;
				high += u64(low == 0);
			}
			if (scale < 0) {
				if (!scaleUp(low, high, -scale, table, scratch)) return OVERFLOW;
				low = load<u64>(scratch);
				high = load<u64>(scratch, 8);
			}
		}
		if (atLeast(low, high, load<u64>(limit), load<u64>(limit, 8))) return OVERFLOW;
		if (wide != 0) putSigned(out, row, low, high, negative);
		else store<i64>(out + (<usize>row << 3), negative ? 0 - <i64>low : <i64>low);
		if (outScales != 0) store<i32>(outScales + (<usize>row << 2), max(scale, 0));
	}
	return 0;
}

/** i32 or i64 values as coefficients of one scale. `fromWide`: 1 for i64 values. */
export function numeric_from_integer(fromWide: i32, scale: i32, count: i32, selection: usize, values: usize, out: usize, outScales: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const value: i64 = fromWide != 0 ? load<i64>(values + (<usize>row << 3)) : <i64>load<i32>(values + (<usize>row << 2));
		const at = out + (<usize>row << 4);
		store<i64>(at, value);
		store<i64>(at, value >> 63, 8);
		store<i32>(outScales + (<usize>row << 2), scale);
	}
}

/** Free NUMERIC from any operand. */
export function numeric_widen(count: i32, selection: usize, operand: usize, out: usize, outScales: usize): void {
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const at = out + (<usize>row << 4);
		store<u64>(at, lowOf(operand, row));
		store<i64>(at, highOf(operand, row), 8);
		store<i32>(outScales + (<usize>row << 2), scaleOf(operand, row));
	}
}

/** 10^power for 0 <= power <= 22, exact in a double. */
function exactPower(power: i32): f64 {
	let value: f64 = 1;
	for (let index: i32 = 0; index < power; index++) value *= 10;
	return value;
}

/**
 * To double, or with `single` to real: exact coefficients below 2^53 divided by an exact power of ten are rounded once. Rows that are not so simple are written
 * to `hard`, u16 each, for the caller. A real would be rounded twice, so only whole numbers are simple there. @returns how many are hard
 */
export function numeric_to_float(single: i32, count: i32, selection: usize, operand: usize, out: usize, hard: usize): i32 {
	let hardCount: i32 = 0;
	let lastScale: i32 = 0;
	let power: f64 = 1;
	for (let index: i32 = 0; index < count; index++) {
		const row = rowAt(selection, index);
		const low = <i64>lowOf(operand, row);
		const scale = scaleOf(operand, row);
		if (highOf(operand, row) != low >> 63 || low > 9007199254740992 || low < -9007199254740992 || scale > 22 || (single != 0 && (scale > 0 || low > 16777216 || low < -16777216))) {
			store<u16>(hard + (<usize>hardCount << 1), <u16>row);
			hardCount++;
			continue;
		}
		if (scale != lastScale) {
			power = exactPower(scale);
			lastScale = scale;
		}
		const value = <f64>low / power;
		if (single != 0) store<f32>(out + (<usize>row << 2), <f32>value);
		else store<f64>(out + (<usize>row << 3), value);
	}
	return hardCount;
}
