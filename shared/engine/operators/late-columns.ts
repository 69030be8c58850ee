/**
 * A top-N above a scan or a group-by: most rows are worse than those that it has, which some columns alone tell. Who makes the rows asks by these, and reads or makes the other
 * columns of the rows that are left: no page of a wide table is opened, no mean divided and no text copied for a row that nobody will see.
 */
import type { PhysicalHashAggregate, PhysicalTopN } from "#shared/contracts/plan/physical.ts";
import type { Batch } from "../vector/batch.ts";
import type { ExecutionContext } from "./execution-context.ts";

export class LateColumns {
	/** Positions of the columns that decide. */
	readonly deciding: readonly number[];
	/** Set by who wants the rows, once it can tell. @param batch has the columns that decide, and no others. The result is a part of its rows */
	select: ((batch: Batch) => Batch) | null = null;

	constructor(deciding: readonly number[]) {
		this.deciding = deciding;
	}

	/** Those of the rows that are wanted, as far as that is known; the others are counted as rows that were there. */
	wanted(batch: Batch, context: ExecutionContext): Batch {
		if (this.select === null) return batch;
		context.spend(batch.selectedCount * this.deciding.length);
		const selected = this.select(batch);
		context.countWithheld(batch.selectedCount - selected.selectedCount);
		return selected;
	}
}

/** Null where the top-N is over something else, or does not sort by columns alone. */
export function lateColumns({ input, keys }: PhysicalTopN): LateColumns | null {
	if (input.kind !== "hash_aggregate" && input.kind !== "scan") return null;
	const deciding = keys.map(({ expression }) => (expression.kind === "column" ? expression.index : -1));
	return deciding.includes(-1) ? null : new LateColumns([...new Set(deciding)]);
}

/** Of a group-by of which the first groups by a key are wanted, and that reads a scan: the scan's column that is this key. Null of any other. */
export function lateKey({ input, groupKeys, wanted }: Pick<PhysicalHashAggregate, "input" | "groupKeys" | "wanted">): LateColumns | null {
	const [first] = wanted?.order ?? [];
	const key = first === undefined ? undefined : groupKeys[first.key];
	return input.kind === "scan" && key?.kind === "column" ? new LateColumns([key.index]) : null;
}
