/**
 * string_agg(value, delimiter): the delimiter of a row stands before its value, except before the first. State: a string as in `extreme.ts`. Partial
 * states carry the first row's delimiter apart, which a merge puts between two partial strings.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { flatten } from "../../vector/copy.ts";
import { gatherColumn } from "../../vector/row-gather.ts";
import { VALUE_KIND } from "../../vector/row-layout.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { Aggregate, AggregateBinding, AggregateFunction, AggregateInput } from "./aggregate.ts";

const TEXT: DataType = { kind: "text" };
/** Of the first row's delimiter, a string of its own behind the first. */
const DELIMITER_OFFSET = 24;
/** One result may be this much longer than one stored value. */
const RESULT_BYTES_MAX = 16 * VALUE_BYTES_MAX;

function bind({ engine, offset, heap }: AggregateBinding): Aggregate {
	const { kernels } = engine;
	const column = { type: TEXT, kind: VALUE_KIND.bytes, offset, nullBit: -1, present: offset + 20 };
	const delimiterColumn = { ...column, offset: offset + DELIMITER_OFFSET, present: offset + DELIMITER_OFFSET + 20 };

	function update({ columns, rows, groups, region }: AggregateInput): void {
		const [value, delimiter] = columns.map((vector) => flatten(engine, vector, rows, region)) as [FlatVector, FlatVector];
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
			if (done < 0) {
				throw new LittoralError("program_limit_exceeded", `a string_agg result is longer than ${RESULT_BYTES_MAX} bytes`);
			}
		}
	}

	return {
		partialTypes: [TEXT, TEXT],
		update,
		merge: update,
		partial: (groups, region) => [gatherColumn(engine, column, groups, region), gatherColumn(engine, delimiterColumn, groups, region)],
		finish: (groups, region) => gatherColumn(engine, column, groups, region),
	};
}

export const STRING_AGG: AggregateFunction = { stateBytes: 48, bind };
