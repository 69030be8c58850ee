/**
 * PostgreSQL's choice among overloads, for functions and operators alike:
 *
 * 1. an exact match of all argument types (a binary operator takes an unknown operand for the type of the other);
 * 2. overloads that the arguments reach by implicit casts, `unknown` reaching everything;
 * 3. those with the most exact matches; then those with the most preferred types where a cast is needed;
 * 4. for unknown arguments: text if some overload takes text there, else the one category that all take, its preferred type first;
 * 5. if all known arguments have one type, the overload that has it at the unknown places too.
 *
 * @see https://www.postgresql.org/docs/18/typeconv-func.html
 */
import type { ArgumentKind, FunctionSignature } from "#shared/contracts/functions/signature.ts";
import { sameType, type DataType, type DataTypeKind } from "#shared/contracts/data-type.ts";
import { canCoerce } from "../expressions/coerce.ts";
import { concreteTypes } from "./polymorphic.ts";
import { bareType, isPreferred, typeCategory, type TypeCategory } from "./type-category.ts";

/** An overload spread over the arguments at hand: a variadic one repeats its last kind. */
interface Candidate {
	signature: FunctionSignature;
	kinds: ArgumentKind[];
}

export type Resolution = { kind: "found"; signature: FunctionSignature; kinds: ArgumentKind[] } | { kind: "none" } | { kind: "ambiguous" };

/** @param argumentTypes null for an untyped literal or parameter */
export function resolveOverload(
	overloads: readonly FunctionSignature[],
	argumentTypes: (DataType | null)[],
	options: { operator: boolean } = { operator: false },
): Resolution {
	const applicable = overloads.map((signature) => spread(signature, argumentTypes.length)).filter((candidate) => candidate !== null);
	const kinds = argumentTypes.map(exactKind);
	const exact = exactMatch(applicable, kinds, options.operator);
	if (exact !== undefined) return { kind: "found", ...exact };
	const reachable = applicable.filter((candidate) => isReachable(candidate, argumentTypes));
	if (reachable.length === 0) return { kind: "none" };
	const chosen = select(reachable, argumentTypes);
	return chosen === null ? { kind: "ambiguous" } : { kind: "found", ...chosen };
}

function spread(signature: FunctionSignature, count: number): Candidate | null {
	const own = signature.arguments;
	if (own.length === count) return { signature, kinds: own };
	const last = own[own.length - 1];
	if (!signature.variadic || last === undefined || count < own.length) return null;
	return { signature, kinds: [...own, ...Array.from({ length: count - own.length }, () => last)] };
}

/** The kind of argument that takes the type as it is; null for none: polymorphic kinds count as no exact match. */
function exactKind(type: DataType | null): ArgumentKind | null {
	if (type?.kind !== "array") return type?.kind ?? null;
	const { kind } = type.element;
	return kind === "text" || kind === "integer" || kind === "double" ? `${kind}[]` : null;
}

function isReachable(candidate: Candidate, types: (DataType | null)[]): boolean {
	return candidate.kinds.every((kind, index) => reaches(types[index] ?? null, kind)) && concreteTypes(candidate.kinds, types) !== null;
}

function reaches(from: DataType | null, to: ArgumentKind): boolean {
	if (from === null) return true;
	switch (to) {
		case "any":
		case "element":
		case "compatible":
			return true;
		case "nonarray":
			return from.kind !== "array";
		case "array":
		case "compatible_array":
			return from.kind === "array";
		default:
			return canCoerce(from, typeOfKind(to), "implicit");
	}
}

/** A kind of argument that stands for one type. */
export type PlainKind = Exclude<ArgumentKind, "any" | "nonarray" | "array" | "element" | "compatible" | "compatible_array">;

/** The type of the kind, as far as casts to it matter. */
export function typeOfKind(kind: PlainKind): DataType {
	if (kind === "char") return { kind, length: 1 };
	switch (kind) {
		case "text[]":
			return { kind: "array", element: { kind: "text" } };
		case "integer[]":
			return { kind: "array", element: { kind: "integer" } };
		case "double[]":
			return { kind: "array", element: { kind: "double" } };
		default:
	}
	return { kind } as DataType;
}

function exactMatch(candidates: Candidate[], kinds: (ArgumentKind | null)[], operator: boolean): Candidate | undefined {
	let wanted = kinds;
	if (operator && kinds.length === 2) {
		const [left, right] = kinds as [ArgumentKind | null, ArgumentKind | null];
		if (left === null && right !== null) wanted = [right, right];
		else if (right === null && left !== null) wanted = [left, left];
	}
	return candidates.find((candidate) => candidate.kinds.every((kind, index) => kind === wanted[index]));
}

/** Keeps the candidates with the highest score, all of them when every score is 0. */
function best(candidates: Candidate[], score: (candidate: Candidate) => number): Candidate[] {
	const scores = candidates.map(score);
	const highest = Math.max(...scores);
	return highest === 0 ? candidates : candidates.filter((_, index) => scores[index] === highest);
}

function select(reachable: Candidate[], types: (DataType | null)[]): Candidate | null {
	const kinds = types.map((type) => type?.kind ?? null);
	const exact = types.map(exactKind);
	const count = (candidate: Candidate, test: (kind: ArgumentKind, given: DataTypeKind | null) => boolean) =>
		candidate.kinds.filter((kind, index) => test(kind, kinds[index] ?? null)).length;
	let candidates = best(reachable, (candidate) => candidate.kinds.filter((kind, index) => kind === exact[index]).length);
	if (candidates.length === 1) return candidates[0] as Candidate;
	candidates = best(candidates, (candidate) =>
		count(
			candidate,
			(kind, given) => given !== null && (kind === given || (isPreferred(kind) && typeCategory(kind) === typeCategory(given))),
		),
	);
	if (candidates.length === 1) return candidates[0] as Candidate;
	if (!kinds.includes(null)) return null;
	const byCategory = selectByCategory(candidates, kinds);
	if (byCategory !== null) {
		candidates = byCategory;
		if (candidates.length === 1) return candidates[0] as Candidate;
	}
	return selectByOneKnownType(candidates, types);
}

/** Step 4. @returns null where the unknown places do not agree on a category */
function selectByCategory(candidates: Candidate[], kinds: (DataTypeKind | null)[]): Candidate[] | null {
	const wanted: { category: TypeCategory; preferred: boolean }[] = [];
	for (const [index, given] of kinds.entries()) {
		if (given !== null) {
			wanted.push({ category: "X", preferred: false });
			continue;
		}
		const there = candidates.map((candidate) => candidate.kinds[index] as ArgumentKind);
		const categories = new Set(there.map((kind) => typeCategory(kind)));
		let category: TypeCategory;
		if (categories.has("S")) category = "S";
		else if (categories.size === 1) category = [...categories][0] as TypeCategory;
		else return null;
		const preferred = there.some((kind) => typeCategory(kind) === category && isPreferred(kind));
		wanted.push({ category, preferred });
	}
	const kept = candidates.filter((candidate) =>
		wanted.every(({ category, preferred }, index) => {
			if (category === "X") return true;
			const kind = candidate.kinds[index] as ArgumentKind;
			return typeCategory(kind) === category && (!preferred || isPreferred(kind));
		}),
	);
	return kept.length > 0 ? kept : candidates;
}

/** Step 5. */
function selectByOneKnownType(candidates: Candidate[], types: (DataType | null)[]): Candidate | null {
	const known = types.filter((type) => type !== null);
	const [only] = known;
	if (only === undefined || known.some((type) => !sameType(bareType(type), bareType(only)))) return null;
	const assumed = types.map(() => only);
	const kept = candidates.filter((candidate) => isReachable(candidate, assumed));
	return kept.length === 1 ? (kept[0] as Candidate) : null;
}
