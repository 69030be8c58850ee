/** Values of vectors as JavaScript values: for results' edges, constants and tests. Columns are never read this way in bulk. */
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { ArenaViews, Pointer } from "../memory/arena.ts";
import type { Batch } from "./batch.ts";
import { decodeArray } from "./array-value.ts";
import { int128ToUuid, readInt128 } from "./int128.ts";
import type { FlatVector, Vector } from "./vector.ts";

// A text may begin with U+FEFF, which a decoder cuts off unless told not to.
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Bit `row` of a validity bitmap; true without one. */
export function isValid(views: ArenaViews, validity: Pointer, row: number): boolean {
	return validity === 0 || (((views.u8[validity + (row >> 3)] as number) >> (row & 7)) & 1) !== 0;
}

/** The value at `row` (of the vector, not of a selection). Shapes as in `contracts/value.ts`. */
export function readValue(engine: Engine, vector: Vector, row: number): SqlValue {
	const { views } = engine.arena;
	switch (vector.kind) {
		case "constant":
			return readFlat(engine, vector.value, 0);
		case "dictionary":
			if (!isValid(views, vector.validity, row)) return null;
			return readFlat(engine, vector.dictionary.values, views.i32[vector.codes / 4 + row] as number);
		case "flat":
			return readFlat(engine, vector, row);
	}
}

/** The live rows of a batch, in order. */
export function readRows(engine: Engine, batch: Batch): SqlValue[][] {
	const { u16 } = engine.arena.views;
	const rows: SqlValue[][] = [];
	for (let index = 0; index < batch.selectedCount; index++) {
		const row = batch.selection === 0 ? index : (u16[batch.selection / 2 + index] as number);
		rows.push(batch.columns.map((column) => readValue(engine, column, row)));
	}
	return rows;
}

function readFlat(engine: Engine, vector: FlatVector, row: number): SqlValue {
	const { views } = engine.arena;
	if (!isValid(views, vector.validity, row)) return null;
	const { type, values } = vector;
	switch (vector.physical) {
		case "bool":
			return views.u8[values + row] !== 0;
		case "i32": {
			const value = views.i32[values / 4 + row] as number;
			if (type.kind === "numeric") return { coefficient: BigInt(value), scale: type.scale ?? 0 };
			return type.kind === "smallint" || type.kind === "integer" || type.kind === "date" ? value : BigInt(value);
		}
		case "i64": {
			const value = views.i64[values / 8 + row] as bigint;
			return type.kind === "numeric" ? { coefficient: value, scale: type.scale ?? 0 } : value;
		}
		case "i128": {
			const value = readInt128(views, values + row * 16);
			return type.kind === "uuid" ? int128ToUuid(value) : { coefficient: value, scale: type.kind === "numeric" ? (type.scale ?? 0) : 0 };
		}
		case "numeric":
			return { coefficient: readInt128(views, values + row * 16), scale: views.i32[vector.offsets / 4 + row] as number };
		case "f32":
			return views.f32[values / 4 + row] as number;
		case "f64":
			return views.f64[values / 8 + row] as number;
		case "interval": {
			const at = values + row * 16;
			return { months: views.i32[at / 4] as number, days: views.i32[at / 4 + 1] as number, microseconds: views.i64[at / 8 + 1] as bigint };
		}
		case "bytes": {
			const start = values + (views.i32[vector.offsets / 4 + row] as number);
			const end = values + (views.i32[vector.offsets / 4 + row + 1] as number);
			if (type.kind === "array") return decodeArray(type.element, views.u8.subarray(start, end));
			return type.kind === "bytea" ? views.u8.slice(start, end) : decoder.decode(views.u8.subarray(start, end));
		}
	}
}
