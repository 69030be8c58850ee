/**
 * What a scalar function is to the evaluator: a binding, made once per call in a plan, that gives a kernel, run once per batch.
 *
 * A kernel computes the live rows it is given and writes each result at the row's own position; lanes of other rows may hold anything in range (empty strings,
 * for bytes). The evaluator resolves NULLs of strict functions: it gives raising kernels valid rows only, and clears what stands under NULL.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Engine } from "../kernels/kernels.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { FlatVector } from "../vector/vector.ts";

/** An argument: flat lanes of its type's own physical type, or with `constant` 1 lane 0 for every row. */
export interface Operand {
	vector: FlatVector;
	constant: 0 | 1;
}

/** The rows of one kernel run. `selection` 0: rows 0 to `count`, which is then `rowCount`. */
export interface KernelRows {
	rowCount: number;
	selection: Pointer;
	count: number;
}

export interface KernelCall {
	engine: Engine;
	region: Region;
	statement: PlanStatement;
	rows: KernelRows;
}

export interface Kernel {
	(call: KernelCall, operands: Operand[]): FlatVector;
	/** The same, but where free NUMERIC is declared it takes NUMERIC(18,s) as well and may answer it (decimal.ts): only for who looks at the vector's own type. */
	narrow?: (call: KernelCall, operands: Operand[]) => FlatVector;
}

/** What is known of a call when the plan is compiled. */
export interface Binding {
	argumentTypes: DataType[];
	type: DataType;
	/** Values of arguments that are constants, undefined for others. */
	constants: (SqlValue | undefined)[];
	statement: PlanStatement;
}

export type Bind = (binding: Binding) => Kernel;
