/** Compares two systems' answers. DuckDB's averages and quotients are doubles where ours are decimals: those agree to nine digits, everything else exactly. */

type Rows = readonly (readonly (string | null)[])[];

export interface ExpectedAnswer {
	rows: Rows;
	/** By column: the expected values are floating-point numbers. */
	isInexact: readonly boolean[];
	isOrdered: boolean;
}

const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const RELATIVE_ERROR_MAX = 1e-9;

/** @returns what differs first, or null */
export function answerDifference(actual: Rows, expected: ExpectedAnswer): string | null {
	const { rows, isInexact, isOrdered } = expected;
	if (actual.length !== rows.length) return `${actual.length} rows instead of ${rows.length}`;
	const [left, right] = isOrdered ? [actual, rows] : [actual.toSorted(byText), rows.toSorted(byText)];
	for (const [index, row] of left.entries()) {
		const wanted = right[index] as Rows[number];
		const isSame =
			row.length === wanted.length && row.every((value, column) => isSameValue(value, wanted[column] ?? null, isInexact[column]));
		if (!isSame) return `row ${index + 1} is ${JSON.stringify(row).slice(0, 300)} instead of ${JSON.stringify(wanted).slice(0, 300)}`;
	}
	return null;
}

function byText(left: Rows[number], right: Rows[number]): number {
	const [a, b] = [JSON.stringify(left), JSON.stringify(right)];
	return a < b ? -1 : a > b ? 1 : 0;
}

function isSameValue(actual: string | null, expected: string | null, isInexact = false): boolean {
	if (actual === expected) return true;
	if (actual === null || expected === null || !NUMBER.test(actual) || !NUMBER.test(expected)) return false;
	if (!isInexact) return withoutZeros(actual) === withoutZeros(expected);
	const [left, right] = [Number(actual), Number(expected)];
	return Math.abs(left - right) <= RELATIVE_ERROR_MAX * Math.max(Math.abs(left), Math.abs(right));
}

/** Trailing zeros of a fraction say how a decimal is shown, not what it is. */
const withoutZeros = (decimal: string): string => (decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal);
