/** Types of an operator's output columns, in the order that `contracts/plan/physical.ts` documents. */
import { assert, unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { joinTypes } from "#shared/contracts/plan/join-types.ts";
import type { PhysicalOperator, PhysicalScan } from "#shared/contracts/plan/physical.ts";

/** @param scanTypes types of a scan's columns: the plan's tables know them */
export function outputTypes(node: PhysicalOperator, scanTypes: (scan: PhysicalScan) => DataType[]): DataType[] {
	switch (node.kind) {
		case "scan": {
			const types = scanTypes(node);
			assert(types.length === node.columns.length, "a scan's columns have types");
			return types;
		}
		case "values":
			return node.types;
		case "filter":
		case "sort":
		case "top_n":
		case "limit":
		case "exchange":
			return outputTypes(node.input, scanTypes);
		case "project":
			return node.expressions.map(({ type }) => type);
		case "hash_join":
		case "nested_loop_join":
			return joinTypes(node.join, outputTypes(node.probe, scanTypes), outputTypes(node.build, scanTypes));
		case "hash_aggregate":
			return [...node.groupKeys, ...node.aggregates].map(({ type }) => type);
		case "union_all":
			return outputTypes(node.inputs[0] as PhysicalOperator, scanTypes);
		case "set_operation":
			return outputTypes(node.left, scanTypes);
		case "expand":
			return (node.projections[0] as Expression[]).map(({ type }) => type);
		case "window":
			return [...outputTypes(node.input, scanTypes), ...node.calls.map(({ type }) => type)];
		case "table_function": {
			const ordinality: DataType[] = node.ordinality ? [{ kind: "bigint" }] : [];
			return [...outputTypes(node.input, scanTypes), ...node.functions.flatMap(({ types }) => types), ...ordinality];
		}
		case "subplan_scan":
		case "worktable_scan":
		case "recursive_union":
			return node.types;
		default:
			return unreachable(node);
	}
}
