/** Medians and percentiles of repeats. */

/** @param values not empty */
export function percentile(values: readonly number[], fraction: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	// Nearest rank: a value that was measured, never one in between.
	return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] as number;
}

export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const half = sorted.length / 2;
	return Number.isInteger(half) ? ((sorted[half - 1] as number) + (sorted[half] as number)) / 2 : (sorted[Math.floor(half)] as number);
}

export function geometricMean(values: readonly number[]): number {
	return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
