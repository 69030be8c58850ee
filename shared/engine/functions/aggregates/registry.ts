/** Aggregates by the stable id that plans carry. A test proves that every signature of `contracts/functions` is bound. */
import { LittoralError } from "#shared/base/errors.ts";
import type { AggregateFunction } from "./aggregate.ts";
import { APPROX_COUNT_DISTINCT, APPROX_QUANTILE } from "./approximate.ts";
import { ARRAY_AGG } from "./array-agg.ts";
import { BOOL_AND, BOOL_OR } from "./boolean.ts";
import { BIT_AND, BIT_OR, BIT_XOR } from "./bitwise.ts";
import { COUNT, COUNT_ROWS } from "./count.ts";
import { FIRST, MAXIMUM, MINIMUM } from "./extreme.ts";
import { FLOAT_MEAN, FLOAT_SUM } from "./float-sum.ts";
import { INTEGER_SUM } from "./integer-sum.ts";
import { INTERVAL_MEAN, INTERVAL_SUM } from "./interval-sum.ts";
import { JSONB_AGG, JSONB_OBJECT_AGG } from "./json-agg.ts";
import { NUMERIC_MEAN, NUMERIC_SUM } from "./numeric-sum.ts";
import { MODE, PERCENTILE_CONT, PERCENTILE_DISC } from "./ordered-set.ts";
import { regression } from "./regression.ts";
import { spread } from "./spread.ts";
import { STRING_AGG } from "./string-agg.ts";

const SUMS: Record<string, AggregateFunction> = {
	smallint: INTEGER_SUM,
	integer: INTEGER_SUM,
	bigint: NUMERIC_SUM,
	numeric: NUMERIC_SUM,
	real: FLOAT_SUM,
	double: FLOAT_SUM,
	interval: INTERVAL_SUM,
};
const MEANS: Record<string, AggregateFunction> = {
	smallint: NUMERIC_MEAN,
	integer: NUMERIC_MEAN,
	bigint: NUMERIC_MEAN,
	numeric: NUMERIC_MEAN,
	real: FLOAT_MEAN,
	double: FLOAT_MEAN,
	interval: INTERVAL_MEAN,
};

/** @param functionId name and argument kinds, e.g. `sum(integer)`. @throws internal_error for an id that this version does not know */
export function aggregateFunction(functionId: string): AggregateFunction {
	const [, name, kind] = /^(\w+)\(([^,)]*)/.exec(functionId) ?? [];
	const found = name === undefined || kind === undefined ? undefined : lookUp(name, kind);
	if (found === undefined) throw new LittoralError("internal_error", `the plan names an unknown aggregate: ${functionId}`);
	return found;
}

function lookUp(name: string, kind: string): AggregateFunction | undefined {
	switch (name) {
		case "count":
			return COUNT;
		case "count_rows":
			return COUNT_ROWS;
		case "sum":
			return SUMS[kind];
		case "avg":
			return MEANS[kind];
		case "min":
			return MINIMUM;
		case "max":
			return MAXIMUM;
		case "any_value":
			return FIRST;
		case "bit_and":
			return BIT_AND;
		case "bit_or":
			return BIT_OR;
		case "bit_xor":
			return BIT_XOR;
		case "bool_and":
		case "every":
			return BOOL_AND;
		case "percentile_cont":
			return PERCENTILE_CONT;
		case "percentile_disc":
			return PERCENTILE_DISC;
		case "approx_count_distinct":
			return APPROX_COUNT_DISTINCT;
		case "approx_quantile":
			return APPROX_QUANTILE;
		case "mode":
			return MODE;
		case "bool_or":
			return BOOL_OR;
		case "string_agg":
			return STRING_AGG;
		case "array_agg":
			return ARRAY_AGG;
		case "jsonb_agg":
			return JSONB_AGG;
		case "jsonb_object_agg":
			return JSONB_OBJECT_AGG;
		case "stddev":
		case "stddev_samp":
			return spread({ kind, sample: true, root: true });
		case "stddev_pop":
			return spread({ kind, sample: false, root: true });
		case "variance":
		case "var_samp":
			return spread({ kind, sample: true, root: false });
		case "var_pop":
			return spread({ kind, sample: false, root: false });
		default:
			return regression(name);
	}
}
