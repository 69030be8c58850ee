/** Twin of `groups_below` of `assembly/group.ts`: which rows have a key below the floor, and which have not, NULL (null) among these. */
export function sharedOut(keys: readonly (bigint | null)[], floor: bigint): { below: number[]; rest: number[] } {
	const rows = [...keys.keys()];
	const isBelow = (row: number): boolean => {
		const key = keys[row];
		return key !== null && key !== undefined && key < floor;
	};
	return { below: rows.filter(isBelow), rest: rows.filter((row) => !isBelow(row)) };
}
