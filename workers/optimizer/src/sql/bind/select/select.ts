/** SELECT: binds the clauses in PostgreSQL's order (its errors come in that order) and stacks the operators. */
import type { SelectStmt } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, isNullable, mapParts, rewrite } from "../../../logical/expression.ts";
import { mapExpressions } from "../../../logical/map-expressions.ts";
import { outputColumns } from "../../../logical/output.ts";
import type { ColumnId, LogicalOperator } from "../../../logical/plan.ts";
import type { Bound } from "../bound.ts";
import { coerceBoolean, settle } from "../expressions/coerce.ts";
import { bindWith } from "./with-queries.ts";
import { bindDistinct, keepFirstRows, type Distinct } from "./distinct.ts";
import type { AggregateCollector, Clause, ExpressionEnvironment } from "../environment.ts";
import { expressionEnvironment } from "../expressions/expression.ts";
import { bindFrom } from "../from/from.ts";
import { makeGrouping, type Grouping } from "./grouping.ts";
import { bindGroupBy, type GroupBy } from "./grouping-sets.ts";
import { bindLimit } from "./limit.ts";
import { bindOrderBy, type Ordering } from "./ordering.ts";
import type { BoundQuery, QueryOptions } from "../query.ts";
import type { ScopeColumn } from "../scope.ts";
import { bindSetOperation } from "./set-operations.ts";
import type { StatementContext } from "../statement.ts";
import {
	joinSubqueries,
	moveSubqueries,
	subqueriesAfterWindows,
	subqueryCollector,
	subqueryColumns,
	type SubqueryCollector,
} from "../expressions/subqueries.ts";
import { stackTableFunctions, type TableFunctionCollector } from "../functions/table-functions.ts";
import { bindTargets, settleTargets, type Target } from "./targets.ts";
import { bindValues } from "./values.ts";
import { bindWindows, stackWindows, type WindowCollector } from "../functions/windows.ts";

/** Query levels that one statement may bind. */
const QUERY_LEVEL_COUNT_MAX = 500;

export function bindQuery(query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	if (++statement.queryLevelCount > QUERY_LEVEL_COUNT_MAX) {
		throw statement.error("statement_too_complex", `a statement may have at most ${QUERY_LEVEL_COUNT_MAX} query levels`);
	}
	refuseUnsupported(statement, query);
	const inner: QueryOptions = { ...options, mayInsert: false, commonTables: bindWith(query, options) };
	if (query.op !== undefined && query.op !== "SETOP_NONE") return bindOrdered(query, inner, bindSetOperation(query, inner));
	return query.valuesLists === undefined ? bindSelect(query, inner) : bindOrdered(query, inner, bindValues(query, inner));
}

function refuseUnsupported(statement: StatementContext, query: SelectStmt): void {
	if (query.intoClause !== undefined) {
		throw statement.error("syntax_error", "SELECT ... INTO is not allowed here", query.intoClause.rel?.location ?? 0);
	}
	if (query.lockingClause !== undefined) throw statement.unsupported("FOR UPDATE or FOR SHARE");
}

/** ORDER BY and LIMIT over VALUES or a set operation. */
function bindOrdered(query: SelectStmt, options: QueryOptions, bound: BoundQuery): BoundQuery {
	const isValues = query.valuesLists !== undefined;
	if (query.sortClause === undefined && query.limitCount === undefined && query.limitOffset === undefined) return bound;
	const alias = isValues ? "*VALUES*" : "";
	const scope = { relations: [{ alias, tableName: null, columns: bound.columns }], columns: bound.columns };
	const subqueries = subqueryCollector();
	const environment = expressionEnvironment({ query: options, scope, clause: "ORDER BY", subqueries });
	const targets = bound.columns.map(
		(column): Target => ({
			name: column.name,
			bound: { kind: "typed", expression: { kind: "column", index: column.id, type: column.type }, location: -1 },
			hidden: false,
			location: -1,
		}),
	);
	const orderings = bindOrderBy(environment, targets, query.sortClause ?? []);
	const hidden = targets.find((target) => target.hidden);
	if (hidden !== undefined && !isValues) {
		throw options.statement.error(
			"feature_not_supported",
			"invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
			hidden.location,
			"Add the expression/function to every SELECT, or move the UNION into a FROM clause.",
		);
	}
	const input = joinSubqueries(bound.operator, subqueries, options.statement.columns);
	const finished = finish(query, { environment, targets, orderings, input, distinct: null });
	return { ...finished, ...(bound.locations === undefined ? {} : { locations: bound.locations }) };
}

function bindSelect(query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	const from = bindFrom(query.fromClause ?? [], options);
	const stages = { where: subqueryCollector(), inner: subqueryCollector(), having: subqueryCollector(), output: subqueryCollector() };
	const aggregates: AggregateCollector = { columns: [], calls: [], subqueries: stages.inner, direct: [], groupings: [] };
	const windows: WindowCollector = { pending: [] };
	const tableFunctions: TableFunctionCollector = { pending: [] };
	const locations: ExpressionEnvironment["locations"] = new WeakMap();
	const base = { query: options, scope: from.scope, locations };
	const output = (clause: Clause) =>
		expressionEnvironment({ ...base, clause, aggregates, subqueries: stages.output, windows, tableFunctions });
	const targets = bindTargets(output("SELECT"), query.targetList ?? []);
	const where =
		query.whereClause === undefined
			? null
			: coerceBoolean(
					statement,
					expressionEnvironment({ ...base, clause: "WHERE", subqueries: stages.where }).bind(query.whereClause),
					"WHERE",
				);
	const having =
		query.havingClause === undefined
			? null
			: coerceBoolean(
					statement,
					expressionEnvironment({ ...base, clause: "HAVING", aggregates, subqueries: stages.having }).bind(query.havingClause),
					"HAVING",
				);
	const orderings = bindOrderBy(output("ORDER BY"), targets, query.sortClause ?? []);
	const groupBy = bindGroupBy(expressionEnvironment({ ...base, clause: "GROUP BY", subqueries: stages.inner }), targets, {
		items: query.groupClause ?? [],
		distinct: query.groupDistinct ?? false,
	});
	refuseInGroup(statement, targets, groupBy.keys, { aggregates, windows });
	const distinct = bindDistinct(output("DISTINCT ON"), targets, orderings, query.distinctClause);
	const boundWindows = bindWindows(
		(clause) => expressionEnvironment({ ...base, clause, aggregates, subqueries: stages.output }),
		query.windowClause ?? [],
		windows,
	);
	const untyped = untypedTargets(targets);
	settleTargets(targets, options);
	const filtered = joinSubqueries(from.operator, stages.where, statement.columns);
	let input: LogicalOperator = where === null ? filtered : { kind: "filter", input: filtered, predicate: where };
	let lift = (expression: Expression): Expression => expression;
	const isGrouped = groupBy.sets !== null || groupBy.keys.length > 0 || aggregates.calls.length > 0 || aggregates.groupings.length > 0;
	if (isGrouped || having !== null) {
		const grouping = group(statement, input, { targets, groupBy, aggregates, stages, windows, tableFunctions, locations });
		({ lift } = grouping);
		input = joinSubqueries(grouping.operator, lifted(stages.having, grouping), statement.columns);
		if (having !== null) input = { kind: "filter", input, predicate: lift(having) };
		stages.output = lifted(stages.output, grouping);
		for (const [index, target] of targets.entries()) {
			const expression = settle(statement, target.bound);
			const key = grouping.keyColumns?.[groupBy.keys.indexOf(index)];
			const lifted: Expression = key === undefined ? lift(expression) : { kind: "column", index: key, type: expression.type };
			target.bound = { ...target.bound, kind: "typed", expression: lifted };
		}
	} else input = joinSubqueries(input, stages.inner, statement.columns);
	const late = subqueriesAfterWindows(
		stages.output.subqueries,
		windows.pending.map(({ column }) => column),
	);
	input = joinSubqueries(input, { subqueries: stages.output.subqueries.filter((subquery) => !late.has(subquery)) }, statement.columns);
	input = stackWindows(input, boundWindows, lift);
	input = joinSubqueries(input, { subqueries: [...late] }, statement.columns);
	input = stackTableFunctions(input, tableFunctions, lift);
	const environment = expressionEnvironment({ ...base, clause: "LIMIT" });
	const bound = finish(query, { environment, targets, orderings, input, distinct });
	const visible = targets.filter((target) => !target.hidden);
	return { ...bound, untyped, locations: visible.map((target) => target.location) };
}

/** Outputs that no context has typed yet: a set operation may still. */
function untypedTargets(targets: Target[]): Map<number, Bound> {
	const visible = targets.filter((target) => !target.hidden);
	return new Map(visible.flatMap(({ bound }, index) => (bound.kind === "typed" ? [] : [[index, bound]])));
}

interface Level {
	targets: Target[];
	groupBy: GroupBy;
	aggregates: AggregateCollector;
	stages: { inner: SubqueryCollector; having: SubqueryCollector; output: SubqueryCollector };
	windows: WindowCollector;
	tableFunctions: TableFunctionCollector;
	locations: ExpressionEnvironment["locations"];
}

function group(statement: StatementContext, input: LogicalOperator, level: Level): Grouping {
	const { targets, groupBy, aggregates, stages, windows, tableFunctions, locations } = level;
	const groupKeys = groupBy.keys.map((index) => {
		const target = targets[index] as Target;
		return { expression: settle(statement, target.bound), name: target.name };
	});
	// GROUP BY 1, where the first output is a subquery: it is needed below.
	moveSubqueries(
		stages.output,
		stages.inner,
		groupKeys.map(({ expression }) => expression),
	);
	const above = new Set([
		...subqueryColumns(stages.having),
		...subqueryColumns(stages.output),
		...windows.pending.map((call) => call.column),
		...tableFunctions.pending.map((call) => call.column),
	]);
	const joined = joinSubqueries(input, stages.inner, statement.columns);
	return makeGrouping({ statement, input: joined, groupKeys, sets: groupBy.sets, aggregates, locations, above });
}

/** Subqueries that stand above the grouping: what they use of this level must be grouped by. */
function lifted(collector: SubqueryCollector, grouping: Grouping): SubqueryCollector {
	return {
		...collector,
		subqueries: collector.subqueries.map((subquery) => {
			const changed = grouping.liftUses(subquery.uses);
			const renamed = [...changed].filter(([from, to]) => from !== to);
			const change = (expression: Expression) => substituteColumns(expression, changed);
			return {
				...subquery,
				operator: renamed.length === 0 ? subquery.operator : mapExpressions(subquery.operator, change),
				comparison: subquery.comparison === null ? null : liftComparison(subquery.comparison, subquery.operator, grouping),
				guard: subquery.guard === null ? null : { ...subquery.guard, condition: grouping.lift(subquery.guard.condition) },
			};
		}),
	};
}

/** The comparison's own side is of this level, the other one the subquery's. */
function liftComparison(comparison: Expression, operator: LogicalOperator, grouping: Grouping): Expression {
	const inner = new Set(outputColumns(operator));
	const isInner = (expression: Expression) => {
		const used = [...collectColumns(expression)];
		return used.length > 0 && used.every((id) => inner.has(id));
	};
	const lift = (expression: Expression): Expression => {
		if (isInner(expression)) return expression;
		if (![...collectColumns(expression)].some((id) => inner.has(id))) return grouping.lift(expression);
		return mapParts(expression, lift);
	};
	return lift(comparison);
}

/** GROUP BY 1 where the first output is an aggregate or a window function. @throws grouping_error (42803), windowing_error (42P20) */
function refuseInGroup(
	statement: StatementContext,
	targets: Target[],
	groups: number[],
	{ aggregates, windows }: { aggregates: AggregateCollector; windows: WindowCollector },
): void {
	for (const index of groups) {
		const target = targets[index] as Target;
		if (target.bound.kind !== "typed") continue;
		const used = collectColumns(target.bound.expression);
		if (aggregates.columns.some((id) => used.has(id))) {
			throw statement.error("grouping_error", "aggregate functions are not allowed in GROUP BY", target.location);
		}
		if (windows.pending.some(({ column }) => used.has(column))) {
			throw statement.error("windowing_error", "window functions are not allowed in GROUP BY", target.location);
		}
	}
}

interface QueryTop {
	environment: ExpressionEnvironment;
	targets: Target[];
	orderings: Ordering[];
	input: LogicalOperator;
	distinct: Distinct | null;
}

/** Project, DISTINCT, sort, limit, and a last projection without the hidden columns. */
function finish(query: SelectStmt, top: QueryTop): BoundQuery {
	const { environment, targets, orderings, distinct } = top;
	const { statement } = environment;
	const isUsed = (index: number) => orderings.some((ordering) => ordering.target === index) || (distinct?.on ?? []).includes(index);
	const needed = targets.filter((target, index) => !target.hidden || isUsed(index));
	const expressions = needed.map((target) => settle(statement, target.bound));
	const available = new Set(outputColumns(top.input));
	const used = new Set<ColumnId>();
	const ids = needed.map((target, index) => {
		const expression = expressions[index] as Expression;
		// A column of the input that passes through keeps its id; a second copy of it needs its own, and so does one of a query around.
		if (expression.kind === "column" && available.has(expression.index) && !used.has(expression.index)) {
			used.add(expression.index);
			return expression.index;
		}
		const nullable = isNullable(expression, statement.columns);
		return statement.columns.add({ name: target.name, type: expression.type, nullable, origin: null });
	});
	const reference = (index: number): Expression => {
		const position = needed.indexOf(targets[index] as Target);
		return { kind: "column", index: ids[position] as ColumnId, type: (expressions[position] as Expression).type };
	};
	const keys = orderings.map(({ target, descending, nullsFirst }) => ({ expression: reference(target), descending, nullsFirst }));
	let operator: LogicalOperator = { kind: "project", input: top.input, columns: ids, expressions };
	if (distinct !== null) {
		operator =
			distinct.on === null
				? {
						kind: "aggregate",
						input: operator,
						groupColumns: ids,
						groupKeys: ids.map((id, index): Expression => ({ kind: "column", index: id, type: (expressions[index] as Expression).type })),
						aggregateColumns: [],
						aggregates: [],
					}
				: keepFirstRows(statement, operator, distinct.on.map(reference), keys);
	}
	if (keys.length > 0) operator = { kind: "sort", input: operator, keys };
	operator = bindLimit(environment, query, operator, keys);
	const columns = needed.flatMap((target, index): ScopeColumn[] =>
		target.hidden
			? []
			: [
					{
						name: target.name,
						id: ids[index] as ColumnId,
						type: (expressions[index] as Expression).type,
						...(target.row === undefined ? {} : { isRow: true }),
					},
				],
	);
	if (columns.length < outputColumns(operator).length) {
		operator = {
			kind: "project",
			input: operator,
			columns: columns.map((column) => column.id),
			expressions: columns.map((column): Expression => ({ kind: "column", index: column.id, type: column.type })),
		};
	}
	return { operator, columns };
}

function substituteColumns(expression: Expression, changed: ReadonlyMap<ColumnId, ColumnId>): Expression {
	return rewrite(expression, (part) => (part.kind === "column" ? { ...part, index: changed.get(part.index) ?? part.index } : part));
}
