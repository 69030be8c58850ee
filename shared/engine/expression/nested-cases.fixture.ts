/** The expressions over arrays and JSONB that are compared with PostgreSQL, by group. */
import { call, type Case, lit } from "./oracle.fixture.ts";

const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"];

/** Every comparison of every pair of texts of the type. */
function comparisons(type: string, kind: string, values: string[]): Case[] {
	const pairs = values.flatMap((left) => values.map((right): [string, string] => [left, right]));
	return COMPARISONS.flatMap((name) => pairs.map(([left, right]) => call(`${name}(${kind},${kind})`, lit(type, left), lit(type, right))));
}

/** Documents of every type, and of equal ones that are written differently. */
const DOCUMENTS = [
	"null",
	"true",
	"false",
	"0",
	"1",
	"1.0",
	"1.00",
	"-1.5",
	"-10",
	"1e3",
	"10.5",
	"0.001",
	'""',
	'"a"',
	'"A\\n\\u0001"',
	'"a\\\"b"',
	'"日本"',
	"[]",
	"[1]",
	"[1.0]",
	"[null]",
	"[[]]",
	"[1, 2]",
	'["a", {"b": [true]}]',
	"{}",
	'{"a": 1}',
	'{"a": 1.0}',
	'{"b": 1}',
	'{"aa": 1, "b": 2}',
	'{"a": {"b": []}}',
	'{"a": [1, 2, {"c": "x"}]}',
];
const ARRAYS: Record<string, string[]> = {
	"integer[]": ["{}", "{1}", "{1,2}", "{2}", "{NULL}", "{1,NULL}", "{1,NULL,3}", "{-1,5}"],
	"text[]": ["{}", '{""}', "{a}", "{a,b}", "{ab}", "{a,NULL}", '{"NULL"}', '{"a,b"}', "{é}"],
	"numeric[]": ["{1}", "{1.0}", "{1.00,2}", "{0}", "{-0.5}", "{NULL,1}", "{12345678901234567890.5}"],
	"double[]": ["{0}", "{-0}", "{NaN}", "{1,Infinity}", "{NULL}"],
	"interval[]": ["{1 mon}", "{30 days}", "{720:00:00}", "{1 day}"],
	"boolean[]": ["{t}", "{f}", "{f,t}", "{NULL,t}"],
	"uuid[]": ["{00000000-0000-0000-0000-000000000000}", "{ffffffff-ffff-ffff-ffff-ffffffffffff}"],
	"jsonb[]": ['{"1"}', '{"1.0"}', '{"[]"}', '{"{\\"a\\": 1}"}'],
};

export const NESTED_CASE_GROUPS: Record<string, Case[]> = {
	"order of documents": comparisons("jsonb", "jsonb", DOCUMENTS),
	"order of arrays": Object.entries(ARRAYS).flatMap(([type, values]) => comparisons(type, "array", values)),
};
