/** Twins of the kernels of UTF-8 text, by code points of JavaScript's own decoder. */
import type { ArenaViews } from "../../../memory/arena.ts";
import type { KernelCase } from "./kernel-case.ts";
import { i32, isValid, rowAt, type Twins } from "./twin.ts";
import { anyTexts } from "./values.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

function bytesOf(memory: ArenaViews, values: number, offsets: number, row: number): Uint8Array {
	const start = memory.i32[(offsets >> 2) + row] as number;
	return memory.u8.subarray(values + start, values + (memory.i32[(offsets >> 2) + row + 1] as number));
}

const pointsOf = (memory: ArenaViews, values: number, offsets: number, row: number): string[] =>
	Array.from(decoder.decode(bytesOf(memory, values, offsets, row)));

const i32sOut = (rows: KernelCase, count = rows.rowCount): number => rows.out(count * 4, { alignment: 4 });

/** What LIKE asks for: pieces that follow each other with anything in between; U+FFFF in a piece is any code point. */
function likeProgram(rows: KernelCase): number {
	// One in three is a text between two signs for anything, which is searched for in all rows at once.
	const isContained = rows.below(3) === 0;
	const pieces = Array.from({ length: isContained ? 1 : 1 + rows.below(3) }, () =>
		Array.from({ length: 1 + rows.below(2) }, () => rows.pick(["a", "b", "é", "ab", "0123456789", isContained ? "ba" : null])),
	);
	const segments = pieces.map((piece) => ({
		bytes: piece.flatMap((part) => (part === null ? [0xff] : [...encoder.encode(part)])),
		wildcardCount: piece.filter((part) => part === null).length,
	}));
	const header = 8 + segments.length * 12;
	const byteCount = header + segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
	const program = rows.allocate(byteCount + 16, 4);
	const { i32: words, u8 } = rows.memory;
	words.set([segments.length, isContained ? 0 : rows.below(4)], program >> 2);
	let start = header;
	for (const [index, { bytes, wildcardCount }] of segments.entries()) {
		words.set([bytes.length, wildcardCount, start], (program + 8 + index * 12) >> 2);
		u8.set(bytes, program + start);
		start += bytes.length;
	}
	return program;
}

/** The program as a regular expression over code points. */
function likeExpression(memory: ArenaViews, program: number): RegExp {
	const [segmentCount, anchors] = [memory.i32[program >> 2] as number, memory.i32[(program >> 2) + 1] as number];
	const pieces = Array.from({ length: segmentCount }, (_, index) => {
		const at = (program + 8 + index * 12) >> 2;
		const start = program + (memory.i32[at + 2] as number);
		let piece = "";
		let run: number[] = [];
		const flush = (): void => {
			piece += decoder.decode(Uint8Array.from(run)).replaceAll(/[%.*+?^$()[\]{}|\\]/g, "\\$&");
			run = [];
		};
		for (const byte of memory.u8.subarray(start, start + (memory.i32[at] as number))) {
			if (byte !== 0xff) run.push(byte);
			else {
				flush();
				piece += "[^]";
			}
		}
		flush();
		return piece;
	});
	return new RegExp(`${(anchors & 1) === 1 ? "^" : ""}${pieces.join("[^]*")}${(anchors & 2) === 2 ? "$" : ""}`, "u");
}

export const TEXT_TWINS: Twins = {
	length_bytes: {
		run: (memory, unit, count, selection, values, offsets, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const length = bytesOf(memory, values, offsets, row).length;
				memory.i32[(out >> 2) + row] = unit === 0 ? pointsOf(memory, values, offsets, row).length : length * unit;
			}
		},
		input: (rows) => {
			const texts = rows.texts(anyTexts(rows));
			return [rows.pick([0, 1, 8]), rows.count, rows.selection, texts.values, texts.offsets, i32sOut(rows)];
		},
	},
	left_right_bytes: {
		run: (memory, right, count, selection, values, offsets, constant, sizes, sizesConstant, outStarts, outLengths) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const from = constant === 1 ? 0 : row;
				const points = pointsOf(memory, values, offsets, from);
				const size = memory.i32[(sizes >> 2) + (sizesConstant === 1 ? 0 : row)] as number;
				const kept = Math.min(points.length, size < 0 ? Math.max(0, points.length + size) : size);
				const skipped = right === 1 ? encoder.encode(points.slice(0, points.length - kept).join("")).length : 0;
				const taken = right === 1 ? points.slice(points.length - kept) : points.slice(0, kept);
				memory.i32[(outStarts >> 2) + row] = (memory.i32[(offsets >> 2) + from] as number) + skipped;
				memory.i32[(outLengths >> 2) + row] = encoder.encode(taken.join("")).length;
			}
		},
		input: (rows) => {
			const texts = rows.texts(anyTexts(rows));
			const sizes = rows.lanes(i32, () => rows.pick([0, 1, 2, 5, 20, 1000, -1, -3, -1000, -(2 ** 31)]));
			const [starts, lengths] = [i32sOut(rows), i32sOut(rows)];
			return [rows.flag, rows.count, rows.selection, texts.values, texts.offsets, rows.flag, sizes, rows.flag, starts, lengths];
		},
	},
	position_bytes: {
		run: (memory, prefix, count, selection, values, offsets, constant, needles, needleOffsets, needlesConstant, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const text = decoder.decode(bytesOf(memory, values, offsets, constant === 1 ? 0 : row));
				const needle = decoder.decode(bytesOf(memory, needles, needleOffsets, needlesConstant === 1 ? 0 : row));
				const at = text.indexOf(needle);
				if (prefix === 1) memory.u8[out + row] = Number(text.startsWith(needle));
				else memory.i32[(out >> 2) + row] = at < 0 ? 0 : Array.from(text.slice(0, at)).length + 1;
			}
		},
		input: (rows) => {
			const prefix = rows.flag;
			const texts = rows.texts(anyTexts(rows));
			const needles = rows.texts(anyTexts(rows).map((text) => (text.length > 8 ? encoder.encode(rows.pick(["", "a", "é", "b0"])) : text)));
			const out = prefix === 1 ? rows.out(rows.rowCount, { alignment: 1 }) : i32sOut(rows);
			const operands = [texts.values, texts.offsets, rows.flag, needles.values, needles.offsets, rows.flag] as const;
			return [prefix, rows.count, rows.selection, ...operands, out];
		},
	},
	like_bytes: {
		run: (memory, negated, count, selection, values, offsets, program, out) => {
			const expression = likeExpression(memory, program);
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const isMatch = expression.test(decoder.decode(bytesOf(memory, values, offsets, row)));
				memory.u8[out + row] = Number(isMatch !== (negated === 1));
			}
		},
		input: (rows) => {
			const texts = rows.texts(anyTexts(rows));
			const out = rows.out(rows.rowCount, { alignment: 1 });
			return [rows.flag, rows.count, rows.selection, texts.values, texts.offsets, likeProgram(rows), out];
		},
	},
	trim_blanks: {
		run: (memory, sides, count, selection, values, offsets, outStarts, outLengths) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const text = decoder.decode(bytesOf(memory, values, offsets, row));
				const fromStart = (sides & 1) === 1 ? text.replace(/^ +/, "") : text;
				const trimmed = (sides & 2) === 2 ? fromStart.replace(/ +$/, "") : fromStart;
				const skipped = text.length - fromStart.length;
				memory.i32[(outStarts >> 2) + row] = (memory.i32[(offsets >> 2) + row] as number) + skipped;
				memory.i32[(outLengths >> 2) + row] = encoder.encode(trimmed).length;
			}
		},
		input: (rows) => {
			const texts = rows.texts(anyTexts(rows));
			return [1 + rows.below(3), rows.count, rows.selection, texts.values, texts.offsets, i32sOut(rows), i32sOut(rows)];
		},
	},
	add_lengths: {
		run: (memory, count, selection, offsets, validity, constant, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const from = constant === 1 ? 0 : row;
				if (!isValid(memory, validity, from)) continue;
				const length = (memory.i32[(offsets >> 2) + from + 1] as number) - (memory.i32[(offsets >> 2) + from] as number);
				memory.i32[(out >> 2) + row] = (memory.i32[(out >> 2) + row] as number) + length;
			}
		},
		input: (rows) => {
			const { offsets } = rows.texts(anyTexts(rows));
			return [rows.count, rows.selection, offsets, rows.validity, rows.rowCount === 0 ? 0 : rows.flag, i32sOut(rows)];
		},
	},
	plain_bytes_copy: {
		run: (memory, count, input, offsets, bytes) => {
			let [from, to] = [input, 0];
			memory.i32[offsets >> 2] = 0;
			for (let index = 0; index < count; index++) {
				const length = memory.data.getUint32(from, true);
				memory.u8.copyWithin(bytes + to, from + 4, from + 4 + length);
				from += 4 + length;
				to += length;
				memory.i32[(offsets >> 2) + index + 1] = to;
			}
		},
		input: (rows) => {
			const texts = anyTexts(rows, rows.rowCount);
			const prefixed = texts.map((text) => Uint8Array.of(...new Uint8Array(Int32Array.of(text.length).buffer), ...text));
			const byteCount = texts.reduce((sum, { length }) => sum + length, 0);
			const bytes = rows.out(byteCount, { slackBytes: 16, alignment: 1 });
			return [rows.rowCount, rows.texts(prefixed).values, i32sOut(rows, rows.rowCount + 1), bytes];
		},
	},
	plain_bytes_encode: {
		run: (memory, count, offsets, bytes, out) => {
			let to = out;
			for (let index = 0; index < count; index++) {
				const text = bytesOf(memory, bytes, offsets, index);
				memory.data.setUint32(to, text.length, true);
				memory.u8.set(text, to + 4);
				to += 4 + text.length;
			}
			return to - out;
		},
		input: (rows) => {
			const texts = rows.texts(anyTexts(rows, rows.rowCount));
			return [rows.rowCount, texts.offsets, texts.values, rows.out(texts.byteCount + 4 * rows.rowCount, { alignment: 1 })];
		},
	},
};
