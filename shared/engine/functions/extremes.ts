/** greatest and least: the extreme of the arguments of a row that are not NULL; NULL where all are. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Pointer } from "../memory/arena.ts";
import { VectorBuilder } from "../vector/builder.ts";
import { isValid, readValue } from "../vector/read.ts";
import type { FlatVector } from "../vector/vector.ts";
import { bindComparison } from "./comparison.ts";
import type { Bind, KernelCall, Operand } from "./kernel.ts";
import { rowsOf } from "./lanes.ts";

/**
 * A tournament: each argument is compared, in one kernel run, with the rows whose winner so far is one earlier argument. Values are picked once, at the end.
 */
function pick(call: KernelCall, operands: Operand[], name: "gt" | "lt", type: DataType): FlatVector {
	const { engine, region, rows } = call;
	const { views } = engine.arena;
	const valid = ({ vector, constant }: Operand, row: number): boolean => isValid(views, vector.validity, constant === 1 ? 0 : row);
	/** Index of the argument that wins the row so far; -1: all were NULL. */
	const winners = new Int32Array(rows.rowCount).fill(-1);
	const selection = region.allocate(rows.count * 2);
	for (const [index, operand] of operands.entries()) {
		const rivals = new Map<number, number[]>();
		for (const row of rowsOf(call)) {
			if (!valid(operand, row)) continue;
			const winner = winners[row] as number;
			if (winner < 0) winners[row] = index;
			else if (rivals.has(winner)) (rivals.get(winner) as number[]).push(row);
			else rivals.set(winner, [row]);
		}
		for (const [winner, contested] of rivals) {
			views.u16.set(contested, selection / 2);
			const beyond = beyondRows(call, name, operand, operands[winner] as Operand, { selection, count: contested.length });
			for (const row of contested) if (views.u8[beyond + row] !== 0) winners[row] = index;
		}
	}
	const builder = new VectorBuilder(engine, region, type, rows.rowCount);
	for (const [row, winner] of winners.entries()) {
		const operand = operands[winner];
		builder.append(operand === undefined ? null : readValue(engine, operand.vector, operand.constant === 1 ? 0 : row));
	}
	return builder.finish();
}

/** One byte a row: whether the left argument is beyond the right one. */
function beyondRows(
	call: KernelCall,
	name: "gt" | "lt",
	left: Operand,
	right: Operand,
	rows: { selection: Pointer; count: number },
): Pointer {
	const kernel = bindComparison(name, [left.vector.type, right.vector.type]);
	return kernel({ ...call, rows: { ...call.rows, ...rows } }, [left, right]).values;
}

export const EXTREME_KERNELS: Record<string, Bind> = {
	"greatest(any...)":
		({ type }) =>
		(call, operands) =>
			pick(call, operands, "gt", type),
	"least(any...)":
		({ type }) =>
		(call, operands) =>
			pick(call, operands, "lt", type),
};
