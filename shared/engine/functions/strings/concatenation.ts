/** || and concat: parts become text vectors, then one pass adds lengths and one copies bytes. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { readValue } from "../../vector/read.ts";
import type { FlatVector } from "../../vector/vector.ts";
import { castText } from "../casts/text-casts.ts";
import type { Bind, KernelCall, Operand } from "../kernel.ts";
import { allocateBytes, allocateLengths, rowsOf } from "../lanes.ts";

const TEXT: DataType = { kind: "text" };

/** The operand as text, bytes as they are where the result is bytes. `output`: by the type's output function (concat: `t` and `f`, CHAR with its blanks), else by the cast. */
function asText(call: KernelCall, operand: Operand, output: boolean, result: DataType): Operand {
	const { vector, constant } = operand;
	const { type } = vector;
	if (type.kind === "text" || type.kind === "varchar" || type.kind === result.kind || (output && type.kind === "char")) return operand;
	const { engine, statement, region } = call;
	const text = (row: number): string | null => {
		const value = readValue(engine, vector, row);
		if (value === null) return null;
		return output ? formatValue(type, value, { timeZone: statement.timeZone }) : castText(type, value, statement.timeZone);
	};
	const builder = new VectorBuilder(engine, region, TEXT, constant === 1 ? 1 : call.rows.rowCount);
	if (constant === 1) builder.append(text(0));
	else {
		for (const row of rowsOf(call)) {
			while (builder.rowCount < row) builder.append(null);
			builder.append(text(row));
		}
		while (builder.rowCount < call.rows.rowCount) builder.append(null);
	}
	return { vector: builder.finish(), constant };
}

function concatenate(call: KernelCall, operands: Operand[], type: DataType): FlatVector {
	const { kernels } = call.engine;
	const { count, selection, rowCount } = call.rows;
	const lengths = allocateLengths(call);
	for (const { vector, constant } of operands) {
		kernels.add_lengths(count, selection, vector.offsets, vector.validity, constant, lengths);
	}
	const result = allocateBytes(call, type, lengths);
	const skip = call.region.allocateZeroed(rowCount * 4);
	for (const { vector, constant } of operands) {
		kernels.copy_bytes(count, selection, vector.values, vector.offsets, vector.validity, constant, result.values, result.offsets, skip);
	}
	return result;
}

function bindConcatenation(output: boolean): Bind {
	return ({ type }) =>
		(call, operands) =>
			concatenate(
				call,
				operands.map((operand) => asText(call, operand, output, type)),
				type,
			);
}

export const CONCATENATION_KERNELS: Record<string, Bind> = {
	"concat(any...)": bindConcatenation(true),
	"concat_op(text,text)": bindConcatenation(false),
	"concat_op(text,nonarray)": bindConcatenation(false),
	"concat_op(nonarray,text)": bindConcatenation(false),
	"concat_op(bytea,bytea)": bindConcatenation(false),
};
