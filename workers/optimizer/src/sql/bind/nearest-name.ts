/** Which known name a misspelt one may have meant: PostgreSQL's limits on the Levenshtein distance. */

/** Most edits that still count as a misspelling (PostgreSQL's MAX_FUZZY_DISTANCE). */
const EDIT_COUNT_MAX = 3;

export function levenshtein(left: string, right: string): number {
	const a = Array.from(left);
	const b = Array.from(right);
	let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let row = 1; row <= a.length; row++) {
		const current = [row];
		for (let column = 1; column <= b.length; column++) {
			const change = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
			current.push(Math.min(change, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
		}
		previous = current;
	}
	return previous[b.length] as number;
}

/**
 * The candidates nearest to `wanted`, at most two, when they are near enough: at most 3 edits, penalty included, and not more edits than
 * half of the wanted name. Three or more at one distance are no help, so none is returned.
 *
 * @param candidates name to compare; penalty: edits already spent on the qualifier
 */
export function nearest<Candidate extends { name: string; penalty: number }>(wanted: string, candidates: Candidate[]): Candidate[] {
	let best: Candidate[] = [];
	let bestDistance = EDIT_COUNT_MAX + 1;
	for (const candidate of candidates) {
		const edits = levenshtein(candidate.name, wanted);
		const distance = edits + candidate.penalty;
		if (distance > EDIT_COUNT_MAX || edits > new TextEncoder().encode(wanted).length / 2) continue;
		if (distance < bestDistance) {
			best = [candidate];
			bestDistance = distance;
		} else if (distance === bestDistance) best.push(candidate);
	}
	return best.length > 2 ? [] : best;
}
