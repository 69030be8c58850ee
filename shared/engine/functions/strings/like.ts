/** LIKE and ILIKE: the pattern is compiled to a program of literal segments between % signs, matched by the kernel in time linear in the text for each segment. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { readValue } from "../../vector/read.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { Bind, Kernel, KernelCall, Operand } from "../kernel.ts";
import { allocateResult, rowsOf } from "../lanes.ts";
import { lowerCase } from "./case-mapping.ts";

const BOOLEAN: DataType = { kind: "boolean" };
const TEXT: DataType = { kind: "text" };
const encoder = new TextEncoder();
/** A byte that UTF-8 never has stands for `_` in the kernel. */
const WILDCARD = 0xff;

interface Segment {
	bytes: number[];
	wildcards: number;
}

/**
 * @param escape one character, or empty for none
 * @returns the program that `like_bytes` in `assembly/strings.ts` describes
 * @throws 22025 for an escape of several characters
 */
function compileLike(pattern: string, escape = "\\"): Uint8Array {
	if (Array.from(escape).length > 1) {
		throw new LittoralError("invalid_escape_sequence", "invalid escape string", { hint: "Escape string must be empty or one character." });
	}
	const segments: Segment[] = [{ bytes: [], wildcards: 0 }];
	const points = Array.from(pattern);
	for (let index = 0; index < points.length; index++) {
		let point = points[index] as string;
		const segment = segments.at(-1) as Segment;
		if (point === escape) {
			index++;
			// A pattern that ends here raises only for a text that matches so far: see endsInEscape.
			if (index === points.length) break;
			point = points[index] as string;
		} else if (point === "%") {
			segments.push({ bytes: [], wildcards: 0 });
			continue;
		} else if (point === "_") {
			segment.bytes.push(WILDCARD);
			segment.wildcards++;
			continue;
		}
		segment.bytes.push(...encoder.encode(point));
	}
	return encodeProgram(segments);
}

/** True when the pattern's last character escapes nothing. */
function endsInEscape(pattern: string, escape: string): boolean {
	const points = Array.from(pattern);
	let index = 0;
	for (; index < points.length; index++) if (points[index] === escape) index++;
	return index > points.length;
}

function encodeProgram(parts: Segment[]): Uint8Array {
	const anchors =
		parts.length === 1 ? 3 : ((parts[0] as Segment).bytes.length > 0 ? 1 : 0) | ((parts.at(-1) as Segment).bytes.length > 0 ? 2 : 0);
	// Empty segments between % signs match anywhere; a pattern without % keeps its only one, empty or not.
	const segments = parts.length === 1 ? parts : parts.filter((segment) => segment.bytes.length > 0);
	const headerBytes = 8 + segments.length * 12;
	const program = new Uint8Array(headerBytes + segments.reduce((sum, segment) => sum + segment.bytes.length, 0));
	const view = new DataView(program.buffer);
	view.setInt32(0, segments.length, true);
	view.setInt32(4, anchors, true);
	let at = headerBytes;
	for (const [index, { bytes, wildcards }] of segments.entries()) {
		const header = 8 + index * 12;
		view.setInt32(header, bytes.length, true);
		view.setInt32(header + 4, wildcards, true);
		view.setInt32(header + 8, at, true);
		program.set(bytes, at);
		at += bytes.length;
	}
	return program;
}

function lowered(call: KernelCall, vector: FlatVector): FlatVector {
	const builder = new VectorBuilder(call.engine, call.region, TEXT, call.rows.rowCount);
	for (const row of rowsOf(call)) {
		while (builder.rowCount < row) builder.append("");
		builder.append(lowerCase(readValue(call.engine, vector, row) as string));
	}
	while (builder.rowCount < call.rows.rowCount) builder.append("");
	return builder.finish();
}

function bindLike(options: { negated: boolean; ignoreCase: boolean }): Bind {
	const negated = options.negated ? 1 : 0;
	return () => {
		/** The program of the last pattern: constant patterns are compiled once, when the first row asks. */
		let known: { pattern: string; escape: string; program: Uint8Array; dangling: boolean } | null = null;
		const programOf = (pattern: string, escape: string): { program: Uint8Array; dangling: boolean } => {
			if (known?.pattern !== pattern || known.escape !== escape) {
				const text = options.ignoreCase ? lowerCase(pattern) : pattern;
				const dangling = endsInEscape(text, escape);
				const complete = dangling ? `${text.slice(0, -escape.length)}${text.slice(0, -escape.length).endsWith("%") ? "" : "_%"}` : text;
				known = { pattern, escape, program: compileLike(complete, escape), dangling };
			}
			return known;
		};
		const kernel: Kernel = (call, operands) => {
			const { engine, region, rows } = call;
			const [text, pattern, escape] = operands as [Operand, Operand, Operand | undefined];
			const result = allocateResult(call, BOOLEAN);
			const source = spread(call, text);
			const subject = options.ignoreCase ? lowered(call, source) : source;
			const run = (row: number, selection: number, count: number): void => {
				const escapeText = escape === undefined ? "\\" : (readValue(engine, escape.vector, escape.constant === 1 ? 0 : row) as string);
				const { program, dangling } = programOf(readValue(engine, pattern.vector, pattern.constant === 1 ? 0 : row) as string, escapeText);
				const pointer = region.allocate(program.length);
				engine.arena.views.u8.set(program, pointer);
				engine.kernels.like_bytes(negated, count, selection, subject.values, subject.offsets, pointer, result.values);
				if (dangling) refuseMatches(call, { selection, count }, result.values, negated);
			};
			if (rows.count === 0) return result;
			if (pattern.constant === 1 && (escape === undefined || escape.constant === 1)) {
				run(0, rows.selection, rows.count);
				return result;
			}
			const selection = region.allocate(2);
			for (const row of rowsOf(call)) {
				engine.arena.views.u16[selection / 2] = row;
				run(row, selection, 1);
			}
			return result;
		};
		return kernel;
	};
}

/** PostgreSQL finds a dangling escape when it gets there: a text that matches what is before it, and goes on, raises. */
function refuseMatches(call: KernelCall, rows: { selection: number; count: number }, answers: number, negated: number): void {
	const { u8 } = call.engine.arena.views;
	for (const row of rowsOf({ ...call, rows: { ...call.rows, ...rows } })) {
		if (u8[answers + row] === negated) continue;
		throw new LittoralError("invalid_escape_sequence", "LIKE pattern must not end with escape character");
	}
}

/** A constant text under a column of patterns: laid out for every row. */
function spread(call: KernelCall, operand: Operand): FlatVector {
	if (operand.constant === 0) return operand.vector;
	const value = readValue(call.engine, operand.vector, 0);
	const builder = new VectorBuilder(call.engine, call.region, TEXT, call.rows.rowCount);
	for (let row = 0; row < call.rows.rowCount; row++) builder.append(value);
	return builder.finish();
}

export const LIKE_KERNELS: Record<string, Bind> = {};
for (const [name, negated, ignoreCase] of [
	["like", false, false],
	["not_like", true, false],
	["ilike", false, true],
	["not_ilike", true, true],
] as const) {
	LIKE_KERNELS[`${name}(text,text)`] = bindLike({ negated, ignoreCase });
	LIKE_KERNELS[`${name}(text,text,text)`] = bindLike({ negated, ignoreCase });
}
