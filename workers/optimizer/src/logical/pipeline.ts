/** The rules in their order. Each needs what the ones before it have done; the first ones make expressions simple, the last ones shape the tree. */
import { createTopN } from "./rules/create-top-n.ts";
import { factorDisjunctions } from "./rules/factor-disjunctions.ts";
import { foldConstants } from "./rules/fold-constants.ts";
import { narrowComparisons } from "./rules/narrow-comparisons.ts";
import { orderJoins } from "./rules/order-joins.ts";
import { pruneColumns } from "./rules/prune-columns.ts";
import { pushPredicates } from "./rules/push-predicates.ts";
import type { LogicalOperator } from "./plan.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const RULES: readonly Rule[] = [
	foldConstants,
	factorDisjunctions,
	narrowComparisons,
	pushPredicates,
	orderJoins,
	createTopN,
	pruneColumns,
];

export interface PipelineOptions {
	/** Names of rules to leave out. */
	disabled?: ReadonlySet<string>;
	/** Called after each rule that ran. */
	trace?: (rule: string, plan: LogicalOperator) => void;
}

export function optimize(plan: LogicalOperator, context: RuleContext, options: PipelineOptions = {}): LogicalOperator {
	let current = plan;
	for (const rule of RULES) {
		if (options.disabled?.has(rule.name)) continue;
		current = rule.apply(current, context);
		options.trace?.(rule.name, current);
	}
	return current;
}
