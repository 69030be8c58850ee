/** The columns an operator emits, in order, and the inputs it has. */
import { unreachable } from "#shared/base/assert.ts";
import type { ColumnId, LogicalOperator } from "./plan.ts";

export function outputColumns(node: LogicalOperator): ColumnId[] {
	switch (node.kind) {
		case "scan":
		case "values":
		case "project":
			return node.columns;
		case "filter":
		case "sort":
		case "top_n":
		case "limit":
			return outputColumns(node.input);
		case "join":
			return [...outputColumns(node.left), ...outputColumns(node.right)];
		case "aggregate":
			return [...node.groupColumns, ...node.aggregateColumns];
		default:
			return unreachable(node);
	}
}

/** Rebuilds `node` with each input replaced by `change(input)`; the same object when nothing changed. */
export function mapInputs(node: LogicalOperator, change: (input: LogicalOperator) => LogicalOperator): LogicalOperator {
	switch (node.kind) {
		case "scan":
		case "values":
			return node;
		case "filter":
		case "project":
		case "aggregate":
		case "sort":
		case "top_n":
		case "limit": {
			const input = change(node.input);
			return input === node.input ? node : { ...node, input };
		}
		case "join": {
			const left = change(node.left);
			const right = change(node.right);
			return left === node.left && right === node.right ? node : { ...node, left, right };
		}
		default:
			return unreachable(node);
	}
}
