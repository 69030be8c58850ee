/** bit_and, bit_or and bit_xor of integers. State: the value, u32 present at 8. */
import { type DataType, physicalType } from "#shared/contracts/data-type.ts";
import { flatten } from "../../vector/copy.ts";
import { isValid } from "../../vector/read.ts";
import { gatherColumn } from "../../vector/row-gather.ts";
import { valueKind } from "../../vector/row-layout.ts";
import type { Vector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction, AggregateInput } from "./aggregate.ts";

interface Operation {
	narrow: (left: number, right: number) => number;
	wide: (left: bigint, right: bigint) => bigint;
}

const PRESENT_OFFSET = 8;

function bind({ engine, offset, argumentTypes }: AggregateBinding, { narrow, wide }: Operation): Aggregate {
	const type = argumentTypes[0] as DataType;
	const isWide = physicalType(type) === "i64";
	const column = { type, kind: valueKind(type), offset, nullBit: -1, present: offset + PRESENT_OFFSET };
	const update = ({ columns, rows, groups, region }: AggregateInput): void => {
		const { values, validity } = flatten(engine, columns[0] as Vector, rows, region);
		const { views } = engine.arena;
		const { i32, i64, u16, u32 } = views;
		for (let index = 0; index < rows.selectedCount; index++) {
			const row = rows.selection === 0 ? index : (u16[rows.selection / 2 + index] as number);
			if (!isValid(views, validity, row)) continue;
			const state = (u32[groups / 4 + row] as number) + offset;
			const isFirst = u32[(state + PRESENT_OFFSET) / 4] === 0;
			if (isWide) {
				const value = i64[values / 8 + row] as bigint;
				i64[state / 8] = isFirst ? value : wide(i64[state / 8] as bigint, value);
			} else {
				const value = i32[values / 4 + row] as number;
				i32[state / 4] = isFirst ? value : narrow(i32[state / 4] as number, value);
			}
			u32[(state + PRESENT_OFFSET) / 4] = 1;
		}
	};
	return {
		partialTypes: [type],
		update,
		merge: update,
		partial: (groups, region) => [gatherColumn(engine, column, groups, region)],
		finish: (groups, region) => gatherColumn(engine, column, groups, region),
	};
}

const aggregate = (operation: Operation): AggregateFunction => ({ stateBytes: 16, bind: (binding) => bind(binding, operation) });

export const BIT_AND = aggregate({ narrow: (left, right) => left & right, wide: (left, right) => left & right });
export const BIT_OR = aggregate({ narrow: (left, right) => left | right, wide: (left, right) => left | right });
export const BIT_XOR = aggregate({ narrow: (left, right) => left ^ right, wide: (left, right) => left ^ right });
