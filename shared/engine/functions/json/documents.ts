/** Functions of whole documents, one value at a time. */
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { jsonElements, jsonKind } from "#shared/contracts/values/json-parts.ts";
import { writeArray } from "#shared/contracts/values/json-text.ts";
import type { Bind } from "../kernel.ts";
import { perValue, perValueBound, perValueNullable } from "../per-value.ts";
import { buildObject, objectOfPairs, objectOfTexts, toJson, toJsonKey } from "./build.ts";
import { containsJson } from "./contains.ts";
import { concatenateJson, prettyJson, removeElement, removeKeys, removePath, setPath, stripNulls } from "./edit.ts";

type Texts = (string | null)[];

function arrayLength(document: string): number {
	const kind = jsonKind(document);
	if (kind === "array") return jsonElements(document).length;
	throw new LittoralError("invalid_parameter_value", `cannot get array length of a ${kind === "object" ? "non-array" : "scalar"}`);
}

const set = perValue(([document, path, value, create = true]) =>
	setPath(document as string, path as Texts, { kind: create === true ? "set" : "replace", value: value as string }),
);
const insert = perValue(([document, path, value, after = false]) =>
	setPath(document as string, path as Texts, { kind: after === true ? "after" : "before", value: value as string }),
);

const build: Bind = perValueNullable(({ argumentTypes, statement }) => (values) => {
	return writeArray(values.map((value, index) => toJson(argumentTypes[index] as DataType, value as SqlValue, statement.timeZone)));
});

export const JSON_DOCUMENT_KERNELS: Record<string, Bind> = {
	"contains(jsonb,jsonb)": perValue(([whole, part]) => containsJson(whole as string, part as string)),
	"contained(jsonb,jsonb)": perValue(([part, whole]) => containsJson(whole as string, part as string)),
	"concat_op(jsonb,jsonb)": perValue(([left, right]) => concatenateJson(left as string, right as string)),
	"subtract(jsonb,text)": perValue(([document, key]) => removeKeys(document as string, [key as string])),
	"subtract(jsonb,text[])": perValue(([document, keys]) => removeKeys(document as string, keys as Texts)),
	"subtract(jsonb,integer)": perValue(([document, position]) => removeElement(document as string, position as number)),
	"json_delete_path(jsonb,text[])": perValue(([document, path]) => removePath(document as string, path as Texts)),
	"jsonb_typeof(jsonb)": perValue(([document]) => jsonKind(document as string)),
	"jsonb_array_length(jsonb)": perValue(([document]) => arrayLength(document as string)),
	"jsonb_set(jsonb,text[],jsonb)": set,
	"jsonb_set(jsonb,text[],jsonb,boolean)": set,
	"jsonb_insert(jsonb,text[],jsonb)": insert,
	"jsonb_insert(jsonb,text[],jsonb,boolean)": insert,
	"jsonb_strip_nulls(jsonb)": perValue(([document]) => stripNulls(document as string, false)),
	"jsonb_strip_nulls(jsonb,boolean)": perValue(([document, inArrays]) => stripNulls(document as string, inArrays === true)),
	"jsonb_pretty(jsonb)": perValue(([document]) => prettyJson(document as string)),
	"to_jsonb(element)": perValueBound(
		({ argumentTypes, statement }) =>
			([value]) =>
				toJson(argumentTypes[0] as DataType, value as SqlValue, statement.timeZone),
	),
	"jsonb_key(any)": perValueNullable(({ argumentTypes, statement }) => ([value]) => {
		if (value === null) throw new LittoralError("invalid_parameter_value", "field name must not be null");
		return toJsonKey(argumentTypes[0] as DataType, value as SqlValue, statement.timeZone);
	}),
	"jsonb_build_array()": build,
	"jsonb_build_array(any...)": build,
	"jsonb_build_object()": perValueNullable(() => () => "{}"),
	"jsonb_build_object(any...)": perValueNullable(
		({ argumentTypes, statement }) =>
			(values) =>
				buildObject(argumentTypes, values, statement.timeZone),
	),
	"jsonb_object(text[])": perValue(([texts]) => objectOfPairs(texts as Texts)),
	"jsonb_object(text[],text[])": perValue(([keys, values]) => objectOfTexts(keys as Texts, values as Texts)),
};
