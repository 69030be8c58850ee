/** `->`, `->>`, `#>`, `#>>` and `?`, `?|`, `?&`: found by one scan of the canonical text in the arena, and copied from it. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { Bind, KernelCall, Operand } from "../kernel.ts";
import { allocateBytes, allocateLengths, allocateResult, rowsOf } from "../lanes.ts";
import { readValue } from "../../vector/read.ts";
import { constantVector, VectorBuilder } from "../../vector/builder.ts";

/** Numbers of `assembly/json.ts`. */
const STEP = { key: 0, index: 1, path: 2 } as const;
const TEXTS: DataType = { kind: "array", element: { kind: "text" } };

function find(call: KernelCall, operands: [Operand, Operand], options: { step: keyof typeof STEP; type: DataType }): FlatVector {
	const { engine, region, rows } = call;
	const { kernels, arena } = engine;
	const [document, step] = operands;
	const { values, offsets } = document.vector;
	const asText = options.type.kind === "text" ? 1 : 0;
	const starts = region.allocate(rows.rowCount * 4);
	const lengths = allocateLengths(call);
	const found = region.allocate((rows.rowCount + 7) >> 3);
	arena.views.u8.fill(0xff, found, found + ((rows.rowCount + 7) >> 3));
	kernels.json_find(
		STEP[options.step],
		asText,
		rows.count,
		rows.selection,
		values,
		offsets,
		document.constant,
		step.vector.values,
		step.vector.offsets,
		step.constant,
		starts,
		lengths,
		found,
	);
	if (asText === 1) kernels.json_text_lengths(rows.count, rows.selection, values, starts, lengths, found);
	const result = allocateBytes(call, options.type, lengths);
	kernels.json_text_copy(asText, rows.count, rows.selection, values, starts, found, result.values, result.offsets);
	return { ...result, validity: found };
}

function access(step: keyof typeof STEP): Bind {
	return ({ type }) =>
		(call, operands) =>
			find(call, operands as [Operand, Operand], { step, type });
}

/** Keys as arguments of their own make a path. */
const byArguments: Bind =
	({ type }) =>
	(call, [document, ...steps]) => {
		const { engine, region } = call;
		const constant = steps.every((step) => step.constant === 1);
		const path = (row: number): SqlValue => steps.map((step) => readValue(engine, step.vector, step.constant === 1 ? 0 : row));
		if (constant) {
			const { value } = constantVector(engine, region, TEXTS, path(0));
			return find(call, [document as Operand, { vector: value, constant: 1 }], { step: "path", type });
		}
		const builder = new VectorBuilder(engine, region, TEXTS, call.rows.rowCount);
		for (const row of rowsOf(call)) {
			while (builder.rowCount < row) builder.append(null);
			builder.append(path(row));
		}
		while (builder.rowCount < call.rows.rowCount) builder.append(null);
		return find(call, [document as Operand, { vector: builder.finish(), constant: 0 }], { step: "path", type });
	};

function exists(mode: 0 | 1 | 2): Bind {
	return () => (call, operands) => {
		const [document, keys] = operands as [Operand, Operand];
		const result = allocateResult(call, { kind: "boolean" });
		const { count, selection } = call.rows;
		call.engine.kernels.json_exists(
			mode,
			count,
			selection,
			document.vector.values,
			document.vector.offsets,
			document.constant,
			keys.vector.values,
			keys.vector.offsets,
			keys.constant,
			result.values,
		);
		return result;
	};
}

export const JSON_ACCESS_KERNELS: Record<string, Bind> = {
	"json_get(jsonb,text)": access("key"),
	"json_get(jsonb,integer)": access("index"),
	"json_get_text(jsonb,text)": access("key"),
	"json_get_text(jsonb,integer)": access("index"),
	"json_path_get(jsonb,text[])": access("path"),
	"json_path_get_text(jsonb,text[])": access("path"),
	"jsonb_extract_path(jsonb,text...)": byArguments,
	"jsonb_extract_path_text(jsonb,text...)": byArguments,
	"json_exists(jsonb,text)": exists(0),
	"json_exists_any(jsonb,text[])": exists(1),
	"json_exists_all(jsonb,text[])": exists(2),
};
