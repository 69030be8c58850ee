/** CASE and COALESCE: each result is computed only for the rows that choose it, so that a branch not taken cannot raise. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { constantVector } from "../vector/builder.ts";
import { flatten } from "../vector/copy.ts";
import { isValid } from "../vector/read.ts";
import { type CompileOptions, type Evaluator, narrow } from "./evaluator.ts";
import { mergeParts, type Part } from "./merge.ts";

const totalCost = (evaluators: Evaluator[]): number => evaluators.reduce((cost, evaluator) => cost + evaluator.costPerRow + 1, 0);

export function compileCase(
	branches: { when: Evaluator; then: Evaluator }[],
	otherwise: Evaluator,
	type: DataType,
	{ engine }: CompileOptions,
): Evaluator {
	/** The rows for which the condition is true, and the others. */
	function split(when: Evaluator, batch: Batch, region: Region): { chosen: Batch; rest: Batch } {
		const vector = when.evaluate(batch, region);
		const none = narrow(batch, region.allocate(0), 0);
		if (vector.kind === "constant") {
			const { views } = engine.arena;
			const chosen = isValid(views, vector.value.validity, 0) && views.u8[vector.value.values] !== 0;
			return chosen ? { chosen: batch, rest: none } : { chosen: none, rest: batch };
		}
		const flat = flatten(engine, vector, batch, region);
		const chosen: Pointer = region.allocate(batch.selectedCount * 2);
		const rest: Pointer = region.allocate(batch.selectedCount * 2);
		const count = engine.kernels.partition_true(batch.selectedCount, batch.selection, flat.values, flat.validity, chosen, rest);
		return { chosen: narrow(batch, chosen, count), rest: narrow(batch, rest, batch.selectedCount - count) };
	}
	return {
		type,
		costPerRow: totalCost([...branches.flatMap(({ when, then }) => [when, then]), otherwise]),
		evaluate(batch, region) {
			const parts: Part[] = [];
			let undecided = batch;
			for (const { when, then } of branches) {
				if (undecided.selectedCount === 0) break;
				const { chosen, rest } = split(when, undecided, region);
				if (chosen.selectedCount > 0) parts.push({ rows: chosen, vector: then.evaluate(chosen, region) });
				undecided = rest;
			}
			if (undecided.selectedCount > 0) parts.push({ rows: undecided, vector: otherwise.evaluate(undecided, region) });
			if (parts.length === 0) return constantVector(engine, region, type, null);
			const [only] = parts as [Part];
			return parts.length === 1 ? only.vector : mergeParts(engine, region, type, batch.rowCount, parts);
		},
	};
}

export function compileCoalesce(operands: Evaluator[], type: DataType, { engine }: CompileOptions): Evaluator {
	return {
		type,
		costPerRow: totalCost(operands),
		evaluate(batch, region) {
			const parts: Part[] = [];
			let undecided = batch;
			for (const [index, operand] of operands.entries()) {
				if (undecided.selectedCount === 0) break;
				const vector = operand.evaluate(undecided, region);
				const last = index === operands.length - 1;
				const validity = vector.kind === "constant" ? vector.value.validity : vector.validity;
				const whole = vector.kind === "constant" ? isValid(engine.arena.views, validity, 0) : validity === 0;
				if (last || whole) {
					parts.push({ rows: undecided, vector });
					break;
				}
				if (vector.kind === "constant") continue;
				const valid = region.allocate(undecided.selectedCount * 2);
				const rest = region.allocate(undecided.selectedCount * 2);
				const count = engine.kernels.partition_valid(undecided.selectedCount, undecided.selection, validity, valid, rest);
				if (count > 0) parts.push({ rows: narrow(batch, valid, count), vector });
				undecided = narrow(batch, rest, undecided.selectedCount - count);
			}
			if (parts.length === 0) return constantVector(engine, region, type, null);
			const [only] = parts as [Part];
			return parts.length === 1 ? only.vector : mergeParts(engine, region, type, batch.rowCount, parts);
		},
	};
}
