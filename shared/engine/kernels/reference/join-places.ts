/** Twin of `join_place` and `keys_place` of `assembly/join.ts`: a key's distance from the least one; null outside the range. */
export function keyPlaces(keys: readonly bigint[], range: { least: bigint; most: bigint }): (number | null)[] {
	return keys.map((key) => (key < range.least || key > range.most ? null : Number(key - range.least)));
}
