/** approx_count_distinct and approx_quantile, from the sketches that column statistics are made of too: their states merge, and have a bound. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKeyOf } from "#shared/contracts/values/compare.ts";
import { HyperLogLog } from "#shared/sketches/hyper-log-log.ts";
import { QuantileSketch } from "#shared/sketches/quantile-sketch.ts";
import { hashBytes, hashDouble, hashed, hashWords } from "#shared/sketches/value-hash.ts";
import type { Engine } from "../../kernels/kernels.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { flatten } from "../../vector/copy.ts";
import { readValue } from "../../vector/read.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction } from "./aggregate.ts";
import { FIRST } from "./extreme.ts";
import { checkedFraction } from "./ordered-set.ts";
import { SKETCH_BYTES, SKETCH_STATE_BYTES, sketchState } from "./sketch-state.ts";

/** 2^12 registers: a standard error of 1.04 / 64 = 1.6%, in at most 3 KiB. */
const DISTINCT_PRECISION = 12;
/** An error of a rank of at most 1.3% at 99%, in at most some 5 KiB. */
const QUANTILE_K = 200;

/** Puts the hash of a row's value into `hashed`; equal values have equal hashes. */
function hasherOf(engine: Engine, values: FlatVector): (row: number) => void {
	const { views } = engine.arena;
	switch (values.physical) {
		case "i32":
			return (row) => hashWords(views.i32[values.values / 4 + row] as number, 0);
		case "i64":
			return (row) => hashWords(views.i32[values.values / 4 + row * 2] as number, views.i32[values.values / 4 + row * 2 + 1] as number);
		case "f32":
			return (row) => hashDouble(views.f32[values.values / 4 + row] as number);
		case "f64":
			return (row) => hashDouble(views.f64[values.values / 8 + row] as number);
		case "bytes":
			if (values.type.kind === "jsonb" || values.type.kind === "array") break;
			return (row) => {
				const at = values.offsets / 4 + row;
				hashBytes(views.u8, values.values + (views.i32[at] as number), values.values + (views.i32[at + 1] as number));
			};
	}
	const keyOf = equalityKeyOf(values.type);
	const encoder = new TextEncoder();
	return (row) => hashBytes(encoder.encode(String(keyOf(readValue(engine, values, row)))));
}

function bindDistinct(binding: AggregateBinding): Aggregate {
	const { engine, type } = binding;
	const state = sketchState(binding, {
		make: () => new HyperLogLog(DISTINCT_PRECISION),
		decode: (bytes) => HyperLogLog.decode(bytes),
	});
	return {
		partialTypes: [SKETCH_BYTES],
		update(input) {
			const values = flatten(engine, input.columns[0] as Vector, input.rows, input.region);
			const hash = hasherOf(engine, values);
			state.add(values, input, (sketch, row) => {
				hash(row);
				sketch.add(hashed.high, hashed.low);
			});
		},
		merge: (input) => state.merge(input.columns[0] as Vector, input),
		partial: (groups, region) => [state.partial(groups, region)],
		finish(groups, region) {
			const builder = new VectorBuilder(engine, region, type, groups.count);
			for (const sketch of state.read(groups, region)) builder.append(BigInt(Math.round(sketch?.estimate() ?? 0)));
			return builder.finish();
		},
	};
}

function quantilesOf(sketch: QuantileSketch | null, fraction: SqlValue): SqlValue {
	if (fraction === null) return null;
	const one = (given: SqlValue): SqlValue => (given === null ? null : (sketch?.quantile(checkedFraction(given as number)) ?? null));
	if (!Array.isArray(fraction)) return one(fraction);
	return sketch === null ? null : fraction.map(one);
}

/** Values and the fractions wanted, of which the first row's counts. */
function bindQuantile(binding: AggregateBinding): Aggregate {
	const { engine, type, offset, argumentTypes } = binding;
	const fractionType = argumentTypes[1] as DataType;
	const state = sketchState(binding, { make: () => new QuantileSketch(QUANTILE_K), decode: (bytes) => QuantileSketch.decode(bytes) });
	const fraction = FIRST.bind({ ...binding, offset: offset + SKETCH_STATE_BYTES, argumentTypes: [fractionType], type: fractionType });
	return {
		partialTypes: [SKETCH_BYTES, ...fraction.partialTypes],
		update(input) {
			const [given, fractions] = input.columns as [Vector, Vector];
			fraction.update({ ...input, columns: [fractions] });
			const values = flatten(engine, given, input.rows, input.region);
			const { f64 } = engine.arena.views;
			state.add(values, input, (sketch, row) => sketch.add(f64[values.values / 8 + row] as number));
		},
		merge(input) {
			const [sketches, ...fractions] = input.columns as [Vector, ...Vector[]];
			fraction.merge({ ...input, columns: fractions });
			state.merge(sketches, input);
		},
		partial: (groups, region) => [state.partial(groups, region), ...fraction.partial(groups, region)],
		finish(groups, region) {
			const fractions = fraction.finish(groups, region);
			const builder = new VectorBuilder(engine, region, type, groups.count);
			for (const [group, sketch] of state.read(groups, region).entries()) {
				builder.append(quantilesOf(sketch, readValue(engine, fractions, group)));
			}
			return builder.finish();
		},
	};
}

export const APPROX_COUNT_DISTINCT: AggregateFunction = { stateBytes: SKETCH_STATE_BYTES, bind: bindDistinct };
export const APPROX_QUANTILE: AggregateFunction = { stateBytes: SKETCH_STATE_BYTES + FIRST.stateBytes, bind: bindQuantile };
