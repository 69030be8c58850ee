/** Casts from JSONB to booleans and numbers; a JSON null is NULL, anything else of the wrong kind raises 22023. */
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import { type JsonKind, jsonKind } from "#shared/contracts/values/json-parts.ts";
import { parseNumeric } from "#shared/contracts/values/number-text.ts";
import type { Bind, Kernel } from "../kernel.ts";
import { perValue } from "../per-value.ts";
import { bindNumberCast } from "./number-casts.ts";

const NUMERIC: DataType = { kind: "numeric" };

function check(document: string, wanted: JsonKind, to: DataType): void {
	const kind = jsonKind(document);
	if (kind === wanted) return;
	const shown = to.kind === "numeric" ? "numeric" : typeName(to);
	throw new LittoralError("invalid_parameter_value", `cannot cast jsonb ${kind === "number" ? "numeric" : kind} to type ${shown}`);
}

const toBoolean: Bind = perValue(([document]) => {
	if (document === "null") return null;
	check(document as string, "boolean", { kind: "boolean" });
	return document === "true";
});

/** By way of NUMERIC, as PostgreSQL goes. @returns null where there is no such cast */
export function bindJsonCast(to: DataType): Bind | null {
	if (to.kind === "boolean") return toBoolean;
	const convert = bindNumberCast(NUMERIC, to);
	if (convert === null) return null;
	const toNumeric = perValue(([document]) => {
		if (document === "null") return null;
		check(document as string, "number", to);
		return parseNumeric(document as string);
	});
	return (binding): Kernel => {
		const read = toNumeric({ ...binding, type: NUMERIC });
		return (call, operands) => {
			const numbers = read(call, operands);
			return { ...convert(call, [{ vector: numbers, constant: 0 }]), validity: numbers.validity };
		};
	};
}
