/**
 * GROUP BY, DISTINCT and aggregates without groups. Consumes the whole input, then emits the groups in the order in which they were first seen.
 * Without keys there is one group, also over no input. Where the input's scan can say that no lower key comes any more, the groups below it are emitted at once.
 *
 * When memory is tight no group is made any more: rows of groups that are there still update them, the others go to files by their keys' hash, and each file is aggregated
 * the same way when the groups in memory are done.
 */
import type { Lease } from "../../memory/lease.ts";
import type { Batch } from "../../vector/batch.ts";
import { AggregatePass, type GroupBy } from "./aggregate-pass.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { BatchSource } from "../source.ts";
import type { SpillFile } from "../spill/spill-file.ts";

interface RunningPass {
	pass: AggregatePass;
	lease: Lease;
	/** What it reads, where that was spilled. */
	file: SpillFile | null;
	source: BatchSource | null;
	level: number;
}

export class HashAggregateOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #node: GroupBy;
	readonly #input: BatchSource;
	/** Files whose groups are still to come, the next one last. */
	readonly #pending: { file: SpillFile; level: number }[] = [];
	#running: RunningPass;

	constructor(context: ExecutionContext, node: GroupBy, input: BatchSource) {
		this.#context = context;
		this.#node = node;
		this.#input = input;
		this.#running = this.#start(input, null, 0);
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			const { pass, lease, file, source, level } = this.#running;
			const batch = this.#context.within(lease, () => pass.next());
			if (batch !== null) return batch;
			for (const spilled of pass.spilled.toReversed()) this.#pending.push({ file: spilled, level: level + 1 });
			source?.close();
			file?.drop();
			lease.release();
			const next = this.#pending.pop();
			if (next === undefined) return null;
			this.#running = this.#start(null, next.file, next.level);
		}
	}

	close(): void {
		this.#input.close();
	}

	#start(input: BatchSource | null, file: SpillFile | null, level: number): RunningPass {
		const lease = this.#context.newLease();
		return this.#context.within(lease, () => {
			const source = file?.source() ?? null;
			const pass = new AggregatePass(this.#context, this.#node, (input ?? source) as BatchSource, level);
			return { pass, lease, file, source, level };
		});
	}
}
