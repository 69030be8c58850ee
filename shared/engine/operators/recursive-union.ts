/**
 * WITH RECURSIVE: emits the seed, then what the step makes of the rows of the round before, until a round is empty. Each round builds the step's operators anew; their
 * memory ends with them.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { RECURSION_ROUND_COUNT_MAX, RECURSION_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { PhysicalRecursiveUnion } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten } from "../vector/copy.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { GroupTable } from "./aggregate/group-table.ts";
import { MaterialisedRows } from "./rows/materialised-rows.ts";
import type { BatchSource } from "./source.ts";

/** Work units of building a round's operators. */
const ROUND_COST = 2000;

/** The rows of the round before, which the step's scans read. */
export class Worktable {
	rows: MaterialisedRows;

	constructor(rows: MaterialisedRows) {
		this.rows = rows;
	}
}

export class WorktableScanOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #rows: BatchSource;

	constructor(context: ExecutionContext, worktable: Worktable) {
		this.#context = context;
		this.#rows = worktable.rows.reader();
	}

	next(): Batch | "blocked" | null {
		if (this.#context.yieldDue) return "blocked";
		const batch = this.#rows.next();
		if (batch !== null && batch !== "blocked") this.#context.spend(batch.selectedCount);
		return batch;
	}

	close(): void {
		this.#rows.close();
	}
}

export class RecursiveUnionOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #worktable: Worktable;
	readonly #buildStep: () => BatchSource;
	readonly #region: Region;
	/** Rows emitted so far; null where repetitions stay. */
	readonly #seen: GroupTable | null;
	/** What runs: the seed, then a step. */
	#running: BatchSource;
	/** Rows of this round, which the next one reads. */
	#fresh: MaterialisedRows;
	#roundCount = 0;
	#rowCount = 0;

	/** @param parts.buildStep makes the step's operators, whose scans read the worktable as it is then */
	constructor(
		context: ExecutionContext,
		node: PhysicalRecursiveUnion,
		parts: { seed: BatchSource; worktable: Worktable; buildStep: () => BatchSource },
	) {
		this.#context = context;
		this.#worktable = parts.worktable;
		this.#buildStep = parts.buildStep;
		this.#region = context.lease.region();
		this.#seen = node.distinct ? new GroupTable(context, node.types, 0) : null;
		this.#running = parts.seed;
		this.#fresh = new MaterialisedRows(context, context.lease);
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue || this.#context.spillBlocked) return "blocked";
			const batch = this.#running.next();
			if (batch === "blocked") return batch;
			if (batch === null) {
				if (this.#fresh.rowCount === 0) return null;
				this.#startRound();
				continue;
			}
			const fresh = this.#unseen(batch);
			if (fresh.selectedCount === 0) continue;
			this.#countRows(fresh.selectedCount);
			this.#fresh.append(fresh);
			return fresh;
		}
	}

	close(): void {
		this.#running.close();
	}

	#startRound(): void {
		this.#running.close();
		this.#running = EMPTY;
		if (++this.#roundCount > RECURSION_ROUND_COUNT_MAX) {
			throw new LittoralError("resource_exhausted", `a recursive query runs more than ${RECURSION_ROUND_COUNT_MAX} rounds`, {
				sqlstate: "54000",
			});
		}
		this.#context.spend(ROUND_COST);
		this.#fresh.finish();
		const spent = this.#worktable.rows;
		this.#worktable.rows = this.#fresh;
		this.#fresh = spent;
		this.#fresh.reset();
		this.#running = this.#buildStep();
	}

	#countRows(count: number): void {
		this.#rowCount += count;
		if (this.#rowCount > RECURSION_ROW_COUNT_MAX) {
			throw new LittoralError("resource_exhausted", `a recursive query makes more than ${RECURSION_ROW_COUNT_MAX} rows`, {
				sqlstate: "54000",
			});
		}
	}

	#unseen(batch: Batch): Batch {
		if (this.#seen === null || batch.selectedCount === 0) return batch;
		this.#region.reset();
		this.#context.spend(batch.selectedCount * batch.columns.length * 4);
		const columns = batch.columns.map((column) => flatten(this.#context.engine, column, batch, this.#region));
		const { created, createdCount } = this.#seen.find(columns, batch, this.#region);
		return { ...batch, columns, selection: created, selectedCount: createdCount };
	}
}

const EMPTY: BatchSource = { next: () => null, close: () => undefined };
