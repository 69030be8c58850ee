/** Fixed-point arithmetic on BigInt: what NUMERIC's roots, exponentials and logarithms are computed with, at more digits than they show. */

/** coefficient x 10^-digits, rounded half away from zero to fewer digits, or extended exactly. */
export function rescale(coefficient: bigint, from: number, to: number): bigint {
	if (to >= from) return coefficient * 10n ** BigInt(to - from);
	const divisor = 10n ** BigInt(from - to);
	const half = divisor / 2n;
	return coefficient < 0n ? -((-coefficient + half) / divisor) : (coefficient + half) / divisor;
}

/** The largest integer whose square is at most `value`; Newton's iteration. */
export function integerSquareRoot(value: bigint): bigint {
	if (value < 2n) return value;
	let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
	for (;;) {
		const next = (guess + value / guess) >> 1n;
		if (next >= guess) return guess;
		guess = next;
	}
}

/** 2 atanh(numerator / denominator), scaled by `one`. */
function twiceArtanh(numerator: bigint, denominator: bigint, one: bigint): bigint {
	let term = (numerator * one) / denominator;
	const square = (term * term) / one;
	let sum = term;
	for (let index = 3n; term !== 0n; index += 2n) {
		term = (term * square) / one;
		sum += term / index;
	}
	return 2n * sum;
}

/** ln(value / one), scaled by `one`; value > 0. The argument is brought between 3/4 and 3/2 by powers of two. */
export function naturalLogarithm(value: bigint, one: bigint): bigint {
	let exponent = BigInt(value.toString(2).length - one.toString(2).length);
	let reduced = exponent >= 0n ? value >> exponent : value << -exponent;
	if (reduced * 4n < one * 3n) {
		reduced *= 2n;
		exponent--;
	} else if (reduced * 2n > one * 3n) {
		reduced /= 2n;
		exponent++;
	}
	const ln2 = twiceArtanh(1n, 3n, one);
	return twiceArtanh(reduced - one, reduced + one, one) + exponent * ln2;
}

/** e^(value / one), scaled by `one`. */
export function exponential(value: bigint, one: bigint): bigint {
	const ln2 = twiceArtanh(1n, 3n, one);
	const exponent = value / ln2;
	const SQUARINGS = 8n;
	const reduced = (value - exponent * ln2) >> SQUARINGS;
	let term = one;
	let sum = one;
	for (let index = 1n; term !== 0n; index++) {
		term = (term * reduced) / (one * index);
		sum += term;
	}
	for (let index = 0n; index < SQUARINGS; index++) sum = (sum * sum) / one;
	return exponent >= 0n ? sum << exponent : sum >> -exponent;
}
