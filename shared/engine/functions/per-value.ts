/** Functions of single JavaScript values as kernels: for what is rare, or what the host does better. Once per entry over a dictionary. */
import type { SqlValue } from "#shared/contracts/value.ts";
import { VectorBuilder } from "../vector/builder.ts";
import { readValue } from "../vector/read.ts";
import type { Bind, Binding, KernelCall } from "./kernel.ts";

/** A function of the values of one row. */
export type ValueFunction = (values: SqlValue[], call: KernelCall) => SqlValue;

/**
 * A strict function: it never sees a NULL.
 * @param make gives the function for one call in a plan, so that what depends on constants is done once
 * @returns results of the call's type; NULL where the function says null
 */
export function perValueBound(make: (binding: Binding) => ValueFunction): Bind {
	return perValueNullable((binding) => {
		const compute = make(binding);
		// Total kernels also see rows whose arguments are NULL.
		return (values, call) => (values.includes(null) ? null : compute(values, call));
	});
}

/** As {@link perValueBound}, of a function that takes NULLs. */
export function perValueNullable(make: (binding: Binding) => ValueFunction): Bind {
	return (binding) => {
		const compute = make(binding);
		return (call, operands) => {
			const { engine, rows, region } = call;
			const { views } = engine.arena;
			const constants = operands.map(({ vector, constant }) => (constant === 1 ? readValue(engine, vector, 0) : null));
			const builder = new VectorBuilder(engine, region, binding.type, rows.rowCount);
			for (let index = 0; index < rows.count; index++) {
				const row = rows.selection === 0 ? index : (views.u16[rows.selection / 2 + index] as number);
				while (builder.rowCount < row) builder.append(null);
				const values = operands.map(({ vector, constant }, argument) =>
					constant === 1 ? (constants[argument] as SqlValue) : readValue(engine, vector, row),
				);
				builder.append(compute(values, call));
			}
			while (builder.rowCount < rows.rowCount) builder.append(null);
			return builder.finish();
		};
	};
}

/** As {@link perValueBound}, for a function that needs nothing of the call in the plan. */
export function perValue(compute: ValueFunction): Bind {
	return perValueBound(() => compute);
}
