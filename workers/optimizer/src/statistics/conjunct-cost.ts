/** What asking a conjunct about a row costs, for the order in which conjuncts are asked (logical/rules/order-conjuncts.ts). */
import { ROW_GROUP_ROW_COUNT } from "#shared/base/limits.ts";
import type { DataTypeKind } from "#shared/contracts/data-type.ts";
import { partsOf } from "#shared/contracts/plan/expression-parts.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns } from "../logical/expression.ts";
import type { StatisticsOf } from "./selectivity.ts";
import { valueByteCount } from "./row-width.ts";
import { totalWorkUnits } from "./work-units.ts";

/** Work units of looking a row's answer up and of keeping its place. Measured: 1 ns. */
export const ASK_COST = 1;
/** Work units of a byte of text that a function looks through. Measured: LIKE '%...%' at 2 GB/s. */
const COST_PER_TEXT_BYTE = 0.5;

/**
 * Work units a row, of a dictionary's entries once for all rows that have them: as many entries as the column has distinct values, at most one a row of a row group.
 *
 * @param statistics of the conjunct's columns, null of a computed one
 */
export function conjunctCost(conjunct: Expression, statistics: StatisticsOf): number {
	const columns = [...collectColumns(conjunct)];
	const [only] = columns;
	const known = columns.length === 1 && only !== undefined ? statistics(only) : null;
	const evaluatedFraction = known === null ? 1 : Math.min(1, known.distinctCount / ROW_GROUP_ROW_COUNT);
	return ASK_COST + evaluatedFraction * (totalWorkUnits([conjunct]) + COST_PER_TEXT_BYTE * readTextBytes(conjunct, statistics));
}

const COMPARISON = /^(eq|ne|lt|le|gt|ge)\(/;

/** Bytes of columns that functions take; comparisons end at the first bytes that differ. */
function readTextBytes(expression: Expression, statistics: StatisticsOf): number {
	const inner = partsOf(expression).reduce((sum, part) => sum + readTextBytes(part, statistics), 0);
	if (expression.kind !== "call" || COMPARISON.test(expression.functionId)) return inner;
	return expression.arguments.reduce((sum, part) => {
		if (part.kind !== "column" || !isText(part.type.kind)) return sum;
		return sum + (statistics(part.index)?.distribution?.meanTextBytes() ?? valueByteCount(part.type));
	}, inner);
}

const isText = (kind: DataTypeKind): boolean => kind === "text" || kind === "varchar" || kind === "char" || kind === "bytea";

const WHOLE_NUMBERS: readonly DataTypeKind[] = ["smallint", "integer", "bigint"];

/**
 * Function calls, by which PostgreSQL orders conjuncts: every operator, function and cast that runs code counts 1 (cost_qual_eval_walker in path/costsize.c; a function's procost is 1
 * but for few), one through text 2; AND, OR, NOT and IS NULL nothing, a list half its values. Whole numbers are compared across types there, and a constant's cast is made once.
 */
export function postgresCost(expression: Expression): number {
	const inner = partsOf(expression).reduce((sum, part) => sum + postgresCost(part), 0);
	switch (expression.kind) {
		case "call":
			return inner + 1;
		case "in_list":
			return inner + expression.values.length / 2;
		case "quantified":
			return inner + 1;
		case "cast":
			return inner + castCost(expression.input.type.kind, expression.type.kind);
		default:
			return inner;
	}
}

function castCost(from: DataTypeKind, to: DataTypeKind): number {
	const isString = (kind: DataTypeKind): boolean => kind === "text" || kind === "varchar";
	if (isString(from) && isString(to)) return 0;
	if (WHOLE_NUMBERS.includes(from) && WHOLE_NUMBERS.includes(to) && WHOLE_NUMBERS.indexOf(from) <= WHOLE_NUMBERS.indexOf(to)) return 0;
	return isString(from) || isString(to) ? 2 : 1;
}
