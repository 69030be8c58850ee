/**
 * What a scan can say of the keys that are still to come. Files are often in the order of a key, or of time, whether or not anybody declared it: their statistics then say at
 * each row group's end that no later row has a lower key, and an aggregation may emit the groups below and forget them (`aggregate-pass.ts`).
 */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalHashAggregate, PhysicalOperator, PhysicalScan } from "#shared/contracts/plan/physical.ts";
import { filtersKeys } from "./key-filter.ts";

export class KeyFloor {
	/** Of the scan's columns, by position. */
	readonly column: number;
	/** Of the aggregation's keys, by position. */
	readonly key: number;
	/** No row behind the batch that the scan gave last has a lower value; it may have NULL. Null where the scan does not know. The scan sets it. */
	leastToCome: bigint | null = null;

	constructor(place: { column: number; key: number }) {
		this.column = place.column;
		this.key = place.key;
	}
}

/** The scan whose rows come to the aggregation in its own order, and the first group key that is a whole number of its columns; null where there is none. */
export function flooredScan(node: Pick<PhysicalHashAggregate, "groupKeys" | "input">): { scan: PhysicalScan; floor: KeyFloor } | null {
	for (const [key, expression] of node.groupKeys.entries()) {
		if (expression.kind !== "column" || !isWhole(expression.type)) continue;
		const found = scanColumn(node.input, expression.index);
		if (found !== null) return { scan: found.scan, floor: new KeyFloor({ column: found.column, key }) };
	}
	return null;
}

/** Lanes that are the value itself. */
function isWhole(type: DataType): boolean {
	return filtersKeys(type) && type.kind !== "numeric";
}

/** Operators that hold no row back: what they have given, the scan has given. */
function scanColumn(node: PhysicalOperator, column: number): { scan: PhysicalScan; column: number } | null {
	switch (node.kind) {
		case "scan":
			return { scan: node, column };
		case "filter":
			return scanColumn(node.input, column);
		case "project": {
			const expression = node.expressions[column];
			return expression?.kind === "column" ? scanColumn(node.input, expression.index) : null;
		}
		case "values":
		case "hash_join":
		case "nested_loop_join":
		case "hash_aggregate":
		case "sort":
		case "top_n":
		case "limit":
		case "exchange":
		case "union_all":
		case "set_operation":
		case "expand":
		case "window":
		case "table_function":
		case "subplan_scan":
		case "recursive_union":
		case "worktable_scan":
			return null;
		default:
			return unreachable(node);
	}
}
