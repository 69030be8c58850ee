/** PostgreSQL's type categories, preferred types, and its choice of one type for several expressions (UNION, CASE, VALUES). */
import { castContext } from "#shared/contracts/functions/casts.ts";
import type { ArgumentKind } from "#shared/contracts/functions/signature.ts";
import { sameType, type DataType } from "#shared/contracts/data-type.ts";

/** B boolean, N number, S string, D date or time, T time span, A array, U other; X is `unknown`, P a pseudo-type. */
export type TypeCategory = "B" | "N" | "S" | "D" | "T" | "A" | "U" | "X" | "P";

export function typeCategory(kind: ArgumentKind | null): TypeCategory {
	switch (kind) {
		case null:
			return "X";
		case "any":
		case "nonarray":
		case "element":
		case "compatible":
		case "compatible_array":
			return "P";
		case "boolean":
			return "B";
		case "smallint":
		case "integer":
		case "bigint":
		case "real":
		case "double":
		case "numeric":
			return "N";
		case "text":
		case "varchar":
		case "char":
			return "S";
		case "date":
		case "time":
		case "timestamp":
		case "timestamptz":
			return "D";
		case "interval":
			return "T";
		case "array":
		case "text[]":
		case "integer[]":
		case "double[]":
			return "A";
		case "bytea":
		case "uuid":
		case "jsonb":
			return "U";
	}
}

/** Of several types of one category, the one that PostgreSQL would rather convert to. */
export function isPreferred(kind: ArgumentKind): boolean {
	return kind === "boolean" || kind === "double" || kind === "text" || kind === "timestamptz" || kind === "interval";
}

/** The type without length, precision and scale. CHAR cannot be without a length and stays. */
export function bareType(type: DataType): DataType {
	if (type.kind === "array") return { kind: "array", element: bareType(type.element) };
	return type.kind === "numeric" || type.kind === "varchar" ? { kind: type.kind } : type;
}

function isSameKind(left: DataType, right: DataType): boolean {
	return left.kind === "array" && right.kind === "array" ? isSameKind(left.element, right.element) : left.kind === right.kind;
}

export type CommonType = { type: DataType } | { conflict: number; left: DataType; right: DataType };

/**
 * PostgreSQL's select_common_type: the first known type, replaced by a later one of the same category to which it converts implicitly but not back; a
 * preferred type stays. The modifier is kept when all agree. All unknown: text.
 *
 * @returns the type, or the index of the first expression of another category
 * @see https://www.postgresql.org/docs/18/typeconv-union-case.html
 */
export function commonType(types: (DataType | null)[]): CommonType {
	let chosen: DataType | null = null;
	for (const [index, next] of types.entries()) {
		if (next === null || (chosen !== null && isSameKind(next, chosen))) continue;
		if (chosen === null) {
			chosen = next;
			continue;
		}
		if (typeCategory(next.kind) !== typeCategory(chosen.kind)) return { conflict: index, left: chosen, right: next };
		const forward = castContext(chosen, next) === "implicit";
		const back = castContext(next, chosen) === "implicit";
		if (!isPreferred(chosen.kind) && forward && !back) chosen = next;
	}
	if (chosen === null) return { type: { kind: "text" } };
	const final = chosen;
	const allSame = types.every((type) => type !== null && sameType(type, final));
	if (allSame) return { type: final };
	return { type: final.kind === "char" ? { kind: "text" } : bareType(final) };
}
