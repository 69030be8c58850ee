/**
 * corr, covar_* and regr_*: one line through pairs of doubles. State: f64 n, Σx, Σ(x - mean)², Σy, Σ(y - mean)², Σ(x - mean)(y - mean), by Youngs and Cramer's running
 * sums as PostgreSQL's float8_regr_accum and float8_regr_combine. Of the arguments the first is y; a pair with a NULL is left out.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Region } from "../../memory/region.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { flatten } from "../../vector/copy.ts";
import { isValid } from "../../vector/read.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction, AggregateInput } from "./aggregate.ts";

const DOUBLE: DataType = { kind: "double" };
const STATE_WORDS = 6;

/** n, Σx, Sxx, Σy, Syy, Sxy. */
type Sums = [n: number, x: number, xx: number, y: number, yy: number, xy: number];

const overflow = (): LittoralError => new LittoralError("numeric_value_out_of_range", "value out of range: overflow");

/** Infinity that no input was. */
const checkedSums = (sums: Sums, inputs: number[]): Sums => {
	if (sums.every(Number.isFinite)) return sums;
	if (inputs.every(Number.isFinite)) throw overflow();
	// Infinite inputs leave no spread.
	return sums.map((sum, index) => (index === 2 || index >= 4 ? (Number.isFinite(sum) ? sum : Number.NaN) : sum)) as Sums;
};

function withPair([n, x, xx, y, yy, xy]: Sums, pairX: number, pairY: number): Sums {
	if (n === 0) {
		const [spreadX, spreadY] = [pairX - pairX, pairY - pairY];
		return [1, pairX, spreadX, pairY, spreadY, spreadX + spreadY];
	}
	const count = n + 1;
	const [sumX, sumY] = [x + pairX, y + pairY];
	const [deviationX, deviationY] = [pairX * count - sumX, pairY * count - sumY];
	const scale = 1 / (count * n);
	return checkedSums(
		[count, sumX, xx + deviationX * deviationX * scale, sumY, yy + deviationY * deviationY * scale, xy + deviationX * deviationY * scale],
		[x, y, pairX, pairY],
	);
}

function combined(left: Sums, right: Sums): Sums {
	if (left[0] === 0) return right;
	if (right[0] === 0) return left;
	const [n1, x1, xx1, y1, yy1, xy1] = left;
	const [n2, x2, xx2, y2, yy2, xy2] = right;
	const n = n1 + n2;
	const [distanceX, distanceY] = [x1 / n1 - x2 / n2, y1 / n1 - y2 / n2];
	return checkedSums(
		[
			n,
			x1 + x2,
			xx1 + xx2 + (n1 * n2 * distanceX * distanceX) / n,
			y1 + y2,
			yy1 + yy2 + (n1 * n2 * distanceY * distanceY) / n,
			xy1 + xy2 + (n1 * n2 * distanceX * distanceY) / n,
		],
		[...left, ...right],
	);
}

/** The results; null where the pairs are too few or on one vertical line. */
const RESULTS: Record<string, (sums: Sums) => number | null> = {
	regr_count: ([n]) => n,
	regr_sxx: ([n, , xx]) => (n < 1 ? null : xx),
	regr_syy: ([n, , , , yy]) => (n < 1 ? null : yy),
	regr_sxy: ([n, , , , , xy]) => (n < 1 ? null : xy),
	regr_avgx: ([n, x]) => (n < 1 ? null : x / n),
	regr_avgy: ([n, , , y]) => (n < 1 ? null : y / n),
	covar_pop: ([n, , , , , xy]) => (n < 1 ? null : xy / n),
	covar_samp: ([n, , , , , xy]) => (n < 2 ? null : xy / (n - 1)),
	corr: ([n, , xx, , yy, xy]) => (n < 1 || xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy)),
	regr_r2: ([n, , xx, , yy, xy]) => (n < 1 || xx === 0 ? null : yy === 0 ? 1 : (xy * xy) / (xx * yy)),
	regr_slope: ([n, , xx, , , xy]) => (n < 1 || xx === 0 ? null : xy / xx),
	regr_intercept: ([n, x, xx, y, , xy]) => (n < 1 || xx === 0 ? null : (y - (x * xy) / xx) / n),
};

function bind({ engine, offset, type }: AggregateBinding, result: (sums: Sums) => number | null): Aggregate {
	const { arena } = engine;
	const read = (at: number): Sums => Array.from(arena.views.f64.subarray(at, at + STATE_WORDS)) as Sums;

	/** Folds each live row into its group's sums; null: the row has nothing to add. */
	function fold({ rows, groups }: AggregateInput, add: (sums: Sums, row: number) => Sums | null): void {
		const { views } = arena;
		for (let index = 0; index < rows.selectedCount; index++) {
			const row = rows.selection === 0 ? index : (views.u16[rows.selection / 2 + index] as number);
			const at = ((views.u32[groups / 4 + row] as number) + offset) / 8;
			const sums = add(read(at), row);
			if (sums !== null) views.f64.set(sums, at);
		}
	}
	const statesOf = (groups: RowPointers): Sums[] =>
		Array.from({ length: groups.count }, (_, index) => read(((arena.views.u32[groups.rows / 4 + index] as number) + offset) / 8));
	const columnOf = (columnType: DataType, values: SqlValue[], region: Region): FlatVector => {
		const builder = new VectorBuilder(engine, region, columnType, values.length);
		for (const value of values) builder.append(value);
		return builder.finish();
	};

	return {
		partialTypes: Array.from({ length: STATE_WORDS }, () => DOUBLE),
		update(input) {
			const [y, x] = input.columns.map((column: Vector) => flatten(engine, column, input.rows, input.region)) as [FlatVector, FlatVector];
			const { views } = arena;
			fold(input, (sums, row) =>
				isValid(views, y.validity, row) && isValid(views, x.validity, row)
					? withPair(sums, views.f64[x.values / 8 + row] as number, views.f64[y.values / 8 + row] as number)
					: null,
			);
		},
		merge(input) {
			const columns = input.columns.map((column) => flatten(engine, column, input.rows, input.region));
			const { f64 } = arena.views;
			fold(input, (sums, row) => combined(sums, columns.map(({ values }) => f64[values / 8 + row] as number) as Sums));
		},
		partial: (groups, region) => {
			const states = statesOf(groups);
			return Array.from({ length: STATE_WORDS }, (_, word) =>
				columnOf(
					DOUBLE,
					states.map((sums) => sums[word] as number),
					region,
				),
			);
		},
		finish: (groups, region) =>
			columnOf(
				type,
				statesOf(groups).map((sums) => {
					const value = result(sums);
					return value !== null && type.kind === "bigint" ? BigInt(value) : value;
				}),
				region,
			),
	};
}

/** @returns undefined for a name that is none of these */
export function regression(name: string): AggregateFunction | undefined {
	const result = Object.hasOwn(RESULTS, name) ? RESULTS[name] : undefined;
	return result && { stateBytes: STATE_WORDS * 8, bind: (binding) => bind(binding, result) };
}
