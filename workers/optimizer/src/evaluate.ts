/** Values of constant expressions. Whole numbers are widened here; everything else stays for the executor. */
import { LittoralError } from "#shared/base/errors.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";

/** @throws feature_not_supported for what is not a constant or a widened one */
export function evaluate(expression: Expression, _statement: PlanStatement): SqlValue {
	if (expression.kind === "constant") return expression.value;
	if (
		expression.kind === "cast" &&
		expression.type.kind === "bigint" &&
		expression.input.kind === "constant" &&
		typeof expression.input.value === "number"
	) {
		return BigInt(expression.input.value);
	}
	throw new LittoralError("feature_not_supported", "this constant expression is not supported");
}
