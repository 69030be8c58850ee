/**
 * sum and avg of INTERVAL: months, days and microseconds are summed each on its own; the mean divides each and hands fractions down as PostgreSQL's interval_div
 * does (a month has 30 days). State: i64 months, i64 days at 8, i64 microseconds at 16, i64 count at 24.
 */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { IntervalValue } from "#shared/contracts/value.ts";
import type { Region } from "../../memory/region.ts";
import { VectorBuilder } from "../../vector/builder.ts";
import { flatten } from "../../vector/copy.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction, AggregateInput } from "./aggregate.ts";

const INTERVAL: DataType = { kind: "interval" };
const BIGINT: DataType = { kind: "bigint" };
const DAYS_PER_MONTH = 30;
const DAY_SECONDS = 86_400;

function outOfRange(): LittoralError {
	return new LittoralError("datetime_field_overflow", "interval out of range");
}

function bind({ engine, offset }: AggregateBinding, mean: boolean): Aggregate {
	const { kernels } = engine;
	const { views } = engine.arena;
	const countColumn = { type: BIGINT, kind: VALUE_KIND.i64, offset: offset + 24, nullBit: -1, present: -1 };

	function add({ columns, rows, groups, region }: AggregateInput, weights: number): void {
		const { values, validity } = flatten(engine, columns[0] as Vector, rows, region);
		if (kernels.agg_sum_interval(rows.selectedCount, rows.selection, values, validity, weights, groups, offset) !== 0) throw outOfRange();
	}

	/** NULL over nothing. */
	function results(groups: RowPointers, region: Region, divide: boolean): FlatVector {
		const builder = new VectorBuilder(engine, region, INTERVAL, groups.count);
		for (let index = 0; index < groups.count; index++) {
			const at = ((views.u32[groups.rows / 4 + index] as number) + offset) / 8;
			const [months, days, microseconds, count] = [0, 1, 2, 3].map((word) => views.i64[at + word] as bigint) as [
				bigint,
				bigint,
				bigint,
				bigint,
			];
			const sum = { months: Number(months), days: Number(days), microseconds };
			builder.append(count === 0n ? null : divide ? divideInterval(sum, Number(count)) : checked(sum));
		}
		return builder.finish();
	}

	return {
		partialTypes: [INTERVAL, BIGINT],
		update: (input) => add(input, 0),
		merge: (input) => add(input, flatten(engine, input.columns[1] as Vector, input.rows, input.region).values),
		partial: (groups, region) => [results(groups, region, false), gatherColumn(engine, countColumn, groups, region)],
		finish: (groups, region) => results(groups, region, mean),
	};
}

function checked(interval: IntervalValue): IntervalValue {
	if (interval.months !== (interval.months | 0) || interval.days !== (interval.days | 0)) throw outOfRange();
	return interval;
}

function divideInterval(interval: IntervalValue, divisor: number): IntervalValue {
	checked(interval);
	const months = Math.trunc(interval.months / divisor);
	let days = Math.trunc(interval.days / divisor);
	// PostgreSQL rounds the handed-down parts to microseconds (TSROUND) to hide the error of the doubles.
	const round = (value: number): number => Math.round(value * 1e6) / 1e6;
	const monthDays = round((interval.months / divisor - months) * DAYS_PER_MONTH);
	const wholeMonthDays = Math.trunc(monthDays);
	let seconds = round((interval.days / divisor - days + monthDays - wholeMonthDays) * DAY_SECONDS);
	if (Math.abs(seconds) >= DAY_SECONDS) {
		const extra = Math.trunc(seconds / DAY_SECONDS);
		days += extra;
		seconds -= extra * DAY_SECONDS;
	}
	const microseconds = roundHalfEven(Number(interval.microseconds) / divisor + seconds * 1e6);
	return checked({ months, days: days + wholeMonthDays, microseconds: BigInt(microseconds) });
}

/** C's rint. */
function roundHalfEven(value: number): number {
	const floor = Math.floor(value);
	const rest = value - floor;
	if (rest !== 0.5) return Math.round(value);
	return floor % 2 === 0 ? floor : floor + 1;
}

export const INTERVAL_SUM: AggregateFunction = { stateBytes: 32, bind: (binding) => bind(binding, false) };
export const INTERVAL_MEAN: AggregateFunction = { stateBytes: 32, bind: (binding) => bind(binding, true) };
