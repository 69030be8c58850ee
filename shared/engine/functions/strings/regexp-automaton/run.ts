/** Runs the kernels of regular expressions over a batch; what their tables miss is filled in, and they go on. */
import type { RE2JS } from "re2js";
import type { Pointer } from "../../../memory/arena.ts";
import type { FlatVector } from "../../../vector/vector.ts";
import type { KernelCall } from "../../kernel.ts";
import { allocateBytes, allocateLengths, allocateResult } from "../../lanes.ts";
import { RegexpAutomaton, SLOT_COUNT_MAX } from "./automaton.ts";
import { byteProgram } from "./program.ts";

/** Longer texts are left to re2js: the states at all places of a text lie in memory. */
const TEXT_BYTES_MAX = 32 * 1024;
/** Of a replacement's literal pieces. */
const LITERAL_BYTES_MAX = 4096;

const MACHINE_BYTES = 32;
const PIECE_BYTES = 12;
const MISSED_WORD = 6;
const WAY_BIT = 0x8000_0000;
const encoder = new TextEncoder();

/** A piece of a replacement: text, or the number of a group (0: the whole match). */
export type Piece = string | number;

/** For the function of one call in a plan: the automaton of the last expression. */
export class RegexpRunner {
	#expression: RE2JS | null = null;
	#groups = "";
	#automaton: RegexpAutomaton | null = null;

	/** Which texts match, or with `negated` 1 which do not. @returns null where re2js has to be asked */
	test(call: KernelCall, text: FlatVector, expression: RE2JS, negated: 0 | 1): FlatVector | null {
		const automaton = this.#automatonOf(expression, []);
		if (automaton === null) return null;
		const { engine, rows } = call;
		const result = allocateResult(call, { kind: "boolean" });
		const done = this.#run(call, automaton, (machine, from) =>
			engine.kernels.regexp_test(machine, negated, from, rows.count, rows.selection, text.values, text.offsets, result.values),
		);
		return done ? result : null;
	}

	/** Each text with its first match replaced. @returns null where re2js has to be asked */
	replaceFirst(call: KernelCall, text: FlatVector, expression: RE2JS, pieces: readonly Piece[]): FlatVector | null {
		const { engine, region, rows } = call;
		const groups = [...new Set(pieces.filter((piece) => typeof piece === "number"))].filter(
			(group) => group > 0 && group <= expression.groupCount(),
		);
		const automaton = this.#automatonOf(expression, groups);
		if (automaton?.knowsGroups !== true) return null;
		const byteCountMax = engine.kernels.longest_bytes(rows.count, rows.selection, text.offsets);
		const written = pieces.filter((piece) => typeof piece === "string" || piece <= expression.groupCount());
		const literals = written.map((piece) => encoder.encode(typeof piece === "string" ? piece : ""));
		const literalBytes = literals.reduce((sum, { length }) => sum + length, 0);
		if (byteCountMax > TEXT_BYTES_MAX || literalBytes > LITERAL_BYTES_MAX) return null;

		const states = region.allocate((byteCountMax + 1) * 2);
		const slotCount = 2 + groups.length * 2;
		const slots = region.allocate(rows.count * slotCount * 4);
		const done = this.#run(call, automaton, (machine, from) =>
			engine.kernels.regexp_find(machine, from, rows.count, rows.selection, text.values, text.offsets, states, slotCount, slots),
		);
		if (!done) return null;

		const piecesAt = region.allocate(written.length * PIECE_BYTES + literalBytes);
		let literalAt = piecesAt + written.length * PIECE_BYTES;
		for (const [index, piece] of written.entries()) {
			const literal = literals[index] as Uint8Array;
			const slot = typeof piece === "string" ? -1 : piece === 0 ? 0 : 2 + groups.indexOf(piece) * 2;
			engine.arena.views.i32.set([slot, literalAt, literal.length], (piecesAt + index * PIECE_BYTES) / 4);
			engine.arena.views.u8.set(literal, literalAt);
			literalAt += literal.length;
		}
		const { count, selection } = rows;
		const lengths = allocateLengths(call);
		engine.kernels.regexp_replaced_lengths(count, selection, text.offsets, slotCount, slots, written.length, piecesAt, lengths);
		const result = allocateBytes(call, { kind: "text" }, lengths);
		engine.kernels.regexp_replaced_bytes(
			count,
			selection,
			text.values,
			text.offsets,
			slotCount,
			slots,
			written.length,
			piecesAt,
			result.values,
			result.offsets,
		);
		return result;
	}

	#automatonOf(expression: RE2JS, groups: readonly number[]): RegexpAutomaton | null {
		const key = groups.join();
		if (this.#expression !== expression || this.#groups !== key) {
			this.#expression = expression;
			this.#groups = key;
			const program = groups.length * 2 > SLOT_COUNT_MAX ? null : byteProgram(expression);
			const wanted = groups.flatMap((group) => [group * 2, group * 2 + 1]);
			this.#automaton = program === null ? null : new RegexpAutomaton(program, wanted);
		}
		return this.#automaton;
	}

	/** @param kernel runs from a row on, and gives the row that a table misses something of. @returns whether all rows are done */
	#run(call: KernelCall, automaton: RegexpAutomaton, kernel: (machine: Pointer, from: number) => number): boolean {
		const { engine, region, rows } = call;
		const { u32 } = engine.arena.views;
		const machine = region.allocate(MACHINE_BYTES);
		let capacity = 0;
		for (let from = 0; from < rows.count; ) {
			if (capacity !== automaton.stateCapacity) {
				capacity = automaton.stateCapacity;
				const sizes = [automaton.classOf, automaton.next, automaton.starts, automaton.ways].map(({ byteLength }) =>
					region.allocate(byteLength),
				);
				u32.set([...sizes, automaton.classCount, automaton.rowCount], machine / 4);
				this.#upload(call, automaton, machine, 0, automaton.stateCapacity);
			}
			from = kernel(machine, from);
			if (from === rows.count) break;
			const state = u32[machine / 4 + MISSED_WORD] as number;
			const missed = u32[machine / 4 + MISSED_WORD + 1] as number;
			if (missed >= WAY_BIT) automaton.fillWay(state, missed - WAY_BIT);
			else if (!automaton.fillNext(state, missed)) {
				// Too many states: re2js runs this expression from now on.
				this.#automaton = null;
				return false;
			}
			if (capacity === automaton.stateCapacity) this.#upload(call, automaton, machine, state, state + 1);
		}
		return true;
	}

	/** The transitions and ways of some states, and what is short. */
	#upload(call: KernelCall, automaton: RegexpAutomaton, machine: Pointer, first: number, end: number): void {
		const { u8, u16, u32 } = call.engine.arena.views;
		const [classOf, next, starts, ways] = u32.subarray(machine / 4, machine / 4 + 4) as unknown as [number, number, number, number];
		const { classCount, rowCount } = automaton;
		u8.set(automaton.classOf, classOf);
		u8.set(automaton.starts, starts);
		u16.set(automaton.next.subarray(first * classCount, end * classCount), next / 2 + first * classCount);
		u32.set(automaton.ways.subarray(first * rowCount * 2, end * rowCount * 2), ways / 4 + first * rowCount * 2);
	}
}
