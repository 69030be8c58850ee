/** Twins of `assembly/group-codes.ts`; for tests only. */

/** Words of the rows' entries (`null` is NULL's), and one row of each entry that has none. */
export function codesWords(
	rows: number[],
	codes: (number | null)[],
	known: Map<number | null, number>,
): { words: Map<number, number>; unknown: number[] } {
	const learning = new Set<number | null>();
	const unknown: number[] = [];
	const words = new Map<number, number>();
	for (const row of rows) {
		const code = codes[row] as number | null;
		const word = known.get(code);
		if (word !== undefined) words.set(row, word);
		else if (!learning.has(code)) {
			learning.add(code);
			unknown.push(row);
		}
	}
	return { words, unknown };
}
