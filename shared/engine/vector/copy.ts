/** Moving vectors: flattening constants and dictionaries, packing selected rows, copying what must outlive its producer's next `next()`. */
import { assert, unreachable } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { PHYSICAL_BYTES, type PhysicalType, physicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "./batch.ts";
import { isValid } from "./read.ts";
import type { ConstantVector, DictionaryVector, FlatVector, Vector } from "./vector.ts";

/** Which rows of a vector are meant: `count` u16 `positions`, or rows 0 to `count` where `positions` is 0. */
export interface RowSet {
	positions: Pointer;
	count: number;
}

/** Rows of a batch by their place, for {@link flatten}. */
export interface RowSpace {
	rowCount: number;
	selection: Pointer;
	selectedCount: number;
}

/**
 * The vector as a flat one of its type's own physical type (narrowed lanes are widened), each value at its row's own position. A vector that is so already is
 * returned as it is. Lanes of rows that are not selected hold anything in range.
 */
export function flatten(engine: Engine, vector: Vector, rows: RowSpace, region: Region): FlatVector {
	switch (vector.kind) {
		case "flat":
			return widen(engine, vector, rows.rowCount, region);
		case "constant":
			return flattenConstant(engine, vector, rows.rowCount, region);
		case "dictionary":
			return widen(engine, flattenDictionary(engine, vector, rows, region), rows.rowCount, region);
		default:
			return unreachable(vector);
	}
}

/** A deep copy of the batch's live rows, packed, into `region`: every column flat or constant, no selection. */
export function copyBatch(engine: Engine, batch: Batch, region: Region): Batch {
	const rows = { positions: batch.selection, count: batch.selectedCount };
	const columns = batch.columns.map((column): Vector => {
		switch (column.kind) {
			case "constant":
				return { ...column, value: copyFlat(engine, column.value, 1, region) };
			case "flat":
				return batch.selection === 0 ? copyFlat(engine, column, batch.rowCount, region) : takeFlat(engine, column, rows, region);
			case "dictionary":
				return flattenDictionary(
					engine,
					ownedDictionary(engine, takeDictionary(engine, column, rows, region), batch, region),
					dense(rows.count),
					region,
				);
			default:
				return unreachable(column);
		}
	});
	return { columns, ...dense(rows.count) };
}

/** Packing copied the rows' validity, unless there was nothing to pack. */
function ownedDictionary(engine: Engine, vector: DictionaryVector, batch: Batch, region: Region): DictionaryVector {
	if (batch.selection !== 0 || vector.validity === 0) return vector;
	const byteCount = (batch.rowCount + 7) >> 3;
	const validity = region.allocate(byteCount);
	engine.arena.views.u8.copyWithin(validity, vector.validity, vector.validity + byteCount);
	return { ...vector, validity };
}

/** The batch without a selection: the batch itself if it has none, else its live rows packed into `region`; dictionaries and constants stay. */
export function compactBatch(engine: Engine, batch: Batch, region: Region): Batch {
	if (batch.selection === 0) return batch;
	return takeBatch(engine, batch, { positions: batch.selection, count: batch.selectedCount }, region);
}

/** The rows at `rows.positions` (any order, repeats allowed), packed into `region`; dictionaries and constants stay. */
export function takeBatch(engine: Engine, batch: Batch, rows: RowSet, region: Region): Batch {
	return { columns: batch.columns.map((column) => takeVector(engine, column, rows, region)), ...dense(rows.count) };
}

/** As {@link takeBatch}, of one vector. */
function takeVector(engine: Engine, vector: Vector, rows: RowSet, region: Region): Vector {
	if (rows.positions === 0) return vector;
	switch (vector.kind) {
		case "constant":
			return vector;
		case "dictionary":
			return takeDictionary(engine, vector, rows, region);
		case "flat":
			return takeFlat(engine, vector, rows, region);
		default:
			return unreachable(vector);
	}
}

/** True where every row of the constant is NULL. */
export function isNullConstant(engine: Engine, vector: Vector): boolean {
	return vector.kind === "constant" && !isValid(engine.arena.views, vector.value.validity, 0);
}

function dense(count: number) {
	return { rowCount: count, selection: 0, selectedCount: count };
}

function widen(engine: Engine, vector: FlatVector, rowCount: number, region: Region): FlatVector {
	const wanted = physicalType(vector.type);
	if (vector.physical === wanted) return vector;
	assert(vector.physical === "i32" && wanted === "i64", "only i64 is ever narrowed, to i32");
	const values = region.allocate(rowCount * 8);
	engine.kernels.widen_i32_i64(rowCount, vector.values, values);
	return { ...vector, physical: wanted, values };
}

/** Fixed-width lanes by the bits of a lane: `take_8` and so on. */
function takeLanes(engine: Engine, physical: PhysicalType, rows: RowSet, source: Pointer, out: Pointer): void {
	const { kernels } = engine;
	switch (PHYSICAL_BYTES[physical]) {
		case 1:
			return kernels.take_8(rows.count, rows.positions, source, out);
		case 4:
			return kernels.take_32(rows.count, rows.positions, source, out);
		case 8:
			return kernels.take_64(rows.count, rows.positions, source, out);
		default:
			return kernels.take_128(rows.count, rows.positions, source, out);
	}
}

function lookupLanes(engine: Engine, vector: DictionaryVector, rowCount: number, out: Pointer): void {
	const { kernels } = engine;
	const { values, physical } = vector.dictionary.values;
	switch (PHYSICAL_BYTES[physical]) {
		case 1:
			return kernels.lookup_8(rowCount, vector.codes, vector.validity, values, out);
		case 4:
			return kernels.lookup_32(rowCount, vector.codes, vector.validity, values, out);
		case 8:
			return kernels.lookup_64(rowCount, vector.codes, vector.validity, values, out);
		default:
			return kernels.lookup_128(rowCount, vector.codes, vector.validity, values, out);
	}
}

function fillLanes(engine: Engine, physical: PhysicalType, rowCount: number, source: Pointer, out: Pointer): void {
	const { kernels } = engine;
	switch (PHYSICAL_BYTES[physical]) {
		case 1:
			return kernels.fill_8(rowCount, source, out);
		case 4:
			return kernels.fill_32(rowCount, source, out);
		case 8:
			return kernels.fill_64(rowCount, source, out);
		default:
			return kernels.fill_128(rowCount, source, out);
	}
}

function takeValidity(engine: Engine, validity: Pointer, rows: RowSet, region: Region): Pointer {
	if (validity === 0) return 0;
	const out = region.allocate((rows.count + 7) >> 3);
	return engine.kernels.take_validity(rows.count, rows.positions, validity, out) === 0 ? 0 : out;
}

function takeDictionary(engine: Engine, vector: DictionaryVector, rows: RowSet, region: Region): DictionaryVector {
	if (rows.positions === 0) return vector;
	const codes = region.allocate(rows.count * 4);
	engine.kernels.take_32(rows.count, rows.positions, vector.codes, codes);
	return { ...vector, codes, validity: takeValidity(engine, vector.validity, rows, region) };
}

function checkedLength(length: number): number {
	if (length < 0) throw new LittoralError("resource_exhausted", "a batch's strings exceed 2 GiB", { sqlstate: "53200" });
	return length;
}

function takeFlat(engine: Engine, vector: FlatVector, rows: RowSet, region: Region): FlatVector {
	const { kernels } = engine;
	const { count, positions } = rows;
	const validity = takeValidity(engine, vector.validity, rows, region);
	if (vector.physical === "bytes") {
		const offsets = region.allocate((count + 1) * 4);
		const length = checkedLength(kernels.take_offsets(count, positions, vector.offsets, offsets));
		const values = region.allocate(length);
		kernels.take_bytes(count, positions, vector.offsets, vector.values, offsets, values);
		return { ...vector, validity, offsets, values };
	}
	const values = region.allocate(count * PHYSICAL_BYTES[vector.physical]);
	takeLanes(engine, vector.physical, rows, vector.values, values);
	if (vector.physical !== "numeric") return { ...vector, validity, values };
	const scales = region.allocate(count * 4);
	kernels.take_32(count, positions, vector.offsets, scales);
	return { ...vector, validity, values, offsets: scales };
}

function copyFlat(engine: Engine, vector: FlatVector, rowCount: number, region: Region): FlatVector {
	const { views } = engine.arena;
	const copy = (pointer: Pointer, byteCount: number): Pointer => {
		const to = region.allocate(byteCount);
		views.u8.copyWithin(to, pointer, pointer + byteCount);
		return to;
	};
	const validity = vector.validity === 0 ? 0 : copy(vector.validity, (rowCount + 7) >> 3);
	if (vector.physical === "bytes") {
		const offsets = copy(vector.offsets, (rowCount + 1) * 4);
		const start = views.i32[offsets / 4] as number;
		const end = views.i32[offsets / 4 + rowCount] as number;
		for (let row = 0; start !== 0 && row <= rowCount; row++)
			views.i32[offsets / 4 + row] = (views.i32[offsets / 4 + row] as number) - start;
		return { ...vector, validity, offsets, values: copy(vector.values + start, end - start) };
	}
	const values = copy(vector.values, rowCount * PHYSICAL_BYTES[vector.physical]);
	return { ...vector, validity, values, offsets: vector.physical === "numeric" ? copy(vector.offsets, rowCount * 4) : 0 };
}

function flattenDictionary(engine: Engine, vector: DictionaryVector, rows: RowSpace, region: Region): FlatVector {
	const { codes, validity, dictionary } = vector;
	const flat = lookupFlat(engine, { codes, validity, values: dictionary.values, rows }, region);
	return { ...flat, type: vector.type, validity };
}

/** `values` at i32 `codes`, each at its row's own position; NULL rows are zero. The result's validity is that of the values. */
export function lookupFlat(
	engine: Engine,
	lookup: { codes: Pointer; validity: Pointer; values: FlatVector; rows: RowSpace },
	region: Region,
): FlatVector {
	const { kernels } = engine;
	const { codes, values: source, rows } = lookup;
	const { rowCount } = rows;
	let validity: Pointer = 0;
	if (source.validity !== 0) {
		const { views } = engine.arena;
		validity = region.allocateZeroed((rowCount + 7) >> 3);
		for (let row = 0; row < rowCount; row++) {
			if (isValid(views, source.validity, views.i32[codes / 4 + row] as number)) {
				views.u8[validity + (row >> 3)] = (views.u8[validity + (row >> 3)] as number) | (1 << (row & 7));
			}
		}
	}
	if (source.physical === "bytes") {
		const offsets = region.allocate((rowCount + 1) * 4);
		const length = checkedLength(
			kernels.lookup_offsets(rowCount, rows.selectedCount, rows.selection, codes, lookup.validity, source.offsets, offsets),
		);
		const values = region.allocate(length);
		kernels.lookup_bytes(rowCount, codes, source.offsets, source.values, offsets, values);
		return { ...source, validity, offsets, values };
	}
	const values = region.allocate(rowCount * PHYSICAL_BYTES[source.physical]);
	const vector: DictionaryVector = {
		kind: "dictionary",
		type: source.type,
		physical: source.physical,
		codes,
		validity: lookup.validity,
		dictionary: { values: source, entryCount: 0 },
	};
	lookupLanes(engine, vector, rowCount, values);
	if (source.physical !== "numeric") return { ...source, validity, values };
	const scales = region.allocate(rowCount * 4);
	kernels.lookup_32(rowCount, codes, lookup.validity, source.offsets, scales);
	return { ...source, validity, values, offsets: scales };
}

function flattenConstant(engine: Engine, vector: ConstantVector, rowCount: number, region: Region): FlatVector {
	const { value } = vector;
	const valid = isValid(engine.arena.views, value.validity, 0);
	const validity = valid ? 0 : region.allocateZeroed((rowCount + 7) >> 3);
	const { views } = engine.arena;
	if (value.physical === "bytes") {
		const start = views.i32[value.offsets / 4] as number;
		const byteCount = (views.i32[value.offsets / 4 + 1] as number) - start;
		checkedLength(byteCount * rowCount > 0x7fffffff ? -1 : 0);
		const offsets = region.allocate((rowCount + 1) * 4);
		const values = region.allocate(byteCount * rowCount);
		engine.kernels.fill_bytes(rowCount, value.values + start, byteCount, offsets, values);
		return { ...value, validity, offsets, values };
	}
	const wide = widen(engine, value, 1, region);
	const values = region.allocate(rowCount * PHYSICAL_BYTES[wide.physical]);
	fillLanes(engine, wide.physical, rowCount, wide.values, values);
	if (wide.physical !== "numeric") return { ...wide, validity, values };
	const scales = region.allocate(rowCount * 4);
	engine.kernels.fill_32(rowCount, wide.offsets, scales);
	return { ...wide, validity, values, offsets: scales };
}
