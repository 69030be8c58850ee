/**
 * The simple half of unnesting: a subquery's conjuncts that speak of columns around it move up, out of it, and become part of the join's condition.
 *
 * They pass filters, projections (which must then also emit what they use), inner joins, and the left side of other joins. They stop below an
 * aggregation, a window, a limit, a set operation, whose results depend on which rows come in.
 */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, conjunction, conjuncts } from "../expression.ts";
import { outputColumns } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalOperator } from "../plan.ts";

export interface PulledUp {
	node: LogicalOperator;
	/** Over the columns around and those that `node` emits. */
	conditions: Expression[];
}

/** @param outer columns around the subquery */
export function pullUp(node: LogicalOperator, outer: ReadonlySet<ColumnId>, columns: ColumnTable): PulledUp {
	const isCorrelated = (part: Expression) => [...collectColumns(part)].some((id) => outer.has(id));
	const split = (predicate: Expression | null): [Expression[], Expression | null] => {
		const parts = conjuncts(predicate);
		return [parts.filter(isCorrelated), conjunction(parts.filter((part) => !isCorrelated(part)))];
	};
	switch (node.kind) {
		case "scan": {
			const [conditions, predicate] = split(node.predicate);
			return conditions.length === 0 ? { node, conditions } : { node: { ...node, predicate }, conditions };
		}
		case "filter": {
			const input = pullUp(node.input, outer, columns);
			const [own, rest] = split(node.predicate);
			const conditions = [...input.conditions, ...own];
			if (rest === null) return { node: input.node, conditions };
			return { node: { kind: "filter", input: input.node, predicate: rest }, conditions };
		}
		case "sort":
			return pullUp(node.input, outer, columns);
		case "project": {
			const input = pullUp(node.input, outer, columns);
			const missing = new Set<ColumnId>();
			for (const condition of input.conditions) for (const id of collectColumns(condition)) if (!outer.has(id)) missing.add(id);
			for (const id of node.columns) missing.delete(id);
			const added = [...missing];
			return {
				node: {
					...node,
					input: input.node,
					columns: [...node.columns, ...added],
					expressions: [...node.expressions, ...added.map((id): Expression => ({ kind: "column", index: id, type: columns.get(id).type }))],
				},
				conditions: input.conditions,
			};
		}
		case "join": {
			const left = pullUp(node.left, outer, columns);
			if (node.join !== "inner") {
				// The condition and the right side decide matches, never which left rows stay.
				return node.join === "full" ? { node, conditions: [] } : { node: { ...node, left: left.node }, conditions: left.conditions };
			}
			// A column of the left side is not around a dependent right side any more than around this join.
			const right = pullUp(node.right, new Set([...outer].filter((id) => !outputColumns(node.left).includes(id))), columns);
			const [own, rest] = split(node.condition);
			return {
				node: { ...node, left: left.node, right: right.node, condition: rest },
				conditions: [...left.conditions, ...right.conditions, ...own],
			};
		}
		default:
			return { node, conditions: [] };
	}
}
