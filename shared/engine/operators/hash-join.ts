/**
 * Inner and left equi-join. The build side is stored first; then each probe batch finds its pairs, at most a batch of them at a time however many
 * matches a row has. A residual condition is checked on joined rows and decides, in a left join, which probe rows matched; those that did not come
 * last, with NULLs, after their batch's pairs.
 */
import { BATCH_ROW_COUNT_MAX, SELECTION_COMPACT_FRACTION } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalHashJoin } from "#shared/contracts/plan/physical.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { compactBatch, flatten, takeBatch } from "../vector/copy.ts";
import { DESCRIPTOR_BYTES, writeDescriptors } from "../vector/row-layout.ts";
import { BuildSide } from "./build-side.ts";
import type { CompiledExpression, CompiledPredicate } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

/** Work units of finding one pair and copying it. */
const PAIR_COST = 4;
const KEY_COST = 4;
/** Stored rows that one kernel call may look at. */
const STEP_COUNT = 65_536;

/** A probe batch whose pairs are being emitted. */
interface Probe {
	batch: Batch;
	/** Live rows without a NULL key. */
	selection: Pointer;
	count: number;
	hashes: Pointer;
	/** u8 by position, for left joins. */
	matched: Pointer;
	exhausted: boolean;
}

export class HashJoinOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #build: BuildSide;
	readonly #left: boolean;
	readonly #keys: CompiledExpression[];
	readonly #keyCost: number;
	readonly #residual: CompiledPredicate | null;
	/** Lives as long as a probe batch. */
	readonly #probeRegion: Region;
	/** Lives as long as an emitted batch. */
	readonly #region: Region;
	readonly #descriptors: Pointer;
	/** Where `join_probe` goes on: u32 index, u32 stored row, u32 steps left. */
	readonly #state: Pointer;
	#built = false;
	#probe: Probe | null = null;

	/** @param buildTypes of the build side's columns */
	constructor(
		context: ExecutionContext,
		node: PhysicalHashJoin,
		sides: { probe: BatchSource; build: BatchSource; buildTypes: DataType[] },
	) {
		this.#context = context;
		this.#input = sides.probe;
		this.#build = new BuildSide(context, sides.build, sides.buildTypes, node.buildKeys);
		this.#left = node.join === "left";
		this.#keys = node.probeKeys.map((key) => context.compileExpression(key));
		this.#keyCost = this.#keys.reduce((cost, key) => cost + key.costPerRow + KEY_COST, 0);
		this.#residual = node.residual === null ? null : context.compilePredicate(node.residual);
		this.#probeRegion = context.lease.region();
		this.#region = context.lease.region();
		const own = context.lease.region();
		this.#descriptors = own.allocate(Math.max(1, this.#keys.length) * DESCRIPTOR_BYTES);
		this.#state = own.allocate(12);
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
				const input = this.#input.next();
				if (input === null || input === "blocked") return input;
				if (input.selectedCount === 0) continue;
				this.#probe = this.#startProbe(input);
			}
			const joined = this.#probe.exhausted ? this.#unmatched(this.#probe) : this.#pairs(this.#probe);
			if (joined !== null) return joined;
		}
	}

	close(): void {
		this.#input.close();
		this.#build.close();
	}

	#startProbe(input: Batch): Probe {
		const { engine } = this.#context;
		const region = this.#probeRegion;
		region.reset();
		const sparse = input.selectedCount < input.rowCount * SELECTION_COMPACT_FRACTION;
		const batch = sparse ? compactBatch(engine, input, region) : input;
		this.#context.spend(batch.selectedCount * this.#keyCost);
		const columns = this.#build.keyColumns;
		const described = this.#keys.map((key, index) => ({
			column: columns[index] as (typeof columns)[number],
			vector: flatten(engine, key.evaluate(batch, region), batch, region),
		}));
		writeDescriptors(engine, described, this.#descriptors);
		const selection = region.allocate(batch.selectedCount * 2);
		const hashes = region.allocate(batch.rowCount * 4);
		const { kernels } = engine;
		const count = kernels.rows_without_null(batch.selectedCount, batch.selection, this.#keys.length, this.#descriptors, selection);
		kernels.rows_hash(count, selection, this.#keys.length, this.#descriptors, hashes);
		engine.arena.views.u32.fill(0, this.#state / 4, this.#state / 4 + 2);
		return { batch, selection, count, hashes, matched: this.#left ? region.allocateZeroed(batch.rowCount) : 0, exhausted: false };
	}

	/** The next pairs that pass the residual, or null if there were none in this step. */
	#pairs(probe: Probe): Batch | null {
		const { engine } = this.#context;
		const { kernels } = engine;
		const region = this.#region;
		region.reset();
		const positions = region.allocate(BATCH_ROW_COUNT_MAX * 2);
		const rows = region.allocate(BATCH_ROW_COUNT_MAX * 4);
		const { i32 } = engine.arena.views;
		i32[this.#state / 4 + 2] = STEP_COUNT;
		const count = kernels.join_probe(
			probe.count,
			probe.selection,
			this.#keys.length,
			this.#descriptors,
			probe.hashes,
			this.#build.heads,
			this.#build.headMask,
			this.#state,
			BATCH_ROW_COUNT_MAX,
			positions,
			rows,
		);
		this.#context.spend(STEP_COUNT - (i32[this.#state / 4 + 2] as number));
		if (i32[this.#state / 4] === probe.count) this.#endPairs(probe);
		if (count === 0) return null;
		const probeSide = takeBatch(engine, probe.batch, { positions, count }, region);
		const columns = [...probeSide.columns, ...this.#build.gather({ rows, count }, region)];
		this.#context.spend(count * (PAIR_COST + columns.length));
		const joined: Batch = { rowCount: count, columns, selection: 0, selectedCount: count };
		if (this.#residual !== null) this.#context.spend(count * this.#residual.costPerRow);
		const kept = this.#residual === null ? joined : this.#residual.select(joined, region);
		if (this.#left) kernels.join_mark(kept.selectedCount, kept.selection, positions, probe.matched);
		return kept.selectedCount === 0 ? null : kept;
	}

	#endPairs(probe: Probe): void {
		if (this.#left) probe.exhausted = true;
		else this.#probe = null;
	}

	#unmatched(probe: Probe): Batch | null {
		const { engine } = this.#context;
		const region = this.#region;
		region.reset();
		this.#probe = null;
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
