/**
 * Join order.
 *
 * Effect: a tree of inner, semi and anti joins is rebuilt in the order of least estimated cost (see `join-order/`), the conditions placed where both sides first meet, semi and anti joins
 * where their rows are cheapest to test.
 * Better: intermediate results decide a join plan's cost; a semi join that keeps little comes before the joins that multiply, one that keeps much after those that reduce.
 * Safe: inner joins commute and associate; every conjunct is applied exactly once. A semi or anti join is a filter of its left rows, whose columns are all kept by the joins above: it commutes
 * with them. Any other join is a leaf: nothing is reordered across it.
 * Must not match: (a LEFT JOIN b) JOIN c, other than with the left join as one relation; EXISTS without a correlation, which has no columns to go by.
 */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { chooseJoinOrder, type LooseJoin, ORDERED_RELATION_COUNT_MAX } from "../../join-order/choose.ts";
import { collectColumns, conjuncts } from "../expression.ts";
import { mapInputs, outputColumns } from "../output.ts";
import type { LogicalJoin, LogicalOperator } from "../plan.ts";
import type { Rule, RuleContext } from "../rule.ts";

export const orderJoins: Rule = { name: "order-joins", apply: reorder };

interface Joined {
	relations: LogicalOperator[];
	conditions: Expression[];
	looseJoins: LooseJoin[];
}

function reorder(node: LogicalOperator, context: RuleContext): LogicalOperator {
	const joined: Joined = { relations: [], conditions: [], looseJoins: [] };
	collect(node, joined);
	const { relations, conditions, looseJoins } = joined;
	const count = relations.length + looseJoins.length;
	if (count < 2) return mapInputs(node, (input) => reorder(input, context));
	if (count > ORDERED_RELATION_COUNT_MAX) return node;
	const ordered = relations.map((relation) => reorder(relation, context));
	const loose = looseJoins.map((join) => ({ ...join, right: reorder(join.right, context) }));
	return chooseJoinOrder(ordered, conditions, loose, context.cardinality);
}

function collect(node: LogicalOperator, joined: Joined): void {
	if (node.kind === "join" && node.join === "inner") {
		collect(node.left, joined);
		collect(node.right, joined);
		joined.conditions.push(...conjuncts(node.condition));
	} else if (node.kind === "join" && isLoose(node)) {
		collect(node.left, joined);
		joined.looseJoins.push({ join: node.join, right: node.right, condition: node.condition });
	} else joined.relations.push(node);
}

function isLoose(node: LogicalJoin): node is LogicalJoin & { join: "semi" | "anti" } {
	if ((node.join !== "semi" && node.join !== "anti") || node.condition === null) return false;
	const left = new Set(outputColumns(node.left));
	return [...collectColumns(node.condition)].some((id) => left.has(id));
}
