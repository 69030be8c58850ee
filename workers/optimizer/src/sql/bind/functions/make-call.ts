/** A call of a chosen overload. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ArgumentKind, FunctionSignature } from "#shared/contracts/functions/signature.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { boundType, type Bound } from "../bound.ts";
import { coerce, settle } from "../expressions/coerce.ts";
import { concreteTypes } from "./polymorphic.ts";
import { typeOfKind, type PlainKind } from "./resolve-function.ts";
import type { StatementContext } from "../statement.ts";

export interface Chosen {
	signature: FunctionSignature;
	kinds: ArgumentKind[];
}

/** The call with every argument cast to what the overload takes. */
export function makeCall(statement: StatementContext, chosen: Chosen, list: Bound[]): Expression {
	const concrete = concreteTypes(chosen.kinds, list.map(boundType));
	if (concrete === "undetermined") {
		throw statement.error("datatype_mismatch", "could not determine polymorphic type because input has type unknown");
	}
	const given = list.map((bound, index) => {
		const type = concrete?.[index] ?? null;
		return type === null
			? coerceToKind(statement, bound, chosen.kinds[index] as PlainKind | "any" | "nonarray")
			: coerce(statement, bound, type);
	});
	// A VARCHAR that stands for text makes text.
	const types = given.map(
		({ type }, index): DataType => (type.kind === "varchar" && chosen.kinds[index] === "text" ? { kind: "text" } : type),
	);
	return { kind: "call", functionId: chosen.signature.id, arguments: given, type: chosen.signature.result(types) };
}

/** `numeric` takes fixed and free values, `text` takes VARCHAR, `any` everything as it is. */
function coerceToKind(statement: StatementContext, bound: Bound, kind: PlainKind | "any" | "nonarray"): Expression {
	if (kind === "any" || kind === "nonarray") return settle(statement, bound);
	if (bound.kind === "typed") {
		const { type } = bound.expression;
		if (type.kind === kind || (kind === "text" && type.kind === "varchar")) return bound.expression;
	}
	if (kind === "char") return coerceToChar(statement, bound);
	return coerce(statement, bound, typeOfKind(kind));
}

/** A CHAR as long as the value is: it is compared without its padding, so no length may cut it. */
function coerceToChar(statement: StatementContext, bound: Bound): Expression {
	const text = coerce(statement, bound, { kind: "text" });
	const length = text.kind === "constant" && typeof text.value === "string" ? Array.from(text.value).length : 1;
	return text.kind === "constant" ? { ...text, type: { kind: "char", length: Math.max(length, 1) } } : text;
}
