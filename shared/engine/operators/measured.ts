/**
 * What each operator of a plan did, for EXPLAIN ANALYZE. Always on: a few additions per batch. Work and memory are counted for the operator that runs; what its inputs do
 * while it pulls from them is theirs.
 */
import type { Lease, MemoryAccount } from "../memory/lease.ts";
import type { Batch } from "../vector/batch.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

export interface OperatorStatistics {
	/** Times it was built: a recursion's step is built once a round. */
	loops: number;
	rows: number;
	batches: number;
	workUnits: number;
	/**
	 * From its first pull to its first batch, and to its last answer, inputs included. Production's clock moves only with I/O: a query that waits for none took no time here.
	 */
	startupMs: number;
	totalMs: number;
	/** Most arena bytes it held at once. */
	arenaPeakBytes: number;
	spilledBytes: number;
	/** Of files and tails that it read itself. */
	bytesScanned: number;
	/** It has given all that it had: nobody above stopped it before. */
	ended: boolean;
}

export class OperatorMeter implements MemoryAccount {
	loops = 0;
	workUnits = 0;
	heldBytes = 0;
	peakBytes = 0;
	spilledBytes = 0;
	bytesScanned = 0;
	/** Rows that it had but did not give, since nobody wanted them. */
	rowsWithheld = 0;
	#rows = 0;
	#batches = 0;
	#ended = false;
	#startedAtMs: number | null = null;
	#firstAtMs: number | null = null;
	#lastAtMs = 0;

	start(nowMs: number): void {
		this.#startedAtMs ??= nowMs;
		this.#lastAtMs = nowMs;
	}

	count(batch: Batch | null, nowMs: number): void {
		this.#lastAtMs = nowMs;
		if (batch === null) {
			this.#ended = true;
			return;
		}
		this.#firstAtMs ??= nowMs;
		this.#rows += batch.selectedCount;
		this.#batches++;
	}

	get statistics(): OperatorStatistics {
		const startedAtMs = this.#startedAtMs ?? this.#lastAtMs;
		return {
			loops: this.loops,
			rows: this.#rows + this.rowsWithheld,
			batches: this.#batches,
			workUnits: this.workUnits,
			startupMs: (this.#firstAtMs ?? this.#lastAtMs) - startedAtMs,
			totalMs: this.#lastAtMs - startedAtMs,
			arenaPeakBytes: this.peakBytes,
			spilledBytes: this.spilledBytes,
			bytesScanned: this.bytesScanned,
			ended: this.#ended,
		};
	}
}

export class MeasuredOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #meter: OperatorMeter;
	readonly #source: BatchSource;
	/** The operator's memory, returned as soon as it has nothing more to give. */
	readonly #lease: Lease;
	#started = false;
	#ended = false;

	constructor(context: ExecutionContext, meter: OperatorMeter, make: () => BatchSource) {
		this.#context = context;
		this.#meter = meter;
		this.#lease = context.newLease();
		this.#source = this.#charged(make);
	}

	next(): Batch | "blocked" | null {
		if (this.#ended) return null;
		if (!this.#started) this.#meter.start(this.#context.nowMs());
		this.#started = true;
		const batch = this.#charged(() => this.#source.next());
		if (batch === "blocked") return batch;
		this.#meter.count(batch, this.#context.nowMs());
		if (batch === null) this.#end();
		return batch;
	}

	close(): void {
		this.#ended = true;
		this.#source.close();
		this.#lease.release();
	}

	#end(): void {
		this.#ended = true;
		this.#lease.release();
	}

	#charged<Result>(work: () => Result): Result {
		const outer = this.#context.enter(this.#meter);
		try {
			return this.#context.within(this.#lease, work);
		} finally {
			this.#context.enter(outer);
		}
	}
}
