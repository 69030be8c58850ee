/**
 * Equi-join of every kind. The build side is stored first; then each probe batch finds its pairs, at most a batch of them at a time however many matches
 * a row has. A residual condition is checked on joined rows and decides which of them match.
 *
 * A build side that memory does not hold is joined in parts: both sides are shared out over files by the hash of their keys, and each pair of files is joined the same way.
 */
import type { PhysicalHashJoin } from "#shared/contracts/plan/physical.ts";
import type { Lease } from "../../memory/lease.ts";
import type { Batch } from "../../vector/batch.ts";
import { emittedColumns } from "./build-side.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { HashJoinPass, type HashJoinPassOptions, type JoinPartition } from "./hash-join-pass.ts";
import type { JoinSides } from "./join.ts";
import type { KeyFilter } from "../key-filter/key-filter.ts";
import type { BatchSource } from "../source.ts";

interface RunningPass {
	pass: HashJoinPass;
	lease: Lease;
	options: HashJoinPassOptions;
	/** What it reads, where that was spilled. */
	partition: JoinPartition | null;
}

export class HashJoinOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #sides: JoinSides;
	/** Still to be joined, the next one last. */
	readonly #pending: {
		partition: JoinPartition;
		options: Omit<HashJoinPassOptions, "sides">;
		types: Pick<JoinSides, "probeTypes" | "buildTypes" | "read">;
	}[] = [];
	#running: RunningPass;

	/** @param input `keyFilters` by key: who asks them is on the probe side */
	constructor(
		context: ExecutionContext,
		node: PhysicalHashJoin,
		{ keyFilters, ...sides }: JoinSides & { keyFilters: (KeyFilter | null)[] },
	) {
		this.#context = context;
		this.#sides = sides;
		this.#running = this.#start({ spec: node, sides, emitted: emittedColumns(sides), keyFilters, level: 0 }, null);
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			const { pass, lease } = this.#running;
			const batch = this.#context.within(lease, () => pass.next());
			if (batch !== null) return batch;
			this.#end(this.#running);
			const next = this.#pending.pop();
			if (next === undefined) return null;
			this.#running = this.#startSpilled(next.partition, next.options, next.types);
		}
	}

	close(): void {
		this.#sides.probe.close();
		this.#sides.build.close();
	}

	#start(options: HashJoinPassOptions, partition: JoinPartition | null, lease = this.#context.newLease()): RunningPass {
		return { pass: this.#context.within(lease, () => new HashJoinPass(this.#context, options)), lease, options, partition };
	}

	#startSpilled(
		partition: JoinPartition,
		options: Omit<HashJoinPassOptions, "sides">,
		types: Pick<JoinSides, "probeTypes" | "buildTypes" | "read">,
	): RunningPass {
		const lease = this.#context.newLease();
		const sides = this.#context.within(lease, () => ({ ...types, build: partition.build.source(), probe: partition.probe.source() }));
		return this.#start({ ...options, sides }, partition, lease);
	}

	/** Notes what the pass left behind, and lets go of what it read and held. */
	#end({ pass, lease, options, partition }: RunningPass): void {
		const { spec, sides, level } = options;
		const left = pass.spilled.filter(({ build, probe }) => build.rowCount + probe.rowCount > 0);
		const types = { probeTypes: sides.probeTypes, buildTypes: pass.storedTypes, read: sides.read };
		const next = { spec: { ...spec, buildKeys: pass.storedKeys }, emitted: pass.storedEmitted, keyFilters: [], level: level + 1 };
		for (const one of left.toReversed()) this.#pending.push({ partition: one, options: next, types });
		if (partition !== null) {
			sides.probe.close();
			sides.build.close();
			partition.build.drop();
			partition.probe.drop();
		}
		for (const filter of options.keyFilters) filter?.clear();
		lease.release();
	}
}
