/** Applies a change to every expression of a plan, or of one operator. */
import { unreachable } from "#shared/base/assert.ts";
import type { AggregateCall, Expression, FrameBound, SortKey, WindowCall } from "#shared/contracts/plan/expression.ts";
import { mapInputs } from "./output.ts";
import type { LogicalOperator } from "./plan.ts";

type Change = (expression: Expression) => Expression;

/** VALUES keeps its rows: an INSERT may have thousands, each evaluated once anyway. */
export function mapExpressions(plan: LogicalOperator, change: Change): LogicalOperator {
	const node = mapInputs(plan, (input) => mapExpressions(input, change));
	return node.kind === "values" ? node : mapOwnExpressions(node, change);
}

/** The expressions of the operator itself, its inputs left alone. */
export function mapOwnExpressions(node: LogicalOperator, change: Change): LogicalOperator {
	switch (node.kind) {
		case "limit":
		case "union_all":
		case "set_operation":
		case "subplan_scan":
		case "worktable_scan":
		case "recursive_union":
			return node;
		case "values":
			return { ...node, rows: node.rows.map((row) => row.map(change)) };
		case "scan":
			return node.predicate === null ? node : { ...node, predicate: change(node.predicate) };
		case "filter":
			return { ...node, predicate: change(node.predicate) };
		case "project":
			return { ...node, expressions: node.expressions.map(change) };
		case "join": {
			const { condition, mark, guard } = node;
			const comparison = mark?.comparison ?? null;
			if (condition === null && comparison === null && guard === undefined) return node;
			return {
				...node,
				condition: condition === null ? null : change(condition),
				...(mark === undefined || comparison === null ? {} : { mark: { ...mark, comparison: change(comparison) } }),
				...(guard === undefined ? {} : { guard: change(guard) }),
			};
		}
		case "aggregate":
			return {
				...node,
				groupKeys: node.groupKeys.map(change),
				aggregates: node.aggregates.map((call) => mapAggregate(call, change)),
			};
		case "sort":
		case "top_n":
			return { ...node, keys: mapKeys(node.keys, change) };
		case "expand":
			return { ...node, projections: node.projections.map((projection) => projection.map(change)) };
		case "window":
			return {
				...node,
				partitionKeys: node.partitionKeys.map(change),
				orderKeys: mapKeys(node.orderKeys, change),
				calls: node.calls.map((call) => mapWindowCall(call, change)),
			};
		case "table_function":
			return { ...node, functions: node.functions.map((call) => ({ ...call, arguments: call.arguments.map(change) })) };
		default:
			return unreachable(node);
	}
}

/** The expressions of the operator itself. */
export function expressionsOf(node: LogicalOperator): Expression[] {
	const found: Expression[] = [];
	mapOwnExpressions(node, (expression) => {
		found.push(expression);
		return expression;
	});
	return found;
}

export function mapKeys(keys: SortKey[], change: Change): SortKey[] {
	return keys.map((key) => ({ ...key, expression: change(key.expression) }));
}

export function mapAggregate(call: AggregateCall, change: Change): AggregateCall {
	return {
		...call,
		arguments: call.arguments.map(change),
		filter: call.filter === null ? null : change(call.filter),
		...(call.orderBy === undefined ? {} : { orderBy: mapKeys(call.orderBy, change) }),
	};
}

export function mapWindowCall(call: WindowCall, change: Change): WindowCall {
	const bound = (side: FrameBound): FrameBound => ("offset" in side ? { ...side, offset: change(side.offset) } : side);
	const { frame } = call;
	return {
		...call,
		arguments: call.arguments.map(change),
		filter: call.filter === null ? null : change(call.filter),
		frame: {
			...frame,
			start: bound(frame.start),
			end: bound(frame.end),
			rangeKey: frame.rangeKey === null ? null : change(frame.rangeKey),
		},
	};
}
