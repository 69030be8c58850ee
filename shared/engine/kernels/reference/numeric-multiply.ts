/** Twin of `numeric_multiply` of `assembly/numeric.ts`. */
import type { NumericValue } from "#shared/contracts/value.ts";

const LIMIT = 10n ** 38n;

/** @returns null where the coefficient leaves 38 digits */
export function product(left: NumericValue, right: NumericValue): NumericValue | null {
	const coefficient = left.coefficient * right.coefficient;
	if (coefficient >= LIMIT || coefficient <= -LIMIT) return null;
	return { coefficient, scale: left.scale + right.scale };
}
