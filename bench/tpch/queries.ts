/** The 22 queries over rows of a given scale: the shapes of `tests/sql/queries/tpch.ts`, whose rows are few, with four constants as TPC-H has them. */
import { assert } from "#shared/base/assert.ts";
import { TPCH } from "../../tests/sql/queries/tpch.ts";

export function tpchQueries(scale: number): { number: number; sql: string }[] {
	const replaced: Record<number, [string, string]> = {
		// Its fraction falls with the scale, so that about as many parts are left.
		11: ["* 0.005 ", `* ${(0.0001 / scale).toFixed(10)} `],
		13: ["'%comment%1%'", "'%special%requests%'"],
		// Nine tenths of an average may equal a quantity, which decimals and doubles then round to different sides of; a fifth of one is exact in both.
		17: ["0.9 * avg", "0.2 * avg"],
		18: ["> 200)", "> 300)"],
	};
	return Object.entries(TPCH).map(([number, sql]) => {
		const [from, to] = replaced[Number(number)] ?? ["", ""];
		assert(sql.includes(from), "the shape has the constant");
		return { number: Number(number), sql: sql.replace(from, to) };
	});
}
