/** Allocating results and preparing operands of kernels. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, PHYSICAL_BYTES, physicalType } from "#shared/contracts/data-type.ts";
import type { Pointer } from "../memory/arena.ts";
import type { FlatVector } from "../vector/vector.ts";
import type { KernelCall, Operand } from "./kernel.ts";

/** A flat vector of fixed width, its lanes (and scales, of free NUMERIC) allocated and undefined. */
export function allocateResult(call: KernelCall, type: DataType): FlatVector {
	const physical = physicalType(type);
	const { rowCount } = call.rows;
	return {
		kind: "flat",
		type,
		physical,
		values: call.region.allocate(rowCount * PHYSICAL_BYTES[physical]),
		validity: 0,
		offsets: physical === "numeric" ? call.region.allocate(rowCount * 4) : 0,
	};
}

/** A bytes vector out of zeroed lengths (i32[rowCount + 1]) that a kernel filled: turns them into offsets and allocates the bytes. */
export function allocateBytes(call: KernelCall, type: DataType, lengths: Pointer): FlatVector {
	const byteCount = call.engine.kernels.offsets_in_place(call.rows.rowCount, lengths);
	if (byteCount < 0) throw new LittoralError("resource_exhausted", "a batch's strings exceed 2 GiB", { sqlstate: "53200" });
	return { kind: "flat", type, physical: "bytes", values: call.region.allocate(byteCount), validity: 0, offsets: lengths };
}

/** Zeroed lengths for {@link allocateBytes}. */
export const allocateLengths = (call: KernelCall): Pointer => call.region.allocateZeroed((call.rows.rowCount + 1) * 4);

/** Powers of ten up to 10^38 for the NUMERIC kernels. */
export function powersOfTen(call: KernelCall): Pointer {
	const table = call.region.allocate(39 * 16);
	call.engine.kernels.pow10_table(table);
	return table;
}

/** Working memory of one run of a NUMERIC kernel. */
export const numericScratch = (call: KernelCall): Pointer => call.region.allocate(256);

/** The five-word description that the NUMERIC kernels take: fixed and free values alike. */
export function numericOperand(call: KernelCall, { vector, constant }: Operand): Pointer {
	const { i32 } = call.engine.arena.views;
	const pointer = call.region.allocate(20);
	const at = pointer / 4;
	i32[at] = vector.values;
	i32[at + 1] = vector.physical === "i64" ? 0 : 1;
	i32[at + 2] = vector.physical === "numeric" ? vector.offsets : 0;
	i32[at + 3] = vector.type.kind === "numeric" ? (vector.type.scale ?? 0) : 0;
	i32[at + 4] = constant;
	return pointer;
}

/** Positions of the rows of a run, in order. */
export function* rowsOf(call: KernelCall): Generator<number> {
	const { selection, count } = call.rows;
	for (let index = 0; index < count; index++) {
		yield selection === 0 ? index : (call.engine.arena.views.u16[selection / 2 + index] as number);
	}
}
