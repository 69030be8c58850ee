/** Documents made of documents: concatenation, removal, setting at a path, printing. @see PostgreSQL, src/backend/utils/adt/jsonfuncs.c (setPath) */
import { LittoralError } from "#shared/base/errors.ts";
import { jsonElements, type JsonKind, jsonKind, jsonMembers, unquoteJson } from "#shared/contracts/values/json-parts.ts";
import { quoteJson, writeArray, writeObject } from "#shared/contracts/values/json-text.ts";

const invalid = (message: string, hint?: string): LittoralError =>
	new LittoralError("invalid_parameter_value", message, hint === undefined ? {} : { hint });

const isScalar = (kind: JsonKind): boolean => kind !== "object" && kind !== "array";

/** Members of both objects, the right one's where both have one; else everything as elements of an array. */
export function concatenateJson(left: string, right: string): string {
	const leftKind = jsonKind(left);
	const rightKind = jsonKind(right);
	if (leftKind === "object" && rightKind === "object") return writeObject(new Map([...jsonMembers(left), ...jsonMembers(right)]));
	const elements = (text: string, kind: JsonKind): string[] => (kind === "array" ? jsonElements(text) : [text]);
	return writeArray([...elements(left, leftKind), ...elements(right, rightKind)]);
}

/** Without the members of these keys, or the elements that are these strings. */
export function removeKeys(document: string, keys: readonly (string | null)[]): string {
	const kind = jsonKind(document);
	if (isScalar(kind)) throw invalid("cannot delete from scalar");
	if (kind === "object") return writeObject(new Map(jsonMembers(document).filter(([key]) => !keys.includes(key))));
	return writeArray(jsonElements(document).filter((element) => jsonKind(element) !== "string" || !keys.includes(unquoteJson(element))));
}

export function removeElement(document: string, position: number): string {
	const kind = jsonKind(document);
	if (isScalar(kind)) throw invalid("cannot delete from scalar");
	if (kind === "object") throw invalid("cannot delete from object using integer index");
	const elements = jsonElements(document);
	const index = position < 0 ? elements.length + position : position;
	return writeArray(elements.filter((_, own) => own !== index));
}

type Path = readonly (string | null)[];

/** What happens where the path leads: the value is removed, replaced, replaced or added, or the new one put beside it. */
type Edit = { kind: "remove" } | { kind: "replace" | "set" | "before" | "after"; value: string };

export function removePath(document: string, path: Path): string {
	if (isScalar(jsonKind(document))) throw invalid("cannot delete path in scalar");
	return path.length === 0 ? document : editAt(document, path, 0, { kind: "remove" });
}

export function setPath(document: string, path: Path, edit: Edit): string {
	if (isScalar(jsonKind(document))) throw invalid("cannot set path in scalar");
	return path.length === 0 ? document : editAt(document, path, 0, edit);
}

function editAt(document: string, path: Path, level: number, edit: Edit): string {
	const step = path[level];
	if (step === null || step === undefined) {
		throw new LittoralError("null_value_not_allowed", `path element at position ${level + 1} is null`);
	}
	switch (jsonKind(document)) {
		case "object":
			return editObject(document, step, path, level, edit);
		case "array":
			return editArray(document, step, path, level, edit);
		default:
			return document;
	}
}

const adds = (edit: Edit): edit is Edit & { value: string } => edit.kind === "set" || edit.kind === "before" || edit.kind === "after";

function editObject(document: string, key: string, path: Path, level: number, edit: Edit): string {
	const members = new Map(jsonMembers(document));
	const own = members.get(key);
	const isLast = level === path.length - 1;
	if (own === undefined) {
		if (!isLast || !adds(edit)) return document;
		members.set(key, edit.value);
	} else if (!isLast) members.set(key, editAt(own, path, level + 1, edit));
	else if (edit.kind === "remove") members.delete(key);
	else if (edit.kind === "before" || edit.kind === "after") {
		throw invalid("cannot replace existing key", "Try using the function jsonb_set to replace key value.");
	} else members.set(key, edit.value);
	return writeObject(members);
}

function editArray(document: string, step: string, path: Path, level: number, edit: Edit): string {
	const elements = jsonElements(document);
	const position = /^\s*[+-]?\d+$/.test(step) ? Number(step) : Number.NaN;
	if (!(Math.abs(position) <= 2 ** 31)) {
		throw new LittoralError("invalid_text_representation", `path element at position ${level + 1} is not an integer: "${step}"`);
	}
	const index = position < 0 ? elements.length + position : position;
	const own = elements[index];
	const isLast = level === path.length - 1;
	if (own === undefined) {
		if (!isLast || !adds(edit)) return document;
		return writeArray(index < 0 ? [edit.value, ...elements] : [...elements, edit.value]);
	}
	const put = !isLast
		? [editAt(own, path, level + 1, edit)]
		: edit.kind === "remove"
			? []
			: edit.kind === "before"
				? [edit.value, own]
				: edit.kind === "after"
					? [own, edit.value]
					: [edit.value];
	return writeArray([...elements.slice(0, index), ...put, ...elements.slice(index + 1)]);
}

/** Without members that are null, and with `inArrays` elements too. */
export function stripNulls(document: string, inArrays: boolean): string {
	switch (jsonKind(document)) {
		case "object": {
			const kept = jsonMembers(document).filter(([, value]) => value !== "null");
			return writeObject(new Map(kept.map(([key, value]) => [key, stripNulls(value, inArrays)])));
		}
		case "array": {
			const elements = jsonElements(document);
			const kept = inArrays ? elements.filter((element) => element !== "null") : elements;
			return writeArray(kept.map((element) => stripNulls(element, inArrays)));
		}
		default:
			return document;
	}
}

/** One member or element a line, four blanks deeper at each level. */
export function prettyJson(document: string, depth = 0): string {
	const kind = jsonKind(document);
	if (isScalar(kind)) return document;
	const indent = "    ".repeat(depth);
	const lines =
		kind === "object"
			? jsonMembers(document).map(([key, value]) => `${quoteJson(key)}: ${prettyJson(value, depth + 1)}`)
			: jsonElements(document).map((element) => prettyJson(element, depth + 1));
	const [open, close] = kind === "object" ? ["{", "}"] : ["[", "]"];
	return `${open}${lines.map((line) => `\n${indent}    ${line}`).join(",")}\n${indent}${close}`;
}
