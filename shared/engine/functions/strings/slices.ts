/** Functions whose result is a slice of their argument, or that only measure it: kernels over UTF-8 bytes. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { Bind, Kernel, KernelCall, Operand } from "../kernel.ts";
import { allocateBytes, allocateLengths, allocateResult } from "../lanes.ts";

const INTEGER: DataType = { kind: "integer" };

/** `unit`: 0 code points, 1 bytes, 8 bits. */
function bindLength(unit: 0 | 1 | 8): Bind {
	const kernel: Kernel = (call, operands) => {
		const { vector } = operands[0] as Operand;
		const result = allocateResult(call, INTEGER);
		const { count, selection } = call.rows;
		call.engine.kernels.length_bytes(unit, count, selection, vector.values, vector.offsets, result.values);
		return result;
	};
	return () => kernel;
}

/** Runs a kernel that says where each row's slice lies, then copies the slices. */
function slice(call: KernelCall, source: FlatVector, type: DataType, locate: (starts: number, lengths: number) => void): FlatVector {
	const { count, selection, rowCount } = call.rows;
	const starts = call.region.allocate(rowCount * 4);
	const lengths = allocateLengths(call);
	locate(starts, lengths);
	const result = allocateBytes(call, type, lengths);
	call.engine.kernels.copy_slices(count, selection, source.values, starts, result.values, result.offsets);
	return result;
}

function bindSubstring(bytewise: 0 | 1): Bind {
	return ({ type }) =>
		(call, operands) => {
			const [text, from, size] = operands as [Operand, Operand, Operand | undefined];
			const { count, selection } = call.rows;
			const { vector } = text;
			return slice(call, vector, type, (starts, lengths) => {
				const answer = call.engine.kernels.substring_bytes(
					bytewise,
					count,
					selection,
					vector.values,
					vector.offsets,
					text.constant,
					from.vector.values,
					from.constant,
					size?.vector.values ?? 0,
					size?.constant ?? 0,
					starts,
					lengths,
				);
				if (answer !== 0) throw new LittoralError("substring_error", "negative substring length not allowed");
			});
		};
}

function bindLeftRight(right: 0 | 1): Bind {
	return ({ type }) =>
		(call, operands) => {
			const [text, size] = operands as [Operand, Operand];
			const { count, selection } = call.rows;
			const { vector } = text;
			const { left_right_bytes: run } = call.engine.kernels;
			return slice(call, vector, type, (starts, lengths) =>
				run(right, count, selection, vector.values, vector.offsets, text.constant, size.vector.values, size.constant, starts, lengths),
			);
		};
}

/** `sides`: 1 the start, 2 the end, 3 both. */
function bindTrim(sides: 1 | 2 | 3): Bind {
	return ({ type }) =>
		(call, operands) => {
			const { vector } = operands[0] as Operand;
			const { count, selection } = call.rows;
			return slice(call, vector, type, (starts, lengths) =>
				call.engine.kernels.trim_blanks(sides, count, selection, vector.values, vector.offsets, starts, lengths),
			);
		};
}

function bindPosition(prefix: boolean): Bind {
	const kernel: Kernel = (call, operands) => {
		const [text, needle] = operands as [Operand, Operand];
		const result = allocateResult(call, prefix ? { kind: "boolean" } : INTEGER);
		const { count, selection } = call.rows;
		call.engine.kernels.position_bytes(
			prefix ? 1 : 0,
			count,
			selection,
			text.vector.values,
			text.vector.offsets,
			text.constant,
			needle.vector.values,
			needle.vector.offsets,
			needle.constant,
			result.values,
		);
		return result;
	};
	return () => kernel;
}

export const SLICE_KERNELS: Record<string, Bind> = {
	"length(text)": bindLength(0),
	"char_length(text)": bindLength(0),
	"character_length(text)": bindLength(0),
	"length(bytea)": bindLength(1),
	"octet_length(text)": bindLength(1),
	"octet_length(bytea)": bindLength(1),
	"bit_length(text)": bindLength(8),
	"bit_length(bytea)": bindLength(8),
	"substring(text,integer)": bindSubstring(0),
	"substring(text,integer,integer)": bindSubstring(0),
	"substring(bytea,integer)": bindSubstring(1),
	"substring(bytea,integer,integer)": bindSubstring(1),
	"substr(text,integer)": bindSubstring(0),
	"substr(text,integer,integer)": bindSubstring(0),
	"substr(bytea,integer)": bindSubstring(1),
	"substr(bytea,integer,integer)": bindSubstring(1),
	"left(text,integer)": bindLeftRight(0),
	"right(text,integer)": bindLeftRight(1),
	"ltrim(text)": bindTrim(1),
	"rtrim(text)": bindTrim(2),
	"btrim(text)": bindTrim(3),
	"position(text,text)": bindPosition(false),
	"strpos(text,text)": bindPosition(false),
	"starts_with(text,text)": bindPosition(true),
};
