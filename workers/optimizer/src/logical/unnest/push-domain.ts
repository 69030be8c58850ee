/**
 * The general half of unnesting (Neumann and Kemper, "Unnesting Arbitrary Queries", 2015): a correlated subtree is evaluated once for all outer rows.
 *
 * The domain is the set of distinct values that the outer rows give to the columns which the subtree takes from them. It is joined to the subtree's
 * leaves and carried up through every operator: an aggregation groups by it, a window partitions by it, a limit counts within it. In the end the outer
 * rows are joined with the result on it. Where the subtree equates a column of its own with each outer one, that column is the domain, and no join is
 * needed: the result then has groups that no outer row asks for, so this is done only where the more rows cannot raise.
 */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression, SortKey } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, conjunction, conjuncts } from "../expression.ts";
import { freeColumns } from "../free-columns.ts";
import { mapAggregate, mapKeys, mapWindowCall } from "../map-expressions.ts";
import { outputColumns } from "../output.ts";
import type { ColumnId, LogicalAggregate, LogicalJoin, LogicalOperator } from "../plan.ts";
import { pullUp } from "./pull-up.ts";
import { planMayRaise } from "./raising.ts";
import {
	type Carrier,
	type Carriers,
	type Pushed,
	type DomainContext,
	carrierEqualities,
	commonCarriers,
	idsOf,
	references,
	carrierReferences,
	carried,
	guardedIn,
	conditionIn,
	carriedPlan,
	filtered,
} from "./carriers.ts";
import { joinDomain, replaceDomain } from "./join-domain.ts";

/** `node` for each value of the domain. */
export function pushDomain(node: LogicalOperator, context: DomainContext): Pushed {
	if (!needsDomain(node, context)) return joinDomain(node, [], context);
	if (node.kind === "scan" || node.kind === "filter" || node.kind === "project" || node.kind === "join") {
		const { node: rest, conditions } = pullUp(node, context.outer, context.columns);
		if (conditions.length > 0) {
			if (!needsDomain(rest, context)) return replaceDomain(rest, conditions, context) ?? joinDomain(rest, conditions, context);
			const pushed = pushDomain(rest, context);
			return { ...pushed, node: filtered(pushed.node, conditions, pushed, context) };
		}
	}
	switch (node.kind) {
		case "filter": {
			const input = pushDomain(node.input, context);
			return { ...input, node: filtered(input.node, [node.predicate], input, context) };
		}
		case "sort":
			return pushDomain(node.input, context);
		case "project": {
			const input = pushDomain(node.input, context);
			const added = [...input.carriers.values()].map(({ id }) => id).filter((id) => !node.columns.includes(id));
			return {
				...input,
				node: {
					kind: "project",
					input: input.node,
					columns: [...node.columns, ...added],
					expressions: [...node.expressions.map((part) => guardedIn(part, input, context)), ...references(added, context.columns)],
				},
			};
		}
		case "join":
			return pushJoin(node, context);
		case "aggregate":
			return pushAggregate(node, context);
		case "window": {
			const input = pushDomain(node.input, context);
			const change = (part: Expression) => carried(part, input.carriers);
			return {
				...input,
				node: {
					...node,
					input: input.node,
					partitionKeys: [...carrierReferences(input, context), ...node.partitionKeys.map(change)],
					orderKeys: mapKeys(node.orderKeys, change),
					calls: node.calls.map((call) => mapWindowCall(call, change)),
				},
			};
		}
		case "limit":
			return node.input.kind === "sort"
				? pushLimit({ ...node, input: node.input.input, keys: node.input.keys }, context)
				: pushLimit({ ...node, keys: [] }, context);
		case "top_n":
			return pushLimit(node, context);
		case "union_all": {
			const inputs = node.inputs.map((input) => pushDomain(input, context));
			const carriers = commonCarriers(inputs, context);
			return {
				node: {
					...node,
					columns: [...node.columns, ...idsOf(carriers)],
					inputs: inputs.map((input) => input.node),
					inputColumns: node.inputColumns.map((list, index) => [...list, ...idsOf((inputs[index] as Pushed).carriers)]),
				},
				carriers,
			};
		}
		case "set_operation": {
			const [left, right] = [pushDomain(node.inputs[0], context), pushDomain(node.inputs[1], context)];
			const carriers = commonCarriers([left, right], context);
			return {
				node: {
					...node,
					columns: [...node.columns, ...idsOf(carriers)],
					inputs: [left.node, right.node],
					inputColumns: [
						[...node.inputColumns[0], ...idsOf(left.carriers)],
						[...node.inputColumns[1], ...idsOf(right.carriers)],
					],
				},
				carriers,
			};
		}
		case "expand": {
			const input = pushDomain(node.input, context);
			const own = carrierReferences(input, context);
			return {
				...input,
				node: {
					...node,
					input: input.node,
					columns: [...node.columns, ...idsOf(input.carriers)],
					projections: node.projections.map((projection) => [...projection.map((part) => carried(part, input.carriers)), ...own]),
				},
			};
		}
		case "table_function": {
			const input = pushDomain(node.input, context);
			const functions = node.functions.map((call) => ({
				...call,
				arguments: call.arguments.map((part) => carried(part, input.carriers)),
			}));
			return { ...input, node: { ...node, input: input.node, functions } };
		}
		case "values":
			return pushValues(node, context);
		case "recursive_union":
			// Its rounds cannot be told from one another by the domain: it runs as it is, also where nothing reaches it.
			if (!isDependent(node, context.outer)) return joinDomain(node, [], context);
			throw context.unsupported("WITH RECURSIVE that uses columns of the query around it");
		case "scan":
			// Not dependent any more: its predicate may raise.
			return joinDomain({ ...node, predicate: null }, conjuncts(node.predicate), context);
		case "subplan_scan":
		case "worktable_scan":
			throw new Error(`a ${node.kind} depends on outer columns by its predicate only, which was pulled up`);
		default:
			return unreachable(node);
	}
}

function needsDomain(node: LogicalOperator, { outer, guard }: DomainContext): boolean {
	return isDependent(node, outer) || (guard !== null && planMayRaise(node, { subplans: false }));
}

export function isDependent(node: LogicalOperator, outer: ReadonlySet<ColumnId>): boolean {
	for (const id of freeColumns(node)) if (outer.has(id)) return true;
	return false;
}

/** A scalar aggregation as one by carriers, and the expressions of its columns where an outer row has no group: count is 0, not NULL. */
export function groupByCarriers(node: LogicalAggregate, input: Pushed, { columns, guard }: Pick<DomainContext, "columns" | "guard">) {
	const keys = idsOf(input.carriers).filter((id, index, all) => all.indexOf(id) === index && !node.groupColumns.includes(id));
	const aggregateColumns = node.aggregateColumns.map((id) =>
		isCount(node, id) && node.groupColumns.length === 0 ? columns.add(columns.get(id)) : id,
	);
	const grouped: LogicalAggregate = {
		...node,
		input: input.node,
		groupColumns: [...keys, ...node.groupColumns],
		groupKeys: [...references(keys, columns), ...node.groupKeys.map((part) => guardedIn(part, input, { guard }))],
		aggregateColumns,
		aggregates: node.aggregates.map((call) => mapAggregate(call, (part) => carried(part, input.carriers))),
	};
	const values = node.aggregateColumns.map((id, index): Expression => {
		const [made] = references([aggregateColumns[index] as ColumnId], columns) as [Expression];
		if (!isCount(node, id)) return made;
		return { kind: "coalesce", arguments: [made, { kind: "constant", value: 0n, type: made.type }], type: made.type };
	});
	return { grouped, values };
}

function isCount(node: LogicalAggregate, id: ColumnId): boolean {
	return node.aggregates[node.aggregateColumns.indexOf(id)]?.functionId.startsWith("count(") ?? false;
}

function pushAggregate(node: LogicalAggregate, context: DomainContext): Pushed {
	const input = pushDomain(node.input, context);
	const { grouped, values } = groupByCarriers(node, input, context);
	if (node.groupColumns.length > 0) return { ...input, node: grouped };
	// A scalar aggregation has a row for each value of the domain, also where nothing came in.
	const domain = context.domain();
	const joined: LogicalJoin = {
		kind: "join",
		join: "left",
		left: domain.node,
		right: grouped,
		condition: conjunction(carrierEqualities(domain.ids, input.carriers, context)),
	};
	const ids = [...domain.ids.values()];
	return {
		node: {
			kind: "project",
			input: joined,
			columns: [...ids, ...node.aggregateColumns],
			expressions: [...references(ids, context.columns), ...values],
		},
		carriers: new Map([...domain.ids].map(([outer, id]) => [outer, { id, exact: false }])),
	};
}

/**
 * Both sides carry the domain and are joined on it. A right side that depends on the left one as well (a correlated subquery in a correlated subquery) is left
 * to be unnested in its turn: what it takes from the domain it now takes from the left side.
 */
function pushJoin(node: LogicalJoin, context: DomainContext): Pushed {
	const rightDepends = needsDomain(node.right, context);
	if (node.join === "full") return pushFullJoin(node, context);
	if (node.join === "inner" && !needsDomain(node.left, context) && !isDependent(node.right, new Set(outputColumns(node.left)))) {
		const right = pushDomain(node.right, context);
		return { ...right, node: { ...node, right: right.node, condition: conditionIn(node.condition, right, context) } };
	}
	const left = pushDomain(node.left, context);
	const { carriers } = left;
	const rest: LogicalJoin = {
		...node,
		left: left.node,
		condition: conditionIn(node.condition, left, context),
		...(node.mark === undefined ? {} : { mark: { ...node.mark, comparison: conditionIn(node.mark.comparison, left, context) } }),
	};
	if (!rightDepends) return { node: rest, carriers };
	if (isDependent(node.right, new Set(outputColumns(node.left)))) {
		const guard = node.guard ?? (context.guard === null ? undefined : carried(context.guard, carriers));
		return { node: { ...rest, right: carriedPlan(node.right, carriers), ...(guard === undefined ? {} : { guard }) }, carriers };
	}
	const right = pushDomain(node.right, context);
	return { node: { ...rest, right: right.node, condition: bothCarry(rest.condition, left, right, context) }, carriers };
}

function pushFullJoin(node: LogicalJoin, context: DomainContext): Pushed {
	const [left, right] = [pushDomain(node.left, context), pushDomain(node.right, context)];
	const joined: LogicalJoin = {
		...node,
		left: left.node,
		right: right.node,
		condition: bothCarry(conditionIn(node.condition, left, context), left, right, context),
	};
	const carriers = commonCarriers([left, right], context);
	const kept = outputColumns(node);
	const merged = [...carriers.keys()].map((outer): Expression => {
		const list = references(
			[left, right].map((side) => (side.carriers.get(outer) as Carrier).id),
			context.columns,
		);
		return { kind: "coalesce", arguments: list, type: (list[0] as Expression).type };
	});
	return {
		node: {
			kind: "project",
			input: joined,
			columns: [...kept, ...idsOf(carriers)],
			expressions: [...references(kept, context.columns), ...merged],
		},
		carriers,
	};
}

function bothCarry(condition: Expression | null, left: Pushed, right: Pushed, context: DomainContext): Expression | null {
	const own = new Map([...left.carriers].map(([outer, { id }]) => [outer, id]));
	const either = new Map(
		[...right.carriers].map(([outer, { id, exact }]) => [outer, { id, exact: exact || (left.carriers.get(outer)?.exact ?? false) }]),
	);
	return conjunction([...(condition === null ? [] : [condition]), ...carrierEqualities(own, either, context)]);
}

/** The rows [offset, offset + limit) of each value of the domain. */
function pushLimit(
	node: { input: LogicalOperator; keys: SortKey[]; limit: number | null; offset: number },
	context: DomainContext,
): Pushed {
	const input = pushDomain(node.input, context);
	const type = { kind: "bigint" } as const;
	const id = context.columns.add({ name: "row_number", type, nullable: false, origin: null });
	const rank: Expression = { kind: "column", index: id, type };
	const compared = (name: "gt" | "le", count: number): Expression => ({
		kind: "call",
		functionId: `${name}(bigint,bigint)`,
		arguments: [rank, { kind: "constant", value: BigInt(count), type }],
		type: BOOLEAN,
	});
	const bounds = [
		...(node.offset > 0 ? [compared("gt", node.offset)] : []),
		...(node.limit === null ? [] : [compared("le", node.offset + node.limit)]),
	];
	const ranked: LogicalOperator = {
		kind: "window",
		input: input.node,
		partitionKeys: carrierReferences(input, context),
		orderKeys: mapKeys(node.keys, (part) => carried(part, input.carriers)),
		columns: [id],
		calls: [rowNumberCall()],
	};
	return { ...input, node: filtered(ranked, bounds, input, context) };
}

function rowNumberCall() {
	return {
		functionId: "row_number()",
		arguments: [],
		filter: null,
		frame: {
			mode: "range" as const,
			start: { kind: "unbounded_preceding" as const },
			end: { kind: "current_row" as const },
			exclude: "no_others" as const,
			rangeKey: null,
		},
		type: { kind: "bigint" } as const,
	};
}

function pushValues(node: Extract<LogicalOperator, { kind: "values" }>, context: DomainContext): Pushed {
	const inputs = node.rows.map((row): Pushed & { made: ColumnId[] } => {
		const domain = context.domain();
		const carriers: Carriers = new Map([...domain.ids].map(([outer, id]) => [outer, { id, exact: false }]));
		const made = node.rows.length === 1 ? node.columns : node.columns.map((id) => context.columns.add({ ...context.columns.get(id) }));
		return {
			node: {
				kind: "project",
				input: domain.node,
				columns: [...idsOf(carriers), ...made],
				expressions: [...references(idsOf(carriers), context.columns), ...row.map((part) => carried(part, carriers))],
			},
			carriers,
			made,
		};
	});
	const [only] = inputs;
	if (only !== undefined && inputs.length === 1) return only;
	const carriers = commonCarriers(inputs, context);
	return {
		node: {
			kind: "union_all",
			columns: [...node.columns, ...idsOf(carriers)],
			inputs: inputs.map((input) => input.node),
			inputColumns: inputs.map((input) => [...input.made, ...idsOf(input.carriers)]),
		},
		carriers,
	};
}
