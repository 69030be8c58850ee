/** Rows of whole numbers that come as codes of a dictionary: their sum needs no values written row by row. */
import { PHYSICAL_BYTES } from "#shared/contracts/data-type.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { RowSpace } from "../../vector/copy.ts";
import type { Vector } from "../../vector/vector.ts";

export interface CodedRows {
	/** u32 by row position. */
	codes: Pointer;
	/** The dictionary's, of `width` bytes each, 4 or 8. */
	entries: Pointer;
	width: number;
}

/** @returns null where some rows are not live or NULL, or where the values are something else */
export function codedRows(vector: Vector, { selection }: RowSpace): CodedRows | null {
	if (vector.kind !== "dictionary" || vector.validity !== 0 || selection !== 0) return null;
	const { values, validity, physical } = vector.dictionary.values;
	if (validity !== 0 || (physical !== "i32" && physical !== "i64")) return null;
	return { codes: vector.codes, entries: values, width: PHYSICAL_BYTES[physical] };
}
