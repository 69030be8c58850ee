/**
 * A column of a batch: where its values lie in the arena. Layouts are `engine.md`'s and are frozen (decision 0001).
 *
 * `validity` is a bitmap, least significant bit first, 1 = valid, pointer 0 = all valid; a lane under NULL holds zero (an empty string).
 */
import type { DataType, PhysicalType } from "#shared/contracts/data-type.ts";
import type { Pointer } from "../memory/arena.ts";

export type Vector = FlatVector | ConstantVector | DictionaryVector;

/** Values of one physical type side by side; see `PhysicalType` for the widths. */
export interface FlatVector {
	kind: "flat";
	type: DataType;
	/** i32 under a type that is i64 when a decoder narrowed the values. */
	physical: PhysicalType;
	values: Pointer;
	validity: Pointer;
	/** bytes: i32[rowCount + 1], counted from `values`. numeric: i32 scales[rowCount]. Else 0. */
	offsets: Pointer;
}

/** Row 0 of `value` for every row. */
export interface ConstantVector {
	kind: "constant";
	type: DataType;
	physical: PhysicalType;
	value: FlatVector;
}

/** `codes` i32[rowCount] index `dictionary`; the lane under NULL is 0. `validity` is of the rows; entries of a dictionary are never NULL. */
export interface DictionaryVector {
	kind: "dictionary";
	type: DataType;
	physical: PhysicalType;
	codes: Pointer;
	validity: Pointer;
	dictionary: Dictionary;
}

/** Codes of different dictionaries are never compared. What is computed once per dictionary is remembered under its identity. */
export interface Dictionary {
	values: FlatVector;
	entryCount: number;
}
