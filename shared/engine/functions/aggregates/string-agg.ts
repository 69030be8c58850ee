/** string_agg(value, delimiter): the delimiter of a row stands before its value, except before the first. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction, AggregateInput } from "./aggregate.ts";
import { TEXT_STATE_BYTES, textState } from "./text-state.ts";

const TEXT: DataType = { kind: "text" };

function bind(binding: AggregateBinding): Aggregate {
	const state = textState(binding, TEXT, "string_agg");
	const update = (input: AggregateInput): void => {
		const [value, delimiter] = input.columns as [Vector, Vector];
		state.append(value, delimiter, input);
	};
	return {
		partialTypes: [TEXT, TEXT],
		update,
		merge: update,
		partial: (groups, region) => [state.runs(groups, region), state.delimiters(groups, region)],
		finish: (groups, region) => state.runs(groups, region),
	};
}

export const STRING_AGG: AggregateFunction = { stateBytes: TEXT_STATE_BYTES, bind };
