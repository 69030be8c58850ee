/** SELECT: binds the clauses in PostgreSQL's order (its errors come in that order) and stacks the operators. */
import type { Node, SelectStmt } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, isNullable } from "../../logical/expression.ts";
import type { ColumnId, LogicalOperator } from "../../logical/plan.ts";
import { as, strings } from "../parse/ast.ts";
import { coerceBoolean, settle } from "./coerce.ts";
import type { AggregateCollector, ExpressionEnvironment } from "./environment.ts";
import { expressionEnvironment } from "./expression.ts";
import { bindFrom } from "./from.ts";
import { makeGrouping } from "./grouping.ts";
import { bindLimit } from "./limit.ts";
import { bindGroupBy, bindOrderBy, checkOrdered, type Ordering } from "./ordering.ts";
import type { BoundQuery, CommonTable, QueryOptions } from "./query.ts";
import type { ScopeColumn } from "./scope.ts";
import type { StatementContext } from "./statement.ts";
import { bindTargets, settleTargets, type Target } from "./targets.ts";
import { bindValues } from "./values.ts";

/** Query levels that one statement may bind: WITH queries are bound at each reference, which can double at each level. */
const QUERY_LEVEL_COUNT_MAX = 500;

export function bindQuery(query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	if (++statement.queryLevelCount > QUERY_LEVEL_COUNT_MAX) {
		throw statement.error(
			"statement_too_complex",
			`a statement may have at most ${QUERY_LEVEL_COUNT_MAX} query levels, WITH queries counted at each use`,
		);
	}
	refuseUnsupported(statement, query);
	const inner: QueryOptions = { ...options, commonTables: bindWith(query, options) };
	return query.valuesLists === undefined ? bindSelect(query, inner) : bindValuesQuery(query, inner);
}

function refuseUnsupported(statement: StatementContext, query: SelectStmt): void {
	if (query.op !== undefined && query.op !== "SETOP_NONE") throw statement.unsupported(query.op.replace("SETOP_", ""));
	if (query.intoClause !== undefined) throw statement.unsupported("SELECT INTO", query.intoClause.rel?.location ?? 0);
	if (query.lockingClause !== undefined) throw statement.unsupported("FOR UPDATE or FOR SHARE");
	if (query.windowClause !== undefined) throw statement.unsupported("WINDOW");
}

/** @throws feature_not_supported for WITH RECURSIVE and statements that change rows, duplicate_alias (42712) */
function bindWith(query: SelectStmt, options: QueryOptions): CommonTable[] {
	const { statement } = options;
	if (query.withClause === undefined) return options.commonTables;
	if (query.withClause.recursive) throw statement.unsupported("WITH RECURSIVE", query.withClause.location ?? 0);
	let visible = options.commonTables;
	const own: CommonTable[] = [];
	for (const node of query.withClause.ctes ?? []) {
		const common = as(node, "CommonTableExpr");
		const inner = as(common?.ctequery, "SelectStmt");
		const location = common?.location ?? 0;
		if (common === undefined || inner === undefined) throw statement.unsupported("WITH over a statement that changes rows", location);
		const name = common.ctename ?? "";
		if (own.some((other) => other.name === name)) {
			throw statement.error("duplicate_alias", `WITH query name "${name}" specified more than once`, location);
		}
		const table: CommonTable = { name, query: inner, columnNames: strings(common.aliascolnames), location, visible };
		// Bound here as well, so that a query nobody refers to still has to be right.
		bindQuery(inner, { ...options, commonTables: visible, targetTypes: [] });
		own.push(table);
		visible = [...visible, table];
	}
	return visible;
}

function bindValuesQuery(query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	const bound = bindValues(query, options);
	const scope = { relations: [{ alias: "*VALUES*", tableName: null, columns: bound.columns }], columns: bound.columns };
	const environment = expressionEnvironment({ statement, scope, clause: "ORDER BY" });
	const targets = bound.columns.map(
		(column): Target => ({
			name: column.name,
			bound: { kind: "typed", expression: { kind: "column", index: column.id, type: column.type }, location: -1 },
			hidden: false,
			location: -1,
		}),
	);
	const orderings = bindOrderBy(environment, targets, query.sortClause ?? []);
	return finish(query, { environment, targets, orderings, input: bound.operator, distinct: false });
}

function bindSelect(query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	const from = bindFrom(query.fromClause ?? [], options);
	const aggregates: AggregateCollector = { columns: [], calls: [] };
	const locations: ExpressionEnvironment["locations"] = new WeakMap();
	const environment = (clause: ExpressionEnvironment["clause"], allowed: boolean) =>
		expressionEnvironment({ statement, scope: from.scope, clause, aggregates: allowed ? aggregates : null, locations });
	const targets = bindTargets(environment("SELECT", true), query.targetList ?? []);
	const where =
		query.whereClause === undefined ? null : coerceBoolean(statement, environment("WHERE", false).bind(query.whereClause), "WHERE");
	const having =
		query.havingClause === undefined ? null : coerceBoolean(statement, environment("HAVING", true).bind(query.havingClause), "HAVING");
	const orderings = bindOrderBy(environment("ORDER BY", true), targets, query.sortClause ?? []);
	const groups = bindGroupBy(environment("GROUP BY", false), targets, query.groupClause ?? []);
	refuseAggregateInGroup(statement, targets, groups, aggregates);
	const distinct = bindDistinctClause(statement, query, targets, orderings);
	settleTargets(targets, options);
	let input: LogicalOperator = where === null ? from.operator : { kind: "filter", input: from.operator, predicate: where };
	if (groups.length > 0 || aggregates.calls.length > 0 || having !== null) {
		const groupKeys = groups.map((index) => {
			const target = targets[index] as Target;
			return { expression: settle(statement, target.bound), name: target.name };
		});
		const grouping = makeGrouping({ statement, input, groupKeys, aggregates, locations });
		for (const target of targets) {
			target.bound = { ...target.bound, kind: "typed", expression: grouping.lift(settle(statement, target.bound)) };
		}
		input = having === null ? grouping.operator : { kind: "filter", input: grouping.operator, predicate: grouping.lift(having) };
	}
	return finish(query, { environment: environment("LIMIT", false), targets, orderings, input, distinct });
}

/** GROUP BY 1 where the first output is an aggregate. @throws grouping_error (42803) */
function refuseAggregateInGroup(statement: StatementContext, targets: Target[], groups: number[], aggregates: AggregateCollector): void {
	for (const index of groups) {
		const target = targets[index] as Target;
		if (target.bound.kind !== "typed") continue;
		const used = collectColumns(target.bound.expression);
		if (aggregates.columns.some((id) => used.has(id))) {
			throw statement.error("grouping_error", "aggregate functions are not allowed in GROUP BY", target.location);
		}
	}
}

/** @throws invalid_column_reference (42P10) when ORDER BY uses what DISTINCT drops */
function bindDistinctClause(statement: StatementContext, query: SelectStmt, targets: Target[], orderings: Ordering[]): boolean {
	const clause = query.distinctClause;
	if (clause === undefined) return false;
	// The grammar marks a plain DISTINCT by one empty node.
	const isPlain = clause.every((node: Node) => Object.keys(node).length === 0);
	if (!isPlain) throw statement.unsupported("DISTINCT ON");
	for (const ordering of orderings) {
		const target = targets[ordering.target] as Target;
		if (target.hidden) {
			throw statement.error(
				"invalid_column_reference",
				"for SELECT DISTINCT, ORDER BY expressions must appear in select list",
				target.location,
			);
		}
	}
	for (const target of targets) if (!target.hidden) checkOrdered(statement, target, "equality");
	return true;
}

interface QueryTop {
	environment: ExpressionEnvironment;
	targets: Target[];
	orderings: Ordering[];
	input: LogicalOperator;
	distinct: boolean;
}

/** Project, DISTINCT, sort, limit, and a last projection without the hidden columns. */
function finish(query: SelectStmt, top: QueryTop): BoundQuery {
	const { environment, targets, orderings } = top;
	const { statement } = environment;
	const needed = targets.filter((target, index) => !target.hidden || orderings.some((ordering) => ordering.target === index));
	const expressions = needed.map((target) => settle(statement, target.bound));
	const used = new Set<ColumnId>();
	const ids = needed.map((target, index) => {
		const expression = expressions[index] as Expression;
		// A column that passes through keeps its id; a second copy of it needs its own.
		if (expression.kind === "column" && !used.has(expression.index)) {
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
	let operator: LogicalOperator = { kind: "project", input: top.input, columns: ids, expressions };
	if (top.distinct) {
		operator = {
			kind: "aggregate",
			input: operator,
			groupColumns: ids,
			groupKeys: ids.map((id, index): Expression => ({ kind: "column", index: id, type: (expressions[index] as Expression).type })),
			aggregateColumns: [],
			aggregates: [],
		};
	}
	if (orderings.length > 0) {
		operator = {
			kind: "sort",
			input: operator,
			keys: orderings.map(({ target, descending, nullsFirst }) => ({ expression: reference(target), descending, nullsFirst })),
		};
	}
	operator = bindLimit(environment, query, operator);
	const columns = needed.flatMap((target, index): ScopeColumn[] =>
		target.hidden ? [] : [{ name: target.name, id: ids[index] as ColumnId, type: (expressions[index] as Expression).type }],
	);
	if (columns.length < needed.length) {
		operator = {
			kind: "project",
			input: operator,
			columns: columns.map((column) => column.id),
			expressions: columns.map((column): Expression => ({ kind: "column", index: column.id, type: column.type })),
		};
	}
	return { operator, columns };
}
