/** Joins in FROM: ON, USING, NATURAL, and the columns that USING merges. */
import type { JoinExpr, Node } from "libpg-query";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, conjunction, isNullable } from "../../../logical/expression.ts";
import { outputColumns } from "../../../logical/output.ts";
import type { LogicalOperator } from "../../../logical/plan.ts";
import { strings } from "../../parse/ast.ts";
import { typed } from "../bound.ts";
import { coerce, coerceBoolean } from "../expressions/coerce.ts";
import { unifyTypes } from "../expressions/conditionals.ts";
import { expressionEnvironment } from "../expressions/expression.ts";
import { bindComparison } from "../expressions/operators.ts";
import type { QueryOptions } from "../query.ts";
import { type BoundFrom, bothScopes, renameColumns } from "./relation-scope.ts";
import type { Relation, Scope, ScopeColumn } from "../scope.ts";
import type { StatementContext } from "../statement.ts";
import { guardWithin } from "../guard.ts";
import { joinSubqueries, subqueryCollector, type SubqueryCollector } from "../expressions/subqueries.ts";

type BindItem = (item: Node, options: QueryOptions, siblings: Scope) => BoundFrom;

/** @param bindItem binds one side, with what stands to its left */
export function bindJoin(join: JoinExpr, options: QueryOptions, siblings: Scope, bindItem: BindItem): BoundFrom {
	const { statement } = options;
	if (join.larg === undefined || join.rarg === undefined) throw statement.unsupported("this join");
	const left = bindItem(join.larg, options, siblings);
	const seesLeft = join.jointype !== "JOIN_RIGHT" && join.jointype !== "JOIN_FULL";
	const beside: Scope = seesLeft
		? { relations: [...siblings.relations, ...left.scope.relations], columns: [...siblings.columns, ...left.scope.columns] }
		: { ...siblings, beside: left.scope.relations };
	const right = bindItem(join.rarg, options, beside);
	const scope = bothScopes(statement, left.scope, right.scope);
	const using = join.isNatural ? commonNames(left.scope, right.scope) : strings(join.usingClause);
	const pairs = using.map((name) => ({ name, ...bindUsing(statement, name, left.scope, right.scope) }));
	const conditions = pairs.map((pair) => pair.condition);
	const subqueries = subqueryCollector();
	if (join.quals !== undefined) {
		const visible: Scope = { ...scope, hidden: siblings.relations };
		const environment = expressionEnvironment({ query: options, scope: visible, clause: "JOIN conditions", subqueries });
		const condition = coerceBoolean(statement, environment.bind(join.quals), "JOIN/ON");
		if (condition.kind !== "constant" || condition.value !== true) conditions.push(condition);
	}
	const joined = joinSides(statement, join, { left: left.operator, right: right.operator, conditions, subqueries });
	const computed: { column: ScopeColumn; expression: Expression }[] = [];
	const merged = pairs.map((pair): ScopeColumn => {
		const value = mergedValue(statement, join, pair);
		if (value.kind === "column") return { name: pair.name, id: value.index, type: value.type };
		const nullable = isNullable(value, statement.columns);
		const column = {
			name: pair.name,
			id: statement.columns.add({ name: pair.name, type: pair.type, nullable, origin: null }),
			type: pair.type,
		};
		computed.push({ column, expression: value });
		return column;
	});
	const operator = computed.length > 0 ? extend(statement, joined, computed) : joined;
	const rest = scope.columns.filter((column) => !using.includes(column.name));
	const mayMiss: Record<string, Relation[]> = {
		JOIN_LEFT: right.scope.relations,
		JOIN_RIGHT: left.scope.relations,
		JOIN_FULL: scope.relations,
	};
	const missing = mayMiss[join.jointype ?? ""] ?? [];
	const relations = scope.relations.map((relation) => (missing.includes(relation) ? { ...relation, mayBeMissing: true } : relation));
	const result: Scope = { relations, columns: [...merged, ...rest] };
	if (join.alias?.aliasname !== undefined) {
		const names = strings(join.alias.colnames);
		const columns = renameColumns(statement, { alias: join.alias.aliasname, columns: result.columns, names, location: -1 });
		return { operator, scope: { relations: [{ alias: join.alias.aliasname, tableName: null, columns }], columns } };
	}
	return { operator, scope: result };
}

/** A column of USING: the side that is never missing, or the first that is there. */
function mergedValue(
	statement: StatementContext,
	join: JoinExpr,
	pair: { left: ScopeColumn; right: ScopeColumn; type: DataType },
): Expression {
	const [left, right] = [pair.left, pair.right].map((column) =>
		coerce(statement, typed({ kind: "column", index: column.id, type: column.type }, -1), pair.type),
	) as [Expression, Expression];
	if (join.jointype === "JOIN_FULL") return { kind: "coalesce", arguments: [left, right], type: pair.type };
	return join.jointype === "JOIN_RIGHT" ? right : left;
}

interface JoinSides {
	left: LogicalOperator;
	right: LogicalOperator;
	conditions: Expression[];
	/** Those of ON. */
	subqueries: SubqueryCollector;
}

function joinSides(statement: StatementContext, join: JoinExpr, sides: JoinSides): LogicalOperator {
	const { left, right, conditions, subqueries } = sides;
	const addNulls = (side: LogicalOperator) => {
		for (const id of outputColumns(side)) statement.columns.get(id).nullable = true;
	};
	if (join.jointype === undefined || join.jointype === "JOIN_INNER") {
		if (subqueries.subqueries.length === 0) return { kind: "join", join: "inner", left, right, condition: conjunction(conditions) };
		const input = joinSubqueries({ kind: "join", join: "inner", left, right, condition: null }, subqueries, statement.columns);
		const predicate = conjunction(conditions);
		return predicate === null ? input : { kind: "filter", input, predicate };
	}
	const placed = placeSubqueries(statement, sides);
	const condition = conjunction(conditions);
	switch (join.jointype) {
		case "JOIN_LEFT":
			addNulls(right);
			return { kind: "join", join: "left", ...placed, condition };
		case "JOIN_RIGHT":
			addNulls(left);
			return { kind: "join", join: "left", left: placed.right, right: placed.left, condition };
		case "JOIN_FULL":
			addNulls(left);
			addNulls(right);
			return { kind: "join", join: "full", ...placed, condition };
		default:
			throw statement.unsupported("this join");
	}
}

/** In an outer join's ON, a subquery is joined to the side that it uses: it keeps that side's rows as they are. */
function placeSubqueries(
	statement: StatementContext,
	{ left, right, subqueries }: JoinSides,
): { left: LogicalOperator; right: LogicalOperator } {
	let sides = { left, right };
	for (const subquery of subqueries.subqueries) {
		const used = new Set(subquery.uses.map(({ id }) => id));
		if (subquery.comparison !== null) collectColumns(subquery.comparison, used);
		const usesLeft = outputColumns(sides.left).some((id) => used.has(id));
		const usesRight = outputColumns(sides.right).some((id) => used.has(id));
		if (usesLeft && usesRight) throw statement.unsupported("a subquery in the ON of an outer join that uses both of its sides");
		const side = new Set(outputColumns(usesLeft ? sides.left : sides.right));
		const one = { subqueries: [{ ...subquery, guard: guardWithin(subquery.guard, side) }] };
		sides = usesLeft
			? { ...sides, left: joinSubqueries(sides.left, one, statement.columns) }
			: { ...sides, right: joinSubqueries(sides.right, one, statement.columns) };
	}
	return sides;
}

/** Adds computed columns to what an operator emits. */
function extend(
	statement: StatementContext,
	input: LogicalOperator,
	added: { column: ScopeColumn; expression: Expression }[],
): LogicalOperator {
	const passed = outputColumns(input);
	return {
		kind: "project",
		input,
		columns: [...passed, ...added.map((entry) => entry.column.id)],
		expressions: [
			...passed.map((id): Expression => ({ kind: "column", index: id, type: statement.columns.get(id).type })),
			...added.map((entry) => entry.expression),
		],
	};
}

function commonNames(left: Scope, right: Scope): string[] {
	return left.columns.map((column) => column.name).filter((name) => right.columns.some((column) => column.name === name));
}

function bindUsing(statement: StatementContext, name: string, left: Scope, right: Scope) {
	const side = (scope: Scope, which: "left" | "right"): ScopeColumn => {
		const found = scope.columns.filter((column) => column.name === name);
		if (found.length > 1) {
			throw statement.error("ambiguous_column", `common column name "${name}" appears more than once in ${which} table`);
		}
		if (found[0] === undefined) {
			throw statement.error("undefined_column", `column "${name}" specified in USING clause does not exist in ${which} table`);
		}
		return found[0];
	};
	const leftColumn = side(left, "left");
	const rightColumn = side(right, "right");
	const leftBound = typed({ kind: "column", index: leftColumn.id, type: leftColumn.type }, -1);
	const rightBound = typed({ kind: "column", index: rightColumn.id, type: rightColumn.type }, -1);
	return {
		left: leftColumn,
		right: rightColumn,
		type: unifyTypes(statement, [leftBound, rightBound], "JOIN/USING"),
		condition: bindComparison(statement, "=", [leftBound, rightBound], -1),
	};
}
