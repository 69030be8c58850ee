/**
 * Joins of every kind on any condition, and cross joins. Once memory is tight the rest of the build side goes to a file, which is read once for each probe batch. Where build rows
 * note whether they were matched (a full join), all stay: resource_exhausted where they do not fit.
 */
import type { PhysicalNestedLoopJoin } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { BuildSide, emittedColumns } from "./build-side.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { Join, type JoinSides } from "./join.ts";
import { emitsBuild, JoinOutput } from "./join-output.ts";
import { LoopPairs } from "./loop-pairs.ts";
import type { BatchSource } from "../source.ts";
import { SpillFile } from "../spill/spill-file.ts";
import type { SpillSpace } from "../spill/spill-space.ts";

export class NestedLoopJoinOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #sides: JoinSides;
	readonly #build: BuildSide;
	readonly #join: Join;
	readonly #pairs: LoopPairs;
	readonly #region: Region;
	readonly #spills: boolean;
	/** Build rows beyond the memory. */
	#overflow: SpillFile | null = null;
	#phase: "storing" | "spilling" | "joining" = "storing";

	constructor(context: ExecutionContext, node: PhysicalNestedLoopJoin, sides: JoinSides) {
		this.#context = context;
		this.#sides = sides;
		this.#region = context.lease.region();
		this.#spills = context.spill !== null && node.join !== "full" && !emitsBuild(node.join);
		const build = new BuildSide(context, {
			types: sides.buildTypes,
			keys: [],
			emitted: emittedColumns(sides),
			loose: node.join === "full" ? "emitted" : "dropped",
			isFlagged: node.join === "full",
		});
		this.#build = build;
		const output = new JoinOutput(context, node, build, sides);
		this.#pairs = new LoopPairs(context, node, build, output);
		this.#join = new Join(context, sides.probe, { build, output, finder: this.#pairs });
	}

	next(): Batch | "blocked" | null {
		if (this.#phase === "storing") {
			const state = this.#build.consume(this.#sides.build, this.#spills);
			if (state === "blocked") return state;
			this.#phase = state === "tight" ? "spilling" : "joining";
		}
		if (this.#phase === "spilling") {
			if (this.#spillRest() === "blocked") return "blocked";
			this.#phase = "joining";
		}
		return this.#join.next();
	}

	#spillRest(): "blocked" | null {
		const file = (this.#overflow ??= new SpillFile(this.#context, this.#context.spill as SpillSpace));
		for (;;) {
			if (this.#context.yieldDue || this.#context.spillBlocked) return "blocked";
			const batch = this.#sides.build.next();
			if (batch === "blocked") return batch;
			if (batch === null) break;
			if (batch.selectedCount === 0) continue;
			this.#region.reset();
			file.append(this.#build.asStored(batch, this.#region));
		}
		file.finish();
		if (file.rowCount > 0) this.#pairs.overflow = file;
		return null;
	}

	close(): void {
		this.#sides.probe.close();
		this.#sides.build.close();
	}
}
