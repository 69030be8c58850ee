/**
 * A deterministic automaton for a {@link ByteProgram}, made while texts ask for it.
 *
 * A text is read backwards first: a state is the set of nodes that lead from here to a match, given the bytes behind. So each place knows whether a match starts there, and at
 * each choice which way leads on: a second reading forwards takes the first that does, and never turns back. That is the way that a search by order of preference finds, and so
 * the groups are re2js's. Where the longest match is wanted this holds for expressions that match at the text's end alone.
 *
 * @see Frisch and Cardelli 2004, "Greedy regular expression matching"
 */
import { assert } from "#shared/base/assert.ts";
import type { ByteProgram, ProgramNode } from "./program.ts";

/** A transition that nobody has asked for yet. */
const UNKNOWN = 0xffff;
/** In the place of the next node of a way: the match ends here, or at the text's end. */
const MATCH_HERE = 0xfffe;
const MATCH_AT_END = 0xfffd;
const NO_WAY = 0xfffc;

/** What a text costs in memory and in filling tables is bounded; beyond it re2js is asked. */
const STATE_COUNT_MAX = 1024;
const CELL_COUNT_MAX = 16_384;
/** Groups that are wanted: start and end of each, and of the match, are bits of a mask. */
export const SLOT_COUNT_MAX = 32;

interface State {
	/** Nodes over bytes, by their number, that accept the byte here and lead to a match. */
	live: Uint8Array;
	/** Behind it the text ends. */
	isEnd: boolean;
	/** Nodes over bytes, by their number, behind which a way leads to a match from here; null until somebody asks. */
	entered: Uint8Array | null;
}

/** A match may start here: inside the text, and at its beginning. */
const STARTS_INSIDE = 1;
const STARTS_AT_BEGIN = 2;

export class RegexpAutomaton {
	/** What bytes no set of the program tells apart. */
	readonly classOf = new Uint8Array(256);
	readonly classCount: number;
	/** Of {@link ways}, by state: one for each node over bytes, then two for starts inside and at the beginning. */
	readonly rowCount: number;
	/** Every match ends where the text does. */
	readonly endsAtEnd: boolean;
	/** u16 by state and class: the state before the byte. */
	next = new Uint16Array(0);
	/** u8 by state, see above. */
	starts = new Uint8Array(0);
	/** u32 pairs by state and row: the node that takes the byte here, and a mask of the slots that get this place. */
	ways = new Uint32Array(0);
	stateCapacity = 0;
	readonly #program: ByteProgram;
	/** Places of the nodes over bytes. */
	readonly #places: number[] = [];
	readonly #numberOf = new Map<number, number>();
	readonly #byteOfClass: number[] = [];
	/** Of each wanted slot of the expression, its number in masks. */
	readonly #slots: ReadonlyMap<number, number>;
	readonly #states: State[] = [];
	readonly #byKey = new Map<string, number>();

	/** @param wanted slots of the expression (2g and 2g + 1 of group g), at most SLOT_COUNT_MAX; bits of masks are in their order */
	constructor(program: ByteProgram, wanted: readonly number[]) {
		assert(wanted.length <= SLOT_COUNT_MAX, "a mask has 32 bits");
		this.#program = program;
		this.#slots = new Map(wanted.map((slot, index) => [slot, index]));
		for (const [place, node] of program.nodes.entries()) {
			if (node.kind !== "bytes") continue;
			this.#numberOf.set(place, this.#places.length);
			this.#places.push(place);
		}
		this.rowCount = this.#places.length + 2;
		this.classCount = this.#findClasses();
		const before: State = { live: new Uint8Array(this.#places.length), isEnd: false, entered: null };
		const entries = [program.start, ...this.#places.map((place) => this.#outOf(place))];
		this.endsAtEnd = entries.every((place) => this.#way(place, before, true) === null);
		this.#intern({ ...before, isEnd: true });
	}

	/** Whether {@link fillWay} says what re2js would. */
	get knowsGroups(): boolean {
		return !this.#program.longest || this.endsAtEnd;
	}

	/** The state before a byte of the class. @returns false where there are too many states */
	fillNext(state: number, byteClass: number): boolean {
		const byte = this.#byteOfClass[byteClass] as number;
		const behind = this.#states[state] as State;
		behind.entered ??= Uint8Array.from(this.#places, (place) => Number(this.#way(this.#outOf(place), behind, false) !== null));
		const live = behind.entered.map((isEntered, number) => isEntered & this.#accepts(this.#places[number] as number, byte));
		const before = this.#intern({ live, isEnd: false, entered: null });
		if (before === null) return false;
		this.next[state * this.classCount + byteClass] = before;
		return true;
	}

	/** The way on in a state: from behind a node, or from a start. */
	fillWay(state: number, row: number): void {
		const here = this.#states[state] as State;
		const place = this.#places[row];
		const isStart = place === undefined;
		const from = isStart ? this.#program.start : this.#outOf(place);
		const way = this.#way(from, here, isStart && row === this.rowCount - 1);
		const at = (state * this.rowCount + row) * 2;
		this.ways[at] = way === null ? NO_WAY : this.#cut(way.to);
		this.ways[at + 1] = way?.mask ?? 0;
	}

	/** Nothing more has to be known of a way without groups whose end is known. */
	#cut(number: number): number {
		return number !== MATCH_HERE && this.endsAtEnd && !this.#setsSlots(this.#places[number] as number) ? MATCH_AT_END : number;
	}

	#setsSlots(from: number): boolean {
		const seen = new Set([from]);
		for (const place of seen) {
			const node = this.#node(place);
			if (node.kind === "capture" && this.#slots.has(node.slot)) return true;
			for (const out of outsOf(node)) seen.add(out);
		}
		return false;
	}

	#node(place: number): ProgramNode {
		return this.#program.nodes[place] as ProgramNode;
	}

	/** Of a node over bytes. */
	#outOf(place: number): number {
		return (this.#node(place) as { out: number }).out;
	}

	#accepts(place: number, byte: number): number {
		return (this.#node(place) as { accepts: Uint8Array }).accepts[byte] as number;
	}

	/** The first way, by preference, that takes the byte here or ends; no place is passed twice, as in re2js. */
	#way(from: number, state: State, isBegin: boolean): { to: number; mask: number } | null {
		const seen = new Set<number>();
		const search = (place: number, mask: number): { to: number; mask: number } | null => {
			if (seen.has(place)) return null;
			seen.add(place);
			const node = this.#node(place);
			switch (node.kind) {
				case "bytes": {
					const number = this.#numberOf.get(place) as number;
					return state.live[number] === 1 ? { to: number, mask } : null;
				}
				case "first of":
					for (const out of node.outs) {
						const found = search(out, mask);
						if (found !== null) return found;
					}
					return null;
				case "capture": {
					const bit = this.#slots.get(node.slot);
					return search(node.out, bit === undefined ? mask : (mask | (1 << bit)) >>> 0);
				}
				case "assert":
					return (node.begin && !isBegin) || (node.end && !state.isEnd) ? null : search(node.out, mask);
				case "match":
					return { to: MATCH_HERE, mask };
				case "fail":
					return null;
			}
		};
		return search(from, 0);
	}

	#findClasses(): number {
		const known = new Map<string, number>();
		for (let byte = 0; byte < 256; byte++) {
			const key = this.#places.map((place) => this.#accepts(place, byte)).join("");
			let number = known.get(key);
			if (number === undefined) {
				number = this.#byteOfClass.push(byte) - 1;
				known.set(key, number);
			}
			this.classOf[byte] = number;
		}
		return known.size;
	}

	#intern(state: State): number | null {
		const key = `${state.isEnd} ${state.live.join("")}`;
		const known = this.#byKey.get(key);
		if (known !== undefined) return known;
		const number = this.#states.length;
		if (number === STATE_COUNT_MAX || (number + 1) * Math.max(this.classCount, this.rowCount) > CELL_COUNT_MAX) return null;
		this.#states.push(state);
		this.#byKey.set(key, number);
		if (number === this.stateCapacity) this.#grow();
		const { start } = this.#program;
		const inside = this.#way(start, state, false) === null ? 0 : STARTS_INSIDE;
		this.starts[number] = inside | (this.#way(start, state, true) === null ? 0 : STARTS_AT_BEGIN);
		return number;
	}

	#grow(): void {
		const { next, starts, ways } = this;
		this.stateCapacity = Math.max(16, this.stateCapacity * 2);
		this.next = new Uint16Array(this.stateCapacity * this.classCount).fill(UNKNOWN);
		this.next.set(next);
		this.starts = new Uint8Array(this.stateCapacity);
		this.starts.set(starts);
		this.ways = new Uint32Array(this.stateCapacity * this.rowCount * 2).fill(UNKNOWN);
		this.ways.set(ways);
	}
}

function outsOf(node: ProgramNode): readonly number[] {
	if (node.kind === "first of") return node.outs;
	return node.kind === "match" || node.kind === "fail" ? [] : [node.out];
}
