/** Writes a batch in the native format, see `layout.ts`. */
import { assert, unreachable } from "#shared/base/assert.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { PHYSICAL_BYTES } from "#shared/contracts/data-type.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import { Lease } from "../memory/lease.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { compactBatch, flatten } from "../vector/copy.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import { DescriptorWriter } from "./descriptor.ts";
import { align, checksum, CRC_OFFSET, ENCODING, FORMAT_VERSION, HEADER_BYTES, MAGIC, viewOf } from "./layout.ts";

interface Section {
	pointer: Pointer;
	byteCount: number;
	/** Subtracted from each i32 of the section: string offsets are stored from 0. */
	base: number;
}

let scratchCount = 0;

interface EncodeOptions {
	schemaVersion: number;
	/** One per column, in the batch's column order. */
	fieldIds: number[];
	/** Zeroed bytes for the result, at a multiple of four; default: new ones. */
	allocate?: (byteCount: number) => Uint8Array;
}

/** The batch's live rows as bytes that {@link decodeBatch} reads: constants and dictionaries stay what they are where that is smaller. */
export function encodeBatch(engine: Engine, batch: Batch, options: EncodeOptions): Uint8Array {
	// An owner of its own: the arena zeroes these pages for whoever comes next.
	const scratch = new Lease(engine.arena, { owner: `encode-${scratchCount++}` });
	try {
		return encodeBatchWith(engine, batch, options, scratch.region());
	} finally {
		scratch.release();
	}
}

/** As {@link encodeBatch}, in the caller's memory. @param scratch for what is packed or flattened on the way */
export function encodeBatchWith(engine: Engine, batch: Batch, options: EncodeOptions, scratch: Region): Uint8Array {
	assert(options.fieldIds.length === batch.columns.length, "a column has a field id");
	assert(batch.selectedCount <= BATCH_ROW_COUNT_MAX, "a batch holds at most BATCH_ROW_COUNT_MAX rows");
	return encodeDense(engine, compactBatch(engine, batch, scratch), options, scratch);
}

function encodeDense(engine: Engine, batch: Batch, options: EncodeOptions, scratch: Region): Uint8Array {
	const writer = new DescriptorWriter();
	const sections: Section[] = [];
	for (const [index, column] of batch.columns.entries()) {
		writer.u32(options.fieldIds[index] as number);
		encodeColumn({ engine, writer, sections }, smallest(engine, column, batch.rowCount, scratch), batch.rowCount);
	}
	const dataStart = align(HEADER_BYTES + writer.bytes.length);
	const byteCount = sections.reduce((end, section) => end + align(section.byteCount), dataStart);
	const bytes = options.allocate?.(byteCount) ?? new Uint8Array(byteCount);
	const view = viewOf(bytes);
	view.setUint32(0, MAGIC, true);
	view.setUint16(8, FORMAT_VERSION, true);
	view.setUint32(12, options.schemaVersion, true);
	view.setUint32(16, batch.rowCount, true);
	view.setUint32(20, batch.columns.length, true);
	view.setUint32(24, byteCount, true);
	bytes.set(writer.bytes, HEADER_BYTES);
	let offset = dataStart;
	for (const section of sections) {
		bytes.set(engine.arena.views.u8.subarray(section.pointer, section.pointer + section.byteCount), offset);
		if (section.base !== 0) {
			const offsets = new Int32Array(bytes.buffer, bytes.byteOffset + offset, section.byteCount / 4);
			for (let index = 0; index < offsets.length; index++) offsets[index] = (offsets[index] as number) - section.base;
		}
		offset += align(section.byteCount);
	}
	view.setUint32(CRC_OFFSET, checksum(bytes), true);
	return bytes;
}

/** A dictionary of more entries than rows is flattened, and one of lanes of fixed width. */
function smallest(engine: Engine, vector: Vector, rowCount: number, scratch: Region): Vector {
	if (vector.kind !== "dictionary" || (vector.physical === "bytes" && vector.dictionary.entryCount <= rowCount)) return vector;
	return flatten(engine, vector, { rowCount, selection: 0, selectedCount: rowCount }, scratch);
}

interface Output {
	engine: Engine;
	writer: DescriptorWriter;
	sections: Section[];
}

function encodeColumn(output: Output, vector: Vector, rowCount: number): void {
	const { writer, sections } = output;
	writer.type(vector.type);
	writer.u8(ENCODING[vector.kind === "flat" ? "plain" : vector.kind]);
	switch (vector.kind) {
		case "flat":
			writer.u8(0);
			return encodeFlat(output, vector, rowCount);
		case "constant":
			writer.u8(0);
			return encodeFlat(output, vector.value, 1);
		case "dictionary":
			writer.u8(vector.validity === 0 ? 0 : 1);
			writer.u32(vector.dictionary.entryCount);
			sections.push({ pointer: vector.codes, byteCount: rowCount * 4, base: 0 });
			if (vector.validity !== 0) sections.push({ pointer: vector.validity, byteCount: (rowCount + 7) >> 3, base: 0 });
			return encodeFlat(output, vector.dictionary.values, vector.dictionary.entryCount);
		default:
			unreachable(vector);
	}
}

function encodeFlat(output: Output, vector: FlatVector, rowCount: number): void {
	const { engine, writer, sections } = output;
	const { i32 } = engine.arena.views;
	const { physical, values, validity, offsets } = vector;
	const start = physical === "bytes" ? (i32[offsets / 4] as number) : 0;
	const length = physical === "bytes" ? (i32[offsets / 4 + rowCount] as number) - start : 0;
	writer.physical(physical);
	writer.u8(validity === 0 ? 0 : 1);
	writer.u32(length);
	if (validity !== 0) sections.push({ pointer: validity, byteCount: (rowCount + 7) >> 3, base: 0 });
	if (physical === "bytes") {
		sections.push(
			{ pointer: values + start, byteCount: length, base: 0 },
			{ pointer: offsets, byteCount: (rowCount + 1) * 4, base: start },
		);
		return;
	}
	sections.push({ pointer: values, byteCount: rowCount * PHYSICAL_BYTES[physical], base: 0 });
	if (physical === "numeric") sections.push({ pointer: offsets, byteCount: rowCount * 4, base: 0 });
}
