/** Twins of `assembly/gather.ts` and of the checks of a decoder, on plain arrays; for tests only. */

export const take = <Value>(source: Value[], positions: number[]): Value[] => positions.map((row) => source[row] as Value);

/** NULL rows are `zero`. */
export const lookup = <Value>(source: Value[], codes: number[], valid: boolean[], zero: Value): Value[] =>
	codes.map((code, row) => (valid[row] ? (source[code] as Value) : zero));

/** Running ends of lengths, from 0. */
export function ends(lengths: number[]): number[] {
	const out = [0];
	for (const length of lengths) out.push((out.at(-1) as number) + length);
	return out;
}

export const offsetsInOrder = (offsets: number[], limit: number): boolean =>
	offsets.every((offset, index) => offset >= (index === 0 ? 0 : (offsets[index - 1] as number)) && offset <= limit);

export const inRange = (values: number[], valid: boolean[], range: { minimum: number; maximum: number }): boolean =>
	values.every((value, row) => (valid[row] ? value >= range.minimum && value <= range.maximum : value === 0));
