/** Puts together one column from parts that were computed on disjoint rows of a batch: what CASE and COALESCE return. */
import { type DataType, PHYSICAL_BYTES, physicalType } from "#shared/contracts/data-type.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten } from "../vector/copy.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";

/** `rows` has the live rows for which `vector` was computed. */
export interface Part {
	rows: Batch;
	vector: Vector;
}

interface FlatPart {
	rows: Batch;
	flat: FlatVector;
	constant: 0 | 1;
}

/** @param parts on disjoint rows of one batch of `rowCount` rows; rows of no part are NULL-free but undefined (bytes: empty) */
export function mergeParts(engine: Engine, region: Region, type: DataType, rowCount: number, parts: Part[]): FlatVector {
	const physical = physicalType(type);
	const flats = parts
		.filter((part) => part.rows.selectedCount > 0)
		.map(({ rows, vector }): FlatPart => {
			if (vector.kind !== "constant") return { rows, flat: flatten(engine, vector, rows, region), constant: 0 };
			const one = { rowCount: 1, selection: 0, selectedCount: 1 };
			return { rows, flat: flatten(engine, vector.value, one, region), constant: 1 };
		});
	let validity = 0;
	if (flats.some(({ flat }) => flat.validity !== 0)) {
		const byteCount = (rowCount + 7) >> 3;
		validity = region.allocate(byteCount);
		engine.arena.views.u8.fill(0xff, validity, validity + byteCount);
	}
	if (physical === "bytes")
		return { ...mergeBytes(engine, region, rowCount, flats), type, validity: mergeValidity(engine, flats, validity) };
	const values = region.allocate(rowCount * PHYSICAL_BYTES[physical]);
	const offsets = physical === "numeric" ? region.allocate(rowCount * 4) : 0;
	for (const { rows, flat, constant } of flats) {
		const merge = (width: number, from: number, to: number): void =>
			engine.kernels.merge_fixed(width, rows.selectedCount, rows.selection, from, constant, to);
		merge(PHYSICAL_BYTES[physical], flat.values, values);
		if (offsets !== 0) merge(4, flat.offsets, offsets);
	}
	return { kind: "flat", type, physical, values, validity: mergeValidity(engine, flats, validity), offsets };
}

function mergeValidity(engine: Engine, flats: FlatPart[], validity: number): number {
	for (const { rows, flat, constant } of flats) {
		engine.kernels.merge_validity(rows.selectedCount, rows.selection, flat.validity, constant, validity);
	}
	return validity;
}

function mergeBytes(engine: Engine, region: Region, rowCount: number, flats: FlatPart[]): Omit<FlatVector, "type" | "validity"> {
	const offsets = region.allocateZeroed((rowCount + 1) * 4);
	for (const { rows, flat, constant } of flats) {
		engine.kernels.add_lengths(rows.selectedCount, rows.selection, flat.offsets, flat.validity, constant, offsets);
	}
	const byteCount = engine.kernels.offsets_in_place(rowCount, offsets);
	if (byteCount < 0) throw new LittoralError("resource_exhausted", "a batch's strings exceed 2 GiB", { sqlstate: "53200" });
	const values = region.allocate(byteCount);
	for (const { rows, flat, constant } of flats) {
		engine.kernels.copy_bytes(rows.selectedCount, rows.selection, flat.values, flat.offsets, flat.validity, constant, values, offsets, 0);
	}
	return { kind: "flat", physical: "bytes", values, offsets };
}
