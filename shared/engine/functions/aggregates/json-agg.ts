/**
 * jsonb_agg and jsonb_object_agg, of values that the binder has made documents and of keys that it has made texts. The state is the text between the brackets, in the order
 * in which rows came; an object's members are put in their order, the last of equal keys kept, when it is finished.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { jsonMembers } from "#shared/contracts/values/json-parts.ts";
import { quoteJson, writeObject } from "#shared/contracts/values/json-text.ts";
import type { Engine } from "../../kernels/kernels.ts";
import { constantVector, VectorBuilder } from "../../vector/builder.ts";
import { readValue } from "../../vector/read.ts";
import type { Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction, AggregateInput } from "./aggregate.ts";
import { TEXT_STATE_BYTES, textState } from "./text-state.ts";

const TEXT: DataType = { kind: "text" };

/** @param options `item` is the text of a row, `close` makes the document of the items' texts with `, ` between */
function bindItems(
	binding: AggregateBinding,
	options: { name: string; item: (row: (string | null)[]) => string; close: (items: string) => string },
): Aggregate {
	const { engine } = binding;
	const state = textState(binding, TEXT, options.name);
	const append = (items: Vector, input: AggregateInput): void =>
		state.append(items, constantVector(engine, input.region, TEXT, ", "), input);
	return {
		partialTypes: [TEXT],
		update(input) {
			const { rows, region, columns } = input;
			const builder = new VectorBuilder(engine, region, TEXT, rows.rowCount);
			for (const row of liveRows(engine, input)) {
				while (builder.rowCount < row) builder.append(null);
				builder.append(options.item(columns.map((column) => readValue(engine, column, row) as string | null)));
			}
			while (builder.rowCount < rows.rowCount) builder.append(null);
			append(builder.finish(), input);
		},
		merge: (input) => append(input.columns[0] as Vector, input),
		partial: (groups, region) => [state.runs(groups, region)],
		finish(groups, region) {
			const runs = state.runs(groups, region);
			const builder = new VectorBuilder(engine, region, { kind: "jsonb" }, groups.count);
			for (let group = 0; group < groups.count; group++) {
				const items = readValue(engine, runs, group) as string | null;
				builder.append(items === null ? null : options.close(items));
			}
			return builder.finish();
		},
	};
}

function* liveRows(engine: Engine, { rows }: AggregateInput): Generator<number> {
	for (let index = 0; index < rows.selectedCount; index++) {
		yield rows.selection === 0 ? index : (engine.arena.views.u16[rows.selection / 2 + index] as number);
	}
}

export const JSONB_AGG: AggregateFunction = {
	stateBytes: TEXT_STATE_BYTES,
	bind: (binding) => bindItems(binding, { name: "jsonb_agg", item: ([value]) => value ?? "null", close: (items) => `[${items}]` }),
};

export const JSONB_OBJECT_AGG: AggregateFunction = {
	stateBytes: TEXT_STATE_BYTES,
	bind: (binding) =>
		bindItems(binding, {
			name: "jsonb_object_agg",
			item: ([key, value]) => {
				if (key === null || key === undefined) throw new LittoralError("invalid_parameter_value", "field name must not be null");
				return `${quoteJson(key)}: ${value ?? "null"}`;
			},
			close: (items) => writeObject(new Map(jsonMembers(`{${items}}`))),
		}),
};
