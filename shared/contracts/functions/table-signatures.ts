/** Functions that return rows. */
import type { DataType } from "../data-type.ts";
import { define, type SignatureOptions } from "./define.ts";
import type { ArgumentKind, FunctionSignature } from "./signature.ts";

const RAISING: SignatureOptions = { canRaise: true, cost: 10 };

/** One column. */
function rows(
	name: string,
	argumentKinds: ArgumentKind[],
	result: Parameters<typeof define>[1]["result"],
	description: string,
	options: SignatureOptions = RAISING,
): FunctionSignature {
	return define("table", { name, arguments: argumentKinds, result, description }, options);
}

/** Columns by name. */
function table(
	name: string,
	argumentKinds: ArgumentKind[],
	columns: { name: string; type: DataType }[],
	description: string,
): FunctionSignature {
	const [first] = columns;
	const signature = rows(name, argumentKinds, () => (first as { type: DataType }).type, description);
	return { ...signature, columns: () => columns };
}

const TEXT: DataType = { kind: "text" };
const JSONB: DataType = { kind: "jsonb" };
const elementOfFirst = (types: DataType[]): DataType => (types[0]?.kind === "array" ? types[0].element : TEXT);

const series: FunctionSignature[] = (["integer", "bigint", "numeric"] as const).flatMap((kind) => [
	rows("generate_series", [kind, kind], kind, "From the first value to the second, by one."),
	rows("generate_series", [kind, kind, kind], kind, "From the first value to the second, by the third; 22023 for a step of zero."),
]);

export const TABLE_SIGNATURES: readonly FunctionSignature[] = [
	...series,
	rows("generate_series", ["timestamp", "timestamp", "interval"], "timestamp", "From the first timestamp to the second, by the interval."),
	rows("generate_series", ["timestamptz", "timestamptz", "interval"], "timestamptz", "The same of instants, by the session's clock.", {
		...RAISING,
		volatility: "stable",
	}),
	rows("generate_series", ["timestamptz", "timestamptz", "interval", "text"], "timestamptz", "The same, by the clock of the zone named."),
	rows("generate_subscripts", ["array", "integer"], "integer", "The positions of the array (dimension 1)."),
	rows("generate_subscripts", ["array", "integer", "boolean"], "integer", "The positions of the array, when true the last first."),
	rows("unnest", ["array"], elementOfFirst, "The elements of the array."),
	rows("string_to_table", ["text", "text"], "text", "The parts between delimiters; a NULL delimiter gives characters.", {
		...RAISING,
		strict: false,
	}),
	rows("string_to_table", ["text", "text", "text"], "text", "The parts between delimiters; those equal to the third argument are NULL.", {
		...RAISING,
		strict: false,
	}),
	rows("regexp_split_to_table", ["text", "text"], "text", "The parts between matches."),
	rows("regexp_split_to_table", ["text", "text", "text"], "text", "The parts between matches, with flags."),
	rows("regexp_matches", ["text", "text"], () => ({ kind: "array", element: TEXT }), "The groups of the first match."),
	rows(
		"regexp_matches",
		["text", "text", "text"],
		() => ({ kind: "array", element: TEXT }),
		"The groups of the first match; of all with flag g.",
	),
	table(
		"jsonb_each",
		["jsonb"],
		[
			{ name: "key", type: TEXT },
			{ name: "value", type: JSONB },
		],
		"The members of the object.",
	),
	table(
		"jsonb_each_text",
		["jsonb"],
		[
			{ name: "key", type: TEXT },
			{ name: "value", type: TEXT },
		],
		"The members of the object, values as text.",
	),
	table("jsonb_array_elements", ["jsonb"], [{ name: "value", type: JSONB }], "The elements of the array."),
	table("jsonb_array_elements_text", ["jsonb"], [{ name: "value", type: TEXT }], "The elements of the array, as text."),
	rows("jsonb_object_keys", ["jsonb"], "text", "The keys of the object."),
];
