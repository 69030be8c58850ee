/** The columns an operator emits, in order, and the inputs it has. */
import { unreachable } from "#shared/base/assert.ts";
import type { ColumnId, LogicalOperator } from "./plan.ts";

export function outputColumns(node: LogicalOperator): ColumnId[] {
	switch (node.kind) {
		case "scan":
		case "values":
		case "project":
		case "union_all":
		case "set_operation":
		case "expand":
		case "subplan_scan":
		case "recursive_union":
		case "worktable_scan":
			return node.columns;
		case "filter":
		case "sort":
		case "top_n":
		case "limit":
			return outputColumns(node.input);
		case "join":
			switch (node.join) {
				case "semi":
				case "anti":
					return outputColumns(node.left);
				case "mark":
					return node.mark === undefined ? outputColumns(node.left) : [...outputColumns(node.left), node.mark.column];
				default:
					return [...outputColumns(node.left), ...outputColumns(node.right)];
			}
		case "aggregate":
			return [...node.groupColumns, ...node.aggregateColumns];
		case "window":
			return [...outputColumns(node.input), ...node.columns];
		case "table_function": {
			const own = node.functions.flatMap(({ columns }) => columns);
			return [...outputColumns(node.input), ...own, ...(node.ordinality === null ? [] : [node.ordinality])];
		}
		default:
			return unreachable(node);
	}
}

export function inputsOf(node: LogicalOperator): LogicalOperator[] {
	switch (node.kind) {
		case "scan":
		case "values":
		case "subplan_scan":
		case "worktable_scan":
			return [];
		case "filter":
		case "project":
		case "aggregate":
		case "sort":
		case "top_n":
		case "limit":
		case "expand":
		case "window":
		case "table_function":
			return [node.input];
		case "join":
			return [node.left, node.right];
		case "union_all":
		case "set_operation":
			return node.inputs;
		case "recursive_union":
			return [node.seed, node.step];
		default:
			return unreachable(node);
	}
}

/** Rebuilds `node` with each input replaced by `change(input)`; the same object when nothing changed. */
export function mapInputs(node: LogicalOperator, change: (input: LogicalOperator) => LogicalOperator): LogicalOperator {
	switch (node.kind) {
		case "scan":
		case "values":
		case "subplan_scan":
		case "worktable_scan":
			return node;
		case "filter":
		case "project":
		case "aggregate":
		case "sort":
		case "top_n":
		case "limit":
		case "expand":
		case "window":
		case "table_function": {
			const input = change(node.input);
			return input === node.input ? node : { ...node, input };
		}
		case "join": {
			const left = change(node.left);
			const right = change(node.right);
			return left === node.left && right === node.right ? node : { ...node, left, right };
		}
		case "union_all": {
			const inputs = node.inputs.map(change);
			return inputs.every((input, index) => input === node.inputs[index]) ? node : { ...node, inputs };
		}
		case "set_operation": {
			const [left, right] = [change(node.inputs[0]), change(node.inputs[1])];
			return left === node.inputs[0] && right === node.inputs[1] ? node : { ...node, inputs: [left, right] };
		}
		case "recursive_union": {
			const seed = change(node.seed);
			const step = change(node.step);
			return seed === node.seed && step === node.step ? node : { ...node, seed, step };
		}
		default:
			return unreachable(node);
	}
}
