/** What the binder knows of a function and what binds it to its kernel: the stable id. */
import type { DataType, DataTypeKind } from "../data-type.ts";

/**
 * An argument's type without its parameters; `any` takes every type as it is (the kernel, or the evaluator, looks at the type it gets), `nonarray` every type but
 * arrays. Of arrays, `array` and `element` are PostgreSQL's anyarray and anyelement: all of a call agree on one element type. `compatible_array` and `compatible`
 * take the common type of what the call gives them.
 */
export type ArgumentKind = DataTypeKind | PolymorphicKind | "any" | "nonarray" | "text[]" | "integer[]" | "double[]";
export type PolymorphicKind = "array" | "element" | "compatible_array" | "compatible";

/**
 * One overload. `id` is stable, stored in plans: the name and the argument kinds, e.g. `add(integer,integer)`.
 * Operators are functions too, under the names in `OPERATOR_FUNCTIONS`.
 */
export interface FunctionSignature {
	id: string;
	name: string;
	/** `window` functions need OVER; `table` functions return rows. */
	kind: "scalar" | "aggregate" | "window" | "table";
	arguments: ArgumentKind[];
	/** The last argument may repeat. */
	variadic: boolean;
	/** Of a table function, the type of its one column, or of the first where `columns` says more. */
	result: (argumentTypes: DataType[]) => DataType;
	/** Of a table function with named columns, e.g. key and value of jsonb_each; absent: one column, named as the function (or its alias). */
	columns?: (argumentTypes: DataType[]) => { name: string; type: DataType }[];
	volatility: "immutable" | "stable" | "volatile";
	/** NULL in, NULL out: the evaluator never calls the kernel for such a row. */
	strict: boolean;
	/** Strict, and yet NULL for some values that are not. */
	nullable: boolean;
	/** Can raise for some input: it runs only on rows that reach it. */
	canRaise: boolean;
	/** Work units of a row, 1 = one integer addition. */
	cost: number;
	/** One sentence for the reference. */
	description: string;
}

/** Aggregates that need WITHIN GROUP (ORDER BY ...): the keys are their last arguments. */
export const ORDERED_SET_AGGREGATES: readonly string[] = ["percentile_cont", "percentile_disc", "mode"];

/** SQL operator spelling to function name, by number of arguments. */
export const OPERATOR_FUNCTIONS: { binary: Record<string, string>; unary: Record<string, string> } = {
	binary: {
		"+": "add",
		"-": "subtract",
		"*": "multiply",
		"/": "divide",
		"%": "modulo",
		"=": "eq",
		"<>": "ne",
		"<": "lt",
		"<=": "le",
		">": "gt",
		">=": "ge",
		"||": "concat_op",
		"~~": "like",
		"!~~": "not_like",
		"~~*": "ilike",
		"!~~*": "not_ilike",
		"~": "regexp_match_op",
		"~*": "regexp_imatch_op",
		"!~": "not_regexp_match_op",
		"!~*": "not_regexp_imatch_op",
		"^": "power",
		"^@": "starts_with",
		"&": "bitwise_and",
		"|": "bitwise_or",
		"#": "bitwise_xor",
		"<<": "shift_left",
		">>": "shift_right",
		"@>": "contains",
		"<@": "contained",
		"&&": "overlaps",
		"->": "json_get",
		"->>": "json_get_text",
		"#>": "json_path_get",
		"#>>": "json_path_get_text",
		"#-": "json_delete_path",
		"@?": "json_path_exists_op",
		"@@": "json_path_match_op",
		"?": "json_exists",
		"?|": "json_exists_any",
		"?&": "json_exists_all",
	},
	unary: { "-": "negate", "+": "plus", "@": "abs", "|/": "sqrt_op", "||/": "cbrt", "~": "bitwise_not" },
};

/** Operators' functions that PostgreSQL has under the same name. */
const NAMED_OPERATORS: readonly string[] = ["abs", "cbrt", "like", "overlaps", "power", "starts_with"];
const SYNTAX_FUNCTIONS: readonly string[] = [
	"array",
	"subscript",
	"slice",
	"greatest",
	"least",
	"jsonb_key",
	"current_timestamp",
	"localtimestamp",
	"current_date",
	"localtime",
];

/** Names of functions that operators and syntax call: to a call by name they are undefined. */
export const UNCALLABLE_FUNCTIONS: ReadonlySet<string> = new Set(
	[...Object.values(OPERATOR_FUNCTIONS.binary), ...Object.values(OPERATOR_FUNCTIONS.unary), ...SYNTAX_FUNCTIONS].filter(
		(name) => !NAMED_OPERATORS.includes(name),
	),
);
