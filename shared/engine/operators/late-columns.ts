/**
 * A top-N above a group-by: most groups are worse than the rows that it has, which some columns alone tell. The group-by asks by these, and makes the other columns of the groups
 * that are left: no mean is divided and no text copied for a group that nobody will see.
 */
import type { PhysicalTopN } from "#shared/contracts/plan/physical.ts";
import type { Batch } from "../vector/batch.ts";

export class LateColumns {
	/** Positions of the columns that decide. */
	readonly deciding: readonly number[];
	/** Set by who wants the rows, once it can tell. @param batch has the columns that decide, and no others. The result is a part of its rows */
	select: ((batch: Batch) => Batch) | null = null;

	constructor(deciding: readonly number[]) {
		this.deciding = deciding;
	}
}

/** Null where the top-N is over something else, or does not sort by columns alone. */
export function lateColumns({ input, keys }: PhysicalTopN): LateColumns | null {
	if (input.kind !== "hash_aggregate") return null;
	const deciding = keys.map(({ expression }) => (expression.kind === "column" ? expression.index : -1));
	return deciding.includes(-1) ? null : new LateColumns([...new Set(deciding)]);
}
