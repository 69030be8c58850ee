/**
 * Casts. A cast is a relabelling where the lanes stay as they are (text to varchar, smallint to integer, NUMERIC to more digits of one scale), else a kernel.
 *
 * `explicit` decides one thing: whether VARCHAR(n) and CHAR(n) cut what is too long, or raise 22001 as an assignment does.
 */
import { type DataType, physicalType, sameType, typeName } from "#shared/contracts/data-type.ts";
import { LittoralError } from "#shared/base/errors.ts";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { Vector } from "../../vector/vector.ts";
import type { Bind, Kernel } from "../kernel.ts";
import { arrayCast } from "./array-casts.ts";
import { DATETIME_CASTS } from "./datetime-casts.ts";
import { bindJsonCast } from "./json-casts.ts";
import { bindNumberCast } from "./number-casts.ts";
import { bindTextCast, isStringType, OTHER_CASTS } from "./text-casts.ts";

type Cast =
	| { kind: "relabel"; relabel: (vector: Vector) => Vector }
	| { kind: "kernel"; kernel: Kernel; total: boolean; costPerRow: number };

/** Elements that an array is taken to have. */
const ELEMENT_COUNT_GUESS = 8;

/** @throws cannot_coerce (42846) where there is no such cast; the binder has refused it before */
export function bindCast(from: DataType, to: DataType, explicit: boolean, statement: PlanStatement): Cast {
	if (keepsLanes(from, to)) return { kind: "relabel", relabel: (vector) => relabel(vector, to) };
	if (from.kind === "array" && to.kind === "array") {
		const inner = bindCast(from.element, to.element, explicit, statement);
		// Lanes that stay have been relabelled above.
		if (inner.kind === "kernel")
			return { ...inner, kernel: arrayCast(to, inner.kernel), costPerRow: inner.costPerRow * ELEMENT_COUNT_GUESS };
	}
	const number = bindNumberCast(from, to);
	if (number !== null) return { kind: "kernel", kernel: number, total: false, costPerRow: 2 };
	const bind: Bind | null =
		(from.kind === "jsonb" ? bindJsonCast(to) : null) ??
		DATETIME_CASTS[`${from.kind}->${to.kind}`] ??
		OTHER_CASTS[`${from.kind}->${to.kind}`] ??
		bindTextCast(from, to, explicit);
	if (bind === null) throw new LittoralError("cannot_coerce", `cannot cast type ${typeName(from)} to ${typeName(to)}`);
	const kernel = bind({ argumentTypes: [from], type: to, constants: [], statement });
	return { kind: "kernel", kernel, total: false, costPerRow: isStringType(from) || isStringType(to) ? 40 : 4 };
}

/** True where every value of `from` is one of `to` in the same lanes. */
function keepsLanes(from: DataType, to: DataType): boolean {
	if (sameType(from, to)) return true;
	if (from.kind === "array") return to.kind === "array" && keepsLanes(from.element, to.element);
	if (from.kind === "smallint" && to.kind === "integer") return true;
	if (from.kind === "text" || from.kind === "varchar") {
		if (to.kind === "text") return true;
		if (to.kind === "varchar") {
			return to.length === undefined || (from.kind === "varchar" && from.length !== undefined && from.length <= to.length);
		}
	}
	if (from.kind === "numeric" && to.kind === "numeric") {
		if (from.precision === undefined || to.precision === undefined) return false;
		return (from.scale ?? 0) === (to.scale ?? 0) && from.precision <= to.precision && physicalType(from) === physicalType(to);
	}
	return false;
}

function relabel(vector: Vector, type: DataType): Vector {
	return vector.kind === "constant" ? { ...vector, type, value: { ...vector.value, type } } : { ...vector, type };
}
