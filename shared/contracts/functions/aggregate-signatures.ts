/** Aggregates. Result types are PostgreSQL's: sum(integer) is bigint, sum(bigint) and every numeric sum are numeric, avg of integers is numeric. */
import type { DataType } from "../data-type.ts";
import { define, type SignatureOptions } from "./define.ts";
import type { ArgumentKind, FunctionSignature } from "./signature.ts";
import { COMPARABLE_KINDS } from "./operator-signatures.ts";

function aggregate(
	name: string,
	argumentKinds: ArgumentKind[],
	result: Parameters<typeof define>[1]["result"],
	description: string,
	options: SignatureOptions = {},
): FunctionSignature {
	return define("aggregate", { name, arguments: argumentKinds, result, description }, options);
}

const SUM_RESULTS = {
	smallint: "bigint",
	integer: "bigint",
	bigint: "numeric",
	real: "real",
	double: "double",
	numeric: "numeric",
	interval: "interval",
} as const;
const AVERAGE_RESULTS = {
	smallint: "numeric",
	integer: "numeric",
	bigint: "numeric",
	real: "double",
	double: "double",
	numeric: "numeric",
	interval: "interval",
} as const;
const NUMBER_KINDS = ["smallint", "integer", "bigint", "real", "double", "numeric"] as const;
const SPREAD_NAMES = ["stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop"] as const;

const ORDERED: SignatureOptions = { canRaise: true, cost: 20 };
const DOUBLES = (): DataType => ({ kind: "array", element: { kind: "double" } });
/** The type of what is sorted, without NUMERIC's modifier. */
const ofOrdered = (types: DataType[]): DataType => {
	const type = types[1] as DataType;
	return type.kind === "numeric" ? { kind: "numeric" } : type;
};

/** Of pairs (y, x) without a NULL. */
const REGRESSIONS: [name: string, description: string][] = [
	["corr", "The correlation of the pairs."],
	["covar_pop", "The covariance of the pairs as a whole population."],
	["covar_samp", "The covariance of the pairs as a sample."],
	["regr_avgx", "The mean of the second arguments."],
	["regr_avgy", "The mean of the first arguments."],
	["regr_count", "How many pairs have no NULL."],
	["regr_intercept", "Where the line that fits the pairs (y, x) best meets the y axis."],
	["regr_r2", "The square of the correlation."],
	["regr_slope", "The slope of the line that fits the pairs (y, x) best."],
	["regr_sxx", "Squared distances of the second arguments from their mean, added up."],
	["regr_sxy", "Products of the distances of both arguments from their means, added up."],
	["regr_syy", "Squared distances of the first arguments from their mean, added up."],
];

/** min and max of a CHAR(n) keep its length; of a NUMERIC(p,s) they are free, as PostgreSQL forgets the modifier. */
const extreme = (types: DataType[]): DataType => {
	const type = types[0] as DataType;
	return type.kind === "numeric" ? { kind: "numeric" } : type;
};

/** PostgreSQL 18 has min(bytea) and min(anyarray), but no min(boolean), min(uuid) and min(jsonb). */
const EXTREME_KINDS = COMPARABLE_KINDS.filter((kind) => kind !== "boolean" && kind !== "uuid" && kind !== "jsonb");

export const AGGREGATE_SIGNATURES: readonly FunctionSignature[] = [
	aggregate("count", [], "bigint", "Rows.", { strict: false }),
	aggregate("count", ["any"], "bigint", "Rows where the argument is not NULL."),
	aggregate("count_rows", ["any"], "bigint", "Rows, NULLs or not: with DISTINCT, different ones. What dense_rank WITHIN GROUP binds to.", {
		strict: false,
		variadic: true,
	}),
	...Object.entries(SUM_RESULTS).map(([kind, result]) =>
		aggregate("sum", [kind as ArgumentKind], result, "The sum of what is not NULL; NULL over nothing.", { canRaise: true, cost: 2 }),
	),
	...Object.entries(AVERAGE_RESULTS).map(([kind, result]) =>
		aggregate("avg", [kind as ArgumentKind], result, "The mean of what is not NULL; NULL over nothing.", { canRaise: true, cost: 2 }),
	),
	...EXTREME_KINDS.flatMap((kind) => [
		aggregate("min", [kind], extreme, "The smallest value that is not NULL; NULL over nothing."),
		aggregate("max", [kind], extreme, "The largest value that is not NULL; NULL over nothing."),
	]),
	aggregate("any_value", ["element"], extreme, "Some value that is not NULL; NULL over nothing."),
	...(["smallint", "integer", "bigint"] as const).flatMap((kind) => [
		aggregate("bit_and", [kind], kind, "Bits set in every value; NULL over nothing."),
		aggregate("bit_or", [kind], kind, "Bits set in some value; NULL over nothing."),
		aggregate("bit_xor", [kind], kind, "Bits set in an odd number of values; NULL over nothing."),
	]),
	...REGRESSIONS.map(([name, description]) =>
		aggregate(name, ["double", "double"], name === "regr_count" ? "bigint" : "double", description, { canRaise: true, cost: 8 }),
	),
	aggregate("percentile_cont", ["double", "double"], "double", "The value at that fraction of the sorted rows, interpolated.", ORDERED),
	aggregate("percentile_cont", ["double[]", "double"], DOUBLES, "The values at those fractions of the sorted rows, interpolated.", ORDERED),
	aggregate("percentile_disc", ["double", "element"], ofOrdered, "The first value at or behind that fraction of the sorted rows.", ORDERED),
	aggregate(
		"percentile_disc",
		["double[]", "element"],
		(types) => ({ kind: "array", element: ofOrdered(types) }),
		"The first values at or behind those fractions of the sorted rows.",
		ORDERED,
	),
	aggregate("approx_count_distinct", ["element"], "bigint", "About how many different values there are: a standard error of 1.6%.", {
		cost: 10,
	}),
	aggregate("approx_quantile", ["double", "double"], "double", "About the value at that fraction of the rows: 1.3% of them off at most.", {
		canRaise: true,
		cost: 20,
	}),
	aggregate("approx_quantile", ["double", "double[]"], DOUBLES, "About the values at those fractions of the rows.", {
		canRaise: true,
		cost: 20,
	}),
	aggregate("mode", ["element"], extreme, "The most frequent value, of several the first.", ORDERED),
	aggregate("bool_and", ["boolean"], "boolean", "True when no value is false; NULL over nothing."),
	aggregate("bool_or", ["boolean"], "boolean", "True when some value is true; NULL over nothing."),
	aggregate("every", ["boolean"], "boolean", "As bool_and."),
	...SPREAD_NAMES.flatMap((name) =>
		NUMBER_KINDS.map((kind) =>
			aggregate(name, [kind], kind === "real" || kind === "double" ? "double" : "numeric", "The spread of what is not NULL.", {
				canRaise: true,
				cost: 4,
			}),
		),
	),
	aggregate("string_agg", ["text", "text"], "text", "Texts that are not NULL in a row, the delimiter between them.", {
		strict: false,
		canRaise: true,
		cost: 10,
	}),
	aggregate(
		"array_agg",
		["nonarray"],
		(types) => ({ kind: "array", element: types[0] as DataType }),
		"The values as an array, NULLs among them; NULL over nothing.",
		{ strict: false, canRaise: true, cost: 20 },
	),
	aggregate("jsonb_agg", ["element"], "jsonb", "The values as an array of documents; NULL over nothing.", {
		strict: false,
		canRaise: true,
		cost: 20,
	}),
	aggregate("jsonb_object_agg", ["any", "any"], "jsonb", "Keys and values as an object, the last of equal keys; NULL over nothing.", {
		strict: false,
		canRaise: true,
		cost: 30,
	}),
];
