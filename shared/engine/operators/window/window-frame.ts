/**
 * Where each row's frame begins and ends, as row numbers. Every bound moves only forward within a partition, so those that compare values are found by walking on from
 * where the row before had them.
 */
import { assert, unreachable } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { FrameBound, WindowFrame } from "#shared/contracts/plan/expression.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { Lookahead } from "./window-function.ts";
import { EXTRA } from "./window-rows.ts";
import type { WindowView } from "./window-view.ts";

/** A frame's bound with its offset known: rows or groups, or in mode RANGE the descriptor of the stored column that holds the boundary. */
export type BoundOffset = { kind: "count"; count: number } | { kind: "boundary"; descriptor: Pointer } | null;

export interface FrameOptions {
	frame: WindowFrame;
	start: BoundOffset;
	end: BoundOffset;
	/** In mode RANGE with an offset: the descriptor of the stored key that boundaries are compared with. */
	rangeKey: Pointer;
}

/** Half-open ranges [starts[i], ends[i]) of row numbers, within the row's partition, before EXCLUDE; empty where start >= end. */
export interface Frames {
	starts: Float64Array;
	ends: Float64Array;
}

export class FrameFinder {
	readonly #context: ExecutionContext;
	readonly #options: FrameOptions;
	/** Where the bounds that walk stood last. */
	#startAt = 0;
	#endAt = 0;

	constructor(context: ExecutionContext, options: FrameOptions) {
		this.#context = context;
		this.#options = options;
	}

	get exclude(): WindowFrame["exclude"] {
		return this.#options.frame.exclude;
	}

	/** Frames begin with their partition: they only grow. */
	get growing(): boolean {
		return this.#options.frame.start.kind === "unbounded_preceding" && this.exclude === "no_others";
	}

	get lookahead(): Lookahead[] {
		const { frame, start, end } = this.#options;
		const needsPeers = frame.mode !== "rows" || frame.exclude === "group" || frame.exclude === "ties";
		const bounds = [lookaheadOf(frame.start, frame.mode, start), lookaheadOf(frame.end, frame.mode, end)];
		return needsPeers ? [...bounds, { kind: "peers" }] : bounds;
	}

	/** The lowest row that a frame of a row from `next` on may hold; the frame of the row before began at `lastStart`. */
	lowest(next: number, lastStart: number): number {
		const { frame, start } = this.#options;
		if (frame.mode === "rows" && start?.kind === "count" && frame.start.kind === "preceding") return next - start.count;
		return frame.start.kind === "current_row" && frame.mode === "rows" ? next : lastStart;
	}

	find(view: WindowView): Frames {
		const starts = new Float64Array(view.count);
		const ends = new Float64Array(view.count);
		for (let index = 0; index < view.count; index++) {
			const low = view.partitionStarts[index] as number;
			const high = view.partitionEnds[index] as number;
			if (view.first + index === low) {
				this.#startAt = low;
				this.#endAt = low;
			}
			starts[index] = Math.min(high, Math.max(low, this.#start(view, index)));
			ends[index] = Math.min(high, Math.max(low, this.#end(view, index)));
		}
		return { starts, ends };
	}

	#start(view: WindowView, index: number): number {
		const { frame, start } = this.#options;
		const row = view.first + index;
		const bound = frame.start;
		switch (bound.kind) {
			case "unbounded_preceding":
				return view.partitionStarts[index] as number;
			case "unbounded_following":
				throw new Error("a frame does not start at the end");
			case "current_row":
				return frame.mode === "rows" ? row : (view.peerStarts[index] as number);
			case "preceding":
			case "following": {
				const sign = bound.kind === "preceding" ? -1 : 1;
				if (start?.kind === "boundary") return (this.#startAt = this.#seek(view, index, this.#startAt, start.descriptor, 0));
				if (frame.mode === "rows") return row + sign * countOf(start);
				return (this.#startAt = this.#seekGroup(view, index, this.#startAt, (view.peerNumbers[index] as number) + sign * countOf(start)));
			}
			default:
				return unreachable(bound);
		}
	}

	#end(view: WindowView, index: number): number {
		const { frame, end } = this.#options;
		const row = view.first + index;
		const bound = frame.end;
		switch (bound.kind) {
			case "unbounded_preceding":
				throw new Error("a frame does not end at the start");
			case "unbounded_following":
				return view.partitionEnds[index] as number;
			case "current_row":
				return frame.mode === "rows" ? row + 1 : (view.peerEnds[index] as number);
			case "preceding":
			case "following": {
				const sign = bound.kind === "preceding" ? -1 : 1;
				if (end?.kind === "boundary") return (this.#endAt = this.#seek(view, index, this.#endAt, end.descriptor, 1));
				if (frame.mode === "rows") return row + sign * countOf(end) + 1;
				return (this.#endAt = this.#seekGroup(view, index, this.#endAt, (view.peerNumbers[index] as number) + sign * countOf(end) + 1));
			}
			default:
				return unreachable(bound);
		}
	}

	/** The first row from `from` on whose key is not before the row's boundary, or with `above` 1 beyond it. */
	#seek(view: WindowView, index: number, from: number, boundary: Pointer, above: 0 | 1): number {
		const { kernels } = this.#context.engine;
		const { rows } = view;
		const own = rows.address(view.first + index);
		const end = view.partitionEnds[index] as number;
		let at = from;
		while (at < end && at < rows.arrived && kernels.window_order(rows.address(at), this.#options.rangeKey, own, boundary) < above) at++;
		return at;
	}

	/** The first row of the group of that number. */
	#seekGroup(view: WindowView, index: number, from: number, number: number): number {
		const { rows } = view;
		const end = Math.min(view.partitionEnds[index] as number, rows.arrived);
		let at = from;
		while (at < end && rows.numberOf(at, EXTRA.peerNumber) < number) at++;
		return at;
	}
}

function countOf(offset: BoundOffset): number {
	assert(offset?.kind === "count", "an offset in rows or groups is a count");
	return offset.count;
}

function lookaheadOf(bound: FrameBound, mode: WindowFrame["mode"], offset: BoundOffset): Lookahead {
	switch (bound.kind) {
		case "unbounded_preceding":
		case "current_row":
		case "preceding":
			return { kind: "rows", count: 0 };
		case "unbounded_following":
			return { kind: "partition" };
		case "following":
			return mode === "rows" ? { kind: "rows", count: countOf(offset) } : { kind: "partition" };
		default:
			return unreachable(bound);
	}
}

/** @param which names the bound in messages. @throws null_value_not_allowed (22004), invalid_preceding_or_following_size (22013), as PostgreSQL words them */
export function frameOffset(value: bigint | null, which: "starting" | "ending"): number {
	if (value === null) throw new LittoralError("null_value_not_allowed", `frame ${which} offset must not be null`);
	if (value < 0n) throw new LittoralError("invalid_preceding_or_following_size", `frame ${which} offset must not be negative`);
	return Number(value);
}
