/** Functions and operators of JSONB, but for those of paths (`json-path-signatures.ts`). */
import { scalar, type SignatureOptions } from "./define.ts";
import type { FunctionSignature } from "./signature.ts";

const COST: SignatureOptions = { cost: 20 };
/** NULL where there is nothing. */
const FINDING: SignatureOptions = { cost: 20, nullable: true };
const RAISING: SignatureOptions = { cost: 40, canRaise: true };
/** Texts of timestamps depend on the session's zone. */
const BUILDING: SignatureOptions = { cost: 60, canRaise: true, strict: false, volatility: "stable" };

const access: FunctionSignature[] = (["jsonb", "text"] as const).flatMap((result) => {
	const suffix = result === "text" ? "_text" : "";
	const as = result === "text" ? "as text" : "as jsonb";
	return [
		scalar(`json_get${suffix}`, ["jsonb", "text"], result, `The member of that key, ${as}.`, FINDING),
		scalar(
			`json_get${suffix}`,
			["jsonb", "integer"],
			result,
			`The element at that position, from 0, or from the end below 0, ${as}.`,
			COST,
		),
		scalar(`json_path_get${suffix}`, ["jsonb", "text[]"], result, `What the path of keys and positions leads to, ${as}.`, FINDING),
		scalar(`jsonb_extract_path${suffix}`, ["jsonb", "text"], result, `What the keys and positions lead to, ${as}.`, {
			...FINDING,
			variadic: true,
		}),
	];
});

export const JSON_SIGNATURES: readonly FunctionSignature[] = [
	...access,
	scalar("contains", ["jsonb", "jsonb"], "boolean", "True when the right document is part of the left one.", RAISING),
	scalar("contained", ["jsonb", "jsonb"], "boolean", "True when the left document is part of the right one.", RAISING),
	scalar("json_exists", ["jsonb", "text"], "boolean", "True when the text is a key, or a string of the array.", COST),
	scalar("json_exists_any", ["jsonb", "text[]"], "boolean", "True when some text is a key, or a string of the array.", COST),
	scalar("json_exists_all", ["jsonb", "text[]"], "boolean", "True when every text is a key, or a string of the array.", COST),
	scalar("concat_op", ["jsonb", "jsonb"], "jsonb", "Members of both, the right one's first choice; elements of both.", RAISING),
	scalar("subtract", ["jsonb", "text"], "jsonb", "Without the member of that key, or the elements that are that string.", RAISING),
	scalar("subtract", ["jsonb", "integer"], "jsonb", "Without the element at that position.", RAISING),
	scalar("subtract", ["jsonb", "text[]"], "jsonb", "Without the members of those keys, or the elements that are those strings.", RAISING),
	scalar("json_delete_path", ["jsonb", "text[]"], "jsonb", "Without what the path leads to.", RAISING),
	scalar("jsonb_typeof", ["jsonb"], "text", "object, array, string, number, boolean or null.", COST),
	scalar("jsonb_array_length", ["jsonb"], "integer", "The number of elements; 22023 of what is no array.", RAISING),
	scalar("jsonb_set", ["jsonb", "text[]", "jsonb"], "jsonb", "With the value where the path leads, made where it is missing.", RAISING),
	scalar(
		"jsonb_set",
		["jsonb", "text[]", "jsonb", "boolean"],
		"jsonb",
		"With the value where the path leads; the fourth argument says whether it is made.",
		RAISING,
	),
	scalar(
		"jsonb_insert",
		["jsonb", "text[]", "jsonb"],
		"jsonb",
		"With the value before what the path leads to, or as a new member.",
		RAISING,
	),
	scalar(
		"jsonb_insert",
		["jsonb", "text[]", "jsonb", "boolean"],
		"jsonb",
		"With the value before, or when true behind, what the path leads to.",
		RAISING,
	),
	scalar("jsonb_strip_nulls", ["jsonb"], "jsonb", "Without members that are null, at every depth.", RAISING),
	scalar("jsonb_strip_nulls", ["jsonb", "boolean"], "jsonb", "Without members, and when true elements, that are null.", RAISING),
	scalar("jsonb_pretty", ["jsonb"], "text", "The document over several lines, with indentation.", RAISING),
	scalar("to_jsonb", ["element"], "jsonb", "The value as a document.", { ...BUILDING, strict: true }),
	scalar("jsonb_key", ["any"], "text", "The text of the value as the key of a member; 22023 for NULL, an array or a document.", BUILDING),
	scalar("jsonb_build_array", [], "jsonb", "An empty array."),
	scalar("jsonb_build_array", ["any"], "jsonb", "The values as an array.", { ...BUILDING, variadic: true }),
	scalar("jsonb_build_object", [], "jsonb", "An empty object."),
	scalar("jsonb_build_object", ["any"], "jsonb", "Keys and values in turn as an object; 22023 for a missing value or a NULL key.", {
		...BUILDING,
		variadic: true,
	}),
	scalar("jsonb_object", ["text[]"], "jsonb", "Keys and values in turn, as an object of strings.", RAISING),
	scalar("jsonb_object", ["text[]", "text[]"], "jsonb", "Keys and values, as an object of strings.", RAISING),
];
