/**
 * Expressions over one column, whatever they are made of: of a dictionary they are computed once per entry (dictionary-memo.ts), and stay a dictionary. A CASE
 * over 3,000,000 distances is one over the 1,100 that there are.
 */
import { partsOf } from "#shared/contracts/plan/expression-parts.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { Batch } from "../vector/batch.ts";
import { constantVector } from "../vector/builder.ts";
import { flatten } from "../vector/copy.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import { DictionaryMemo } from "./dictionary-memo.ts";
import { type CompileOptions, type Evaluator, evaluateNarrow } from "./evaluator.ts";

/** More distinct parts than this are not looked through. */
const PART_COUNT_MAX = 1000;

/** The only column that the expression reads, however often; null where there are none or several, or where a part gives another answer at every call. */
export function singleColumn(expression: Expression): number | null {
	let column: number | null = null;
	let left = PART_COUNT_MAX;
	const visit = (part: Expression): boolean => {
		if (left-- === 0) return false;
		if (part.kind === "column") {
			column ??= part.index;
			return column === part.index;
		}
		if (part.kind === "call" && signatureById(part.functionId)?.volatility === "volatile") return false;
		return partsOf(part).every(visit);
	};
	return visit(expression) ? column : null;
}

/** The columns that the expression reads, ascending. */
export function columnsOf(expression: Expression): number[] {
	const columns = new Set<number>();
	const visit = (part: Expression): void => {
		if (part.kind === "column") columns.add(part.index);
		partsOf(part).forEach(visit);
	};
	visit(expression);
	return [...columns].sort((left, right) => left - right);
}

/** @param inner computes the expression of any batch; `column` is the only one that it reads */
export function oncePerEntry(inner: Evaluator, column: number, { engine }: CompileOptions): Evaluator {
	const batchOf = (vector: Vector, rowCount: number): Batch => {
		const columns: Vector[] = [];
		columns[column] = vector;
		return { rowCount, columns, selection: 0, selectedCount: rowCount };
	};
	const remembering = (evaluate: Evaluator["evaluate"]): Evaluator["evaluate"] => {
		const memo = new DictionaryMemo(engine);
		return (batch, region) => {
			const vector = batch.columns[column];
			if (vector?.kind !== "dictionary" || batch.selectedCount === 0) return evaluate(batch, region);
			const remembered = memo.apply(vector, batch, region, {
				entries: (entries, entryCount, kept) => evaluate(batchOf({ ...entries, type: vector.type }, entryCount), kept),
				ofNull: (kept): FlatVector => {
					const one = batchOf(constantVector(engine, kept, vector.type, null), 1);
					return flatten(engine, evaluate(one, kept), one, kept);
				},
			});
			return remembered ?? evaluate(batch, region);
		};
	};
	return {
		...inner,
		evaluate: remembering((batch, region) => inner.evaluate(batch, region)),
		...(inner.evaluateNarrow === undefined ? {} : { evaluateNarrow: remembering((batch, region) => evaluateNarrow(inner, batch, region)) }),
	};
}
