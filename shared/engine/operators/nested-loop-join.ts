/**
 * Inner and left join on any condition, and cross joins: every probe row with every stored build row, a batch of pairs at a time. In a left join, rows
 * without a match come last, with NULLs, after their batch's pairs.
 */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalNestedLoopJoin } from "#shared/contracts/plan/physical.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { takeBatch } from "../vector/copy.ts";
import { BuildSide } from "./build-side.ts";
import type { CompiledPredicate } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { RowCursor } from "./row-cursor.ts";
import type { BatchSource } from "./source.ts";

const PAIR_COST = 4;

interface Probe {
	batch: Batch;
	/** Live row whose pairs are being made. */
	index: number;
	cursor: RowCursor;
	matched: Pointer;
}

export class NestedLoopJoinOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #build: BuildSide;
	readonly #left: boolean;
	readonly #condition: CompiledPredicate | null;
	readonly #probeRegion: Region;
	readonly #region: Region;
	#built = false;
	#probe: Probe | null = null;

	/** @param buildTypes of the build side's columns */
	constructor(
		context: ExecutionContext,
		node: PhysicalNestedLoopJoin,
		sides: { probe: BatchSource; build: BatchSource; buildTypes: DataType[] },
	) {
		this.#context = context;
		this.#input = sides.probe;
		this.#build = new BuildSide(context, sides.build, sides.buildTypes, []);
		this.#left = node.join === "left";
		this.#condition = node.condition === null ? null : context.compilePredicate(node.condition);
		this.#probeRegion = context.lease.region();
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		if (!this.#built) {
			if (this.#build.consume() === "blocked") return "blocked";
			this.#built = true;
		}
		for (;;) {
			if (this.#context.yieldDue) return "blocked";
			if (this.#probe === null) {
				if (this.#build.store.rowCount === 0 && !this.#left) return null;
				const batch = this.#input.next();
				if (batch === null || batch === "blocked") return batch;
				if (batch.selectedCount === 0) continue;
				this.#probeRegion.reset();
				const matched = this.#probeRegion.allocateZeroed(batch.rowCount);
				this.#probe = { batch, index: 0, cursor: this.#build.cursor(), matched };
			}
			const joined = this.#probe.index < this.#probe.batch.selectedCount ? this.#pairs(this.#probe) : this.#unmatched(this.#probe);
			if (joined !== null) return joined;
		}
	}

	close(): void {
		this.#input.close();
		this.#build.close();
	}

	/** The pairs of some probe rows, as many as fit, that pass the condition; null if none did. */
	#pairs(probe: Probe): Batch | null {
		const { engine } = this.#context;
		const region = this.#region;
		region.reset();
		const { batch } = probe;
		const { u16, u32 } = engine.arena.views;
		const positions = region.allocate(BATCH_ROW_COUNT_MAX * 2);
		const rows = region.allocate(BATCH_ROW_COUNT_MAX * 4);
		let count = 0;
		while (probe.index < batch.selectedCount && count < BATCH_ROW_COUNT_MAX) {
			const run = probe.cursor.next(BATCH_ROW_COUNT_MAX - count, region);
			if (run.count === 0) {
				probe.index++;
				probe.cursor.rewind();
				if (this.#build.store.rowCount === 0) probe.index = batch.selectedCount;
				continue;
			}
			const position = batch.selection === 0 ? probe.index : (u16[batch.selection / 2 + probe.index] as number);
			u16.fill(position, positions / 2 + count, positions / 2 + count + run.count);
			u32.copyWithin(rows / 4 + count, run.rows / 4, run.rows / 4 + run.count);
			count += run.count;
		}
		if (count === 0) return null;
		const probeSide = takeBatch(engine, batch, { positions, count }, region);
		const columns = [...probeSide.columns, ...this.#build.gather({ rows, count }, region)];
		this.#context.spend(count * (PAIR_COST + columns.length + (this.#condition?.costPerRow ?? 0)));
		const joined: Batch = { rowCount: count, columns, selection: 0, selectedCount: count };
		const kept = this.#condition === null ? joined : this.#condition.select(joined, region);
		engine.kernels.join_mark(kept.selectedCount, kept.selection, positions, probe.matched);
		return kept.selectedCount === 0 ? null : kept;
	}

	#unmatched(probe: Probe): Batch | null {
		this.#probe = null;
		if (!this.#left) return null;
		const { engine } = this.#context;
		const region = this.#region;
		region.reset();
		const { batch } = probe;
		const positions = region.allocate(batch.selectedCount * 2);
		const count = engine.kernels.join_unmarked(batch.selectedCount, batch.selection, probe.matched, positions);
		if (count === 0) return null;
		const probeSide = takeBatch(engine, batch, { positions, count }, region);
		const columns = [...probeSide.columns, ...this.#build.gather({ rows: region.allocateZeroed(count * 4), count }, region)];
		this.#context.spend(count * columns.length);
		return { rowCount: count, columns, selection: 0, selectedCount: count };
	}
}
