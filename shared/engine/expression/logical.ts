/** AND, OR, NOT and IS NULL in three-valued logic. AND and OR evaluate each argument only on the rows that those before left undecided. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { constantVector } from "../vector/builder.ts";
import { flatten } from "../vector/copy.ts";
import { isValid } from "../vector/read.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import { type CompileOptions, type Evaluator, narrow } from "./evaluator.ts";

const BOOLEAN: DataType = { kind: "boolean" };

function flatBoolean(values: number, validity: number): FlatVector {
	return { kind: "flat", type: BOOLEAN, physical: "bool", values, validity, offsets: 0 };
}

export function compileLogical(kind: "and" | "or", operands: Evaluator[], { engine }: CompileOptions): Evaluator {
	const decisive = kind === "and" ? 0 : 1;
	return {
		type: BOOLEAN,
		costPerRow: operands.reduce((cost, operand) => cost + operand.costPerRow + 1, 0),
		evaluate(batch, region) {
			const { kernels, arena } = engine;
			const values = region.allocate(batch.rowCount);
			arena.views.u8.fill(1 - decisive, values, values + batch.rowCount);
			const validityBytes = (batch.rowCount + 7) >> 3;
			const validity = region.allocate(validityBytes);
			arena.views.u8.fill(0xff, validity, validity + validityBytes);
			const rest = region.allocate(batch.selectedCount * 2);
			let undecided = batch;
			let clean = true;
			for (const operand of operands) {
				if (undecided.selectedCount === 0) break;
				const vector = operand.evaluate(undecided, region);
				const flat = vector.kind === "constant" ? vector.value : flatten(engine, vector, undecided, region);
				const count = kernels.logic_step(
					decisive,
					undecided.selectedCount,
					undecided.selection,
					flat.values,
					flat.validity,
					vector.kind === "constant" ? 1 : 0,
					clean ? 1 : 0,
					values,
					validity,
					rest,
				);
				clean &&= flat.validity === 0;
				undecided = narrow(batch, rest, count);
			}
			return flatBoolean(values, clean ? 0 : validity);
		},
	};
}

export function compileNot(input: Evaluator, { engine }: CompileOptions): Evaluator {
	return {
		type: BOOLEAN,
		costPerRow: input.costPerRow + 1,
		evaluate(batch, region) {
			const vector = input.evaluate(batch, region);
			if (vector.kind === "constant") {
				const { u8 } = engine.arena.views;
				const valid = isValid(engine.arena.views, vector.value.validity, 0);
				return constantVector(engine, region, BOOLEAN, valid ? u8[vector.value.values] === 0 : null);
			}
			const flat = flatten(engine, vector, batch, region);
			const values = region.allocate(batch.rowCount);
			engine.kernels.not_bool(batch.selectedCount, batch.selection, flat.values, values);
			if (flat.validity !== 0) engine.kernels.zero_nulls(1, batch.rowCount, flat.validity, values);
			return flatBoolean(values, flat.validity);
		},
	};
}

export function compileIsNull(input: Evaluator, negated: boolean, { engine }: CompileOptions): Evaluator {
	const evaluate = (batch: Batch, region: Region): Vector => {
		const vector = input.evaluate(batch, region);
		const validity = vector.kind === "constant" ? vector.value.validity : vector.validity;
		if (vector.kind === "constant" || validity === 0) {
			return constantVector(engine, region, BOOLEAN, isValid(engine.arena.views, validity, 0) === negated);
		}
		const values = region.allocate(batch.rowCount);
		engine.kernels.is_null(negated ? 1 : 0, batch.selectedCount, batch.selection, validity, values);
		return flatBoolean(values, 0);
	};
	return { type: BOOLEAN, costPerRow: input.costPerRow + 1, evaluate };
}
