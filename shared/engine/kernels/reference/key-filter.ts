/** Twin of `assembly/key-filter.ts`: what an exact filter keeps, and what no filter may drop. */

/** Live rows whose key is one of `keys`; null is none. @param selection null: all */
export function keptRows(values: readonly (bigint | null)[], selection: readonly number[] | null, keys: ReadonlySet<bigint>): number[] {
	const live = selection ?? values.map((_, row) => row);
	return live.filter((row) => {
		const value = values[row];
		return value !== null && value !== undefined && keys.has(value);
	});
}

/** Live rows whose key lies within the range of `keys`. */
export function rowsInRange(values: readonly (bigint | null)[], selection: readonly number[] | null, keys: readonly bigint[]): number[] {
	const [least, most] = [keys.reduce((a, b) => (a < b ? a : b)), keys.reduce((a, b) => (a > b ? a : b))];
	const live = selection ?? values.map((_, row) => row);
	return live.filter((row) => {
		const value = values[row];
		return value !== null && value !== undefined && value >= least && value <= most;
	});
}
