/** Functions that give the value of another row: lag and lead by distance, first_value, last_value and nth_value by the frame. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { mergeParts } from "../../expression/merge.ts";
import type { Engine } from "../../kernels/kernels.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import { isValid } from "../../vector/read.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import { framePieces, type Piece } from "./frame-pieces.ts";
import type { FrameFinder } from "./window-frame.ts";
import type { WindowFunction } from "./window-function.ts";
import type { WindowView } from "./window-view.ts";

export interface ShiftOptions {
	/** -1 of lag, 1 of lead. */
	sign: 1 | -1;
	/** Columns of the stored rows. */
	value: number;
	offset: { kind: "constant"; count: number | null } | { kind: "column"; column: number };
	fallback: number | null;
	type: DataType;
}

export function shiftFunction(engine: Engine, options: ShiftOptions): WindowFunction {
	const { sign, offset } = options;
	const distance = offset.kind === "constant" ? (offset.count ?? 0) * sign : null;
	// A distance that differs from row to row may lead anywhere in the partition.
	let partition = 0;
	return {
		lookahead: distance === null ? [{ kind: "partition" }] : [{ kind: "rows", count: Math.max(0, distance) }],
		needs: ({ end }, next) => end > (distance === null ? partition : next + Math.min(0, distance)),
		compute(view, region) {
			partition = view.partitionStarts[view.count - 1] as number;
			return shifted(engine, options, view, region);
		},
	};
}

function shifted(engine: Engine, options: ShiftOptions, view: WindowView, region: Region): Vector {
	const { sign, value, fallback, type } = options;
	const { rows, first, count } = view;
	const offsets = offsetsOf(engine, options, view, region);
	const { u32, u16 } = engine.arena.views;
	const found: RowPointers = { rows: region.allocate(count * 4), count };
	const missing: Pointer = region.allocate(count * 2);
	const present: Pointer = region.allocate(count * 2);
	let missingCount = 0;
	let presentCount = 0;
	for (let index = 0; index < count; index++) {
		const offset = offsets(index);
		const row = offset === null ? -1 : first + index + sign * offset;
		const inside = row >= (view.partitionStarts[index] as number) && row < (view.partitionEnds[index] as number);
		u32[found.rows / 4 + index] = inside ? rows.address(row) : 0;
		if (inside || offset === null) u16[present / 2 + presentCount++] = index;
		else u16[missing / 2 + missingCount++] = index;
	}
	const values = { ...rows.gather(value, found, region), type };
	if (fallback === null || missingCount === 0) return values;
	const defaults = { ...rows.gather(fallback, rows.addresses(first, count, region), region), type };
	return mergeParts(engine, region, type, count, [
		{ rows: { rowCount: count, columns: [], selection: present, selectedCount: presentCount }, vector: values },
		{ rows: { rowCount: count, columns: [], selection: missing, selectedCount: missingCount }, vector: defaults },
	]);
}

/** The distance of each row, null for NULL: the result is NULL then. */
function offsetsOf(engine: Engine, { offset }: ShiftOptions, view: WindowView, region: Region): (index: number) => number | null {
	if (offset.kind === "constant") return () => offset.count;
	return integersOf(engine, view.rows.gather(offset.column, view.rows.addresses(view.first, view.count, region), region));
}

function integersOf(engine: Engine, vector: FlatVector): (index: number) => number | null {
	const { views } = engine.arena;
	return (index) => (isValid(views, vector.validity, index) ? (views.i32[vector.values / 4 + index] as number) : null);
}

export interface FrameValueOptions {
	which: "first_value" | "last_value" | "nth_value";
	/** Columns of the stored rows; `nth` of nth_value. */
	value: number;
	nth: number | null;
	frames: FrameFinder;
	type: DataType;
}

export function frameValueFunction(engine: Engine, options: FrameValueOptions): WindowFunction {
	const { which, value, nth, frames, type } = options;
	let lastStart = 0;
	let lastEnd = 0;
	return {
		lookahead: frames.lookahead,
		needs({ first, end }, next) {
			const lowest = frames.lowest(next, lastStart);
			if (!frames.growing || which === "nth_value") return end > lowest;
			// A frame that grows has its first row for good, and its last row never goes back.
			return which === "first_value" ? first <= lowest && lowest < end : end > Math.min(next, lastEnd - 1);
		},
		compute(view, region) {
			const { starts, ends } = frames.find(view);
			const nths =
				nth === null ? () => 1 : integersOf(engine, view.rows.gather(nth, view.rows.addresses(view.first, view.count, region), region));
			const { u32 } = engine.arena.views;
			const found: RowPointers = { rows: region.allocate(view.count * 4), count: view.count };
			for (let index = 0; index < view.count; index++) {
				const at = nths(index);
				if (which === "nth_value" && at !== null && at <= 0) {
					throw new LittoralError("invalid_argument_for_nth_value_function", "argument of nth_value must be greater than zero");
				}
				const pieces = framePieces(view, index, { start: starts[index] as number, end: ends[index] as number }, frames.exclude);
				const row = at === null ? null : which === "last_value" ? lastOf(pieces) : nthOf(pieces, at);
				u32[found.rows / 4 + index] = row === null ? 0 : view.rows.address(row);
			}
			lastStart = starts[view.count - 1] as number;
			lastEnd = ends[view.count - 1] as number;
			return { ...view.rows.gather(value, found, region), type };
		},
	};
}

function nthOf(pieces: Piece[], nth: number): number | null {
	let left = nth;
	for (const [start, end] of pieces) {
		if (left <= end - start) return start + left - 1;
		left -= end - start;
	}
	return null;
}

function lastOf(pieces: Piece[]): number | null {
	const last = pieces.at(-1);
	return last === undefined ? null : last[1] - 1;
}
