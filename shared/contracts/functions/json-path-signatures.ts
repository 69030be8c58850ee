/** Functions and operators of the SQL/JSON path language. Paths are texts, as PostgreSQL's literals of type jsonpath are written. */
import { define, scalar, type SignatureOptions } from "./define.ts";
import type { FunctionSignature } from "./signature.ts";

const PATH: SignatureOptions = { cost: 100, canRaise: true, nullable: true };

const paths: FunctionSignature[] = (
	[
		["jsonb_path_exists", "boolean", "True when the path finds an item."],
		["jsonb_path_match", "boolean", "The answer of the path's predicate; 22038 where it gives no single boolean."],
		["jsonb_path_query_array", "jsonb", "The items that the path finds, as an array."],
		["jsonb_path_query_first", "jsonb", "The first item that the path finds."],
	] as const
).flatMap(([name, result, description]) => [
	scalar(name, ["jsonb", "text"], result, description, PATH),
	scalar(name, ["jsonb", "text", "jsonb"], result, `${description} The third argument holds the path's variables.`, PATH),
	scalar(name, ["jsonb", "text", "jsonb", "boolean"], result, `${description} The fourth says whether errors are left out.`, PATH),
]);

export const JSON_PATH_SIGNATURES: readonly FunctionSignature[] = [
	...paths,
	scalar(
		"json_path_exists_op",
		["jsonb", "text"],
		"boolean",
		"True when the path finds an item; errors of the path's steps are NULL.",
		PATH,
	),
	scalar("json_path_match_op", ["jsonb", "text"], "boolean", "The answer of the path's predicate; NULL where there is none.", PATH),
	...(
		[
			["jsonb", "text"],
			["jsonb", "text", "jsonb"],
			["jsonb", "text", "jsonb", "boolean"],
		] as const
	).map((kinds) =>
		define(
			"table",
			{ name: "jsonb_path_query", arguments: [...kinds], result: "jsonb", description: "The items that the path finds." },
			{ canRaise: true, cost: 10 },
		),
	),
];
