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
import type { FunctionSignature } from "#shared/contracts/functions/signature.ts";
import type { DataType, DataTypeKind } from "#shared/contracts/data-type.ts";
import { canCoerce } from "./coerce.ts";
import { isPreferred, typeCategory, type TypeCategory } from "./type-category.ts";

type ArgumentKind = DataTypeKind | "any";

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
	const kinds = argumentTypes.map((type) => (type === null ? null : type.kind));
	const exact = exactMatch(applicable, kinds, options.operator);
	if (exact !== undefined) return { kind: "found", ...exact };
	const reachable = applicable.filter((candidate) => candidate.kinds.every((kind, index) => reaches(argumentTypes[index] ?? null, kind)));
	if (reachable.length === 0) return { kind: "none" };
	const chosen = select(reachable, kinds);
	return chosen === null ? { kind: "ambiguous" } : { kind: "found", ...chosen };
}

function spread(signature: FunctionSignature, count: number): Candidate | null {
	const own = signature.arguments;
	if (own.length === count) return { signature, kinds: own };
	const last = own[own.length - 1];
	if (!signature.variadic || last === undefined || count < own.length) return null;
	return { signature, kinds: [...own, ...Array.from({ length: count - own.length }, () => last)] };
}

function reaches(from: DataType | null, to: ArgumentKind): boolean {
	if (to === "any" || from === null) return true;
	return canCoerce(from, typeOfKind(to), "implicit");
}

/** A type of the kind, for asking about casts; its modifiers do not matter. */
export function typeOfKind(kind: DataTypeKind): DataType {
	if (kind === "char") return { kind, length: 1 };
	if (kind === "array") return { kind, element: { kind: "text" } };
	return { kind } as DataType;
}

function exactMatch(candidates: Candidate[], kinds: (DataTypeKind | null)[], operator: boolean): Candidate | undefined {
	let wanted = kinds;
	if (operator && kinds.length === 2) {
		const [left, right] = kinds as [DataTypeKind | null, DataTypeKind | null];
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

function select(reachable: Candidate[], kinds: (DataTypeKind | null)[]): Candidate | null {
	const count = (candidate: Candidate, test: (kind: ArgumentKind, given: DataTypeKind | null) => boolean) =>
		candidate.kinds.filter((kind, index) => test(kind, kinds[index] ?? null)).length;
	let candidates = best(reachable, (candidate) => count(candidate, (kind, given) => given !== null && kind === given));
	if (candidates.length === 1) return candidates[0] as Candidate;
	candidates = best(candidates, (candidate) =>
		count(
			candidate,
			(kind, given) =>
				given !== null && (kind === given || (kind !== "any" && isPreferred(kind) && typeCategory(kind) === typeCategory(given))),
		),
	);
	if (candidates.length === 1) return candidates[0] as Candidate;
	if (!kinds.includes(null)) return null;
	const byCategory = selectByCategory(candidates, kinds);
	if (byCategory !== null) {
		candidates = byCategory;
		if (candidates.length === 1) return candidates[0] as Candidate;
	}
	return selectByOneKnownKind(candidates, kinds);
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
		const preferred = there.some((kind) => kind !== "any" && typeCategory(kind) === category && isPreferred(kind));
		wanted.push({ category, preferred });
	}
	const kept = candidates.filter((candidate) =>
		wanted.every(({ category, preferred }, index) => {
			if (category === "X") return true;
			const kind = candidate.kinds[index] as ArgumentKind;
			return typeCategory(kind) === category && (!preferred || (kind !== "any" && isPreferred(kind)));
		}),
	);
	return kept.length > 0 ? kept : candidates;
}

/** Step 5. */
function selectByOneKnownKind(candidates: Candidate[], kinds: (DataTypeKind | null)[]): Candidate | null {
	const known = new Set(kinds.filter((kind) => kind !== null));
	const [only] = known;
	if (known.size !== 1 || only === undefined) return null;
	const kept = candidates.filter((candidate) => candidate.kinds.every((kind) => reaches(typeOfKind(only), kind)));
	return kept.length === 1 ? (kept[0] as Candidate) : null;
}
