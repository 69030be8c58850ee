/** The pairs of a join on any condition: every probe row with every stored build row, then with those of the overflow, a batch of it at a time; a batch of pairs in a step. */
import type { PhysicalNestedLoopJoin } from "#shared/contracts/plan/physical.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import type { BuildSide } from "./build-side.ts";
import type { CompiledExpression, CompiledPredicate } from "../evaluator.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { PairFinder } from "./join.ts";
import { asksExistence, type JoinOutput, MARK, type Pairs } from "./join-output.ts";
import type { RowCursor } from "../rows/row-cursor.ts";
import type { RowStore } from "../rows/row-store.ts";
import type { BatchSource } from "../source.ts";
import type { SpillFile } from "../spill/spill-file.ts";

const PAIR_COST = 4;

/** The condition, as the join's kind asks for it: which pairs match, or for a mark join each pair's value. */
type Condition = { kind: "always" } | { kind: "select"; predicate: CompiledPredicate } | { kind: "mark"; value: CompiledExpression };

export class LoopPairs implements PairFinder {
	readonly #context: ExecutionContext;
	readonly #build: BuildSide;
	readonly #output: JoinOutput;
	readonly #condition: Condition;
	/** One match is enough for a probe row. */
	readonly #existence: boolean;
	/** Build rows that the memory has no room for; set before the first probe batch. */
	overflow: SpillFile | null = null;
	/** The overflow as it is read for this probe batch, and the rows of it that are held. */
	#reader: BatchSource | null = null;
	#part: RowStore | null = null;
	readonly #partRegion: Region;
	/** Every row of the overflow was paired with the batch. */
	#overflowDone = true;
	#batch: Batch = { rowCount: 0, columns: [], selection: 0, selectedCount: 0 };
	#matched: Pointer = 0;
	/** Live row whose pairs are being made, and the build rows still to come. */
	#index = 0;
	#stored: RowCursor;

	constructor(context: ExecutionContext, node: PhysicalNestedLoopJoin, build: BuildSide, output: JoinOutput) {
		this.#context = context;
		this.#build = build;
		this.#output = output;
		this.#existence = asksExistence(node.join);
		if (node.condition === null) this.#condition = { kind: "always" };
		else if (node.join === "mark") this.#condition = { kind: "mark", value: context.compileExpression(node.condition) };
		else this.#condition = { kind: "select", predicate: context.compilePredicate(node.condition) };
		this.#partRegion = context.lease.region();
		this.#stored = build.cursor();
	}

	get done(): boolean {
		return this.#partDone && this.#overflowDone;
	}

	get #partDone(): boolean {
		return this.#index >= this.#batch.selectedCount || this.#build.store.rowCount === 0;
	}

	narrowed(batch: Batch): Batch {
		return this.#output.narrowed(batch);
	}

	start(batch: Batch, matched: Pointer): void {
		this.#batch = batch;
		this.#matched = matched;
		this.#index = 0;
		this.#stored = this.#build.cursor();
		this.#overflowDone = this.overflow === null;
	}

	step(region: Region): Batch | "blocked" | null {
		if (this.#partDone) return this.#readOverflow();
		region.reset();
		const pairs = this.#nextPairs(region);
		if (pairs.count === 0) return null;
		this.#context.spend(pairs.count * PAIR_COST);
		if (this.#condition.kind === "always" && this.#existence) {
			this.#context.engine.kernels.join_mark(pairs.count, 0, pairs.positions, MARK.matched, this.#matched);
			return null;
		}
		const joined = this.#output.joined(this.#batch, pairs, region);
		switch (this.#condition.kind) {
			case "always":
				return this.#output.accept(joined, pairs, this.#matched);
			case "select": {
				const { predicate } = this.#condition;
				this.#context.spend(pairs.count * predicate.costPerRow);
				return this.#output.accept(predicate.select(joined, region), pairs, this.#matched);
			}
			case "mark":
				this.#markValues(this.#condition.value, joined, pairs, region);
				return null;
		}
	}

	/** The next rows of the overflow, for all rows of the probe batch. */
	#readOverflow(): "blocked" | null {
		this.#reader ??= (this.overflow as SpillFile).source();
		const batch = this.#reader.next();
		if (batch === "blocked") return batch;
		this.#part?.free();
		this.#part = null;
		if (batch === null) {
			this.#reader.close();
			this.#reader = null;
			this.#overflowDone = true;
			return null;
		}
		this.#partRegion.reset();
		this.#part = this.#build.storeOf(batch, this.#partRegion);
		this.#stored = this.#build.cursor(this.#part);
		this.#index = 0;
		return null;
	}

	/** The pairs of some probe rows, as many as fit. */
	#nextPairs(region: Region): Pairs {
		const { u8, u16, u32 } = this.#context.engine.arena.views;
		const { selection, selectedCount } = this.#batch;
		const pairs: Pairs = {
			positions: region.allocate(this.#context.batchRowCountMax * 2),
			rows: region.allocate(this.#context.batchRowCountMax * 4),
			count: 0,
		};
		while (this.#index < selectedCount && pairs.count < this.#context.batchRowCountMax) {
			const position = selection === 0 ? this.#index : (u16[selection / 2 + this.#index] as number);
			const answered = this.#existence && u8[this.#matched + position] === MARK.matched;
			const run = answered ? { rows: 0, count: 0 } : this.#stored.next(this.#context.batchRowCountMax - pairs.count, region);
			if (run.count === 0) {
				this.#index++;
				this.#stored.rewind();
				continue;
			}
			u16.fill(position, pairs.positions / 2 + pairs.count, pairs.positions / 2 + pairs.count + run.count);
			u32.copyWithin(pairs.rows / 4 + pairs.count, run.rows / 4, run.rows / 4 + run.count);
			pairs.count += run.count;
		}
		return pairs;
	}

	#markValues(condition: CompiledExpression, joined: Batch, pairs: Pairs, region: Region): void {
		const { engine } = this.#context;
		this.#context.spend(pairs.count * condition.costPerRow);
		const vector = condition.evaluate(joined, region);
		const constant = vector.kind === "constant" ? 1 : 0;
		const { values, validity } = vector.kind === "constant" ? vector.value : flatten(engine, vector, joined, region);
		engine.kernels.join_mark_values(pairs.count, pairs.positions, values, validity, constant, this.#matched);
	}
}
