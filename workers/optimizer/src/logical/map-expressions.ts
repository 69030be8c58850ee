/** Applies a change to every expression of a plan. */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { mapInputs } from "./output.ts";
import type { LogicalOperator } from "./plan.ts";

/** VALUES keeps its rows: an INSERT may have thousands, each evaluated once anyway. */
export function mapExpressions(plan: LogicalOperator, change: (expression: Expression) => Expression): LogicalOperator {
	const node = mapInputs(plan, (input) => mapExpressions(input, change));
	switch (node.kind) {
		case "values":
		case "limit":
			return node;
		case "scan":
			return node.predicate === null ? node : { ...node, predicate: change(node.predicate) };
		case "filter":
			return { ...node, predicate: change(node.predicate) };
		case "project":
			return { ...node, expressions: node.expressions.map(change) };
		case "join":
			return node.condition === null ? node : { ...node, condition: change(node.condition) };
		case "aggregate":
			return {
				...node,
				groupKeys: node.groupKeys.map(change),
				aggregates: node.aggregates.map((call) => ({
					...call,
					arguments: call.arguments.map(change),
					filter: call.filter === null ? null : change(call.filter),
				})),
			};
		case "sort":
		case "top_n":
			return { ...node, keys: node.keys.map((key) => ({ ...key, expression: change(key.expression) })) };
		default:
			return unreachable(node);
	}
}
