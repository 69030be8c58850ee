/**
 * The rules in their order, over a statement's plan and its subplans. Those before unnesting make expressions simple and put predicates where they filter, so
 * that what is left of a correlated subquery's outer side is small; those after it shape the trees.
 */
import { createTopN } from "./rules/create-top-n.ts";
import { delayProjections } from "./rules/delay-projections.ts";
import { dropSingleChecks } from "./rules/drop-single-checks.ts";
import { factorDisjunctions } from "./rules/factor-disjunctions.ts";
import { foldConstants } from "./rules/fold-constants.ts";
import { INLINE_SUBPLANS, inlineSubplans } from "./rules/inline-subplans.ts";
import { limitGroups } from "./rules/limit-groups.ts";
import { narrowComparisons } from "./rules/narrow-comparisons.ts";
import { orderConjuncts } from "./rules/order-conjuncts.ts";
import { orderJoins } from "./rules/order-joins.ts";
import { pruneColumns } from "./rules/prune-columns.ts";
import { pushPredicates } from "./rules/push-predicates.ts";
import { reduceGroupKeys } from "./rules/reduce-group-keys.ts";
import { SHARE_SUBPLANS, shareSubplans } from "./rules/share-subplans.ts";
import { splitSums } from "./rules/split-sums.ts";
import { useExtremes } from "./rules/use-extremes.ts";
import { useSemiJoins } from "./rules/use-semi-joins.ts";
import { mapInputs, outputColumns } from "./output.ts";
import type { LogicalOperator, Program, Subplan } from "./plan.ts";
import type { Rule, RuleContext } from "./rule.ts";
import { hasDependentJoin, unnest } from "./unnest/unnest.ts";

const BEFORE_UNNESTING: readonly Rule[] = [
	foldConstants,
	factorDisjunctions,
	narrowComparisons,
	dropSingleChecks,
	useSemiJoins,
	pushPredicates,
];
const AFTER_UNNESTING: readonly Rule[] = [
	splitSums,
	useExtremes,
	orderJoins,
	createTopN,
	pruneColumns,
	reduceGroupKeys,
	delayProjections,
	limitGroups,
	orderConjuncts,
];

/** Names of all that can be left out. */
export const RULE_NAMES: readonly string[] = [INLINE_SUBPLANS, ...BEFORE_UNNESTING, SHARE_SUBPLANS, ...AFTER_UNNESTING].map((rule) =>
	typeof rule === "string" ? rule : rule.name,
);

export interface PipelineOptions {
	/** Names of rules to leave out. */
	disabled?: ReadonlySet<string>;
	/** Rules that weigh costs apply wherever they may: in tests, whose tables are small. */
	regardlessOfCost?: boolean;
	/** Called after each rule that ran on the root. */
	trace?: (rule: string, plan: LogicalOperator) => void;
}

/** @returns the plans of the root and of the subplans that are read, each after those that it reads */
export function optimize(program: Program, given: RuleContext, options: PipelineOptions = {}): Program {
	const context = { ...given, regardlessOfCost: options.regardlessOfCost === true };
	const inlined = (current: Program) => inlineSubplans(current, context.columns, options.disabled?.has(INLINE_SUBPLANS) !== true);
	const run = (rules: readonly Rule[], plan: LogicalOperator, isRoot: boolean): LogicalOperator => {
		let current = plan;
		for (const rule of rules) {
			if (options.disabled?.has(rule.name)) continue;
			current = rule.apply(current, context);
			if (isRoot) options.trace?.(rule.name, current);
		}
		return current;
	};
	let current = program.subplans.length === 0 ? program : readOnly(inlined(program));
	const subplans: Subplan[] = current.subplans.map((subplan) => ({ ...subplan, operator: run(BEFORE_UNNESTING, subplan.operator, false) }));
	const addSubplan = (operator: LogicalOperator) => subplans.push({ operator, columns: outputColumns(operator), materialized: null }) - 1;
	const unnested = (plan: LogicalOperator, isRoot: boolean): LogicalOperator => {
		if (!hasDependentJoin(plan)) return plan;
		const flat = unnest(plan, { columns: context.columns, addSubplan, unsupported: context.unsupported, domains: new Map() });
		return options.disabled?.has(pushPredicates.name) ? flat : run([pushPredicates], flat, isRoot);
	};
	const root = unnested(run(BEFORE_UNNESTING, current.root, true), true);
	for (const subplan of subplans.slice(0, current.subplans.length)) subplan.operator = unnested(subplan.operator, false);
	current = { root, subplans, stored: current.stored };
	// The domain of a correlated subquery is often read once.
	if (subplans.length > 0) current = readOnly(inlined(current));
	if (options.disabled?.has(SHARE_SUBPLANS) !== true) {
		const shared = shareSubplans(current, context, options.disabled?.has(pruneColumns.name) !== true);
		if (shared !== current) current = readOnly(shared);
	}
	for (const [index, subplan] of current.subplans.entries()) {
		subplan.operator = run(AFTER_UNNESTING, subplan.operator, false);
		context.cardinality.subplanRowCounts[index] = context.cardinality.rowCount(subplan.operator);
	}
	return { ...current, root: run(AFTER_UNNESTING, current.root, true) };
}

/** Only the subplans that are read or stored, numbered so that each comes after those that it reads. */
function readOnly(program: Program): Program {
	const numbers = new Map<number, number>();
	const subplans: Subplan[] = [];
	const renumbered = (node: LogicalOperator): LogicalOperator => {
		const inner = mapInputs(node, renumbered);
		return inner.kind === "subplan_scan" ? { ...inner, subplan: numberOf(inner.subplan) } : inner;
	};
	const numberOf = (old: number): number => {
		let number = numbers.get(old);
		if (number === undefined) {
			const subplan = program.subplans[old] as Subplan;
			const operator = renumbered(subplan.operator);
			number = subplans.push({ ...subplan, operator }) - 1;
			numbers.set(old, number);
		}
		return number;
	};
	const stored = program.stored === null ? null : numberOf(program.stored);
	const root = renumbered(program.root);
	return { root, subplans, stored };
}
