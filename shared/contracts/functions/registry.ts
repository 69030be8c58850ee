/**
 * Every function of every kind that the binder may choose. `engine/functions` maps each scalar id to its kernel, and a test proves that map total.
 *
 * Arguments have exactly the kinds of the signature, after the binder's casts, with these freedoms: `numeric` takes fixed and free NUMERIC (results are
 * free); `text` takes VARCHAR as it is, without a cast; CHAR goes to `text` by a cast, which strips its padding; `any` takes everything.
 * NULLIF(a, b) has no function: it binds to CASE WHEN a = b THEN NULL ELSE a END. IS [NOT] TRUE/FALSE binds to CASE or COALESCE, BETWEEN to AND.
 */
import { AGGREGATE_SIGNATURES } from "./aggregate-signatures.ts";
import { ARRAY_SIGNATURES } from "./array-signatures.ts";
import { DATETIME_SIGNATURES } from "./datetime-signatures.ts";
import { FORMAT_SIGNATURES } from "./format-signatures.ts";
import { JSON_PATH_SIGNATURES } from "./json-path-signatures.ts";
import { JSON_SIGNATURES } from "./json-signatures.ts";
import { MATH_SIGNATURES } from "./math-signatures.ts";
import { OPERATOR_SIGNATURES } from "./operator-signatures.ts";
import type { FunctionSignature } from "./signature.ts";
import { STRING_SIGNATURES } from "./string-signatures.ts";
import { SYSTEM_SIGNATURES } from "./system-signatures.ts";
import { TABLE_SIGNATURES } from "./table-signatures.ts";
import { WINDOW_SIGNATURES } from "./window-signatures.ts";

export const SIGNATURES: readonly FunctionSignature[] = [
	...OPERATOR_SIGNATURES,
	...MATH_SIGNATURES,
	...STRING_SIGNATURES,
	...DATETIME_SIGNATURES,
	...FORMAT_SIGNATURES,
	...SYSTEM_SIGNATURES,
	...AGGREGATE_SIGNATURES,
	...ARRAY_SIGNATURES,
	...JSON_SIGNATURES,
	...JSON_PATH_SIGNATURES,
	...WINDOW_SIGNATURES,
	...TABLE_SIGNATURES,
];

const byId = new Map(SIGNATURES.map((signature) => [signature.id, signature]));
const byName = Map.groupBy(SIGNATURES, (signature) => signature.name);

/** The overload with this stable id, e.g. `add(integer,integer)`; undefined for one that does not exist. */
export function signatureById(id: string): FunctionSignature | undefined {
	return byId.get(id);
}

/** All overloads of a name, of every kind, in registry order; empty where there is none. */
export function signaturesByName(name: string): readonly FunctionSignature[] {
	return byName.get(name) ?? [];
}
