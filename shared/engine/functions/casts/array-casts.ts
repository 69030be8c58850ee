/** Casts of arrays: the elements that are not NULL go through the cast of their type as one dense column. */
import type { DataType } from "#shared/contracts/data-type.ts";
import { elementType, explodeArrays, implodeArrays } from "../../vector/arrays.ts";
import { lookupFlat } from "../../vector/copy.ts";
import { isValid } from "../../vector/read.ts";
import type { Kernel, KernelCall, Operand } from "../kernel.ts";

/** @param castElements of `from`'s elements to `to`'s */
export function arrayCast(to: DataType, castElements: Kernel): Kernel {
	return (call, operands) => {
		const { engine, region, rows } = call;
		const space = { rowCount: rows.rowCount, selection: rows.selection, selectedCount: rows.count };
		const { elements, elementCount, counts } = explodeArrays(engine, operands[0] as Operand, space, region);
		const { views } = engine.arena;
		/** Of the elements that are not NULL; of each element its place among them. */
		const sources = region.allocate(elementCount * 4);
		const places = region.allocateZeroed(elementCount * 4);
		let count = 0;
		for (let index = 0; index < elementCount; index++) {
			if (!isValid(views, elements.validity, index)) continue;
			views.i32[places / 4 + index] = count;
			views.i32[sources / 4 + count++] = index;
		}
		const dense = { rowCount: count, selection: 0, selectedCount: count };
		const values = lookupFlat(engine, { codes: sources, validity: 0, values: { ...elements, validity: 0 }, rows: dense }, region);
		const inner: KernelCall = { ...call, rows: { rowCount: count, selection: 0, count } };
		const cast = castElements(inner, [{ vector: values, constant: 0 }]);
		const all = { rowCount: elementCount, selection: 0, selectedCount: elementCount };
		const spread =
			count === 0 || elements.validity === 0
				? cast
				: lookupFlat(engine, { codes: places, validity: elements.validity, values: cast, rows: all }, region);
		const ends = region.allocate((rows.rowCount + 1) * 4);
		views.i32[ends / 4] = 0;
		for (let row = 0; row < rows.rowCount; row++) {
			views.i32[ends / 4 + row + 1] = (views.i32[ends / 4 + row] as number) + (views.i32[counts / 4 + row] as number);
		}
		const result = { ...spread, type: elementType(to), validity: elements.validity };
		return implodeArrays(engine, { type: to, rowCount: rows.rowCount, ends, validity: 0, elements: result }, region);
	};
}
