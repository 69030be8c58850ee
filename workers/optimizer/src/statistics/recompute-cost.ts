/** What it costs to run a subtree once more, beside what it costs to keep its rows for those who come later. */
import { QUERY_ARENA_BYTES_MAX } from "#shared/base/limits.ts";
import { unreachable } from "#shared/base/assert.ts";
import { expressionsOf } from "../logical/map-expressions.ts";
import { inputsOf } from "../logical/output.ts";
import type { ColumnId, ColumnTable, LogicalOperator } from "../logical/plan.ts";
import type { Cardinality } from "./cardinality.ts";
import { cpuMilliseconds } from "./cost-model.ts";
import { rowByteCount } from "./row-width.ts";
import { totalWorkUnits } from "./work-units.ts";

/** Of a batch's columns, copied into the query's pages. Estimated as twice what a byte takes in memory. */
const NANOSECONDS_PER_KEPT_BYTE = 0.5;
/** Of rows that go to a file: encoded and written once, read and decoded by each reader. Measured by what TPC-H's shape 18 paid for 164 MiB in 32 MiB of arena. */
const NANOSECONDS_PER_SPILLED_BYTE = 6;
/** Beyond this part of a query's memory, rows that are kept make what runs beside them spill. */
const KEPT_BYTES_MAX = QUERY_ARENA_BYTES_MAX / 4;

export interface Estimators {
	columns: ColumnTable;
	cardinality: Cardinality;
}

/** CPU of one run of the subtree. Waiting for files is left out: the second scan of a table finds them in the cache, or waits as the first did. */
export function runMilliseconds(node: LogicalOperator, { columns, cardinality }: Estimators): number {
	const inputs = inputsOf(node);
	const below = inputs.reduce((sum, input) => sum + runMilliseconds(input, { columns, cardinality }), 0);
	const inputRowCount = inputs.reduce((sum, input) => sum + cardinality.rowCount(input), 0);
	const evaluated = cpuMilliseconds.evaluate(inputRowCount, totalWorkUnits(expressionsOf(node)));
	switch (node.kind) {
		case "scan": {
			const rowCount = cardinality.rowCount({ ...node, predicate: null });
			const width = rowByteCount(node.columns.map((id) => columns.get(id).type));
			return cpuMilliseconds.scan(rowCount * width, rowCount, totalWorkUnits([node.predicate]));
		}
		case "aggregate":
		case "set_operation":
			return below + evaluated + cpuMilliseconds.hash(inputRowCount);
		case "join":
			// Of inner joins that are not in their order yet, what lies between them says nothing: their relations are counted alone.
			return below + cpuMilliseconds.hash(inputs.reduce((sum, input) => sum + (isInner(input) ? 0 : cardinality.rowCount(input)), 0));
		case "sort":
		case "window":
			return below + evaluated + cpuMilliseconds.sort(inputRowCount, inputRowCount);
		case "top_n":
			return below + evaluated + cpuMilliseconds.sort(inputRowCount, node.limit + node.offset);
		case "filter":
		case "project":
		case "limit":
		case "union_all":
		case "expand":
		case "table_function":
		case "values":
		case "subplan_scan":
		case "recursive_union":
		case "worktable_scan":
			return below + evaluated;
		default:
			return unreachable(node);
	}
}

/** To keep these columns of the subtree's rows once and read them `readerCount` times. */
export function keepMilliseconds(
	node: LogicalOperator,
	kept: { columns: readonly ColumnId[]; readerCount: number },
	{ columns, cardinality }: Estimators,
): number {
	const byteCount = cardinality.rowCount(node) * rowByteCount(kept.columns.map((id) => columns.get(id).type));
	const spilled = byteCount > KEPT_BYTES_MAX ? NANOSECONDS_PER_SPILLED_BYTE * (1 + kept.readerCount) : 0;
	return (byteCount * (NANOSECONDS_PER_KEPT_BYTE + spilled)) / 1e6;
}

const isInner = (node: LogicalOperator): boolean => node.kind === "join" && node.join === "inner";
