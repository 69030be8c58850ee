/**
 * Equi-join of every kind. The build side is stored first; then each probe batch finds its pairs, at most a batch of them at a time however many matches
 * a row has. A residual condition is checked on joined rows and decides which of them match.
 */
import type { PhysicalHashJoin } from "#shared/contracts/plan/physical.ts";
import type { Batch } from "../vector/batch.ts";
import { BuildSide } from "./build-side.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { HashPairs } from "./hash-pairs.ts";
import { Join, type JoinSides } from "./join.ts";
import { asksExistence, JoinOutput } from "./join-output.ts";
import type { BatchSource } from "./source.ts";

export class HashJoinOperator implements BatchSource {
	readonly #join: Join;

	constructor(context: ExecutionContext, node: PhysicalHashJoin, sides: JoinSides) {
		const build = new BuildSide(context, {
			types: sides.buildTypes,
			keys: node.buildKeys,
			keepsColumns: node.residual !== null || !asksExistence(node.join),
			loose: node.join === "full" ? "emitted" : node.nullAware ? "perhaps" : "dropped",
		});
		const output = new JoinOutput(context, node.join, build, sides.probeTypes);
		this.#join = new Join(context, sides, { build, output, finder: new HashPairs(context, node, build, output) });
	}

	next(): Batch | "blocked" | null {
		return this.#join.next();
	}

	close(): void {
		this.#join.close();
	}
}
