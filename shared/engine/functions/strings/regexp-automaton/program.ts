/**
 * A regular expression over bytes of UTF-8: the program that re2js made of the pattern, with each set of characters taken apart into sets of bytes. Since the program is
 * re2js's own, both mean the same; what only re2js runs (words' and lines' ends, large sets) is left to it.
 */
import { RE2JS } from "re2js";

/** A step of the program; `out` and `outs` are places in it. */
export type ProgramNode =
	| { kind: "bytes"; accepts: Uint8Array; out: number }
	/** The first that leads to a match is taken. */
	| { kind: "first of"; outs: readonly number[] }
	| { kind: "capture"; slot: number; out: number }
	| { kind: "assert"; begin: boolean; end: boolean; out: number }
	| { kind: "match" }
	| { kind: "fail" };

export interface ByteProgram {
	nodes: readonly ProgramNode[];
	start: number;
	/** Of all matches with the same start the longest is wanted, and not the first. */
	longest: boolean;
}

/** More are left to re2js. */
const NODE_COUNT_MAX = 400;

/** What re2js's `Inst` has; its types leave it open. */
interface Instruction {
	op: number;
	out: number;
	arg: number;
	runes: ArrayLike<number>;
	matchRune(rune: number): boolean;
}

/** re2js's operation codes (`Inst`). */
const OP = { alt: 1, capture: 3, emptyWidth: 4, fail: 5, match: 6, nop: 7, rune: 8, rune1: 9, runeAny: 10, runeAnyNotNewline: 11 } as const;
const BEGIN_TEXT = 4;
const END_TEXT = 8;
const FOLD_CASE = 1;

const ASCII_COUNT = 0x80;
const NEWLINE = 0x0a;
const RUNE_MAX = 0x10ffff;
/** The last code points of one, two, three and four bytes. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, RUNE_MAX];
/** Beyond ASCII only these are the same letter as one of ASCII: the long s and the sign of kelvin. */
const FOLDED_TO_ASCII = [0x17f, 0x212a];

type RuneRange = readonly [first: number, last: number];

/** @returns null for what only re2js runs */
export function byteProgram(expression: RE2JS): ByteProgram | null {
	const re2 = expression.re2();
	const { inst, start, numLb } = re2.prog as { inst: Instruction[]; start: number; numLb: number };
	if (numLb > 0 || inst.length > NODE_COUNT_MAX) return null;
	const nodes: ProgramNode[] = inst.map(() => ({ kind: "fail" }));
	const builder = new RuneBuilder(nodes);
	for (const [place, instruction] of inst.entries()) {
		const node = nodeOf(instruction, builder);
		if (node === null || nodes.length > NODE_COUNT_MAX) return null;
		nodes[place] = node;
	}
	return { nodes, start, longest: Boolean(re2.longest) };
}

function nodeOf(instruction: Instruction, builder: RuneBuilder): ProgramNode | null {
	const { op, out, arg } = instruction;
	switch (op) {
		case OP.alt:
			return { kind: "first of", outs: [out, arg] };
		case OP.nop:
			return { kind: "first of", outs: [out] };
		case OP.capture:
			return { kind: "capture", slot: arg, out };
		case OP.emptyWidth:
			return (arg & ~(BEGIN_TEXT | END_TEXT)) === 0
				? { kind: "assert", begin: (arg & BEGIN_TEXT) !== 0, end: (arg & END_TEXT) !== 0, out }
				: null;
		case OP.match:
			return { kind: "match" };
		case OP.fail:
			return { kind: "fail" };
		case OP.rune:
		case OP.rune1:
		case OP.runeAny:
		case OP.runeAnyNotNewline:
			return builder.build(instruction);
		default:
			return null;
	}
}

/** Sets of code points as nodes over bytes; equal tails of what leads to one place are the same nodes. */
class RuneBuilder {
	readonly #nodes: ProgramNode[];
	readonly #known = new Map<string, number>();

	/** @param nodes that it adds to */
	constructor(nodes: ProgramNode[]) {
		this.#nodes = nodes;
	}

	build(instruction: Instruction): ProgramNode | null {
		const ascii = new Uint8Array(256);
		for (let rune = 0; rune < ASCII_COUNT; rune++) ascii[rune] = Number(accepts(instruction, rune));
		const outs: number[] = ascii.includes(1) ? [this.#nodes.push({ kind: "bytes", accepts: ascii, out: instruction.out }) - 1] : [];
		for (const [first, last] of rangesBeyondAscii(instruction)) {
			let from = first;
			for (const lastOfLength of LAST_OF_LENGTH) {
				if (from > lastOfLength || from > last) continue;
				this.#addRange([from, Math.min(last, lastOfLength)], instruction.out, outs);
				from = lastOfLength + 1;
				if (this.#nodes.length > NODE_COUNT_MAX) return null;
			}
		}
		return { kind: "first of", outs };
	}

	/** Code points of one length: cut until each part is a product of ranges of bytes. @see RE2's `Compiler::AddRuneRangeUTF8` */
	#addRange([first, last]: RuneRange, out: number, outs: number[]): void {
		for (let bits = 6; bits <= 18 && bits < 6 * encode(first).length; bits += 6) {
			const mask = 2 ** bits - 1;
			if ((first & ~mask) === (last & ~mask)) continue;
			const cut = (first & mask) !== 0 ? (first | mask) + 1 : (last & mask) !== mask ? last & ~mask : null;
			if (cut === null) continue;
			this.#addRange([first, cut - 1], out, outs);
			this.#addRange([cut, last], out, outs);
			return;
		}
		const [low, high] = [encode(first), encode(last)];
		let place = out;
		for (let index = low.length - 1; index >= 0; index--) place = this.#byteRange(low[index] as number, high[index] as number, place);
		if (!outs.includes(place)) outs.push(place);
	}

	#byteRange(low: number, high: number, out: number): number {
		const key = `${low} ${high} ${out}`;
		let place = this.#known.get(key);
		if (place === undefined) {
			const set = new Uint8Array(256).fill(1, low, high + 1);
			place = this.#nodes.push({ kind: "bytes", accepts: set, out }) - 1;
			this.#known.set(key, place);
		}
		return place;
	}
}

function accepts(instruction: Instruction, rune: number): boolean {
	if (instruction.op === OP.runeAny) return true;
	if (instruction.op === OP.runeAnyNotNewline) return rune !== NEWLINE;
	return instruction.op === OP.rune1 ? instruction.runes[0] === rune : instruction.matchRune(rune);
}

function rangesBeyondAscii(instruction: Instruction): RuneRange[] {
	const { op, runes, arg } = instruction;
	if (op === OP.runeAny || op === OP.runeAnyNotNewline) return [[ASCII_COUNT, RUNE_MAX]];
	if (runes.length === 1) {
		const rune = runes[0] as number;
		if (rune < ASCII_COUNT) return FOLDED_TO_ASCII.filter((folded) => accepts(instruction, folded)).map((folded) => [folded, folded]);
		const isFolded = op === OP.rune && (arg & FOLD_CASE) !== 0;
		return isFolded ? foldedRanges(rune) : [[rune, rune]];
	}
	const ranges: RuneRange[] = [];
	for (let index = 0; index + 1 < runes.length; index += 2) {
		const [first, last] = [runes[index] as number, runes[index + 1] as number];
		if (last >= ASCII_COUNT) ranges.push([Math.max(first, ASCII_COUNT), last]);
	}
	return ranges;
}

/** All that is the same letter: re2js spells it out in a set of several letters. */
function foldedRanges(rune: number): RuneRange[] {
	const { inst } = RE2JS.compile(`[a${String.fromCodePoint(rune)}]`, RE2JS.CASE_INSENSITIVE).re2().prog as { inst: Instruction[] };
	return inst.filter(({ op, runes }) => op === OP.rune && runes.length > 1).flatMap(rangesBeyondAscii);
}

/** UTF-8, without a look at surrogates, which no text has. */
function encode(rune: number): number[] {
	if (rune <= 0x7f) return [rune];
	if (rune <= 0x7ff) return [0xc0 | (rune >> 6), 0x80 | (rune & 0x3f)];
	if (rune <= 0xffff) return [0xe0 | (rune >> 12), 0x80 | ((rune >> 6) & 0x3f), 0x80 | (rune & 0x3f)];
	return [0xf0 | (rune >> 18), 0x80 | ((rune >> 12) & 0x3f), 0x80 | ((rune >> 6) & 0x3f), 0x80 | (rune & 0x3f)];
}
