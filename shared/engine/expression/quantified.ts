/**
 * `input op ANY (array)` and `input op ALL (array)`: the arrays of a batch are taken apart, the comparison runs over their elements as over any batch, and each row's
 * answers are put together in SQL's three values.
 */
import { assert } from "#shared/base/assert.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { type DataType, PHYSICAL_BYTES } from "#shared/contracts/data-type.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { QuantifiedExpression } from "#shared/contracts/plan/expression.ts";
import { scalarKernel } from "../functions/scalar-kernels.ts";
import type { Region } from "../memory/region.ts";
import { type Elements, elementType, explodeArrays } from "../vector/arrays.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten, takeBatch } from "../vector/copy.ts";
import { isValid } from "../vector/read.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import { ApplyEvaluator } from "./apply.ts";
import type { CompileOptions, Evaluator } from "./evaluator.ts";
import { compileColumn } from "./leaf.ts";

const BOOLEAN: DataType = { kind: "boolean" };
/** Elements that an array is taken to have. */
const ELEMENT_COUNT_GUESS = 8;
const DENSE_ONE: Batch = { rowCount: 1, columns: [], selection: 0, selectedCount: 1 };

export function compileQuantified(
	input: Evaluator,
	array: Evaluator,
	expression: QuantifiedExpression,
	options: CompileOptions,
): Evaluator {
	const { engine } = options;
	const signature = signatureById(expression.functionId);
	assert(signature?.kind === "scalar", `${expression.functionId} is an operator`);
	const element = elementType(array.type);
	const argumentTypes = [input.type, element];
	const comparison = new ApplyEvaluator(
		{
			arguments: argumentTypes.map((type, index) => compileColumn({ kind: "column", index, type })),
			kernel: scalarKernel(signature.id)({
				argumentTypes,
				type: BOOLEAN,
				constants: [input.constant, undefined],
				statement: options.statement,
			}),
			type: BOOLEAN,
			strict: signature.strict,
			total: !signature.canRaise,
			repeatable: true,
			costPerRow: signature.cost,
		},
		options,
	);

	/** The comparison's answer for each element: 1 true, 0 false, 2 NULL. */
	function answers(subject: Vector, { elements, elementCount, rows }: Elements, rowCount: number, region: Region): Uint8Array {
		const { u16, u32, u8 } = engine.arena.views;
		const all = new Uint8Array(elementCount);
		for (let start = 0; start < elementCount; start += BATCH_ROW_COUNT_MAX) {
			const count = Math.min(BATCH_ROW_COUNT_MAX, elementCount - start);
			const positions = region.allocate(count * 2);
			for (let index = 0; index < count; index++) u16[positions / 2 + index] = u32[rows / 4 + start + index] as number;
			const whole: Batch = { rowCount, columns: [subject], selection: 0, selectedCount: rowCount };
			const repeated = takeBatch(engine, whole, { positions, count }, region).columns[0] as Vector;
			const batch: Batch = { rowCount: count, columns: [repeated, part(elements, start)], selection: 0, selectedCount: count };
			const result = comparison.evaluate(batch, region);
			const flat = flatten(engine, result, batch, region);
			for (let index = 0; index < count; index++) {
				all[start + index] = isValid(engine.arena.views, flat.validity, index) ? (u8[flat.values + index] as number) : 2;
			}
		}
		return all;
	}

	return {
		type: BOOLEAN,
		costPerRow: input.costPerRow + array.costPerRow + comparison.costPerRow * ELEMENT_COUNT_GUESS,
		evaluate(batch, region) {
			const { views } = engine.arena;
			const subject = input.evaluate(batch, region);
			const arrays = array.evaluate(batch, region);
			const isConstant = arrays.kind === "constant";
			const flat = isConstant ? flatten(engine, arrays.value, DENSE_ONE, region) : flatten(engine, arrays, batch, region);
			const taken = explodeArrays(engine, { vector: flat, constant: isConstant ? 1 : 0 }, batch, region);
			const perElement = answers(subject, taken, batch.rowCount, region);
			const decisive = expression.all ? 0 : 1;
			// 0 and 1 as decided, 2 NULL; a row whose elements decide nothing is the other of the two.
			const perRow = new Uint8Array(batch.rowCount).fill(1 - decisive);
			for (const [index, answer] of perElement.entries()) {
				const row = views.u32[taken.rows / 4 + index] as number;
				if (answer === decisive) perRow[row] = decisive;
				else if (answer === 2 && perRow[row] !== decisive) perRow[row] = 2;
			}
			const values = region.allocate(batch.rowCount);
			const validity = region.allocateZeroed((batch.rowCount + 7) >> 3);
			for (let row = 0; row < batch.rowCount; row++) {
				const known = perRow[row] !== 2 && isValid(views, flat.validity, isConstant ? 0 : row);
				views.u8[values + row] = known ? (perRow[row] as number) : 0;
				if (known) views.u8[validity + (row >> 3)] = (views.u8[validity + (row >> 3)] as number) | (1 << (row & 7));
			}
			return { kind: "flat", type: BOOLEAN, physical: "bool", values, validity, offsets: 0 };
		},
	};
}

/** The elements from `start` on, a multiple of eight: as a view of the same lanes. */
function part(elements: FlatVector, start: number): FlatVector {
	const { physical, values, validity, offsets } = elements;
	return {
		...elements,
		values: physical === "bytes" ? values : values + start * PHYSICAL_BYTES[physical],
		validity: validity === 0 ? 0 : validity + start / 8,
		offsets: offsets === 0 ? 0 : offsets + start * 4,
	};
}
