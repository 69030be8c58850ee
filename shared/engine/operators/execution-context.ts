/**
 * What one running query shares: its memory, the statement's inputs, the work it has spent, and the I/O it waits for.
 *
 * Work units (rows x declared cost) stand in for time: production's clock stands still during CPU work. Every YIELD_WORK_UNITS operators answer "blocked" so
 * that the driver can let the event loop in.
 */
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import {
	ARENA_PAGE_BYTES,
	BATCH_ROW_COUNT_MAX,
	GROUP_DICTIONARY_ENTRY_COUNT_MAX,
	SPILL_RESERVE_FRACTION,
	QUERY_BYTES_SCANNED_MAX,
	QUERY_WORK_UNITS_MAX,
	YIELD_WORK_UNITS,
} from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PhysicalScan, PlanStatement, PlanTable } from "#shared/contracts/plan/physical.ts";
import { compileExpression } from "../expression/compile.ts";
import { compilePredicate } from "../expression/predicate.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Lease } from "../memory/lease.ts";
import type { CompiledExpression, CompiledPredicate, Evaluator } from "./evaluator.ts";
import type { OperatorMeter } from "./measured.ts";
import { SpillSpace, type SpillStore } from "./spill/spill-space.ts";

export interface ExecutionStatistics {
	rowsScanned: number;
	bytesScanned: number;
	workUnits: number;
	arenaPeakBytes: number;
	spilledBytes: number;
	/** Times the event loop was let in between two pieces of CPU work. */
	yieldCount: number;
	/** Keys of batches that were looked up by their values, since their dictionary has too many entries to be looked up by codes. */
	dictionaryOverflowCount: number;
}

export interface TestModes {
	/** Rows of a batch, at most; default BATCH_ROW_COUNT_MAX. */
	batchRowCountMax?: number;
	/** Entries of a dictionary that is grouped by its codes; default GROUP_DICTIONARY_ENTRY_COUNT_MAX. */
	dictionaryEntryCountMax?: number;
	/** Operators that can spill do so as soon as they hold anything. */
	spillAlways?: boolean;
}

export interface ExecutionOptions {
	engine: Engine;
	/** Owned by the caller, who releases it when the query ends, fails or is cancelled. */
	lease: Lease;
	statement: PlanStatement;
	/** The plan's: operators learn the types of scanned columns from them. */
	tables: PlanTable[];
	signal: AbortSignal;
	/** Default: `engine/expression`. */
	evaluator?: Evaluator;
	/** Lower limits of this query. */
	limits?: { workUnits?: number; bytesScanned?: number };
	/** Milliseconds, for the operators' statistics; without it they took no time. */
	nowMs?: () => number;
	/** For what the memory does not hold; without it such a query fails. The driver empties it. */
	spill?: SpillStore;
	/** Ways of running that answers must not depend on; only tests set them. */
	testModes?: TestModes;
}

export class ExecutionContext {
	readonly engine: Engine;
	readonly statement: PlanStatement;
	readonly signal: AbortSignal;
	readonly batchRowCountMax: number;
	readonly dictionaryEntryCountMax: number;
	readonly nowMs: () => number;
	/** The query's own, and what operators take from now on: that or a part of it. */
	readonly #rootLease: Lease;
	readonly spill: SpillSpace | null;
	readonly #spillAlways: boolean;
	#spilledBytes = 0;
	#lease: Lease;
	#meter: OperatorMeter | null = null;
	readonly #tables: PlanTable[];
	readonly #evaluator: Evaluator;
	readonly #workUnitsMax: number;
	readonly #bytesScannedMax: number;
	#workUnits = 0;
	#workUnitsAtYield = 0;
	#rowsScanned = 0;
	#bytesScanned = 0;
	#yieldCount = 0;
	#dictionaryOverflowCount = 0;
	#pending: Promise<unknown>[] = [];

	constructor(options: ExecutionOptions) {
		this.engine = options.engine;
		this.#rootLease = options.lease;
		this.#lease = options.lease;
		this.batchRowCountMax = options.testModes?.batchRowCountMax ?? BATCH_ROW_COUNT_MAX;
		this.dictionaryEntryCountMax = options.testModes?.dictionaryEntryCountMax ?? GROUP_DICTIONARY_ENTRY_COUNT_MAX;
		this.spill = options.spill === undefined ? null : new SpillSpace(options.spill);
		this.#spillAlways = options.testModes?.spillAlways ?? false;
		this.nowMs = options.nowMs ?? (() => 0);
		this.statement = options.statement;
		this.signal = options.signal;
		this.#tables = options.tables;
		this.#evaluator = options.evaluator ?? { compileExpression, compilePredicate };
		this.#workUnitsMax = Math.min(options.limits?.workUnits ?? QUERY_WORK_UNITS_MAX, QUERY_WORK_UNITS_MAX);
		this.#bytesScannedMax = Math.min(options.limits?.bytesScanned ?? QUERY_BYTES_SCANNED_MAX, QUERY_BYTES_SCANNED_MAX);
	}

	get lease(): Lease {
		return this.#lease;
	}

	/** A part of the query's lease, to be released before it. */
	newLease(): Lease {
		return this.#rootLease.child();
	}

	/** True when an operator that holds rows, and needs `byteCount` more to go on, should rather spill them. */
	memoryTight(byteCount: number): boolean {
		if (this.#spillAlways) return true;
		const { byteCountMax, remainingByteCount, arena } = this.#rootLease;
		const reserve = byteCountMax * SPILL_RESERVE_FRACTION + byteCount;
		return remainingByteCount < reserve || arena.freePageCount * ARENA_PAGE_BYTES < reserve;
	}

	/** True when writes must end before more are begun; the caller answers "blocked". @throws unavailable when a write has failed */
	get spillBlocked(): boolean {
		const congestion = this.spill?.congestion ?? null;
		if (congestion !== null) this.blockOn(congestion);
		return congestion !== null;
	}

	countSpilled(byteCount: number): void {
		this.#spilledBytes += byteCount;
		if (this.#meter !== null) this.#meter.spilledBytes += byteCount;
	}

	/** Rows that the running operator had, and whoever is above it did not want. */
	countWithheld(rowCount: number): void {
		if (this.#meter !== null) this.#meter.rowsWithheld += rowCount;
	}

	/** Runs `work` with another lease: what is built or pulled there takes its memory from it. */
	within<Result>(lease: Lease, work: () => Result): Result {
		const outer = this.#lease;
		this.#lease = lease;
		try {
			return work();
		} finally {
			this.#lease = outer;
		}
	}

	/** Charges work and memory to an operator from now on. @returns who was charged before */
	enter(meter: OperatorMeter | null): OperatorMeter | null {
		const outer = this.#meter;
		this.#meter = meter;
		this.#rootLease.account = meter;
		return outer;
	}

	get statistics(): ExecutionStatistics {
		return {
			rowsScanned: this.#rowsScanned,
			bytesScanned: this.#bytesScanned,
			workUnits: this.#workUnits,
			arenaPeakBytes: this.#rootLease.peakByteCount,
			spilledBytes: this.#spilledBytes,
			yieldCount: this.#yieldCount,
			dictionaryOverflowCount: this.#dictionaryOverflowCount,
		};
	}

	/** True once enough work was done since the event loop last ran: whoever loops answers "blocked". */
	get yieldDue(): boolean {
		return this.#workUnits - this.#workUnitsAtYield >= YIELD_WORK_UNITS;
	}

	/** @throws resource_exhausted (54000) above the query's work limit */
	spend(workUnits: number): void {
		this.#workUnits += workUnits;
		if (this.#meter !== null) this.#meter.workUnits += workUnits;
		if (this.#workUnits > this.#workUnitsMax) {
			throw new LittoralError("resource_exhausted", `the query does more than its ${this.#workUnitsMax} units of work`, {
				sqlstate: "54000",
			});
		}
	}

	/** Counts what a source read. @throws resource_exhausted (54000) above the query's limit of bytes */
	countScanned(scanned: { rows: number; bytes: number }): void {
		this.#rowsScanned += scanned.rows;
		this.#bytesScanned += scanned.bytes;
		if (this.#bytesScanned > this.#bytesScannedMax) {
			throw new LittoralError("resource_exhausted", `the query reads more than its ${this.#bytesScannedMax} bytes`, { sqlstate: "54000" });
		}
	}

	/** Counts bytes that are read, whenever they come, for the operator that runs now. What it gives throws as {@link countScanned}. */
	byteCounter(): (byteCount: number) => void {
		const meter = this.#meter;
		return (byteCount) => {
			if (meter !== null) meter.bytesScanned += byteCount;
			this.countScanned({ rows: 0, bytes: byteCount });
		};
	}

	/** A source that answers "blocked" says what for; the driver goes on when one of these settles. A rejection fails the query. */
	blockOn(promise: Promise<unknown>): void {
		this.#pending.push(promise);
	}

	/** For the driver: what to wait for, if anything. */
	takePending(): Promise<unknown>[] {
		const pending = this.#pending;
		this.#pending = [];
		return pending;
	}

	countDictionaryOverflow(): void {
		this.#dictionaryOverflowCount++;
	}

	/** For the driver: the event loop ran. */
	countYield(): void {
		this.#workUnitsAtYield = this.#workUnits;
		this.#yieldCount++;
	}

	/** Types of a scan's columns. */
	scanTypes(scan: PhysicalScan): DataType[] {
		const columns = this.#tables[scan.table]?.schema.columns ?? [];
		return scan.columns.map((fieldId) => {
			const column = columns.find((candidate) => candidate.fieldId === fieldId);
			assert(column !== undefined, "a scan names columns of its table");
			return column.type;
		});
	}

	compileExpression(expression: Expression): CompiledExpression {
		return this.#evaluator.compileExpression(expression, { engine: this.engine, statement: this.statement });
	}

	compilePredicate(expression: Expression): CompiledPredicate {
		return this.#evaluator.compilePredicate(expression, { engine: this.engine, statement: this.statement });
	}
}
