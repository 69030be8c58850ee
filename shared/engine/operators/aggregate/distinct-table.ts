/** The combinations of group and arguments that one pass over an input has seen, in memory of their own, as far as that goes; rows of further ones are left in files. */
import { DISTINCT_RESERVE_FRACTION } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import type { RowSpace } from "../../vector/copy.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { GroupTable } from "./group-table.ts";
import type { SpillFile } from "../spill/spill-file.ts";
import { spaceAtLevel } from "../spill/spill-partitions.ts";
import { StagedPartitions } from "../spill/staged-partitions.ts";

export class DistinctTable {
	/** Of the recursion over spilled rows, from 0. */
	readonly level: number;
	readonly #context: ExecutionContext;
	readonly #lease: Lease;
	readonly #seen: GroupTable;
	#spilled: StagedPartitions | null = null;

	constructor(context: ExecutionContext, types: DataType[], level: number) {
		this.#context = context;
		this.level = level;
		this.#lease = context.newLease();
		this.#seen = this.within(() => new GroupTable(context, types, 0));
	}

	get isSpilling(): boolean {
		return this.#spilled !== null;
	}

	/** Runs `work` with the table's memory, which it returns when it is closed. */
	within<Result>(work: () => Result): Result {
		return this.#context.within(this.#lease, work);
	}

	/** The live rows whose combination is new; others may be, and are in the files. */
	select(columns: FlatVector[], rows: RowSpace, region: Region): RowSpace {
		const none = { ...rows, selectedCount: 0 };
		if (rows.selectedCount === 0) return none;
		if (this.#spilled !== null) {
			const { hashes, missing } = this.within(() => this.#seen.lookUp(columns, rows, region));
			if (missing.selectedCount > 0) this.#spilled.add({ rowCount: rows.rowCount, columns, ...missing }, hashes, region);
			return none;
		}
		const { created, createdCount } = this.within(() => this.#seen.find(columns, rows, region));
		const { growthBytes } = this.#seen;
		// The groups themselves are to have room: what stands behind this table can wait for the input's end, they cannot.
		if (this.#context.memoryTight(growthBytes + this.#lease.byteCountMax * DISTINCT_RESERVE_FRACTION)) {
			const space = spaceAtLevel(this.#context, this.level);
			if (space !== null) this.#spilled = this.within(() => new StagedPartitions(this.#context, space, this.level));
		}
		return { ...rows, selection: created, selectedCount: createdCount };
	}

	/** Nothing more comes. @returns the files that are left to be passed through other tables */
	close(): SpillFile[] {
		this.#spilled?.finish();
		this.#lease.release();
		const files = this.#spilled?.files.filter(({ rowCount }) => rowCount > 0) ?? [];
		this.#spilled = null;
		return files;
	}
}
