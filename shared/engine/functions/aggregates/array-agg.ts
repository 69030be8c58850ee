/**
 * array_agg: every value, NULLs among them. The state is a run of arrays of one element each, as `vector/array-value.ts` encodes them, so that appending and merging are
 * copies of bytes; `finish` makes one array of each run.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import { openArray } from "../../vector/array-value.ts";
import { elementType, elementWidth, implodeArrays } from "../../vector/arrays.ts";
import { constantVector, VectorBuilder } from "../../vector/builder.ts";
import { flatten } from "../../vector/copy.ts";
import { readValue } from "../../vector/read.ts";
import type { Region } from "../../memory/region.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Aggregate, AggregateBinding, AggregateFunction } from "./aggregate.ts";
import { TEXT_STATE_BYTES, textState } from "./text-state.ts";

const BYTES: DataType = { kind: "bytea" };
const TEXT: DataType = { kind: "text" };

/** The values of each group in the order in which they came, NULLs among them. */
export interface ItemsState extends Omit<Aggregate, "finish"> {
	/** By group; of a group without rows, none. */
	read(groups: RowPointers, region: Region): SqlValue[][];
}

/** @param element the type of the values; `name` is the aggregate's, for errors */
export function itemsState(binding: AggregateBinding, element: DataType, name: string): ItemsState {
	const { engine } = binding;
	const type: DataType = { kind: "array", element };
	const state = textState(binding, BYTES, name);
	return {
		partialTypes: [BYTES],
		update(input) {
			const { rows, region } = input;
			const values = flatten(engine, input.columns[0] as Vector, rows, region);
			const { i32 } = engine.arena.views;
			const ends = region.allocate((rows.rowCount + 1) * 4);
			for (let row = 0; row <= rows.rowCount; row++) i32[ends / 4 + row] = row;
			const items = implodeArrays(engine, { type, rowCount: rows.rowCount, ends, validity: 0, elements: values }, region);
			state.append(items, constantVector(engine, region, TEXT, ""), input);
		},
		merge(input) {
			state.append(input.columns[0] as Vector, constantVector(engine, input.region, TEXT, ""), input);
		},
		partial: (groups, region) => [state.runs(groups, region)],
		read(groups, region) {
			const runs = state.runs(groups, region);
			return Array.from({ length: groups.count }, (_, group) => {
				const run = readValue(engine, runs, group) as Uint8Array | null;
				return run === null ? [] : itemsOf(element, run);
			});
		},
	};
}

function bind(binding: AggregateBinding): Aggregate {
	const { engine, type } = binding;
	const items = itemsState(binding, elementType(type), "array_agg");
	return {
		...items,
		finish(groups, region): FlatVector {
			const builder = new VectorBuilder(engine, region, type, groups.count);
			for (const values of items.read(groups, region)) builder.append(values.length === 0 ? null : values);
			return builder.finish();
		},
	};
}

/** The elements of a run of arrays of one element. */
function itemsOf(element: DataType, run: Uint8Array): SqlValue[] {
	const width = elementWidth(element);
	const view = new DataView(run.buffer, run.byteOffset, run.byteLength);
	const items: SqlValue[] = [];
	for (let at = 0; at < run.length; ) {
		const lanes = at + ((run[at + 3] as number) >= 0x80 ? 5 : 4);
		const end = width === 0 ? lanes + 4 + view.getUint32(lanes, true) : lanes + width;
		items.push(openArray(element, run.subarray(at, end)).at(0));
		at = end;
	}
	return items;
}

export const ARRAY_AGG: AggregateFunction = { stateBytes: TEXT_STATE_BYTES, bind };
