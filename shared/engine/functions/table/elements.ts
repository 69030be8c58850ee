/** unnest, generate_subscripts, and texts and documents taken apart into rows. */
import { LittoralError } from "#shared/base/errors.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { jsonAsText, jsonElements, jsonKind, jsonMembers } from "#shared/contracts/values/json-parts.ts";
import { matchGroups, refuseGlobal, splitAtMatches } from "../strings/regexp-parts.ts";
import { rememberPattern } from "../strings/regexp.ts";
import { splitText } from "../strings/split.ts";
import { type BindTableFunction, NO_ROWS, rowsOfColumn, rowsOfValues } from "./table-function.ts";

/** A function whose rows are made at once: they are no more than the argument holds. */
const column =
	(make: (values: SqlValue[]) => SqlValue[]): BindTableFunction =>
	() =>
	(values) =>
		rowsOfColumn(make(values));

const subscripts: BindTableFunction =
	() =>
	([array, dimension, reverse]) => {
		const count = dimension === 1 ? (array as SqlValue[]).length : 0;
		if (count === 0) return NO_ROWS;
		const positions = Array.from({ length: count }, (_, index) => (reverse === true ? count - index : index + 1));
		return rowsOfColumn(positions);
	};

/** @throws invalid_parameter_value (22023) in PostgreSQL's words */
function elementsOf(document: SqlValue): string[] {
	const kind = jsonKind(document as string);
	if (kind === "array") return jsonElements(document as string);
	throw new LittoralError("invalid_parameter_value", `cannot extract elements from ${kind === "object" ? "an object" : "a scalar"}`);
}

/** @throws invalid_parameter_value (22023) */
function membersOf(name: string, document: SqlValue): [string, string][] {
	if (jsonKind(document as string) !== "object") throw new LittoralError("invalid_parameter_value", `cannot call ${name} on a non-object`);
	return jsonMembers(document as string);
}

/** @throws invalid_parameter_value (22023) */
function keysOf(document: SqlValue): string[] {
	const kind = jsonKind(document as string);
	if (kind === "object") return jsonMembers(document as string).map(([key]) => key);
	throw new LittoralError("invalid_parameter_value", `cannot call jsonb_object_keys on ${kind === "array" ? "an array" : "a scalar"}`);
}

const matches: BindTableFunction = () => {
	const compiled = rememberPattern();
	return ([text, pattern, flagText]) => {
		const { expression, flags } = compiled(pattern as string, (flagText as string | undefined) ?? "");
		return rowsOfColumn(matchGroups(expression, text as string, flags.global ? Number.POSITIVE_INFINITY : 1));
	};
};

const splitByRegexp: BindTableFunction = () => {
	const compiled = rememberPattern();
	return ([text, pattern, flagText]) => {
		const { expression, flags } = compiled(pattern as string, (flagText as string | undefined) ?? "");
		refuseGlobal("regexp_split_to_table", flags);
		return rowsOfColumn(splitAtMatches(expression, text as string));
	};
};

const splitByText: BindTableFunction = column(([text, delimiter, nullText]) =>
	text === null ? [] : splitText(text as string, delimiter as string | null, (nullText as string | null | undefined) ?? null),
);

export const ELEMENTS: Record<string, BindTableFunction> = {
	"unnest(array)": column(([array]) => array as SqlValue[]),
	"generate_subscripts(array,integer)": subscripts,
	"generate_subscripts(array,integer,boolean)": subscripts,
	"string_to_table(text,text)": splitByText,
	"string_to_table(text,text,text)": splitByText,
	"regexp_split_to_table(text,text)": splitByRegexp,
	"regexp_split_to_table(text,text,text)": splitByRegexp,
	"regexp_matches(text,text)": matches,
	"regexp_matches(text,text,text)": matches,
	"jsonb_each(jsonb)":
		() =>
		([document]) =>
			rowsOfValues(membersOf("jsonb_each", document as SqlValue)),
	"jsonb_each_text(jsonb)":
		() =>
		([document]) =>
			rowsOfValues(membersOf("jsonb_each_text", document as SqlValue).map(([key, value]) => [key, jsonAsText(value)])),
	"jsonb_array_elements(jsonb)": column(([document]) => elementsOf(document as SqlValue)),
	"jsonb_array_elements_text(jsonb)": column(([document]) => elementsOf(document as SqlValue).map(jsonAsText)),
	"jsonb_object_keys(jsonb)": column(([document]) => keysOf(document as SqlValue)),
};
