/**
 * Guards: the conditions under which PostgreSQL evaluates an expression inside CASE, COALESCE, AND and OR. The engine narrows its selection there by itself; a subquery,
 * which becomes a join below the expression, must be told (`LogicalJoin.guard`).
 */
import type { Node } from "libpg-query";
import type { ColumnId, LogicalOperator, LogicalValues } from "../../logical/plan.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns, conjunction, conjuncts, isStable } from "../../logical/expression.ts";
import { mayRaise, planMayRaise } from "../../logical/unnest/raising.ts";
import type { Clause, ExpressionEnvironment } from "./environment.ts";
import { hasSubqueries } from "./walk.ts";

export interface Guard {
	/** All true, evaluated in order, each only where those before are. */
	conditions: Expression[];
	/** False while only an AND of WHERE, HAVING or ON guards: its other parts filter the rows before they reach a subquery. */
	decides: boolean;
}

/** A guard as a column of the input that the subquery is joined to. */
export interface GuardColumn {
	column: ColumnId;
	condition: Expression;
}

const FILTERS: readonly Clause[] = ["WHERE", "HAVING", "JOIN conditions"];

/**
 * The environment of a part that is evaluated only where `conditions` are true. They are made for a part with a subquery alone: each of 10,000 disjuncts would be guarded by all
 * before it.
 */
export function guarded(
	environment: ExpressionEnvironment,
	part: Node | undefined,
	conditionsOf: () => Expression[],
): Partial<ExpressionEnvironment> {
	if (!hasSubqueries(part)) return {};
	const conditions = conditionsOf();
	// What differs at each evaluation cannot be asked twice.
	const stable = conditions.filter(isStable);
	if (stable.length === 0) return {};
	return { guard: { conditions: [...(environment.guard?.conditions ?? []), ...stable], decides: true } };
}

/** The same for a later part of an AND. */
export function guardedByAnd(environment: ExpressionEnvironment, part: Node, before: Expression[]): Partial<ExpressionEnvironment> {
	const isFilter = FILTERS.includes(environment.clause) && !environment.insideAggregate && !(environment.guard?.decides ?? false);
	const change = guarded(environment, part, () => before.map(notFalse));
	return change.guard && isFilter ? { guard: { ...change.guard, decides: false } } : change;
}

export function isTrue(condition: Expression): Expression {
	return { kind: "coalesce", arguments: [condition, { kind: "constant", value: false, type: BOOLEAN }], type: BOOLEAN };
}

export function notTrue(condition: Expression): Expression {
	return { kind: "not", input: isTrue(condition), type: BOOLEAN };
}

export function isNull(input: Expression): Expression {
	return { kind: "is_null", input, negated: false, type: BOOLEAN };
}

function notFalse(condition: Expression): Expression {
	return { kind: "coalesce", arguments: [condition, { kind: "constant", value: true, type: BOOLEAN }], type: BOOLEAN };
}

/** The guard that a subquery needs: none where it stands in the open, or cannot raise. */
export function guardColumn(
	{ guard, statement }: ExpressionEnvironment,
	{ join, operator, comparison }: { join: "mark" | "single"; operator: LogicalOperator; comparison: Expression | null },
): GuardColumn | null {
	if (guard === null || !guard.decides) return null;
	const raises =
		planMayRaise({ kind: "join", join, left: NO_ROWS, right: operator, condition: null }, { subplans: true }) ||
		(comparison !== null && mayRaise(comparison));
	if (!raises) return null;
	const column = statement.columns.add({ name: "guard", type: BOOLEAN, nullable: false, origin: null });
	return { column, condition: conjunction(guard.conditions) as Expression };
}

/** The guard over these columns alone: what needs others is left out, and what may raise after it. Null where nothing is left. */
export function guardWithin(guard: GuardColumn | null, columns: ReadonlySet<ColumnId>): GuardColumn | null {
	if (guard === null) return null;
	const kept: Expression[] = [];
	const all = conjuncts(guard.condition);
	for (const [index, part] of all.entries()) {
		const isWithin = [...collectColumns(part)].every((id) => columns.has(id));
		if (isWithin && (kept.length === index || !mayRaise(part))) kept.push(part);
	}
	const condition = conjunction(kept);
	return condition === null ? null : { ...guard, condition };
}

const NO_ROWS: LogicalValues = { kind: "values", columns: [], types: [], rows: [] };
