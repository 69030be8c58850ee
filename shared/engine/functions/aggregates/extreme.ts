/** min and max by SQL's order, and any_value, which keeps the first. State: a slot of a row store, a string's capacity at 8, u32 present at 20. */
import { type DataType, physicalType } from "#shared/contracts/data-type.ts";
import type { Region } from "../../memory/region.ts";
import { flatten } from "../../vector/copy.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { valueKind } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction, AggregateInput } from "./aggregate.ts";

function bind(binding: AggregateBinding, sign: 1 | 0 | -1): Aggregate {
	const { engine, offset, heap, type } = binding;
	const { kernels } = engine;
	const argumentType = binding.argumentTypes[0] as DataType;
	const kind = valueKind(argumentType);
	const column = { type: argumentType, kind, offset, nullBit: -1, present: offset + 20 };
	const lanes = sign === 0 ? null : physicalType(argumentType);
	const one = lanes === "i32" ? kernels.agg_extreme_i32_one : lanes === "i64" ? kernels.agg_extreme_i64_one : null;

	function update({ columns, rows, groups, only, region }: AggregateInput): void {
		const { values, validity, offsets } = flatten(engine, columns[0] as Vector, rows, region);
		const { selectedCount, selection } = rows;
		if (only !== undefined && one !== null) return one(sign, selectedCount, selection, values, validity, only + offset);
		for (let done = 0; ; heap.grow()) {
			done = kernels.agg_extreme(kind, sign, done, selectedCount, selection, values, validity, offsets, groups, offset, heap.state);
			if (done === selectedCount) return;
		}
	}

	/** The extreme of a NUMERIC(p,s) is a free NUMERIC: the type's modifier is forgotten, as in PostgreSQL. */
	function toFreeNumeric(vector: FlatVector, count: number, region: Region): FlatVector {
		let { values } = vector;
		if (vector.physical === "i64") {
			values = region.allocate(count * 16);
			kernels.widen_i64_i128(count, vector.values, values);
		}
		const offsets = region.allocate(count * 4);
		kernels.fill_valid_32(count, vector.validity, argumentType.kind === "numeric" ? (argumentType.scale ?? 0) : 0, offsets);
		return { ...vector, type, physical: "numeric", values, offsets };
	}

	return {
		partialTypes: [argumentType],
		update,
		merge: update,
		partial: (groups, region) => [gatherColumn(engine, column, groups, region)],
		finish(groups: RowPointers, region) {
			const vector = gatherColumn(engine, column, groups, region);
			if (physicalType(type) === "numeric" && vector.physical !== "numeric") return toFreeNumeric(vector, groups.count, region);
			return { ...vector, type };
		},
	};
}

export const MINIMUM: AggregateFunction = { stateBytes: 24, bind: (binding) => bind(binding, -1) };
export const MAXIMUM: AggregateFunction = { stateBytes: 24, bind: (binding) => bind(binding, 1) };
export const FIRST: AggregateFunction = { stateBytes: 24, bind: (binding) => bind(binding, 0) };
