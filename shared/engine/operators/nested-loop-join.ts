/** Joins of every kind on any condition, and cross joins. */
import type { PhysicalNestedLoopJoin } from "#shared/contracts/plan/physical.ts";
import type { Batch } from "../vector/batch.ts";
import { BuildSide, emittedColumns } from "./build-side.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { Join, type JoinSides } from "./join.ts";
import { JoinOutput } from "./join-output.ts";
import { LoopPairs } from "./loop-pairs.ts";
import type { BatchSource } from "./source.ts";

export class NestedLoopJoinOperator implements BatchSource {
	readonly #sides: JoinSides;
	readonly #build: BuildSide;
	readonly #join: Join;
	#built = false;

	constructor(context: ExecutionContext, node: PhysicalNestedLoopJoin, sides: JoinSides) {
		this.#sides = sides;
		const build = new BuildSide(context, {
			types: sides.buildTypes,
			keys: [],
			emitted: emittedColumns(sides),
			loose: node.join === "full" ? "emitted" : "dropped",
			isFlagged: node.join === "full",
		});
		this.#build = build;
		const output = new JoinOutput(context, node, build, sides);
		this.#join = new Join(context, sides.probe, { build, output, finder: new LoopPairs(context, node, build, output) });
	}

	next(): Batch | "blocked" | null {
		if (!this.#built) {
			if (this.#build.consume(this.#sides.build, false) === "blocked") return "blocked";
			this.#built = true;
		}
		return this.#join.next();
	}

	close(): void {
		this.#sides.probe.close();
		this.#sides.build.close();
	}
}
