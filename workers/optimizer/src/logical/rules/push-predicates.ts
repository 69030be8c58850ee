/**
 * Predicate pushdown.
 *
 * Effect: each conjunct of WHERE, HAVING and ON moves down to the lowest operator that has all its columns; filters merge; a conjunct over both
 * sides of an inner join becomes its condition, which is how a comma join gets its keys. A LEFT JOIN whose NULL rows a filter above drops
 * becomes an inner one. From an OR over two tables, what it demands of one of them is pushed as well.
 * Better: fewer rows reach joins and aggregations, and scans prune files and row groups.
 * Safe: a filter commutes with projection (columns are replaced by their expressions), with sorting, with the grouping by the columns that it uses, and
 * with inner joins. It never moves below a limit, into the NULL side of a left join, or to a copy of a volatile expression.
 * Must not match: `... LEFT JOIN u ... WHERE u.a IS NULL`: below the join the filter would see u's rows, not the NULLs that the join adds.
 */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns, conjunction, conjuncts, disjuncts, isStable, signatureOf, substitute } from "../expression.ts";
import { mapInputs, outputColumns } from "../output.ts";
import type { ColumnId, LogicalJoin, LogicalOperator } from "../plan.ts";
import type { Rule } from "../rule.ts";

export const pushPredicates: Rule = {
	name: "push-predicates",
	apply: (plan) => push(plan, []),
};

/** `node` filtered by all of `predicates`. */
function push(node: LogicalOperator, predicates: Expression[]): LogicalOperator {
	switch (node.kind) {
		case "filter":
			return push(node.input, [...conjuncts(node.predicate), ...predicates]);
		case "scan":
			return { ...node, predicate: conjunction([...conjuncts(node.predicate), ...predicates]) };
		case "values":
			return filtered(node, predicates);
		case "limit":
		case "top_n":
			return filtered(
				mapInputs(node, (input) => push(input, [])),
				predicates,
			);
		case "sort":
			return { ...node, input: push(node.input, predicates) };
		case "project": {
			const computed = new Map(node.columns.map((id, index) => [id, node.expressions[index] as Expression]));
			const [below, above] = partition(predicates, (predicate) =>
				[...collectColumns(predicate)].every((id) => isStable(computed.get(id) as Expression)),
			);
			const moved = below.map((predicate) => substitute(predicate, (id) => computed.get(id)));
			return filtered({ ...node, input: push(node.input, moved) }, above);
		}
		case "aggregate": {
			const keys = new Map(node.groupColumns.map((id, index) => [id, node.groupKeys[index] as Expression]));
			// Without group keys there is one row even over no input: nothing may move below.
			const [below, above] = partition(
				predicates,
				(predicate) => keys.size > 0 && [...collectColumns(predicate)].every((id) => keys.has(id) && isStable(keys.get(id) as Expression)),
			);
			const moved = below.map((predicate) => substitute(predicate, (id) => keys.get(id)));
			return filtered({ ...node, input: push(node.input, moved) }, above);
		}
		case "join":
			return node.join === "inner" ? pushIntoInner(node, predicates) : pushIntoLeft(node, predicates);
		default:
			return unreachable(node);
	}
}

function filtered(node: LogicalOperator, predicates: Expression[]): LogicalOperator {
	const predicate = conjunction(predicates);
	return predicate === null ? node : { kind: "filter", input: node, predicate };
}

function partition(list: Expression[], test: (item: Expression) => boolean): [Expression[], Expression[]] {
	return [list.filter(test), list.filter((item) => !test(item))];
}

function isWithin(predicate: Expression, columns: ReadonlySet<ColumnId>): boolean {
	for (const id of collectColumns(predicate)) if (!columns.has(id)) return false;
	return true;
}

function pushIntoInner(node: LogicalJoin, predicates: Expression[]): LogicalOperator {
	const all = [...conjuncts(node.condition), ...predicates];
	const leftColumns = new Set(outputColumns(node.left));
	const rightColumns = new Set(outputColumns(node.right));
	const left: Expression[] = [];
	const right: Expression[] = [];
	const condition: Expression[] = [];
	for (const predicate of all) {
		if (isWithin(predicate, leftColumns)) left.push(predicate);
		else if (isWithin(predicate, rightColumns)) right.push(predicate);
		else {
			condition.push(predicate);
			const forLeft = impliedWithin(predicate, leftColumns);
			const forRight = impliedWithin(predicate, rightColumns);
			if (forLeft !== null) left.push(forLeft);
			if (forRight !== null) right.push(forRight);
		}
	}
	return { ...node, left: push(node.left, left), right: push(node.right, right), condition: conjunction(condition) };
}

/** What an OR demands of one side: the OR of each branch's conjuncts there. @returns null where a branch demands nothing */
function impliedWithin(predicate: Expression, columns: ReadonlySet<ColumnId>): Expression | null {
	if (predicate.kind !== "or") return null;
	const parts = disjuncts(predicate).map((branch) =>
		conjunction(conjuncts(branch).filter((part) => isWithin(part, columns) && isStable(part))),
	);
	const known = parts.filter((part) => part !== null);
	return known.length < parts.length ? null : { kind: "or", arguments: known, type: BOOLEAN };
}

function pushIntoLeft(node: LogicalJoin, predicates: Expression[]): LogicalOperator {
	const leftColumns = new Set(outputColumns(node.left));
	const rightColumns = new Set(outputColumns(node.right));
	if (predicates.some((predicate) => rejectsNulls(predicate, rightColumns))) return pushIntoInner({ ...node, join: "inner" }, predicates);
	const [toLeft, above] = partition(predicates, (predicate) => isWithin(predicate, leftColumns));
	// ON decides matches, never which left rows stay: only its demands on the right side may move.
	const [toRight, condition] = partition(
		conjuncts(node.condition),
		(predicate) => collectColumns(predicate).size > 0 && isWithin(predicate, rightColumns),
	);
	const joined: LogicalJoin = {
		...node,
		left: push(node.left, toLeft),
		right: push(node.right, toRight),
		condition: conjunction(condition),
	};
	return filtered(joined, above);
}

/** Never true for a row whose `columns` are all NULL. Conservative: false when unsure. */
function rejectsNulls(predicate: Expression, columns: ReadonlySet<ColumnId>): boolean {
	switch (predicate.kind) {
		case "and":
			return predicate.arguments.some((argument) => rejectsNulls(argument, columns));
		case "or":
			return predicate.arguments.every((argument) => rejectsNulls(argument, columns));
		case "is_null":
			return predicate.negated && isNullOn(predicate.input, columns);
		default:
			return isNullOn(predicate, columns);
	}
}

/** NULL whenever `columns` are all NULL. */
function isNullOn(expression: Expression, columns: ReadonlySet<ColumnId>): boolean {
	switch (expression.kind) {
		case "column":
			return columns.has(expression.index);
		case "call":
			return signatureOf(expression.functionId).strict && expression.arguments.some((argument) => isNullOn(argument, columns));
		case "cast":
		case "not":
		case "in_list":
			return isNullOn(expression.input, columns);
		default:
			return false;
	}
}
