/** PostgreSQL's type json is JSONB here, and its functions are JSONB's: members are ordered and unique, white space is not kept. */
const TWINS = [
	"agg",
	"array_elements",
	"array_elements_text",
	"array_length",
	"build_array",
	"build_object",
	"each",
	"each_text",
	"extract_path",
	"extract_path_text",
	"object",
	"object_agg",
	"object_keys",
	"strip_nulls",
	"typeof",
];

/** A function of json to the one of jsonb that stands for it. */
export const JSON_FUNCTIONS: ReadonlyMap<string, string> = new Map([
	...TWINS.map((name) => [`json_${name}`, `jsonb_${name}`] as const),
	["to_json", "to_jsonb"],
	["row_to_json", "to_jsonb"],
	["array_to_json", "to_jsonb"],
]);
