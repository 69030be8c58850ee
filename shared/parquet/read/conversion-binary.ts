/** Conversions of byte values: kept as they are, and for files from outside checked for what a text column may hold. */
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Conversion, Lanes, ValueError } from "./conversion.ts";
import type { ParquetColumn } from "./footer-schema.ts";
import { SLACK_BYTES } from "../raw-values.ts";

/** @returns null when the pair is not one of byte values */
export function binaryConversion(column: ParquetColumn, type: DataType, checked: boolean): Conversion | null {
	const { kind } = column.type;
	const fixed = column.typeLength;
	if (type.kind === "bytea")
		return kind === "binary" || kind === "text" || kind === "json" ? bytesConversion(fixed, checked ? checkSize : null) : null;
	if (type.kind === "jsonb") return kind === "json" && !checked ? bytesConversion(fixed, null) : null;
	if (type.kind !== "text" && type.kind !== "varchar" && type.kind !== "char") return null;
	// Older writers leave text without its annotation; the UTF-8 check decides.
	if (kind !== "text" && kind !== "json" && !(kind === "binary" && fixed === 0)) return null;
	return bytesConversion(fixed, checked ? checkText(typeName(type), "length" in type ? type.length : undefined) : null);
}

type Check = (count: number, lanes: Lanes, context: { engine: Engine; report: (error: ValueError) => void }) => void;

function bytesConversion(fixed: number, check: Check | null): Conversion {
	return (count, raw, { engine, region, report }) => {
		const lanes = { values: raw.values, offsets: raw.kind === "bytes" ? raw.offsets : region.allocate((count + 1) * 4 + SLACK_BYTES) };
		if (raw.kind === "fixed") {
			const offsets = engine.arena.views.i32.subarray(lanes.offsets >> 2);
			for (let index = 0; index <= count; index++) offsets[index] = index * fixed;
		}
		check?.(count, lanes, { engine, report });
		return lanes;
	};
}

const checkSize: Check = (count, { offsets }, { engine, report }) => {
	const { i32 } = engine.arena.views;
	const at = offsets >> 2;
	if ((i32[at + count] as number) - (i32[at] as number) <= VALUE_BYTES_MAX) return;
	for (let index = 0; index < count; index++) {
		const byteCount = (i32[at + index + 1] as number) - (i32[at + index] as number);
		if (byteCount > VALUE_BYTES_MAX) {
			report({ index, code: "program_limit_exceeded", detail: `value of ${byteCount} bytes is larger than ${VALUE_BYTES_MAX}` });
		}
	}
};

function checkText(name: string, lengthMax: number | undefined): Check {
	return (count, lanes, context) => {
		checkSize(count, lanes, context);
		const { engine, report } = context;
		for (let index = 0; ; index++) {
			index = engine.kernels.utf8_check(index, count, lanes.offsets, lanes.values);
			if (index < 0) break;
			report({ index, code: "character_not_in_repertoire", detail: "value is not UTF-8, or holds a zero byte" });
		}
		if (lengthMax === undefined) return;
		const { i32, u8 } = engine.arena.views;
		for (let index = 0; index < count; index++) {
			const start = lanes.values + (i32[(lanes.offsets >> 2) + index] as number);
			const end = lanes.values + (i32[(lanes.offsets >> 2) + index + 1] as number);
			if (end - start > lengthMax && codePointCount(u8, start, end) > lengthMax) {
				report({ index, code: "string_data_right_truncation", detail: `value too long for type ${name}` });
			}
		}
	};
}

/** Bytes that begin a code point. */
function codePointCount(u8: Uint8Array, start: number, end: number): number {
	let count = 0;
	for (let index = start; index < end; index++) if (((u8[index] as number) & 0xc0) !== 0x80) count++;
	return count;
}
