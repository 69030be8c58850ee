/** An operator's inputs, in the order in which EXPLAIN shows them and statistics count them. */
import { unreachable } from "#shared/base/assert.ts";
import type { PhysicalOperator } from "./physical.ts";

export function inputsOf(node: PhysicalOperator): PhysicalOperator[] {
	switch (node.kind) {
		case "scan":
		case "values":
		case "subplan_scan":
		case "worktable_scan":
			return [];
		case "hash_join":
		case "nested_loop_join":
			return [node.probe, node.build];
		case "set_operation":
			return [node.left, node.right];
		case "union_all":
			return node.inputs;
		case "recursive_union":
			return [node.seed, node.step];
		case "filter":
		case "project":
		case "hash_aggregate":
		case "sort":
		case "top_n":
		case "limit":
		case "exchange":
		case "expand":
		case "window":
		case "table_function":
			return [node.input];
		default:
			return unreachable(node);
	}
}
