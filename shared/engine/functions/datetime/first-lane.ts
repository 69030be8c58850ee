/** Constants where a kernel reads one lane per row. */
import type { FlatVector } from "../../vector/vector.ts";
import type { KernelCall, Operand } from "../kernel.ts";
import { allocateResult } from "../lanes.ts";

/** A constant value under a column of field names: laid out once per row. */
export function firstLane(call: KernelCall, operand: Operand): FlatVector {
	const { kernels } = call.engine;
	const { rowCount } = call.rows;
	const result = allocateResult(call, operand.vector.type);
	const { values } = operand.vector;
	if (operand.vector.physical === "i32") kernels.fill_32(rowCount, values, result.values);
	else if (operand.vector.physical === "i64") kernels.fill_64(rowCount, values, result.values);
	else kernels.fill_128(rowCount, values, result.values);
	return result;
}
