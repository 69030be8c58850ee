/**
 * stddev and variance. Of floats: Youngs and Cramer's running sums, as PostgreSQL's float8_accum. Of integers and decimals: exact sums of values and squares, and
 * numeric_stddev_internal's rounding at the end. The exact sums have 128 bits: values beyond 64 bits, and sums of squares beyond 128, are out of range.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, physicalType } from "#shared/contracts/data-type.ts";
import type { NumericValue, SqlValue } from "#shared/contracts/value.ts";
import type { Region } from "../../memory/region.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { flatten } from "../../vector/copy.ts";
import { readInt128 } from "../../vector/int128.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction } from "./aggregate.ts";
import { divideNumeric, quotientScale, squareRootNumeric } from "./numeric-division.ts";

interface Spread {
	/** Divides by n - 1, and is NULL for one row. */
	sample: boolean;
	/** The deviation, not the variance. */
	root: boolean;
}

/** @param options `kind` of the argument */
export function spread(options: Spread & { kind: string }): AggregateFunction {
	if (options.kind === "real" || options.kind === "double") {
		return { stateBytes: 32, bind: (binding) => bindFloat(binding, options) };
	}
	return { stateBytes: 40, bind: (binding) => bindExact(binding, options) };
}

const DOUBLE: DataType = { kind: "double" };
const BIGINT: DataType = { kind: "bigint" };
const NUMERIC: DataType = { kind: "numeric" };

function bindFloat({ engine, argumentTypes, offset }: AggregateBinding, { sample, root }: Spread): Aggregate {
	const { kernels } = engine;
	const { views } = engine.arena;
	const single = physicalType(argumentTypes[0] as DataType) === "f32";
	const checked = (overflow: number): void => {
		if (overflow !== 0) throw new LittoralError("numeric_value_out_of_range", "value out of range: overflow");
	};
	const states = (groups: RowPointers) =>
		Array.from({ length: groups.count }, (_, index) => {
			const at = ((views.u32[groups.rows / 4 + index] as number) + offset) / 8;
			return { n: views.f64[at] as number, sum: views.f64[at + 1] as number, squares: views.f64[at + 2] as number };
		});
	const columnOf = (values: SqlValue[], region: Region): FlatVector => {
		const builder = new VectorBuilder(engine, region, DOUBLE, values.length);
		for (const value of values) builder.append(value);
		return builder.finish();
	};
	return {
		partialTypes: [DOUBLE, DOUBLE, DOUBLE],
		update({ columns, rows, groups, region }) {
			const { values, validity } = flatten(engine, columns[0] as Vector, rows, region);
			const add = single ? kernels.agg_spread_f32 : kernels.agg_spread_f64;
			checked(add(rows.selectedCount, rows.selection, values, validity, groups, offset));
		},
		merge({ columns, rows, groups, region }) {
			const [n, sum, squares] = columns.map((column) => flatten(engine, column, rows, region).values) as [number, number, number];
			checked(kernels.agg_merge_spread(rows.selectedCount, rows.selection, n, sum, squares, groups, offset));
		},
		partial: (groups, region) => {
			const all = states(groups);
			return [
				columnOf(
					all.map(({ n }) => n),
					region,
				),
				columnOf(
					all.map(({ sum }) => sum),
					region,
				),
				columnOf(
					all.map(({ squares }) => squares),
					region,
				),
			];
		},
		finish: (groups, region) =>
			columnOf(
				states(groups).map(({ n, squares }) => {
					if (n < (sample ? 2 : 1)) return null;
					const variance = squares / (sample ? n - 1 : n);
					return root ? Math.sqrt(variance) : variance;
				}),
				region,
			),
	};
}

function bindExact({ engine, argumentTypes, offset }: AggregateBinding, { sample, root }: Spread): Aggregate {
	const { kernels } = engine;
	const { views } = engine.arena;
	const type = argumentTypes[0] as DataType;
	const scale = type.kind === "numeric" ? (type.scale ?? 0) : 0;
	const checked = (overflow: number): void => {
		if (overflow !== 0) throw new LittoralError("numeric_value_out_of_range", "value overflows numeric format");
	};
	if (physicalType(type) === "numeric") {
		throw new LittoralError("feature_not_supported", "stddev and variance of a numeric without a scale are not supported yet", {
			hint: "cast it to numeric(p,s) or double precision",
		});
	}
	const states = (groups: RowPointers) =>
		Array.from({ length: groups.count }, (_, index) => {
			const at = (views.u32[groups.rows / 4 + index] as number) + offset;
			return { sum: readInt128(views, at), count: views.i64[(at + 16) / 8] as bigint, squares: readInt128(views, at + 24) };
		});
	const columnOf = (columnType: DataType, values: SqlValue[], region: Region): FlatVector => {
		const builder = new VectorBuilder(engine, region, columnType, values.length);
		for (const value of values) builder.append(value);
		return builder.finish();
	};
	return {
		partialTypes: [NUMERIC, BIGINT, NUMERIC],
		update({ columns, rows, groups, region }) {
			const { values, validity, physical } = flatten(engine, columns[0] as Vector, rows, region);
			const wide = physical === "i32" ? 0 : physical === "i64" ? 1 : 2;
			checked(kernels.agg_spread_exact(wide, rows.selectedCount, rows.selection, values, validity, groups, offset));
		},
		merge({ columns, rows, groups, region }) {
			const [sum, count, squares] = columns.map((column) => flatten(engine, column, rows, region).values) as [number, number, number];
			checked(kernels.agg_merge_spread_exact(rows.selectedCount, rows.selection, sum, count, squares, groups, offset));
		},
		partial: (groups, region) => {
			const all = states(groups);
			return [
				columnOf(
					NUMERIC,
					all.map(({ sum }) => ({ coefficient: sum, scale: 0 })),
					region,
				),
				columnOf(
					BIGINT,
					all.map(({ count }) => count),
					region,
				),
				columnOf(
					NUMERIC,
					all.map(({ squares }) => ({ coefficient: squares, scale: 0 })),
					region,
				),
			];
		},
		finish: (groups, region) =>
			columnOf(
				NUMERIC,
				states(groups).map(({ sum, count, squares }) => {
					if (count < (sample ? 2n : 1n)) return null;
					const deviation = { coefficient: count * squares - sum * sum, scale: scale * 2 };
					return exactSpread(deviation, count * (sample ? count - 1n : count), root);
				}),
				region,
			),
	};
}

/** @param deviation n x sum of squares - square of the sum */
function exactSpread(deviation: NumericValue, divisor: bigint, root: boolean): NumericValue {
	if (deviation.coefficient <= 0n) return { coefficient: 0n, scale: 0 };
	const denominator = { coefficient: divisor, scale: 0 };
	const scale = quotientScale(deviation, denominator);
	const variance = divideNumeric(deviation, denominator, scale);
	return root ? squareRootNumeric(variance, scale) : variance;
}
