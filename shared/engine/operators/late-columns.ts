/**
 * A top-N above a scan or a group-by: most rows are worse than those that it has, which some columns alone tell. Who makes the rows asks by these, and reads or makes the other
 * columns of the rows that are left: no page of a wide table is opened, no mean divided and no text copied for a row that nobody will see.
 */
import type { PhysicalHashAggregate, PhysicalOperator, PhysicalTopN } from "#shared/contracts/plan/physical.ts";
import type { Batch } from "../vector/batch.ts";
import type { Vector } from "../vector/vector.ts";
import type { ExecutionContext } from "./execution-context.ts";

export class LateColumns {
	/** Positions of the columns that decide, where the rows are made. */
	readonly deciding: readonly number[];
	/** Where each of them stands for who wants the rows. */
	readonly #places: readonly number[];
	/** Set by who wants the rows, once it can tell. @param batch has the columns that decide, at its own places, and may have others. The result is a part of its rows */
	select: ((batch: Batch) => Batch) | null = null;

	constructor(deciding: readonly number[], places = deciding) {
		this.deciding = deciding;
		this.#places = places;
	}

	/** Those of the rows that are wanted, as far as that is known; the others are counted as rows that were there. */
	wanted(batch: Batch, context: ExecutionContext): Batch {
		if (this.select === null) return batch;
		context.spend(batch.selectedCount * this.deciding.length);
		const columns: Vector[] = [];
		for (const [index, place] of this.#places.entries()) columns[place] = batch.columns[this.deciding[index] as number] as Vector;
		const { selection, selectedCount } = this.select({ ...batch, columns });
		context.countWithheld(batch.selectedCount - selectedCount);
		return { ...batch, selection, selectedCount };
	}
}

/**
 * Whose rows the top-N takes, and by which columns: what makes them may stand below a projection that only picks columns. Null where the top-N is over something else, or does not
 * sort by columns alone.
 */
export function lateColumns({ input, keys }: Pick<PhysicalTopN, "input" | "keys">): { source: PhysicalOperator; late: LateColumns } | null {
	const places = [...new Set(keys.map(({ expression }) => (expression.kind === "column" ? expression.index : -1)))];
	if (places.includes(-1)) return null;
	const source = input.kind === "project" ? input.input : input;
	if (source.kind !== "hash_aggregate" && source.kind !== "scan") return null;
	if (input.kind !== "project") return { source, late: new LateColumns(places) };
	const picked = input.expressions.map((expression) => (expression.kind === "column" ? expression.index : -1));
	// Anything else may raise for a row, whether or not that is wanted.
	if (picked.includes(-1)) return null;
	const deciding = places.map((place) => picked[place] as number);
	return { source, late: new LateColumns(deciding, places) };
}

/** Of a group-by of which the first groups by a key are wanted, and that reads a scan: the scan's column that is this key. Null of any other. */
export function lateKey({ input, groupKeys, wanted }: Pick<PhysicalHashAggregate, "input" | "groupKeys" | "wanted">): LateColumns | null {
	const [first] = wanted?.order ?? [];
	const key = first === undefined ? undefined : groupKeys[first.key];
	return input.kind === "scan" && key?.kind === "column" ? new LateColumns([key.index]) : null;
}
