/**
 * What a function that returns rows is to the operator that runs it: bound once per call in a plan, opened once per input row with the values of its arguments, and
 * pulled from in pieces, so that no result is ever made as a whole.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { VectorBuilder } from "../../vector/builder.ts";

export interface TableFunctionBinding {
	argumentTypes: DataType[];
	/** Of the result's columns. */
	types: DataType[];
	statement: PlanStatement;
}

/** The rows of one call. Holds no arena memory: it may be kept from batch to batch, or left before its end. */
export interface TableRows {
	/**
	 * Appends the next rows, at most `countMax`, to the builders: one per column of the result, of the binding's types.
	 * @returns how many; fewer than `countMax` only at the end, 0 behind it
	 */
	pull(columns: VectorBuilder[], countMax: number): number;
}

/** Opens a call for one input row. @param values of the arguments; a strict function has no rows where one is NULL. @throws what the function raises for them */
export type OpenTableFunction = (values: SqlValue[]) => TableRows;

export type BindTableFunction = (binding: TableFunctionBinding) => OpenTableFunction;

export const NO_ROWS: TableRows = { pull: () => 0 };

/** Rows that are there already. */
export function rowsOfValues(rows: readonly (readonly SqlValue[])[]): TableRows {
	let next = 0;
	return {
		pull(columns, countMax) {
			const end = Math.min(rows.length, next + countMax);
			const start = next;
			for (; next < end; next++) {
				for (const [index, column] of columns.entries()) column.append((rows[next] as readonly SqlValue[])[index] ?? null);
			}
			return end - start;
		},
	};
}

/** Rows of one column that are there already. */
export function rowsOfColumn(values: readonly SqlValue[]): TableRows {
	let next = 0;
	return {
		pull([column], countMax) {
			const end = Math.min(values.length, next + countMax);
			const start = next;
			for (; next < end; next++) column?.append(values[next] ?? null);
			return end - start;
		},
	};
}
