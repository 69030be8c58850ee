/**
 * Join order.
 *
 * Effect: a tree of inner joins is rebuilt in the order of least estimated rows (see `join-order/`), the conditions placed where both sides first meet.
 * Better: intermediate results decide a join plan's cost.
 * Safe: inner joins commute and associate; every conjunct is applied exactly once. A left join is a leaf: nothing is reordered across it.
 * Must not match: (a LEFT JOIN b) JOIN c, other than with the left join as one relation.
 */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { chooseJoinOrder, ORDERED_RELATION_COUNT_MAX } from "../../join-order/choose.ts";
import { conjuncts } from "../expression.ts";
import { mapInputs } from "../output.ts";
import type { LogicalOperator } from "../plan.ts";
import type { Rule, RuleContext } from "../rule.ts";

export const orderJoins: Rule = { name: "order-joins", apply: reorder };

function reorder(node: LogicalOperator, context: RuleContext): LogicalOperator {
	if (node.kind !== "join" || node.join !== "inner") return mapInputs(node, (input) => reorder(input, context));
	const relations: LogicalOperator[] = [];
	const conditions: Expression[] = [];
	collect(node, relations, conditions);
	if (relations.length > ORDERED_RELATION_COUNT_MAX) return node;
	const ordered = relations.map((relation) => reorder(relation, context));
	return chooseJoinOrder(ordered, conditions, context.cardinality);
}

function collect(node: LogicalOperator, relations: LogicalOperator[], conditions: Expression[]): void {
	if (node.kind !== "join" || node.join !== "inner") {
		relations.push(node);
		return;
	}
	collect(node.left, relations, conditions);
	collect(node.right, relations, conditions);
	conditions.push(...conjuncts(node.condition));
}
