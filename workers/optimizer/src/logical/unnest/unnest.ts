/**
 * Unnesting: no join is left whose right side depends on its left one, so that no subquery is run per row.
 *
 * Effect: correlated subqueries and LATERAL items become joins. Outermost first, each by the simplest means that reaches: a LATERAL item that works row by
 * row is put on top of the left side; a correlated predicate moves up into the join's condition; a correlated scalar aggregation becomes a grouped one,
 * joined on its groups; anything else is evaluated for the domain of the outer values (`push-domain.ts`).
 * Better: one pass, whatever the number of outer rows. Without it the plan cannot run at all, so it is not a rule that can be left out.
 * Safe: each step keeps rows and NULLs (`null-safe.ts`), and evaluates what may raise for outer rows' values only.
 */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { cloned } from "../clone.ts";
import { collectColumns, conjunction, conjuncts, substitute } from "../expression.ts";
import { freeColumns } from "../free-columns.ts";
import { expressionsOf, mapOwnExpressions } from "../map-expressions.ts";
import { inputsOf, mapInputs, outputColumns } from "../output.ts";
import type { ColumnId, ColumnTable, LogicalAggregate, LogicalJoin, LogicalOperator } from "../plan.ts";
import { pullUp } from "./pull-up.ts";
import { carrierEqualities, type DomainContext } from "./carriers.ts";
import { groupByCarriers, isDependent, pushDomain } from "./push-domain.ts";
import { guardRaising, mayRaise, planMayRaise } from "./raising.ts";

const TEXT = { kind: "text" } as const;

export interface UnnestContext {
	columns: ColumnTable;
	/** Subplans of the statement so far; a domain that is needed more than once becomes one. @returns its number */
	addSubplan: (node: LogicalOperator) => number;
	unsupported: (feature: string) => Error;
	/** Domains made so far, by where they come from and their columns: subqueries over the same outer rows share one. */
	domains: Map<LogicalOperator, Map<string, number>>;
}

/** True where {@link unnest} has something to do. */
export function hasDependentJoin(node: LogicalOperator): boolean {
	if (node.kind === "join" && (node.guard !== undefined || outerColumns(node).size > 0)) return true;
	return inputsOf(node).some(hasDependentJoin);
}

export function unnest(node: LogicalOperator, context: UnnestContext): LogicalOperator {
	if (node.kind !== "join") return mapInputs(node, (input) => unnest(input, context));
	const left = unnest(node.left, context);
	const whole: LogicalJoin = left === node.left ? node : { ...node, left };
	if (whole.guard !== undefined) return unnestGuarded(whole, whole.guard, context);
	const join = matchesOnly(whole);
	if (outerColumns(join).size === 0) return { ...join, right: unnest(join.right, context) };
	const inlined = inlineLateral(join, context, unguarded);
	if (inlined !== null) return unnest(inlined, context);
	const { node: right, conditions } = pullUp(join.right, outerColumns(join), context.columns);
	const pulled: LogicalJoin = { ...join, right, condition: conjunction([...conjuncts(join.condition), ...conditions]) };
	const outer = outerColumns(pulled);
	if (outer.size === 0) return { ...pulled, right: unnest(right, context) };
	const keyed = withTextKeys(pulled, outer, context.columns);
	if (keyed !== null) return unnest(keyed, context);
	return joinScalarAggregate(pulled, outer, context, unguarded) ?? joinDomainOf(pulled, outer, context, null);
}

/** What a projection that is put on top of the left side computes, for the left rows that reach the subquery. */
type Placed = (expression: Expression) => Expression;

const unguarded: Placed = (expression) => expression;

/**
 * A subquery that only some of the left rows reach. Projections on top of the left side look at the guard; a right side that cannot raise only has the guard in its
 * condition; any other is evaluated for the domain of the rows that reach it, of which there may be none.
 */
function unnestGuarded(join: LogicalJoin, guard: Expression, context: UnnestContext): LogicalOperator {
	const { guard: _, ...open } = join;
	const placed: Placed = (expression) => guardRaising(expression, guard);
	const comparison = open.mark?.comparison ?? null;
	const plain: LogicalJoin =
		open.mark === undefined || comparison === null ? open : { ...open, mark: { ...open.mark, comparison: placed(comparison) } };
	plain.condition = conjunction(conjuncts(plain.condition).map(placed));
	const inlined = inlineLateral(plain, context, placed);
	if (inlined !== null) return unnest(inlined, context);
	const outer = outerColumns(plain);
	const keyed = withTextKeys(plain, outer, context.columns);
	if (keyed !== null) return unnest({ ...keyed, guard }, context);
	if (!planMayRaise(belowProjections(plain.right), { subplans: false })) {
		const aggregated = joinScalarAggregate(plain, outer, context, placed);
		if (aggregated !== null) return aggregated;
	}
	if (!planMayRaise(plain.right, { subplans: false })) {
		return unnest({ ...plain, condition: conjunction([guard, ...conjuncts(plain.condition)]) }, context);
	}
	return joinDomainOf(plain, new Set([...outer, ...collectColumns(guard)]), context, guard);
}

/**
 * Arrays and documents are no keys of joins and groups. Their texts are, and say all of them: the right side takes the texts instead, and reads them.
 *
 * @returns null where there are none
 */
function withTextKeys(join: LogicalJoin, outer: ReadonlySet<ColumnId>, columns: ColumnTable): LogicalJoin | null {
	const ids = [...outer].filter((id) => ["array", "jsonb"].includes(columns.get(id).type.kind));
	if (ids.length === 0) return null;
	const kept = outputColumns(join.left);
	const texts = ids.map((id) => columns.add({ ...columns.get(id), type: TEXT, origin: null }));
	const cast = (id: ColumnId, type: DataType): Expression => {
		return { kind: "cast", input: { kind: "column", index: id, type: columns.get(id).type }, type, explicit: true };
	};
	const change = (part: Expression): Expression =>
		substitute(part, (id) => {
			const index = ids.indexOf(id);
			return index === -1 ? undefined : cast(texts[index] as ColumnId, columns.get(id).type);
		});
	const changed = (node: LogicalOperator): LogicalOperator => mapOwnExpressions(mapInputs(node, changed), change);
	const left: LogicalOperator = {
		kind: "project",
		input: join.left,
		columns: [...kept, ...texts],
		expressions: [...references(kept, columns), ...ids.map((id) => cast(id, TEXT))],
	};
	return { ...join, left, right: changed(join.right) };
}

function belowProjections(node: LogicalOperator): LogicalOperator {
	return node.kind === "project" ? belowProjections(node.input) : node;
}

/** The columns of the left side that the right side uses. */
function outerColumns(join: LogicalJoin): ReadonlySet<ColumnId> {
	const free = freeColumns(join.right);
	return free.size === 0 ? free : new Set(outputColumns(join.left).filter((id) => free.has(id)));
}

/** Where the right side's columns only decide matches, its topmost projections are put into the condition. */
function matchesOnly(join: LogicalJoin): LogicalJoin {
	if (join.join !== "semi" && join.join !== "anti" && join.join !== "mark") return join;
	let current = join;
	for (;;) {
		const { right } = current;
		if (right.kind === "sort") current = { ...current, right: right.input };
		else if (right.kind === "project") {
			const computed = new Map(right.columns.map((id, index) => [id, right.expressions[index] as Expression]));
			const change = (part: Expression | null) => (part === null ? null : substitute(part, (id) => computed.get(id)));
			current = {
				...current,
				right: right.input,
				condition: change(current.condition),
				...(current.mark === undefined ? {} : { mark: { ...current.mark, comparison: change(current.mark.comparison) } }),
			};
		} else return current;
	}
}

/**
 * A right side that makes its rows from one left row alone, by projections, filters and functions over a single empty row: the left side takes that row's
 * place. Each left row gives at most one row where there is neither filter nor function, so that left and single joins are such projections too.
 */
function inlineLateral(join: LogicalJoin, context: UnnestContext, placed: Placed): LogicalOperator | null {
	if (join.join !== "inner" && join.join !== "left" && join.join !== "single") return null;
	const kept = outputColumns(join.left);
	const isFunctionAlone = placed === unguarded && join.right.kind === "table_function" && isOneRow(join.right.input);
	if (join.join === "left" && join.condition === null && join.right.kind === "table_function" && isFunctionAlone) {
		return { ...join.right, input: join.left, join: "left" };
	}
	const place = (node: LogicalOperator): LogicalOperator | null => {
		if (isOneRow(node)) return join.left;
		if (node.kind === "sort") return place(node.input);
		if (node.kind !== "project" && ((node.kind !== "filter" && node.kind !== "table_function") || join.join !== "inner")) return null;
		const input = place(node.input);
		if (input === null) return null;
		if (node.kind !== "project") return { ...node, input };
		const added = kept.filter((id) => !node.columns.includes(id));
		return {
			...node,
			input,
			columns: [...node.columns, ...added],
			expressions: [...node.expressions.map(placed), ...references(added, context.columns)],
		};
	};
	if (join.join !== "inner" && join.condition !== null) return null;
	const result = place(join.right);
	return result === null || join.condition === null ? result : { kind: "filter", input: result, predicate: join.condition };
}

function isOneRow(node: LogicalOperator): boolean {
	return node.kind === "values" && node.columns.length === 0 && node.rows.length === 1;
}

function references(ids: ColumnId[], columns: ColumnTable): Expression[] {
	return ids.map((id) => ({ kind: "column", index: id, type: columns.get(id).type }));
}

/**
 * Projections over a correlated scalar aggregation: each left row has exactly one right row. The aggregation is grouped by the outer columns and left-joined, the
 * aggregates of a missing group are those of no rows, and the projections are computed after the join; an inner join's condition filters them.
 */
function joinScalarAggregate(
	join: LogicalJoin,
	outer: ReadonlySet<ColumnId>,
	context: UnnestContext,
	placed: Placed,
): LogicalOperator | null {
	if (join.join !== "inner" && (join.condition !== null || (join.join !== "single" && join.join !== "left"))) return null;
	const projections: Extract<LogicalOperator, { kind: "project" }>[] = [];
	let node = join.right;
	while (node.kind === "project") {
		projections.push(node);
		node = node.input;
	}
	if (node.kind !== "aggregate" || node.groupColumns.length > 0) return null;
	// The projections see every outer column after the join: what the aggregation depends on is all that matters.
	const used = new Set([...outer].filter((id) => freeColumns(node).has(id)));
	const kept = outputColumns(join.left);
	let result: LogicalOperator =
		used.size === 0 ? { ...join, join: "inner", right: unnest(node, context) } : joinGroups(join.left, node, used, context);
	for (const projection of projections.reverse()) {
		const own = projection.columns.map((id, index) => ({ id, expression: placed(projection.expressions[index] as Expression) }));
		const added = own.filter(({ id }) => !kept.includes(id));
		result = {
			kind: "project",
			input: result,
			columns: [...kept, ...added.map(({ id }) => id)],
			expressions: [...references(kept, context.columns), ...added.map(({ expression }) => expression)],
		};
	}
	return join.condition === null ? result : { kind: "filter", input: result, predicate: join.condition };
}

/** The left side with the aggregates of the right rows that belong to each of its rows. */
function joinGroups(left: LogicalOperator, node: LogicalAggregate, used: ReadonlySet<ColumnId>, context: UnnestContext): LogicalOperator {
	const domain = domainContext({ left, right: node.input, guard: null }, used, context);
	const pushed = pushDomain(node.input, domain);
	const { grouped, values } = groupByCarriers(node, pushed, domain);
	const kept = outputColumns(left);
	for (const id of [...grouped.aggregateColumns, ...node.aggregateColumns]) context.columns.get(id).nullable = true;
	return {
		kind: "project",
		input: {
			kind: "join",
			join: "left",
			left,
			right: unnest(grouped, context),
			condition: conjunction(carrierEqualities(new Map(), pushed.carriers, domain)),
		},
		columns: [...kept, ...node.aggregateColumns],
		expressions: [...references(kept, context.columns), ...values],
	};
}

/** The general case: the right side for all values of the domain, joined with the left side on them. */
function joinDomainOf(join: LogicalJoin, outer: ReadonlySet<ColumnId>, context: UnnestContext, guard: Expression | null): LogicalOperator {
	const domain = domainContext({ left: join.left, right: join.right, guard }, outer, context);
	const pushed = pushDomain(join.right, domain);
	const equalities = carrierEqualities(new Map(), pushed.carriers, domain);
	return { ...join, right: unnest(pushed.node, context), condition: conjunction([...conjuncts(join.condition), ...equalities]) };
}

function domainContext(
	{ left, right, guard }: { left: LogicalOperator; right: LogicalOperator; guard: Expression | null },
	outer: ReadonlySet<ColumnId>,
	{ columns, addSubplan, unsupported, domains }: UnnestContext,
): DomainContext {
	const needed = [...outer];
	let subplan: number | null = null;
	const sharedDomain = (): number => {
		const source = sourceOf(left, needed);
		const known = domains.get(source) ?? new Map<string, number>();
		domains.set(source, known);
		const key = `${needed.join()}${guard === null ? "" : " guarded"}`;
		const reached: LogicalOperator = guard === null ? source : { kind: "filter", input: source, predicate: guard };
		const made = known.get(key) ?? addSubplan(distinctValues(reached, needed, columns));
		known.set(key, made);
		return made;
	};
	return {
		columns,
		outer,
		unsupported,
		eliminate: guard === null && !raisesAbove(right, outer),
		guard,
		domain() {
			subplan ??= sharedDomain();
			const made = needed.map((id) => columns.add({ ...columns.get(id) }));
			const node: LogicalOperator = { kind: "subplan_scan", subplan, columns: made, outputs: made.map((_, index) => index) };
			return { node, ids: new Map(needed.map((id, index) => [id, made[index] as ColumnId])) };
		},
	};
}

/** Where the outer rows get these columns, below what only adds other columns, or repeats rows, and so leaves the set of values as it is. */
function sourceOf(node: LogicalOperator, needed: ColumnId[]): LogicalOperator {
	const has = (input: LogicalOperator) => {
		const made = new Set(outputColumns(input));
		return needed.every((id) => made.has(id));
	};
	switch (node.kind) {
		case "project":
		case "sort":
		case "window":
			return has(node.input) ? sourceOf(node.input, needed) : node;
		case "join":
			return (node.join === "left" || node.join === "mark" || node.join === "single") && has(node.left)
				? sourceOf(node.left, needed)
				: node;
		default:
			return node;
	}
}

/** The outer rows once more, as a set of their values. */
function distinctValues(left: LogicalOperator, needed: ColumnId[], columns: ColumnTable): LogicalOperator {
	const ids = new Map<ColumnId, ColumnId>();
	const input = cloned(left, columns, ids);
	const groupColumns = needed.map((id) => ids.get(id) ?? id);
	return { kind: "aggregate", input, groupColumns, groupKeys: references(groupColumns, columns), aggregateColumns: [], aggregates: [] };
}

/** Does anything above the correlated predicates raise for some rows? Then no more rows than those of the outer values may come to it. */
function raisesAbove(node: LogicalOperator, outer: ReadonlySet<ColumnId>): boolean {
	if (!isDependent(node, outer)) return false;
	const isLeaf = node.kind === "scan" || (node.kind === "filter" && !isDependent(node.input, outer));
	if (node.kind === "join" && node.join === "single") return true;
	if (!isLeaf && expressionsOf(node).some(mayRaise)) return true;
	return inputsOf(node).some((input) => raisesAbove(input, outer));
}
