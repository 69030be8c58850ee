/** Functions and operators of arrays. Subscripts, slices and ANY have syntax of their own; the first two bind to `subscript` and `slice`. */
import type { DataType } from "../data-type.ts";
import { scalar, type SignatureOptions } from "./define.ts";
import type { ArgumentKind, FunctionSignature } from "./signature.ts";

const COST: SignatureOptions = { cost: 20 };
/** NULL where there is nothing. */
const FINDING: SignatureOptions = { cost: 20, nullable: true };
/** NULL is an argument like any other to these. */
const NULLS: SignatureOptions = { cost: 20, strict: false, canRaise: true };
const RAISING: SignatureOptions = { cost: 20, canRaise: true };
const TEXTS: DataType = { kind: "array", element: { kind: "text" } };
const INTEGERS: DataType = { kind: "array", element: { kind: "integer" } };

/** The type of the argument at `index`. */
const same =
	(index: number) =>
	(types: DataType[]): DataType =>
		types[index] as DataType;
const elementOfFirst = (types: DataType[]): DataType => {
	const [type] = types;
	return type?.kind === "array" ? type.element : { kind: "text" };
};
const arrayOfFirst = (types: DataType[]): DataType => ({ kind: "array", element: types[0] as DataType });

const joining = (name: string, what: { append: string; prepend: string; join: string }): FunctionSignature[] => {
	const both = (kinds: ArgumentKind[], result: number, text: string) => scalar(name, kinds, same(result), text, NULLS);
	return [
		both(["compatible_array", "compatible_array"], 0, what.join),
		both(["compatible_array", "compatible"], 0, what.append),
		both(["compatible", "compatible_array"], 1, what.prepend),
	];
};

export const ARRAY_SIGNATURES: readonly FunctionSignature[] = [
	scalar("array", ["compatible"], arrayOfFirst, "ARRAY[...]: the values as an array.", { ...NULLS, variadic: true }),
	scalar("subscript", ["array", "integer"], elementOfFirst, "The element at that position, from 1; NULL where there is none.", FINDING),
	scalar("slice", ["array", "integer", "integer"], same(0), "The elements from one position to another; the array[from:to] of SQL.", COST),
	...joining("concat_op", {
		append: "The array with the value behind it.",
		prepend: "The array with the value before it.",
		join: "Both arrays as one; NULL is no array.",
	}),
	scalar("array_cat", ["compatible_array", "compatible_array"], same(0), "Both arrays as one; NULL is no array.", NULLS),
	scalar("array_append", ["compatible_array", "compatible"], same(0), "The array with the value behind it.", NULLS),
	scalar("array_prepend", ["compatible", "compatible_array"], same(1), "The array with the value before it.", NULLS),
	scalar("array_remove", ["compatible_array", "compatible"], same(0), "The array without the elements equal to the value.", NULLS),
	scalar(
		"array_replace",
		["compatible_array", "compatible", "compatible"],
		same(0),
		"The array with each element equal to the second argument replaced by the third.",
		NULLS,
	),
	scalar("array_position", ["compatible_array", "compatible"], "integer", "Where the value stands first; NULL where it does not.", NULLS),
	scalar(
		"array_position",
		["compatible_array", "compatible", "integer"],
		"integer",
		"Where the value stands first from a position on; NULL where it does not.",
		NULLS,
	),
	scalar("array_positions", ["compatible_array", "compatible"], () => INTEGERS, "Every position of the value.", NULLS),
	scalar("array_length", ["array", "integer"], "integer", "The number of elements (dimension 1); NULL of an empty array.", FINDING),
	scalar("array_lower", ["array", "integer"], "integer", "1, the first position (dimension 1); NULL of an empty array.", FINDING),
	scalar("array_upper", ["array", "integer"], "integer", "The last position (dimension 1); NULL of an empty array.", FINDING),
	scalar("array_ndims", ["array"], "integer", "1; NULL of an empty array.", FINDING),
	scalar("array_dims", ["array"], "text", "The bounds as `[1:n]`; NULL of an empty array.", FINDING),
	scalar("cardinality", ["array"], "integer", "The number of elements.", COST),
	scalar("trim_array", ["array", "integer"], same(0), "The array without so many elements at its end; 2202E beyond its length.", RAISING),
	scalar("array_reverse", ["array"], same(0), "The elements in reverse order.", COST),
	scalar("array_sort", ["array"], same(0), "The elements in ascending order, NULLs last.", { cost: 60 }),
	scalar("array_sort", ["array", "boolean"], same(0), "The elements in order; true: descending, NULLs first.", { cost: 60 }),
	scalar("array_sort", ["array", "boolean", "boolean"], same(0), "The elements in order, descending or not, NULLs first or not.", {
		cost: 60,
	}),
	scalar("array_fill", ["element", "integer[]"], arrayOfFirst, "An array of so many times the value (one dimension).", NULLS),
	scalar("array_to_string", ["array", "text"], "text", "The elements' texts with the delimiter between; NULLs are left out.", {
		cost: 40,
		canRaise: true,
		volatility: "stable",
	}),
	scalar(
		"array_to_string",
		["array", "text", "text"],
		"text",
		"The elements' texts with the delimiter between, the third argument for NULLs.",
		{ ...NULLS, cost: 40, volatility: "stable" },
	),
	scalar("string_to_array", ["text", "text"], () => TEXTS, "The parts between delimiters; a NULL delimiter gives characters.", NULLS),
	scalar(
		"string_to_array",
		["text", "text", "text"],
		() => TEXTS,
		"The parts between delimiters; those equal to the third argument are NULL.",
		NULLS,
	),
	scalar("regexp_match", ["text", "text"], () => TEXTS, "The groups of the first match, or the match where there is none.", {
		...RAISING,
		nullable: true,
	}),
	scalar("regexp_match", ["text", "text", "text"], () => TEXTS, "The groups of the first match, with flags.", {
		...RAISING,
		nullable: true,
	}),
	scalar("regexp_split_to_array", ["text", "text"], () => TEXTS, "The parts between matches.", RAISING),
	scalar("regexp_split_to_array", ["text", "text", "text"], () => TEXTS, "The parts between matches, with flags.", RAISING),
	scalar("contains", ["array", "array"], "boolean", "True when every element of the right array is in the left one.", COST),
	scalar("contained", ["array", "array"], "boolean", "True when every element of the left array is in the right one.", COST),
	scalar("overlaps", ["array", "array"], "boolean", "True when the arrays have an element in common.", COST),
];
