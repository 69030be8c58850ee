/** greatest and least: the extreme of the arguments of a row that are not NULL; NULL where all are. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { isValid } from "../vector/read.ts";
import { VectorBuilder } from "../vector/builder.ts";
import { readValue } from "../vector/read.ts";
import type { FlatVector } from "../vector/vector.ts";
import { bindComparison } from "./comparison.ts";
import type { Bind, KernelCall, Operand } from "./kernel.ts";
import { rowsOf } from "./lanes.ts";

/** One comparison per further argument over the whole batch decides each row's winner; values are then picked once. */
function pick(call: KernelCall, operands: Operand[], name: "gt" | "lt", type: DataType): FlatVector {
	const { engine, region, rows } = call;
	const { views } = engine.arena;
	const winners = new Map<number, Operand>();
	const valid = ({ vector, constant }: Operand, row: number): boolean => isValid(views, vector.validity, constant === 1 ? 0 : row);
	for (const operand of operands) {
		for (const row of rowsOf(call)) {
			if (!valid(operand, row)) continue;
			const winner = winners.get(row);
			if (winner === undefined || isBeyond(call, name, operand, winner, row)) winners.set(row, operand);
		}
	}
	const builder = new VectorBuilder(engine, region, type, rows.rowCount);
	for (let row = 0; row < rows.rowCount; row++) {
		const winner = winners.get(row);
		builder.append(winner === undefined ? null : readValue(engine, winner.vector, winner.constant === 1 ? 0 : row));
	}
	return builder.finish();
}

function isBeyond(call: KernelCall, name: "gt" | "lt", left: Operand, right: Operand, row: number): boolean {
	const { views } = call.engine.arena;
	const selection = call.region.allocate(2);
	views.u16[selection / 2] = row;
	const kernel = bindComparison(name, [left.vector.type, right.vector.type]);
	const result = kernel({ ...call, rows: { rowCount: call.rows.rowCount, selection, count: 1 } }, [left, right]);
	return views.u8[result.values + row] !== 0;
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
