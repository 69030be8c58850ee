/** count(*) and count(value): an i64. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { flatten, isNullConstant } from "../../vector/copy.ts";
import { gatherColumn } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { AggregateFunction } from "./aggregate.ts";

const BIGINT: DataType = { kind: "bigint" };

export const COUNT: AggregateFunction = {
	stateBytes: 8,
	bind({ engine, offset }) {
		const { kernels } = engine;
		const column = { type: BIGINT, kind: VALUE_KIND.i64, offset, nullBit: -1, present: -1 };
		return {
			takesNarrow: true,
			takesRuns: true,
			takesCodes: true,
			partialTypes: [BIGINT],
			update({ columns: [argument], rows, groups, only, runs }) {
				if (argument !== undefined && isNullConstant(engine, argument)) return;
				const validity = argument === undefined || argument.kind === "constant" ? 0 : argument.validity;
				if (runs !== undefined) kernels.agg_count_runs(runs.count, runs.pairs, runs.positions, validity, offset);
				else if (only === undefined) kernels.agg_count(rows.selectedCount, rows.selection, validity, groups, offset);
				else kernels.agg_count_one(rows.selectedCount, rows.selection, validity, only + offset);
			},
			merge({ columns: [counts], rows, groups, region }) {
				if (counts === undefined) return;
				kernels.agg_add_i64(rows.selectedCount, rows.selection, flatten(engine, counts, rows, region).values, groups, offset);
			},
			partial: (groups, region) => [gatherColumn(engine, column, groups, region)],
			finish: (groups, region) => gatherColumn(engine, column, groups, region),
		};
	},
};

/** Its arguments only say what DISTINCT compares. */
export const COUNT_ROWS: AggregateFunction = {
	...COUNT,
	bind(binding) {
		const rows = COUNT.bind(binding);
		return { ...rows, update: (input) => rows.update({ ...input, columns: [] }) };
	},
};
