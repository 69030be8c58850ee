/** PostgreSQL's polymorphic types: what anyarray, anyelement and their compatible forms stand for in one call. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ArgumentKind, PolymorphicKind } from "#shared/contracts/functions/signature.ts";
import { sameType } from "#shared/contracts/data-type.ts";
import { canCoerce } from "../expressions/coerce.ts";
import { bareType, commonType } from "./type-category.ts";

const FAMILIES: [array: PolymorphicKind, element: PolymorphicKind, compatible: boolean][] = [
	["array", "element", false],
	["compatible_array", "compatible", true],
];

/** A type per argument, null for one whose kind is not polymorphic; `undetermined` where nothing says what element type is meant. */
export type ConcreteTypes = (DataType | null)[] | "undetermined";

/**
 * @param types of the arguments, null for an untyped one
 * @returns null where the arguments do not agree
 * @see https://www.postgresql.org/docs/18/extend-type-system.html#EXTEND-TYPES-POLYMORPHIC
 */
export function concreteTypes(kinds: readonly ArgumentKind[], types: (DataType | null)[]): ConcreteTypes | null {
	const result: (DataType | null)[] = kinds.map(() => null);
	for (const [arrayKind, elementKind, compatible] of FAMILIES) {
		const members = kinds.flatMap((kind, index) => (kind === arrayKind || kind === elementKind ? [index] : []));
		if (members.length === 0) continue;
		const elements: (DataType | null)[] = [];
		for (const index of members) {
			const type = types[index] ?? null;
			if (kinds[index] === elementKind || type === null) elements.push(type);
			else if (type.kind === "array") elements.push(type.element);
			else return null;
		}
		const element = compatible ? commonElement(elements) : sameElement(elements);
		if (element === "undetermined" || element === null) return element;
		// There are no arrays of arrays.
		if (element.kind === "array" && members.some((index) => kinds[index] === arrayKind)) return null;
		for (const index of members) result[index] = kinds[index] === arrayKind ? { kind: "array", element } : element;
	}
	return result;
}

/** The one type of all that have one, without its modifiers where these differ. */
function sameElement(elements: (DataType | null)[]): DataType | "undetermined" | null {
	const known = elements.filter((type) => type !== null);
	const [first] = known;
	if (first === undefined) return "undetermined";
	if (known.every((type) => sameType(type, first))) return first;
	const bare = known.map((type) => bareType(type));
	if (bare.every((type) => type.kind === "char")) return { kind: "char", length: Math.max(...bare.map((type) => type.length)) };
	return bare.every((type) => sameType(type, bare[0] as DataType)) ? (bare[0] as DataType) : null;
}

function commonElement(elements: (DataType | null)[]): DataType | null {
	const common = commonType(elements);
	if (!("type" in common)) return null;
	return elements.every((type) => canCoerce(type, common.type, "implicit")) ? common.type : null;
}
