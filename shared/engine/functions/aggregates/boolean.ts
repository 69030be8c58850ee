/** bool_and (every) and bool_or. State: u8 value, u32 present at 4. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { flatten } from "../../vector/copy.ts";
import { gatherColumn } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction, AggregateInput } from "./aggregate.ts";

const BOOLEAN: DataType = { kind: "boolean" };

function bind({ engine, offset }: AggregateBinding, or: 0 | 1): Aggregate {
	const column = { type: BOOLEAN, kind: VALUE_KIND.bool, offset, nullBit: -1, present: offset + 4 };
	const update = ({ columns, rows, groups, region }: AggregateInput): void => {
		const { values, validity } = flatten(engine, columns[0] as Vector, rows, region);
		engine.kernels.agg_bool(or, rows.selectedCount, rows.selection, values, validity, groups, offset);
	};
	return {
		partialTypes: [BOOLEAN],
		update,
		merge: update,
		partial: (groups, region) => [gatherColumn(engine, column, groups, region)],
		finish: (groups, region) => gatherColumn(engine, column, groups, region),
	};
}

export const BOOL_AND: AggregateFunction = { stateBytes: 8, bind: (binding) => bind(binding, 0) };
export const BOOL_OR: AggregateFunction = { stateBytes: 8, bind: (binding) => bind(binding, 1) };
