/**
 * What an aggregate is to the operator that groups: a state of some zeroed bytes behind each group's keys, updated for whole batches by group address,
 * written out as typed columns (so that the batch format can carry it), merged from such columns, and finished.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { RowSpace } from "../../vector/copy.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { Vector } from "../../vector/vector.ts";

/** Rows of a batch and where each belongs: `groups` u32 by row position, the addresses of rows whose states begin at the aggregate's offset. */
export interface AggregateInput {
	columns: Vector[];
	rows: RowSpace;
	groups: Pointer;
	/** Where all live rows are of one group, its address: the state can stay in registers. */
	only?: Pointer | undefined;
	/** The same rows in the order of their groups, where these are few. */
	runs?: Runs | undefined;
	/** For what lives as long as the batch. */
	region: Region;
}

/** `count` pairs of a group's address and how many rows of it follow at `positions` (u16); see `aggregate-runs.ts` of the kernels. */
export interface Runs {
	count: number;
	pairs: Pointer;
	positions: Pointer;
}

/** Room for strings in states; see `group_rows` for the words at `state`. */
interface StateHeap {
	state: Pointer;
	/** At least what the kernel found missing. @throws as `Lease.allocatePages` */
	grow(): void;
}

export interface AggregateBinding {
	engine: Engine;
	argumentTypes: DataType[];
	/** Of the result. */
	type: DataType;
	/** Of the state in its row, a multiple of 8. */
	offset: number;
	heap: StateHeap;
}

export interface Aggregate {
	/** An argument that is declared free NUMERIC may be of NUMERIC(18,s). */
	readonly takesNarrow?: true;
	/** Updates by {@link AggregateInput.runs}, where there are any. */
	readonly takesRuns?: true;
	/** Where all live rows are of one group, a dictionary's codes are as good as values. */
	readonly takesCodes?: true;
	/** Types of the columns that carry a state. */
	readonly partialTypes: DataType[];
	/** @throws numeric_value_out_of_range, resource_exhausted */
	update(input: AggregateInput): void;
	/** As {@link update}, from columns of {@link partialTypes}. */
	merge(input: AggregateInput): void;
	/** The states of the given groups as columns of {@link partialTypes}. */
	partial(groups: RowPointers, region: Region): Vector[];
	/** The results of the given groups. */
	finish(groups: RowPointers, region: Region): Vector;
}

export interface AggregateFunction {
	/** A multiple of 8. */
	stateBytes: number;
	bind(binding: AggregateBinding): Aggregate;
}
