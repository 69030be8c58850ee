/** What a merge shares with the engine's operators and its driver: memory, work done, I/O awaited. A query has a larger one. */
import { YIELD_WORK_UNITS } from "#shared/base/limits.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import type { DriverContext } from "#shared/engine/operators/driver.ts";
import type { MergeContext } from "#shared/engine/operators/sort/merge-run.ts";

export class WorkContext implements DriverContext, MergeContext {
	readonly engine: Engine;
	readonly lease: Lease;
	/** A job ends by its own bounds, never by a client that goes away. */
	readonly signal = new AbortController().signal;
	#workUnits = 0;
	#pending: Promise<unknown>[] = [];

	constructor(memory: { engine: Engine; lease: Lease }) {
		this.engine = memory.engine;
		this.lease = memory.lease;
	}

	get yieldDue(): boolean {
		return this.#workUnits >= YIELD_WORK_UNITS;
	}

	spend(workUnits: number): void {
		this.#workUnits += workUnits;
	}

	countYield(): void {
		this.#workUnits = 0;
	}

	blockOn(promise: Promise<unknown>): void {
		this.#pending.push(promise);
	}

	takePending(): Promise<unknown>[] {
		const pending = this.#pending;
		this.#pending = [];
		return pending;
	}
}
