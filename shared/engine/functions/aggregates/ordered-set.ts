/**
 * percentile_cont, percentile_disc and mode WITHIN GROUP. The rows arrive sorted (AggregateCall.orderBy); the state keeps their values as array_agg does, and beside them
 * the fraction. A merge appends: sorted runs of several inputs have to be merged by whoever sorts.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKeyOf } from "#shared/contracts/values/compare.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { readValue } from "../../vector/read.ts";
import type { Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction } from "./aggregate.ts";
import { itemsState } from "./array-agg.ts";
import { FIRST } from "./extreme.ts";
import { TEXT_STATE_BYTES } from "./text-state.ts";

/** @param values sorted, none NULL, at least one */
type Percentile = (values: SqlValue[], fraction: number) => SqlValue;

/** @throws numeric_value_out_of_range (22003) outside of 0 to 1 */
export function checkedFraction(fraction: number): number {
	if (fraction >= 0 && fraction <= 1) return fraction;
	throw new LittoralError("numeric_value_out_of_range", `percentile value ${Number(fraction.toPrecision(6))} is not between 0 and 1`);
}

/** The first value at or behind that fraction of the rows. */
const discrete: Percentile = (values, fraction) => values[Math.max(Math.ceil(fraction * values.length), 1) - 1] as SqlValue;

/** Between the two values around the place, in proportion. */
const continuous: Percentile = (values, fraction) => {
	const place = fraction * (values.length - 1);
	const low = values[Math.floor(place)] as number;
	const high = values[Math.ceil(place)] as number;
	return low + (place - Math.floor(place)) * (high - low);
};

function percentileOf(values: SqlValue[], fraction: SqlValue, percentile: Percentile): SqlValue {
	if (fraction === null) return null;
	if (!Array.isArray(fraction)) {
		const checked = checkedFraction(fraction as number);
		return values.length === 0 ? null : percentile(values, checked);
	}
	if (values.length === 0) return null;
	return fraction.map((one) => (one === null ? null : percentile(values, checkedFraction(one as number))));
}

function bindPercentile(binding: AggregateBinding, percentile: Percentile): Aggregate {
	const { engine, type, argumentTypes, offset } = binding;
	const [fractionType, valueType] = argumentTypes as [DataType, DataType];
	const items = itemsState(binding, valueType, "percentile");
	const fraction = FIRST.bind({ ...binding, offset: offset + TEXT_STATE_BYTES, argumentTypes: [fractionType], type: fractionType });
	const split = (columns: Vector[]): [Vector[], Vector[]] => [columns.slice(0, 1), columns.slice(1)];
	return {
		partialTypes: [...fraction.partialTypes, ...items.partialTypes],
		update(input) {
			const [fractions, values] = split(input.columns);
			fraction.update({ ...input, columns: fractions });
			items.update({ ...input, columns: values });
		},
		merge(input) {
			const [fractions, values] = split(input.columns);
			fraction.merge({ ...input, columns: fractions });
			items.merge({ ...input, columns: values });
		},
		partial: (groups, region) => [...fraction.partial(groups, region), ...items.partial(groups, region)],
		finish(groups, region) {
			const fractions = fraction.finish(groups, region);
			const builder = new VectorBuilder(engine, region, type, groups.count);
			for (const [index, values] of items.read(groups, region).entries()) {
				builder.append(
					percentileOf(
						values.filter((value) => value !== null),
						readValue(engine, fractions, index),
						percentile,
					),
				);
			}
			return builder.finish();
		},
	};
}

/** The most frequent value, of several the first. */
function mostFrequent(type: DataType, values: SqlValue[]): SqlValue {
	const keyOf = equalityKeyOf(type);
	let best: { value: SqlValue; key: unknown; count: number } = { value: null, key: undefined, count: 0 };
	let run = best;
	for (const value of values) {
		const key = keyOf(value);
		run = run.count > 0 && run.key === key ? { ...run, count: run.count + 1 } : { value, key, count: 1 };
		if (run.count > best.count) best = run;
	}
	return best.value;
}

function bindMode(binding: AggregateBinding): Aggregate {
	const { engine, type, argumentTypes } = binding;
	const valueType = argumentTypes[0] as DataType;
	const items = itemsState(binding, valueType, "mode");
	return {
		partialTypes: items.partialTypes,
		update: items.update,
		merge: items.merge,
		partial: items.partial,
		finish(groups, region) {
			const builder = new VectorBuilder(engine, region, type, groups.count);
			for (const values of items.read(groups, region)) {
				builder.append(
					mostFrequent(
						valueType,
						values.filter((value) => value !== null),
					),
				);
			}
			return builder.finish();
		},
	};
}

const percentile = (compute: Percentile): AggregateFunction => ({
	stateBytes: TEXT_STATE_BYTES + FIRST.stateBytes,
	bind: (binding) => bindPercentile(binding, compute),
});
export const PERCENTILE_CONT = percentile(continuous);
export const PERCENTILE_DISC = percentile(discrete);
export const MODE: AggregateFunction = { stateBytes: TEXT_STATE_BYTES, bind: bindMode };
