/** sum and avg of REAL and DOUBLE. State: f64 sum, i64 count at 8, u32 present at 16. sum(real) is rounded to 32 bits at every step, as PostgreSQL's. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, physicalType } from "#shared/contracts/data-type.ts";
import type { Region } from "../../memory/region.ts";
import { flatten } from "../../vector/copy.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction } from "./aggregate.ts";

const DOUBLE: DataType = { kind: "double" };
const BIGINT: DataType = { kind: "bigint" };

function bind(binding: AggregateBinding, mean: boolean): Aggregate {
	const { engine, offset } = binding;
	const { kernels } = engine;
	const single = physicalType(binding.argumentTypes[0] as DataType) === "f32";
	const sumColumn = { type: DOUBLE, kind: VALUE_KIND.f64, offset, nullBit: -1, present: offset + 16 };
	const countColumn = { type: BIGINT, kind: VALUE_KIND.i64, offset: offset + 8, nullBit: -1, present: -1 };
	const checked = (overflow: number): void => {
		if (overflow !== 0) throw new LittoralError("numeric_value_out_of_range", "value out of range: overflow");
	};

	function toSingle(sum: FlatVector, count: number, region: Region): FlatVector {
		const values = region.allocate(count * 4);
		kernels.narrow_f64_f32(count, sum.values, values);
		return { ...sum, type: { kind: "real" }, physical: "f32", values };
	}

	return {
		partialTypes: [DOUBLE, BIGINT],
		update({ columns, rows, groups, only, region }) {
			const { values, validity } = flatten(engine, columns[0] as Vector, rows, region);
			if (only !== undefined && !single)
				return checked(kernels.agg_sum_f64_one(rows.selectedCount, rows.selection, values, validity, only + offset));
			const add = single ? (mean ? kernels.agg_sum_f32_wide : kernels.agg_sum_f32) : kernels.agg_sum_f64;
			checked(add(rows.selectedCount, rows.selection, values, validity, groups, offset));
		},
		merge({ columns, rows, groups, region }) {
			const [sum, count] = columns.map((column) => flatten(engine, column, rows, region)) as [FlatVector, FlatVector];
			checked(kernels.agg_merge_f64(rows.selectedCount, rows.selection, sum.values, sum.validity, count.values, groups, offset));
		},
		partial: (groups, region) => [gatherColumn(engine, sumColumn, groups, region), gatherColumn(engine, countColumn, groups, region)],
		finish(groups: RowPointers, region) {
			const sum = gatherColumn(engine, sumColumn, groups, region);
			if (!mean) return single ? toSingle(sum, groups.count, region) : sum;
			kernels.agg_mean_f64(groups.count, groups.rows, offset, sum.values);
			return sum;
		},
	};
}

export const FLOAT_SUM: AggregateFunction = { stateBytes: 24, bind: (binding) => bind(binding, false) };
export const FLOAT_MEAN: AggregateFunction = { stateBytes: 24, bind: (binding) => bind(binding, true) };
