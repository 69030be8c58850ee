/** Joins of every kind on any condition, and cross joins. */
import type { PhysicalNestedLoopJoin } from "#shared/contracts/plan/physical.ts";
import type { Batch } from "../vector/batch.ts";
import { BuildSide } from "./build-side.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { Join, type JoinSides } from "./join.ts";
import { asksExistence, JoinOutput } from "./join-output.ts";
import { LoopPairs } from "./loop-pairs.ts";
import type { BatchSource } from "./source.ts";

export class NestedLoopJoinOperator implements BatchSource {
	readonly #join: Join;

	constructor(context: ExecutionContext, node: PhysicalNestedLoopJoin, sides: JoinSides) {
		const build = new BuildSide(context, {
			types: sides.buildTypes,
			keys: [],
			keepsColumns: node.condition !== null || !asksExistence(node.join),
			loose: node.join === "full" ? "emitted" : "dropped",
		});
		const output = new JoinOutput(context, node.join, build, sides.probeTypes);
		this.#join = new Join(context, sides, { build, output, finder: new LoopPairs(context, node, build, output) });
	}

	next(): Batch | "blocked" | null {
		return this.#join.next();
	}

	close(): void {
		this.#join.close();
	}
}
