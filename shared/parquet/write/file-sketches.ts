/**
 * Sketches of the rows that a file is written from. Every value counts for the distinct values; quantiles and frequent values are made from a sample, one row of every
 * 2^level, chosen at random within each run of so many, the level growing with the rows, so that a file costs about the same however long it is.
 */
import { hasBounds } from "#shared/contracts/bound.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { ArenaViews } from "#shared/engine/memory/arena.ts";
import type { FlatVector } from "#shared/engine/vector/vector.ts";
import { textPlace, valueKey, wordKey } from "#shared/sketches/column-place.ts";
import { type ColumnSketches, emptyColumnSketches, type TableSketches } from "#shared/sketches/table-sketches.ts";
import { hashBytes, hashDouble, hashed, hashWords } from "#shared/sketches/value-hash.ts";

/** Sampled rows before the level grows, and about half as many for each doubling after. */
const SAMPLE_ROW_COUNT = 4096;

export interface SketchedColumn {
	fieldId: number;
	type: DataType;
}

export class FileSketches {
	readonly #engine: Engine;
	readonly #columns: ({ type: DataType; sketches: ColumnSketches } | null)[];
	readonly #result: TableSketches = new Map();
	#rowCount = 0;
	#random = 0x2545f491;

	constructor(engine: Engine, columns: readonly SketchedColumn[]) {
		this.#engine = engine;
		this.#columns = columns.map(({ fieldId, type }) => {
			if (!hasBounds(type)) return null;
			const sketches = emptyColumnSketches();
			this.#result.set(fieldId, sketches);
			return { type, sketches };
		});
	}

	/** @param vectors one per column, of its type's own physical type, for rows [0, rowCount) */
	add(vectors: readonly FlatVector[], rowCount: number): void {
		const level = Math.max(0, Math.ceil(Math.log2((this.#rowCount + 1) / SAMPLE_ROW_COUNT)));
		const sample = this.#sample(rowCount, level);
		for (const [index, column] of this.#columns.entries()) {
			if (column === null) continue;
			const { type, sketches } = column;
			const vector = vectors[index] as FlatVector;
			const { views } = this.#engine.arena;
			sketches.rowCount += rowCount;
			addDistinct(views, vector, rowCount, sketches);
			for (const row of sample) {
				if (!isValid(views, vector, row)) continue;
				const place = placeAt(views, vector, type, row);
				if (place !== null) sketches.quantiles.add(place, level);
				const key = keyAt(views, vector, type, row);
				if (key !== null) sketches.frequent.add(key, 2 ** level);
			}
		}
		this.#rowCount += rowCount;
	}

	/** By field id; columns of types without an order are left out. */
	finish(): TableSketches {
		return this.#result;
	}

	/** Rows of the batch: one of each whole or begun run of 2^level. */
	#sample(rowCount: number, level: number): number[] {
		const stride = 2 ** level;
		const rows: number[] = [];
		for (let start = 0; start < rowCount; start += stride) {
			const row = start + (level === 0 ? 0 : this.#next() % stride);
			if (row < rowCount) rows.push(row);
		}
		return rows;
	}

	#next(): number {
		this.#random ^= this.#random << 13;
		this.#random ^= this.#random >>> 17;
		this.#random ^= this.#random << 5;
		return this.#random >>> 0;
	}
}

function isValid({ u8 }: ArenaViews, { validity }: FlatVector, row: number): boolean {
	return validity === 0 || ((u8[validity + (row >> 3)] as number) & (1 << (row & 7))) !== 0;
}

/** Equal neighbours, frequent where rows are sorted, are hashed once. */
function addDistinct(views: ArenaViews, vector: FlatVector, rowCount: number, { distinct }: ColumnSketches): void {
	const { u8, i32, f32, f64 } = views;
	const { values, offsets } = vector;
	let last = -1;
	for (let row = 0; row < rowCount; row++) {
		if (!isValid(views, vector, row)) continue;
		switch (vector.physical) {
			case "bool":
				hashWords(u8[values + row] as number, 0);
				break;
			case "i32": {
				const at = (values >> 2) + row;
				if (last >= 0 && i32[at] === i32[last]) continue;
				last = at;
				hashWords(i32[at] as number, (i32[at] as number) >> 31);
				break;
			}
			case "i64": {
				const at = (values >> 2) + 2 * row;
				if (last >= 0 && i32[at] === i32[last] && i32[at + 1] === i32[last + 1]) continue;
				last = at;
				hashWords(i32[at] as number, i32[at + 1] as number);
				break;
			}
			case "i128":
				hashBytes(u8, values + 16 * row, values + 16 * row + 16);
				break;
			case "f32":
				hashDouble(f32[(values >> 2) + row] as number);
				break;
			case "f64":
				hashDouble(f64[(values >> 3) + row] as number);
				break;
			case "bytes": {
				const at = (offsets >> 2) + row;
				hashBytes(u8, values + (i32[at] as number), values + (i32[at + 1] as number));
				break;
			}
			default:
				// Types without bounds have no sketches.
				return;
		}
		distinct.add(hashed.high, hashed.low);
	}
}

/** As the optimizer's `orderOf` places the value. */
function placeAt(
	{ u8, i32, u32, f32, f64 }: ArenaViews,
	{ values, offsets, physical }: FlatVector,
	type: DataType,
	row: number,
): number | null {
	const unit = type.kind === "numeric" ? 10 ** (type.scale ?? 0) : 1;
	switch (physical) {
		case "bool":
			return u8[values + row] as number;
		case "i32":
			return (i32[(values >> 2) + row] as number) / unit;
		case "i64": {
			const at = (values >> 2) + 2 * row;
			return ((i32[at + 1] as number) * 2 ** 32 + (u32[at] as number)) / unit;
		}
		case "i128": {
			if (type.kind !== "numeric") return null;
			const at = (values >> 2) + 4 * row;
			const [low, second, third, high] = [u32[at], u32[at + 1], u32[at + 2], i32[at + 3]] as [number, number, number, number];
			return (((high * 2 ** 32 + third) * 2 ** 32 + second) * 2 ** 32 + low) / unit;
		}
		case "f32":
			return f32[(values >> 2) + row] as number;
		case "f64":
			return f64[(values >> 3) + row] as number;
		case "bytes": {
			if (type.kind === "bytea") return null;
			const at = (offsets >> 2) + row;
			return textPlace(u8, values + (i32[at] as number), values + (i32[at + 1] as number));
		}
		default:
			return null;
	}
}

/** As `valueKey(encodeBound(type, value))`, without the objects between; null for NaN, and for uuid, of which none is frequent. */
function keyAt({ u8, i32, f32, f64 }: ArenaViews, { values, offsets, physical }: FlatVector, type: DataType, row: number): string | null {
	switch (physical) {
		case "bool":
			return String.fromCharCode(u8[values + row] as number);
		case "i32":
			return wordKey((i32[(values >> 2) + row] as number) ^ 0x80000000);
		case "i64": {
			const at = (values >> 2) + 2 * row;
			return wordKey((i32[at + 1] as number) ^ 0x80000000) + wordKey(i32[at] as number);
		}
		case "i128": {
			if (type.kind !== "numeric") return null;
			const at = (values >> 2) + 4 * row;
			const high = wordKey((i32[at + 3] as number) ^ 0x80000000);
			return high + wordKey(i32[at + 2] as number) + wordKey(i32[at + 1] as number) + wordKey(i32[at] as number);
		}
		case "f32": {
			const value = f32[(values >> 2) + row] as number;
			if (Number.isNaN(value)) return null;
			scratch.setFloat32(0, value === 0 ? 0 : value);
			const word = scratch.getInt32(0);
			return wordKey(word < 0 ? ~word : word ^ 0x80000000);
		}
		case "f64": {
			const value = f64[(values >> 3) + row] as number;
			if (Number.isNaN(value)) return null;
			scratch.setFloat64(0, value === 0 ? 0 : value);
			const [high, low] = [scratch.getInt32(0), scratch.getInt32(4)];
			return high < 0 ? wordKey(~high) + wordKey(~low) : wordKey(high ^ 0x80000000) + wordKey(low);
		}
		case "bytes": {
			const at = (offsets >> 2) + row;
			return valueKey(u8, values + (i32[at] as number), values + (i32[at + 1] as number));
		}
		default:
			return null;
	}
}

const scratch = new DataView(new ArrayBuffer(8));
