/**
 * Aggregates over frames. Rows that share a frame share a state. How a frame's state is made:
 * - a short frame: its rows are added one by one, for many frames at once;
 * - a long one that begins with its partition: a running state goes along with the frames' ends, and a few frames at a time take it over and add the rows behind it;
 * - another long one: from the states of a segment tree.
 * All three add in the rows' order, so what depends on it (texts, the rounding of floats in the first two) comes out as if a frame was read from its start.
 */
import type { WindowCall } from "#shared/contracts/plan/expression.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import { takeBatch } from "../../vector/copy.ts";
import type { Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { framePieces, type Piece } from "./frame-pieces.ts";
import { type AggregateColumns, StatePool } from "./state-pool.ts";
import { StateTree } from "./state-tree.ts";
import type { FrameFinder } from "./window-frame.ts";
import type { Lookahead, WindowFunction } from "./window-function.ts";
import type { WindowRows } from "./window-rows.ts";
import type { WindowView } from "./window-view.ts";

/** Rows of a frame that are added one by one. */
const SHORT_ROW_COUNT = 64;
/** Rows behind the running state that frames add for themselves before it goes on. */
const BEHIND_ROW_COUNT = 16;

/** A frame and the state that becomes its result. */
interface Target {
	pieces: Piece[];
	partition: number;
	state: Pointer;
}

export class FrameAggregate implements WindowFunction {
	readonly lookahead: Lookahead[];
	readonly #context: ExecutionContext;
	readonly #frames: FrameFinder;
	readonly #targets: StatePool;
	readonly #running: StatePool;
	readonly #tree: StateTree;
	/** The running state, which has the rows [partition, end). */
	#run: { state: Pointer; partition: number; end: number } | null = null;
	#treePartition = -1;
	#lastStart = 0;

	constructor(context: ExecutionContext, call: WindowCall, columns: AggregateColumns, frames: FrameFinder) {
		this.#context = context;
		this.#frames = frames;
		this.lookahead = frames.lookahead;
		this.#targets = new StatePool(context, call, columns);
		this.#running = new StatePool(context, call, columns);
		this.#tree = new StateTree(new StatePool(context, call, columns));
	}

	needs({ end }: { first: number; end: number }, next: number): boolean {
		if (!this.#frames.growing) return end > this.#frames.lowest(next, this.#lastStart);
		// The running state has what is behind its end; a short frame may still be read from its start.
		return this.#run !== null && this.#run.partition === this.#lastStart ? end > this.#run.end : end > this.#lastStart;
	}

	compute(view: WindowView, region: Region): Vector {
		const { engine } = this.#context;
		this.#targets.reset();
		if (view.partitionStarts[0] !== this.#treePartition) {
			this.#treePartition = view.partitionStarts[0] as number;
			this.#tree.reset();
		}
		const { targets, positions } = this.#targetsOf(view, region);
		this.#fill(view.rows, targets);
		const states = region.allocate(targets.length * 4);
		for (const [index, { state }] of targets.entries()) engine.arena.views.u32[states / 4 + index] = state;
		const result = this.#targets.finish({ rows: states, count: targets.length }, region);
		if (targets.length === view.count) return result;
		const batch = { rowCount: targets.length, columns: [result], selection: 0, selectedCount: targets.length };
		return takeBatch(engine, batch, { positions, count: view.count }, region).columns[0] as Vector;
	}

	/** The different frames of the view's rows, and which of them each row has (u16). */
	#targetsOf(view: WindowView, region: Region): { targets: Target[]; positions: Pointer } {
		const { u16 } = this.#context.engine.arena.views;
		const { starts, ends } = this.#frames.find(view);
		const positions = region.allocate(view.count * 2);
		const targets: Target[] = [];
		const { exclude } = this.#frames;
		for (let index = 0; index < view.count; index++) {
			const [start, end] = [starts[index] as number, ends[index] as number];
			const same = index > 0 && exclude === "no_others" && starts[index - 1] === start && ends[index - 1] === end;
			if (!same) {
				const pieces = framePieces(view, index, { start, end }, exclude);
				targets.push({ pieces, partition: view.partitionStarts[index] as number, state: this.#targets.allocate() });
			}
			u16[positions / 2 + index] = targets.length - 1;
		}
		this.#lastStart = starts[view.count - 1] as number;
		return { targets, positions };
	}

	#fill(rows: WindowRows, targets: Target[]): void {
		const short: Target[] = [];
		const long: Target[] = [];
		for (const target of targets) (lengthOf(target) <= SHORT_ROW_COUNT && !this.#hasRun(target) ? short : long).push(target);
		for (const { pieces, state } of short) for (const [start, end] of pieces) this.#targets.addRows(rows, start, end, state);
		this.#targets.flush();
		if (this.#frames.growing) this.#fillRunning(rows, long);
		else for (let piece = 0; piece < 3; piece++) this.#fillFromTree(rows, long, piece);
	}

	#hasRun({ partition }: Target): boolean {
		return this.#frames.growing && this.#run?.partition === partition;
	}

	#fillRunning(rows: WindowRows, targets: Target[]): void {
		for (let index = 0; index < targets.length; ) {
			const { partition } = targets[index] as Target;
			const end = endOf(targets[index] as Target);
			const { state } = this.#runTo(rows, partition, end);
			let next = index;
			while (next < targets.length && targets[next]?.partition === partition && endOf(targets[next] as Target) <= end + BEHIND_ROW_COUNT)
				next++;
			const taken = targets.slice(index, next);
			for (const target of taken) this.#targets.addState(state, target.state);
			this.#targets.flush();
			for (const target of taken) this.#targets.addRows(rows, end, endOf(target), target.state);
			this.#targets.flush();
			index = next;
		}
	}

	#runTo(rows: WindowRows, partition: number, end: number): { state: Pointer } {
		if (this.#run?.partition !== partition) {
			this.#running.reset();
			this.#run = { state: this.#running.allocate(), partition, end: partition };
		}
		this.#running.addRows(rows, this.#run.end, end, this.#run.state);
		this.#running.flush();
		this.#run.end = end;
		return this.#run;
	}

	/** Adds the frames' pieces of one number, each after what was added before. */
	#fillFromTree(rows: WindowRows, targets: Target[], piece: number): void {
		const parts = targets.flatMap(({ pieces, state }) => {
			const run = pieces[piece];
			if (run === undefined) return [];
			return [{ ...this.#tree.parts(rows, run[0], run[1]), state }];
		});
		for (const { before, state } of parts) this.#targets.addRows(rows, before.start, before.end, state);
		this.#targets.flush();
		for (const { states, state } of parts) for (const part of states) this.#targets.addState(part, state);
		this.#targets.flush();
		for (const { after, state } of parts) this.#targets.addRows(rows, after.start, after.end, state);
		this.#targets.flush();
	}
}

function lengthOf({ pieces }: Target): number {
	return pieces.reduce((sum, [start, end]) => sum + end - start, 0);
}

function endOf({ pieces, partition }: Target): number {
	return pieces[0]?.[1] ?? partition;
}
