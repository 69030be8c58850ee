/**
 * sum and avg whose result is NUMERIC: an i128 coefficient, so that 64-bit inputs never overflow. State: i128 sum, i32 scale at 16, u32 present at 20, i64
 * count at 24. Inputs of a fixed scale are added as they are, and the scale is set at the end.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, physicalType } from "#shared/contracts/data-type.ts";
import type { NumericValue } from "#shared/contracts/value.ts";
import type { Region } from "../../memory/region.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { flatten } from "../../vector/copy.ts";
import { scaleOf } from "../decimal.ts";
import { readValue } from "../../vector/read.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction } from "./aggregate.ts";
import { codedRows } from "./coded-rows.ts";
import { divideNumeric } from "./numeric-division.ts";

const NUMERIC: DataType = { kind: "numeric" };
const BIGINT: DataType = { kind: "bigint" };
const COUNT_OFFSET = 24;

function bind(binding: AggregateBinding, mean: boolean): Aggregate {
	const { engine, offset } = binding;
	const { kernels } = engine;
	const argumentType = binding.argumentTypes[0] as DataType;
	const physical = physicalType(argumentType);
	const fixedScale = argumentType.kind === "numeric" ? (argumentType.scale ?? 0) : 0;
	const sumColumn = { type: NUMERIC, kind: VALUE_KIND.numeric, offset, nullBit: -1, present: offset + 20 };
	const countColumn = { type: BIGINT, kind: VALUE_KIND.i64, offset: offset + COUNT_OFFSET, nullBit: -1, present: -1 };
	const checked = (overflow: number): void => {
		if (overflow !== 0) throw new LittoralError("numeric_value_out_of_range", "value overflows numeric format");
	};

	function sums(groups: RowPointers, region: Region): FlatVector {
		checked(1 - kernels.agg_wide_check(groups.count, groups.rows, offset));
		const sum = gatherColumn(engine, sumColumn, groups, region);
		if (physical !== "numeric") kernels.fill_valid_32(groups.count, sum.validity, fixedScale, sum.offsets);
		return sum;
	}

	function addNumeric(sum: FlatVector, weights: number, input: Parameters<Aggregate["update"]>[0]): void {
		const { rows, groups, region } = input;
		const scratch = region.allocate(16);
		const { values, offsets, validity } = sum;
		checked(kernels.agg_wide_numeric(rows.selectedCount, rows.selection, values, offsets, validity, weights, groups, offset, scratch));
	}

	return {
		takesNarrow: true,
		takesRuns: true,
		takesCodes: true,
		partialTypes: [NUMERIC, BIGINT],
		update(input) {
			const { rows, groups, only, runs, region } = input;
			const coded = only === undefined ? null : codedRows(input.columns[0] as Vector, rows);
			if (coded !== null) {
				const { width, codes, entries } = coded;
				const codedScale = physical === "numeric" ? scaleOf(input.columns[0] as Vector) : 0;
				const state = (only ?? 0) + offset;
				return checked(kernels.agg_wide_codes(width, codedScale, rows.selectedCount, codes, entries, state, region.allocate(16)));
			}
			const vector = flatten(engine, input.columns[0] as Vector, rows, region);
			const { values, validity } = vector;
			if (vector.physical === "numeric") return addNumeric(vector, 0, input);
			// What was declared with a scale gets it at the end; states of free NUMERIC have one.
			const scale = physical === "numeric" ? scaleOf(vector) : 0;
			const scratch = region.allocate(16);
			const { selectedCount: count, selection } = rows;
			const width = vector.physical === "i32" ? 4 : 8;
			if (runs !== undefined && vector.physical !== "i128") {
				return checked(kernels.agg_wide_runs(width, scale, runs.count, runs.pairs, runs.positions, values, validity, offset, scratch));
			}
			if (only !== undefined && vector.physical !== "i128") {
				return checked(kernels.agg_wide_one(width, scale, count, selection, values, validity, only + offset, scratch));
			}
			if (physical === "numeric")
				return checked(kernels.agg_wide_decimal(count, selection, scale, values, validity, groups, offset, scratch));
			const add =
				vector.physical === "i32" ? kernels.agg_wide_i32 : vector.physical === "i64" ? kernels.agg_wide_i64 : kernels.agg_wide_i128;
			checked(add(count, selection, values, validity, groups, offset));
		},
		merge(input) {
			const [sum, count] = input.columns.map((column) => flatten(engine, column, input.rows, input.region)) as [FlatVector, FlatVector];
			// The sums carry the fixed scale, the states must not: they are merged at scale 0.
			const bare = physical === "numeric" ? sum : { ...sum, offsets: input.region.allocateZeroed(input.rows.rowCount * 4) };
			addNumeric(bare, count.values, input);
		},
		partial: (groups, region) => [sums(groups, region), gatherColumn(engine, countColumn, groups, region)],
		finish(groups, region) {
			const sum = sums(groups, region);
			if (!mean) return sum;
			const counts = gatherColumn(engine, countColumn, groups, region);
			const builder = new VectorBuilder(engine, region, NUMERIC, groups.count);
			for (let index = 0; index < groups.count; index++) {
				const total = readValue(engine, sum, index) as NumericValue | null;
				const count = readValue(engine, counts, index) as bigint;
				builder.append(total === null ? null : divideNumeric(total, { coefficient: count, scale: 0 }));
			}
			return builder.finish();
		},
	};
}

export const NUMERIC_SUM: AggregateFunction = { stateBytes: 32, bind: (binding) => bind(binding, false) };
export const NUMERIC_MEAN: AggregateFunction = { stateBytes: 32, bind: (binding) => bind(binding, true) };
