/** The frame of both joins once the build side is there. Each probe batch: its pairs, what is left of it, and at the end what is left of the build side. */
import { SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { compactBatch } from "../../vector/copy.ts";
import type { BuildSide } from "./build-side.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { JoinOutput } from "./join-output.ts";
import type { BatchSource } from "../source.ts";

export interface JoinSides {
	probe: BatchSource;
	build: BatchSource;
	probeTypes: DataType[];
	buildTypes: DataType[];
	/** Whether a joined row needs the column: of those that are not, it has NULL. */
	read: { probe: boolean[]; build: boolean[] };
}

/** Finds the matches of one probe batch after the other, in bounded steps. */
export interface PairFinder {
	/** The batch with NULLs for what neither its matches nor the joined rows need. */
	narrowed(batch: Batch): Batch;
	/** @param matched marks, u8 by position, all 0; 0 where the join needs none. `region` lives as long as the probe batch */
	start(batch: Batch, matched: Pointer, region: Region): void;
	/** One step. @returns what the step's matches give at once, in `region`; null if nothing; "blocked" while build rows are read back */
	step(region: Region): Batch | "blocked" | null;
	/** True when every match of the batch was found. */
	readonly done: boolean;
}

export class Join {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #build: BuildSide;
	readonly #finder: PairFinder;
	readonly #output: JoinOutput;
	/** Lives as long as a probe batch. */
	readonly #probeRegion: Region;
	/** Lives as long as an emitted batch. */
	readonly #region: Region;
	#phase: "probing" | "rest" = "probing";
	#probe: { batch: Batch; matched: Pointer } | null = null;

	/** @param input the probe side; the build side is there */
	constructor(context: ExecutionContext, input: BatchSource, parts: { build: BuildSide; finder: PairFinder; output: JoinOutput }) {
		this.#context = context;
		this.#input = input;
		this.#build = parts.build;
		this.#finder = parts.finder;
		this.#output = parts.output;
		this.#probeRegion = context.lease.region();
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			if (this.#phase === "rest") {
				const rest = this.#output.rest(this.#region);
				if (rest === "done") return null;
				if (rest !== null) return rest;
				continue;
			}
			if (this.#probe === null) {
				if (this.#build.rowCount === 0 && this.#output.needsBuild) return null;
				const input = this.#input.next();
				if (input === "blocked") return input;
				if (input === null) this.#phase = "rest";
				else if (input.selectedCount > 0) this.#start(input);
				continue;
			}
			const batch = this.#finder.done ? this.#finish(this.#probe) : this.#finder.step(this.#region);
			if (batch !== null) return batch;
		}
	}

	#start(input: Batch): void {
		const region = this.#probeRegion;
		region.reset();
		const sparse = input.selectedCount < input.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(this.#context.engine, this.#finder.narrowed(input), region) : input;
		const matched = this.#output.marks ? region.allocateZeroed(batch.rowCount) : 0;
		this.#finder.start(batch, matched, region);
		this.#probe = { batch, matched };
	}

	#finish({ batch, matched }: { batch: Batch; matched: Pointer }): Batch | null {
		this.#probe = null;
		return this.#output.finish(batch, matched, this.#region);
	}
}
