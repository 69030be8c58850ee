/**
 * Subqueries in expressions. Each becomes a column: of a `single` join (a scalar), or of a `mark` join (EXISTS, IN, ANY, ALL). The clause that collected them joins
 * them to its input before it evaluates the expression; correlation makes those joins dependent, which `logical/unnest` resolves.
 */
import type { A_Expr, Node, SubLink } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns, isNullable } from "../../../logical/expression.ts";
import { outputColumns } from "../../../logical/output.ts";
import type { ColumnId, ColumnTable, LogicalJoin, LogicalOperator } from "../../../logical/plan.ts";
import { as, leftmost, strings } from "../../parse/ast.ts";
import { typed, type Bound } from "../bound.ts";
import type { ExpressionEnvironment, OuterUse, QueryLevel } from "../environment.ts";
import { guardColumn, type GuardColumn } from "../guard.ts";
import { bindComparison } from "./operators.ts";
import type { BoundQuery } from "../query.ts";
import { arrayOfRows } from "./array-of-rows.ts";
import { settle } from "./coerce.ts";
import { rowFields } from "./row-values.ts";
import { compareRows } from "./rows.ts";
import type { StatementContext } from "../statement.ts";

/** The right side of a join that the clause needs. */
export interface BoundSubquery {
	join: "mark" | "single";
	operator: LogicalOperator;
	/** Of a mark join, over the clause's input and the subquery's columns; null for EXISTS. */
	comparison: Expression | null;
	/** Of a mark join. */
	mark: ColumnId | null;
	/** Where it is not evaluated for all rows; over the clause's input and the subqueries before it. */
	guard: GuardColumn | null;
	/** What the subquery uses of the level that it stands in. */
	uses: OuterUse[];
}

export interface SubqueryCollector {
	subqueries: BoundSubquery[];
	/** An expression that is bound twice (BETWEEN) shares its subquery. */
	known: Map<SubLink, Bound>;
}

export function subqueryCollector(): SubqueryCollector {
	return { subqueries: [], known: new Map() };
}

/** Columns that the joins add. */
export function subqueryColumns({ subqueries }: SubqueryCollector): ColumnId[] {
	return subqueries.flatMap(columnsMade);
}

function columnsMade({ mark, operator }: BoundSubquery): ColumnId[] {
	return mark === null ? outputColumns(operator) : [mark];
}

/** Joins what was collected to the clause's input. */
export function joinSubqueries(
	input: LogicalOperator,
	{ subqueries }: Pick<SubqueryCollector, "subqueries">,
	columns: ColumnTable,
): LogicalOperator {
	return subqueries.reduce<LogicalOperator>((input, { join, operator: right, comparison, mark, guard }) => {
		const left = guard === null ? input : withGuard(input, guard, columns);
		const joined: LogicalJoin = { kind: "join", join, left, right, condition: null };
		if (guard !== null) joined.guard = { kind: "column", index: guard.column, type: BOOLEAN };
		return mark === null ? joined : { ...joined, mark: { column: mark, comparison } };
	}, input);
}

/** Subqueries whose guards need windows, which stand above the others: they are joined after these, and so are those whose guards need them. */
export function subqueriesAfterWindows(
	subqueries: readonly BoundSubquery[],
	windowColumns: readonly ColumnId[],
): ReadonlySet<BoundSubquery> {
	const late = new Set(windowColumns);
	const found = new Set<BoundSubquery>();
	for (const subquery of subqueries) {
		if (subquery.guard === null || ![...collectColumns(subquery.guard.condition)].some((id) => late.has(id))) continue;
		found.add(subquery);
		for (const id of columnsMade(subquery)) late.add(id);
	}
	return found;
}

function withGuard(input: LogicalOperator, { column, condition }: GuardColumn, columns: ColumnTable): LogicalOperator {
	const passed = outputColumns(input);
	const references = passed.map((id): Expression => ({ kind: "column", index: id, type: columns.get(id).type }));
	return { kind: "project", input, columns: [...passed, column], expressions: [...references, condition] };
}

export function bindSubLink(environment: ExpressionEnvironment, link: SubLink): Bound {
	const { statement, subqueries } = environment;
	const location = link.location ?? 0;
	const known = subqueries?.known.get(link);
	if (known !== undefined) return known;
	if (subqueries === null) throw refused(environment, location);
	const query = as(link.subselect, "SelectStmt");
	if (query === undefined) throw statement.unsupported("this subquery", location);
	const level = levelOf(environment);
	const bound = environment.query.bindQuery(query, { ...environment.query, outer: level, targetTypes: [] });
	const subquery = { query: bound, uses: level.uses, location };
	const result = bindKind(environment, link, subquery);
	subqueries.known.set(link, result);
	return result;
}

/** `(a, b) op (SELECT ...)`: the subquery's one row, compared as a whole. */
export function bindRowSubLink(environment: ExpressionEnvironment, expression: A_Expr, link: SubLink): Bound {
	const { statement, subqueries } = environment;
	const location = expression.location ?? 0;
	const query = as(link.subselect, "SelectStmt");
	if (subqueries === null || query === undefined) throw refused(environment, location);
	const level = levelOf(environment);
	const bound = environment.query.bindQuery(query, { ...environment.query, outer: level, targetTypes: [] });
	const left = rowFields(environment, expression.lexpr) ?? [];
	checkWidth(statement, left.length, bound.columns.length, location);
	const right = addSingle(environment, { query: bound, uses: level.uses, location });
	return typed(
		compareRows(statement, strings(expression.name).at(-1) ?? "=", left, right, location),
		leftmost(location, left[0]?.location ?? -1),
	);
}

function refused({ statement, clause }: ExpressionEnvironment, location: number): Error {
	const where = clause === "DEFAULT expressions" ? "DEFAULT expression" : clause;
	return statement.error("feature_not_supported", `cannot use subquery in ${where}`, location);
}

/** The environment as the query level around a subquery. */
function levelOf({ scope, aggregates, clause, outer, insideAggregate }: ExpressionEnvironment): QueryLevel {
	return { scope, aggregates, clause, insideAggregate, uses: [], outer };
}

interface Subquery {
	query: BoundQuery;
	uses: OuterUse[];
	location: number;
}

function bindKind(environment: ExpressionEnvironment, link: SubLink, subquery: Subquery): Bound {
	const { statement } = environment;
	const { location } = subquery;
	switch (link.subLinkType) {
		case "EXISTS_SUBLINK":
			return addMark(
				environment,
				{ ...subquery, query: { ...subquery.query, operator: existing(subquery.query.operator) } },
				null,
				location,
			);
		case "EXPR_SUBLINK": {
			const [value, other] = addSingle(environment, subquery);
			if (value === undefined || other !== undefined) {
				throw statement.error("syntax_error", "subquery must return only one column", location);
			}
			return value;
		}
		case "ANY_SUBLINK":
		case "ALL_SUBLINK": {
			const all = link.subLinkType === "ALL_SUBLINK";
			const symbol = link.operName === undefined ? "=" : (strings(link.operName).at(-1) ?? "=");
			const { comparison, start } = compareWithEach(environment, link, subquery, symbol);
			// ALL is: no row for which the comparison is false.
			const mark = addMark(environment, subquery, all ? negated(comparison) : comparison, start);
			return all && mark.kind === "typed" ? typed({ kind: "not", input: mark.expression, type: BOOLEAN }, start) : mark;
		}
		case "ARRAY_SUBLINK": {
			const [value] = addSingle(environment, { ...subquery, query: arrayOfRows(statement, subquery) });
			const expression = settle(statement, value as Bound);
			const empty: Expression = { kind: "constant", value: [], type: expression.type };
			return typed({ kind: "coalesce", arguments: [expression, empty], type: expression.type }, location);
		}
		default:
			throw statement.unsupported("this subquery", location);
	}
}

/** `x op ANY (subquery)` as a comparison of the left side with one of its rows. */
function compareWithEach(environment: ExpressionEnvironment, link: SubLink, { query, location }: Subquery, symbol: string) {
	const { statement } = environment;
	const left = rowFields(environment, link.testexpr) ?? [environment.bind(link.testexpr as Node)];
	checkWidth(statement, left.length, query.columns.length, location);
	const right = query.columns.map((column): Bound => typed({ kind: "column", index: column.id, type: column.type }, location));
	const [first, candidate] = [left[0] as Bound, right[0] as Bound];
	const comparison =
		left.length === 1
			? bindComparison(statement, symbol, [first, candidate], location)
			: compareRows(statement, symbol, left, right, location);
	return { comparison, start: leftmost(location, first.location) };
}

/** @throws syntax_error (42601) */
function checkWidth(statement: StatementContext, given: number, returned: number, location: number): void {
	if (given < returned) throw statement.error("syntax_error", "subquery has too many columns", location);
	if (given > returned) throw statement.error("syntax_error", "subquery has too few columns", location);
}

const NEGATIONS: Record<string, string> = { eq: "ne", ne: "eq", lt: "ge", ge: "lt", gt: "le", le: "gt" };

function negated(expression: Expression): Expression {
	if (expression.kind === "call") {
		const [name = "", rest = ""] = expression.functionId.split("(");
		const opposite = NEGATIONS[name];
		if (opposite !== undefined) return { ...expression, functionId: `${opposite}(${rest}` };
	}
	return { kind: "not", input: expression, type: BOOLEAN };
}

function addMark(environment: ExpressionEnvironment, subquery: Subquery, comparison: Expression | null, location: number): Bound {
	const { statement } = environment;
	const nullable = comparison !== null && isNullable(comparison, statement.columns);
	const mark = statement.columns.add({ name: "mark", type: BOOLEAN, nullable, origin: null });
	const { operator } = subquery.query;
	const guard = guardColumn(environment, { join: "mark", operator, comparison });
	environment.subqueries?.subqueries.push({ join: "mark", operator, comparison, mark, guard, uses: subquery.uses });
	return typed({ kind: "column", index: mark, type: BOOLEAN }, location);
}

/** The subquery's columns for the one row that it may have. */
function addSingle(environment: ExpressionEnvironment, { query, uses, location }: Subquery): Bound[] {
	const { columns } = environment.statement;
	const guard = guardColumn(environment, { join: "single", operator: query.operator, comparison: null });
	environment.subqueries?.subqueries.push({ join: "single", operator: query.operator, comparison: null, mark: null, guard, uses });
	return query.columns.map((column) => {
		columns.get(column.id).nullable = true;
		return typed({ kind: "column", index: column.id, type: column.type }, location);
	});
}

/** What EXISTS need not compute: order, projections, duplicates, and any limit that lets a row through. */
function existing(node: LogicalOperator): LogicalOperator {
	switch (node.kind) {
		case "project":
		case "sort":
			return existing(node.input);
		case "limit":
			return node.offset === 0 && node.limit !== 0 ? existing(node.input) : node;
		case "aggregate":
			return node.groupColumns.length > 0 ? existing(node.input) : node;
		default:
			return node;
	}
}

/** Takes the subqueries that `expressions` use, and those that these use, from one collector to another. */
export function moveSubqueries(from: SubqueryCollector, to: SubqueryCollector, expressions: Expression[]): void {
	const used = new Set<ColumnId>();
	for (const expression of expressions) collectColumns(expression, used);
	for (const subquery of from.subqueries.toReversed()) {
		if (!columnsMade(subquery).some((id) => used.has(id))) continue;
		if (subquery.comparison !== null) collectColumns(subquery.comparison, used);
		if (subquery.guard !== null) collectColumns(subquery.guard.condition, used);
		from.subqueries.splice(from.subqueries.indexOf(subquery), 1);
		to.subqueries.unshift(subquery);
	}
}
