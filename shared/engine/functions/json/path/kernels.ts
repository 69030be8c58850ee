/** The functions that take a path. A path that is a constant is parsed once. */
import { LittoralError } from "#shared/base/errors.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { jsonKind, jsonMembers } from "#shared/contracts/values/json-parts.ts";
import { writeArray } from "#shared/contracts/values/json-text.ts";
import type { Bind } from "../../kernel.ts";
import { perValueBound } from "../../per-value.ts";
import { type BindTableFunction, rowsOfColumn } from "../../table/table-function.ts";
import { isPathError, PathEvaluation } from "./evaluate.ts";
import { parsePath, type ParsedPath } from "./parse.ts";

/** Remembers the last path. */
function rememberPath(): (text: string) => ParsedPath {
	let known: { text: string; path: ParsedPath } | null = null;
	return (text) => {
		if (known?.text !== text) known = { text, path: parsePath(text) };
		return known.path;
	};
}

function variablesOf(document: string | undefined): Map<string, string> {
	if (document === undefined) return new Map();
	if (jsonKind(document) === "object") return new Map(jsonMembers(document));
	throw new LittoralError("invalid_parameter_value", '"vars" argument is not an object');
}

/** The items that the path finds; null where a step raises and the call is silent. */
function evaluate(path: ParsedPath, values: SqlValue[], silent: boolean): string[] | null {
	const evaluation = new PathEvaluation(path, values[0] as string, variablesOf(values[2] as string | undefined));
	try {
		return evaluation.items();
	} catch (error) {
		if (silent && isPathError(error)) return null;
		throw error;
	}
}

/** @param answer of the items, null where the call was silent about an error */
function ofItems(answer: (items: string[] | null, silent: boolean) => SqlValue, alwaysSilent = false): Bind {
	return perValueBound(() => {
		const parsed = rememberPath();
		return (values) => {
			const silent = alwaysSilent || values[3] === true;
			return answer(evaluate(parsed(values[1] as string), values, silent), silent);
		};
	});
}

const exists = (items: string[] | null): SqlValue => (items === null ? null : items.length > 0);
const first = (items: string[] | null): SqlValue => items?.[0] ?? null;
const all = (items: string[] | null): SqlValue => writeArray(items ?? []);
function match(items: string[] | null, silent: boolean): SqlValue {
	const [item, ...more] = items ?? [];
	if (item !== undefined && more.length === 0) {
		if (item === "null") return null;
		if (jsonKind(item) === "boolean") return item === "true";
	}
	if (silent) return null;
	throw new LittoralError("singleton_sql_json_item_required", "single boolean result is expected");
}

const overloads = (name: string, bind: Bind): [string, Bind][] =>
	["jsonb,text", "jsonb,text,jsonb", "jsonb,text,jsonb,boolean"].map((kinds) => [`${name}(${kinds})`, bind]);

export const JSON_PATH_KERNELS: Record<string, Bind> = Object.fromEntries([
	...overloads("jsonb_path_exists", ofItems(exists)),
	...overloads("jsonb_path_match", ofItems(match)),
	...overloads("jsonb_path_query_array", ofItems(all)),
	...overloads("jsonb_path_query_first", ofItems(first)),
	["json_path_exists_op(jsonb,text)", ofItems(exists, true)],
	["json_path_match_op(jsonb,text)", ofItems(match, true)],
]);

const query: BindTableFunction = () => {
	const parsed = rememberPath();
	return (values) => rowsOfColumn(evaluate(parsed(values[1] as string), values, values[3] === true) ?? []);
};

export const JSON_PATH_TABLES: Record<string, BindTableFunction> = {
	"jsonb_path_query(jsonb,text)": query,
	"jsonb_path_query(jsonb,text,jsonb)": query,
	"jsonb_path_query(jsonb,text,jsonb,boolean)": query,
};
