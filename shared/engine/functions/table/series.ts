/** generate_series: values made one after the other as they are asked for. */
import { LittoralError } from "#shared/base/errors.ts";
import type { IntervalValue, NumericValue, SqlValue } from "#shared/contracts/value.ts";
import { compareNumerics } from "#shared/contracts/values/compare.ts";
import { roundNumeric } from "#shared/contracts/values/number-text.ts";
import { addInterval } from "../datetime/move.ts";
import type { BindTableFunction, TableRows } from "./table-function.ts";

/** Values from `first` on, while `next` gives one. */
function series<Value extends SqlValue>(first: Value | null, next: (value: Value) => Value | null): TableRows {
	let current = first;
	return {
		pull([column], countMax) {
			let count = 0;
			for (; count < countMax && current !== null; count++) {
				column?.append(current);
				current = next(current);
			}
			return count;
		},
	};
}

function checkStep(isZero: boolean): void {
	if (isZero) throw new LittoralError("invalid_parameter_value", "step size cannot equal zero");
}

const integers: BindTableFunction = () => (values) => {
	const [start, stop, step = 1] = values as number[];
	return ascending(start as number, stop as number, step, (left, right) => left + right);
};

const bigints: BindTableFunction = () => (values) => {
	const [start, stop, step = 1n] = values as bigint[];
	return ascending(start as bigint, stop as bigint, step, (left, right) => left + right);
};

function ascending<Value extends number | bigint>(
	start: Value,
	stop: Value,
	step: Value,
	add: (left: Value, right: Value) => Value,
): TableRows {
	checkStep(Number(step) === 0);
	const inside = (value: Value): Value | null => ((step > 0 ? value <= stop : value >= stop) ? value : null);
	return series(inside(start), (value) => inside(add(value, step)));
}

const ONE: NumericValue = { coefficient: 1n, scale: 0 };

const numerics: BindTableFunction = () => (values) => {
	const [start, stop, step = ONE] = values as NumericValue[];
	checkStep(step.coefficient === 0n);
	const inside = (value: NumericValue): NumericValue | null => {
		const order = compareNumerics(value, stop as NumericValue);
		return (step.coefficient > 0n ? order <= 0 : order >= 0) ? value : null;
	};
	return series(inside(start as NumericValue), (value) => inside(addNumerics(value, step)));
};

function aligned(left: NumericValue, right: NumericValue): { left: bigint; right: bigint; scale: number } {
	const scale = Math.max(left.scale, right.scale);
	const at = (value: NumericValue): bigint => value.coefficient * 10n ** BigInt(scale - value.scale);
	return { left: at(left), right: at(right), scale };
}

function addNumerics(left: NumericValue, right: NumericValue): NumericValue {
	const both = aligned(left, right);
	return roundNumeric({ coefficient: both.left + both.right, scale: both.scale });
}

/** Each value is the one before plus the interval, so a month's last day may move, as in PostgreSQL. */
const timestamps: BindTableFunction = ({ argumentTypes, statement }) => {
	const isInstant = argumentTypes[0]?.kind === "timestamptz";
	return ([start, stop, step, zoneName]) => {
		const interval = step as IntervalValue;
		const zone = isInstant ? ((zoneName as string | undefined) ?? statement.timeZone) : null;
		const sign = signOf(interval);
		checkStep(sign === 0);
		const inside = (value: bigint): bigint | null => ((sign > 0 ? value <= (stop as bigint) : value >= (stop as bigint)) ? value : null);
		return series(inside(start as bigint), (value) => inside(addInterval(value, interval, zone)));
	};
};

/** Of an interval with months of 30 days of 24 hours. */
function signOf({ months, days, microseconds }: IntervalValue): number {
	const total = (BigInt(months) * 30n + BigInt(days)) * 86_400_000_000n + microseconds;
	return total > 0n ? 1 : total < 0n ? -1 : 0;
}

export const SERIES: Record<string, BindTableFunction> = {
	"generate_series(integer,integer)": integers,
	"generate_series(integer,integer,integer)": integers,
	"generate_series(bigint,bigint)": bigints,
	"generate_series(bigint,bigint,bigint)": bigints,
	"generate_series(numeric,numeric)": numerics,
	"generate_series(numeric,numeric,numeric)": numerics,
	"generate_series(timestamp,timestamp,interval)": timestamps,
	"generate_series(timestamptz,timestamptz,interval)": timestamps,
	"generate_series(timestamptz,timestamptz,interval,text)": timestamps,
};
