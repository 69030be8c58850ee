/**
 * How the rows that group-by, join and sort keep lie in memory, and how columns are described to the kernels (`assembly/row-store.ts`).
 *
 *   row     u32 hash, u32 next, one NULL bit per column from byte 8 (without a chain from byte 4), slots, then `extraBytes` of the owner's (aggregate states), to a multiple of 8
 */
import { type DataType, type PhysicalType, physicalType } from "#shared/contracts/data-type.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { FlatVector } from "./vector.ts";

/** Numbers of `assembly/value.ts`. */
export const VALUE_KIND = {
	bool: 0,
	i32: 1,
	i64: 2,
	i128: 3,
	u128: 4,
	f32: 5,
	f64: 6,
	numeric: 7,
	interval: 8,
	bytes: 9,
	json: 10,
	array: 16,
} as const;
/** One of {@link VALUE_KIND}; of an array, its own plus its elements'. From `bytes` on, values have a length. */
export type ValueKind = number;

/** Bytes of a slot: a string's address and length, a NUMERIC's coefficient and scale. */
const SLOT_BYTES: Record<PhysicalType, number> = {
	bool: 1,
	i32: 4,
	i64: 8,
	i128: 16,
	f32: 4,
	f64: 8,
	numeric: 24,
	interval: 16,
	bytes: 8,
};
const ROW_HEADER_BYTES = 8;
export const DESCRIPTOR_BYTES = 32;

/** How the kernels order, hash and compare values of the type. */
export function valueKind(type: DataType): ValueKind {
	switch (type.kind) {
		case "uuid":
			return VALUE_KIND.u128;
		case "jsonb":
			return VALUE_KIND.json;
		case "array":
			return VALUE_KIND.array + valueKind(type.element);
		default:
			return VALUE_KIND[physicalType(type)];
	}
}

export interface RowColumn {
	type: DataType;
	kind: ValueKind;
	/** Of the slot in its row. */
	offset: number;
	/** Index of its NULL bit, counted from byte 8: those before that are below -1. */
	nullBit: number;
}

export interface RowLayout {
	columns: RowColumn[];
	/** Where the owner's bytes begin, a multiple of 8. */
	extraOffset: number;
	rowBytes: number;
}

/** Rows of a group-by have no chain: that word has the NULL bits of so many columns, and a row is eight bytes shorter. Its last bit would be -1, which is none. */
const CHAIN_BITS = 32;

/**
 * Widest slots first, so that each is aligned to its width without gaps.
 * @param options `chained` rows use the header's second word: a join's chain, a sort's prefix
 */
export function rowLayout(types: DataType[], extraBytes = 0, options: { chained: boolean } = { chained: true }): RowLayout {
	const inHeader = !options.chained && types.length < CHAIN_BITS;
	// A kernel looks for bit n in byte 8 + n / 8 of the row.
	const firstBit = inHeader ? -CHAIN_BITS : 0;
	const columns = types.map((type, index) => ({ type, kind: valueKind(type), offset: 0, nullBit: firstBit + index }));
	let offset = inHeader ? ROW_HEADER_BYTES : alignTo8(ROW_HEADER_BYTES + Math.ceil(types.length / 8));
	const bySize = columns.toSorted((left, right) => slotBytes(right) - slotBytes(left));
	for (const column of bySize) {
		column.offset = offset;
		offset += slotBytes(column);
	}
	const extraOffset = alignTo8(offset);
	return { columns, extraOffset, rowBytes: alignTo8(extraOffset + extraBytes) };
}

export interface DescribedColumn {
	column: RowColumn;
	/** The batch's vector, where rows of a batch are read; null where only stored rows are compared. */
	vector: FlatVector | null;
	descending?: boolean;
	nullsFirst?: boolean;
}

/** Writes descriptors at `out`: DESCRIPTOR_BYTES each. */
export function writeDescriptors(engine: Engine, columns: DescribedColumn[], out: Pointer): void {
	const { i32 } = engine.arena.views;
	for (const [index, { column, vector, descending, nullsFirst }] of columns.entries()) {
		const at = out / 4 + index * (DESCRIPTOR_BYTES / 4);
		i32[at] = column.kind;
		i32[at + 1] = column.offset;
		i32[at + 2] = column.nullBit;
		i32[at + 3] = vector?.values ?? 0;
		i32[at + 4] = vector?.validity ?? 0;
		i32[at + 5] = vector?.offsets ?? 0;
		i32[at + 6] = (descending ? 1 : 0) | (nullsFirst ? 2 : 0);
		i32[at + 7] = 0;
	}
}

function slotBytes(column: RowColumn): number {
	return SLOT_BYTES[physicalType(column.type)];
}

function alignTo8(byteCount: number): number {
	return (byteCount + 7) & ~7;
}
