/**
 * A segment tree over the rows of a window (Leis, Kundhikanjana, Kemper, Neumann: Efficient Processing of Window Functions in Analytical SQL Queries, 2015): states of
 * aligned runs of 16, 256, ... rows, made when a frame first asks for them, so that a frame of any length is put together from few states and at most 30 rows.
 */
import type { Pointer } from "../../memory/arena.ts";
import type { StatePool } from "./state-pool.ts";
import type { WindowRows } from "./window-rows.ts";

const FAN_OUT = 16;

/** A frame in the order of its rows: single rows, states, single rows. */
export interface FrameParts {
	before: { start: number; end: number };
	states: Pointer[];
	after: { start: number; end: number };
}

export class StateTree {
	readonly #pool: StatePool;
	/** By level (0: of 16 rows), by number. */
	#levels: Map<number, Pointer>[] = [];

	/** @param pool holds the tree's states and nothing else */
	constructor(pool: StatePool) {
		this.#pool = pool;
	}

	/** Forgets every state: another partition begins. */
	reset(): void {
		this.#pool.reset();
		this.#levels = [];
	}

	parts(rows: WindowRows, start: number, end: number): FrameParts {
		const low = Math.ceil(start / FAN_OUT);
		const high = Math.floor(end / FAN_OUT);
		if (low >= high) return { before: { start, end }, states: [], after: { start: end, end } };
		const states: Pointer[] = [];
		const after: Pointer[] = [];
		let [from, to] = [low, high];
		for (let level = 0; from < to; level++) {
			const inner = { from: Math.ceil(from / FAN_OUT), to: Math.floor(to / FAN_OUT) };
			const whole = inner.from < inner.to;
			for (let at = from; at < (whole ? inner.from * FAN_OUT : to); at++) states.push(this.#state(rows, level, at));
			for (let at = to - 1; whole && at >= inner.to * FAN_OUT; at--) after.push(this.#state(rows, level, at));
			[from, to] = whole ? [inner.from, inner.to] : [to, to];
		}
		this.#pool.flush();
		return { before: { start, end: low * FAN_OUT }, states: [...states, ...after.toReversed()], after: { start: high * FAN_OUT, end } };
	}

	#state(rows: WindowRows, level: number, number: number): Pointer {
		const states = (this.#levels[level] ??= new Map());
		const known = states.get(number);
		if (known !== undefined) return known;
		const parts = level === 0 ? [] : Array.from({ length: FAN_OUT }, (_, index) => this.#state(rows, level - 1, number * FAN_OUT + index));
		const state = this.#pool.allocate();
		if (level === 0) this.#pool.addRows(rows, number * FAN_OUT, (number + 1) * FAN_OUT, state);
		else {
			this.#pool.flush();
			for (const part of parts) this.#pool.addState(part, state);
		}
		states.set(number, state);
		return state;
	}
}
