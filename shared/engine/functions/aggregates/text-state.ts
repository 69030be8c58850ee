/**
 * A state that is one growing run of bytes: each value is appended, a delimiter before it except before the first. State: a string as in `extreme.ts`, then
 * another, the first row's delimiter, which a merge puts between two partial runs.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Region } from "../../memory/region.ts";
import { flatten } from "../../vector/copy.ts";
import { gatherColumn, type RowPointers } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { FlatVector, Vector } from "../../vector/vector.ts";
import type { AggregateBinding, AggregateInput } from "./aggregate.ts";

/** Of the first row's delimiter. */
const DELIMITER_OFFSET = 24;
/** One result may be this much longer than one stored value. */
const RESULT_BYTES_MAX = 16 * VALUE_BYTES_MAX;

export interface TextState {
	/** Values that are NULL are left out. @throws program_limit_exceeded */
	append(value: Vector, delimiter: Vector, input: Pick<AggregateInput, "rows" | "groups" | "region">): void;
	/** The runs of the given groups, NULL where nothing was appended. */
	runs(groups: RowPointers, region: Region): FlatVector;
	/** The first rows' delimiters. */
	delimiters(groups: RowPointers, region: Region): FlatVector;
}

export const TEXT_STATE_BYTES = 48;

/** @param type of the run as {@link TextState.runs} gives it; `name` is the aggregate's, for errors */
export function textState({ engine, offset, heap }: AggregateBinding, type: DataType, name: string): TextState {
	const { kernels } = engine;
	const column = { type, kind: VALUE_KIND.bytes, offset, nullBit: -1, present: offset + 20 };
	const delimiterOffset = offset + DELIMITER_OFFSET;
	const delimiterColumn = { ...column, type: { kind: "text" } as const, offset: delimiterOffset, present: delimiterOffset + 20 };
	return {
		append(values, delimiters, { rows, groups, region }) {
			const value = flatten(engine, values, rows, region);
			const delimiter = flatten(engine, delimiters, rows, region);
			const { selectedCount, selection } = rows;
			for (let done = 0; ; heap.grow()) {
				done = kernels.agg_concat(
					done,
					selectedCount,
					selection,
					value.values,
					value.validity,
					value.offsets,
					delimiter.values,
					delimiter.validity,
					delimiter.offsets,
					groups,
					offset,
					heap.state,
					RESULT_BYTES_MAX,
				);
				if (done === selectedCount) return;
				if (done < 0) throw new LittoralError("program_limit_exceeded", `a ${name} result is longer than ${RESULT_BYTES_MAX} bytes`);
			}
		},
		runs: (groups, region) => gatherColumn(engine, column, groups, region),
		delimiters: (groups, region) => gatherColumn(engine, delimiterColumn, groups, region),
	};
}
