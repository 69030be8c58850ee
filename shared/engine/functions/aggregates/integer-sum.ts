/** sum(smallint) and sum(integer): a bigint, checked at every step. State: i64 sum, u32 present at 8. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { flatten } from "../../vector/copy.ts";
import { gatherColumn } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { Vector } from "../../vector/vector.ts";
import type { AggregateFunction } from "./aggregate.ts";
import { codedRows } from "./coded-rows.ts";

const BIGINT: DataType = { kind: "bigint" };

export const INTEGER_SUM: AggregateFunction = {
	stateBytes: 16,
	bind({ engine, offset }) {
		const { kernels } = engine;
		const column = { type: BIGINT, kind: VALUE_KIND.i64, offset, nullBit: -1, present: offset + 8 };
		const checked = (overflow: number): void => {
			if (overflow !== 0) throw new LittoralError("numeric_value_out_of_range", "bigint out of range");
		};
		return {
			takesRuns: true,
			takesCodes: true,
			partialTypes: [BIGINT],
			update({ columns, rows, groups, only, runs, region }) {
				const coded = only === undefined ? null : codedRows(columns[0] as Vector, rows);
				if (coded !== null) return checked(kernels.agg_sum_i32_codes(rows.selectedCount, coded.codes, coded.entries, (only ?? 0) + offset));
				const { values, validity } = flatten(engine, columns[0] as Vector, rows, region);
				if (runs !== undefined) return checked(kernels.agg_sum_i32_runs(runs.count, runs.pairs, runs.positions, values, validity, offset));
				if (only !== undefined)
					return checked(kernels.agg_sum_i32_one(rows.selectedCount, rows.selection, values, validity, only + offset));
				checked(kernels.agg_sum_i32(rows.selectedCount, rows.selection, values, validity, groups, offset));
			},
			merge({ columns, rows, groups, region }) {
				const { values, validity } = flatten(engine, columns[0] as Vector, rows, region);
				checked(kernels.agg_sum_i64(rows.selectedCount, rows.selection, values, validity, groups, offset));
			},
			partial: (groups, region) => [gatherColumn(engine, column, groups, region)],
			finish: (groups, region) => gatherColumn(engine, column, groups, region),
		};
	},
};
