/** Live rows of a vector as the buffers of an Arrow column. */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { formatJson } from "#shared/contracts/values/format.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { ArenaViews } from "#shared/engine/memory/arena.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { explodeArrays } from "#shared/engine/vector/arrays.ts";
import { isValid, readValue } from "#shared/engine/vector/read.ts";
import type { FlatVector, Vector } from "#shared/engine/vector/vector.ts";

/** One field node and its buffers in Arrow's order, validity first (empty: no NULL), then those of its children. */
export interface ArrowColumn {
	rowCount: number;
	nullCount: number;
	buffers: Uint8Array[];
	children: ArrowColumn[];
}

/** Where each row's value lies in a flat vector; -1 is NULL. */
interface Located {
	flat: FlatVector;
	positions: Int32Array;
	nullCount: number;
}

/** @param rows positions in `vector`, i32[rowCount] */
export function gatherColumn(engine: Engine, vector: Vector, rows: Int32Array): ArrowColumn {
	const located = locate(engine.arena.views, vector, rows);
	const { positions, nullCount } = located;
	const parts = valueBuffers(engine, located);
	return {
		rowCount: rows.length,
		nullCount,
		buffers: [nullCount === 0 ? new Uint8Array(0) : validityOf(positions), ...parts.buffers],
		children: parts.children ?? [],
	};
}

function locate(views: ArenaViews, vector: Vector, rows: Int32Array): Located {
	const positions = new Int32Array(rows.length);
	let nullCount = 0;
	for (let index = 0; index < rows.length; index++) {
		const row = vector.kind === "constant" ? 0 : (rows[index] as number);
		if (!isValid(views, vector.kind === "constant" ? vector.value.validity : vector.validity, row)) {
			positions[index] = -1;
			nullCount++;
		} else positions[index] = vector.kind === "dictionary" ? (views.i32[(vector.codes >> 2) + row] as number) : row;
	}
	const flat = vector.kind === "constant" ? vector.value : vector.kind === "dictionary" ? vector.dictionary.values : vector;
	return { flat, positions, nullCount };
}

function validityOf(positions: Int32Array): Uint8Array {
	const bitmap = new Uint8Array((positions.length + 7) >> 3);
	for (let row = 0; row < positions.length; row++) {
		if ((positions[row] as number) >= 0) bitmap[row >> 3] = (bitmap[row >> 3] as number) | (1 << (row & 7));
	}
	return bitmap;
}

interface Parts {
	buffers: Uint8Array[];
	children?: ArrowColumn[];
}

function valueBuffers(engine: Engine, { flat, positions }: Located): Parts {
	const { views } = engine.arena;
	const { type } = flat;
	switch (type.kind) {
		case "boolean":
			return { buffers: [bits(views, flat, positions)] };
		case "smallint":
			return { buffers: [bytesOf(Int16Array.from(positions, (at) => (at < 0 ? 0 : (views.i32[(flat.values >> 2) + at] as number))))] };
		case "integer":
		case "date":
			return { buffers: [bytesOf(Int32Array.from(positions, (at) => (at < 0 ? 0 : (views.i32[(flat.values >> 2) + at] as number))))] };
		case "real":
			return { buffers: [bytesOf(Float32Array.from(positions, (at) => (at < 0 ? 0 : (views.f32[(flat.values >> 2) + at] as number))))] };
		case "double":
			return { buffers: [bytesOf(Float64Array.from(positions, (at) => (at < 0 ? 0 : (views.f64[(flat.values >> 3) + at] as number))))] };
		case "bigint":
		case "time":
		case "timestamp":
		case "timestamptz":
			return { buffers: [bytesOf(int64s(views, flat, positions))] };
		case "numeric":
			return type.precision === undefined ? texts(engine, flat, positions) : { buffers: [decimals(views, flat, positions)] };
		case "text":
		case "varchar":
		case "char":
		case "jsonb":
		case "bytea":
			return byteStrings(views, flat, positions);
		case "uuid":
		case "interval":
			return texts(engine, flat, positions);
		case "array":
			return lists(engine, flat, positions);
		default:
			return unreachable(type);
	}
}

function bytesOf(array: Int16Array | Int32Array | Float32Array | Float64Array | BigInt64Array): Uint8Array {
	return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function bits(views: ArenaViews, flat: FlatVector, positions: Int32Array): Uint8Array {
	const bitmap = new Uint8Array((positions.length + 7) >> 3);
	for (let row = 0; row < positions.length; row++) {
		const at = positions[row] as number;
		if (at >= 0 && views.u8[flat.values + at] !== 0) bitmap[row >> 3] = (bitmap[row >> 3] as number) | (1 << (row & 7));
	}
	return bitmap;
}

function int64s(views: ArenaViews, flat: FlatVector, positions: Int32Array): BigInt64Array {
	const values = new BigInt64Array(positions.length);
	for (let row = 0; row < positions.length; row++) {
		const at = positions[row] as number;
		if (at < 0) continue;
		values[row] =
			flat.physical === "i32" ? BigInt(views.i32[(flat.values >> 2) + at] as number) : (views.i64[(flat.values >> 3) + at] as bigint);
	}
	return values;
}

/** Sixteen bytes a value, whatever the precision. */
function decimals(views: ArenaViews, flat: FlatVector, positions: Int32Array): Uint8Array {
	const values = new BigInt64Array(positions.length * 2);
	if (flat.physical === "i128") {
		for (let row = 0; row < positions.length; row++) {
			const at = positions[row] as number;
			if (at < 0) continue;
			values[row * 2] = views.i64[(flat.values >> 3) + at * 2] as bigint;
			values[row * 2 + 1] = views.i64[(flat.values >> 3) + at * 2 + 1] as bigint;
		}
	} else {
		int64s(views, flat, positions).forEach((value, row) => {
			values[row * 2] = value;
			values[row * 2 + 1] = value < 0n ? -1n : 0n;
		});
	}
	return bytesOf(values);
}

function byteStrings({ i32, u8 }: ArenaViews, flat: FlatVector, positions: Int32Array): Parts {
	const offsets = new Int32Array(positions.length + 1);
	const from = flat.offsets >> 2;
	let byteCount = 0;
	for (let row = 0; row < positions.length; row++) {
		const at = positions[row] as number;
		if (at >= 0) byteCount += (i32[from + at + 1] as number) - (i32[from + at] as number);
		offsets[row + 1] = byteCount;
	}
	const bytes = new Uint8Array(byteCount);
	for (let row = 0; row < positions.length; row++) {
		const at = positions[row] as number;
		if (at < 0) continue;
		bytes.set(u8.subarray(flat.values + (i32[from + at] as number), flat.values + (i32[from + at + 1] as number)), offsets[row]);
	}
	return { buffers: [bytesOf(offsets), bytes] };
}

const encoder = new TextEncoder();

/** Values that Arrow has no exact type for, in the API's text. */
function texts(engine: Engine, flat: FlatVector, positions: Int32Array): Parts {
	const offsets = new Int32Array(positions.length + 1);
	let joined = "";
	for (let row = 0; row < positions.length; row++) {
		const at = positions[row] as number;
		if (at >= 0) joined += plainText(flat.type, engine, flat, at);
		// The text is ASCII: a character is a byte.
		offsets[row + 1] = joined.length;
	}
	return { buffers: [bytesOf(offsets), encoder.encode(joined)] };
}

function plainText(type: DataType, engine: Engine, flat: FlatVector, at: number): string {
	return formatJson(type, readValue(engine, flat, at)).slice(1, -1);
}

let leaseCount = 0;

/** The elements of the rows' arrays, taken apart in memory of their own. */
function lists(engine: Engine, flat: FlatVector, positions: Int32Array): Parts {
	const offsets = new Int32Array(positions.length + 1);
	const lease = new Lease(engine.arena, { owner: `arrow-lists-${leaseCount++}` });
	try {
		const region = lease.region();
		const valid = positions.filter((at) => at >= 0);
		const selection = region.allocate(valid.length * 2);
		engine.arena.views.u16.set(valid, selection / 2);
		const rowCount = valid.reduce((most, at) => Math.max(most, at + 1), 0);
		const rows = { rowCount, selection, selectedCount: valid.length };
		const { elements, elementCount, counts } = explodeArrays(engine, { vector: flat, constant: 0 }, rows, region);
		for (const [row, at] of positions.entries()) {
			offsets[row + 1] = (offsets[row] as number) + (at < 0 ? 0 : (engine.arena.views.i32[counts / 4 + at] as number));
		}
		const all = Int32Array.from({ length: elementCount }, (_, index) => index);
		return { buffers: [bytesOf(offsets)], children: [gatherColumn(engine, elements, all)] };
	} finally {
		lease.release();
	}
}
