/**
 * Predicate pushdown.
 *
 * Effect: each conjunct of WHERE, HAVING and ON moves down to the lowest operator that has all its columns; filters merge; a conjunct over both
 * sides of an inner join becomes its condition, which is how a comma join gets its keys. A LEFT or FULL JOIN whose NULL rows a filter above drops
 * becomes an inner or a left one. From an OR over two tables, what it demands of one of them is pushed as well.
 * Better: fewer rows reach joins and aggregations, and scans prune files and row groups.
 * Safe: a filter commutes with projection (columns are replaced by their expressions), with sorting, with the grouping by the columns that it uses, and
 * with inner joins. It never moves below a limit, into the NULL side of an outer join, or to a copy of a volatile expression; below a
 * window it moves only where it keeps or drops whole partitions.
 * Must not match: `... LEFT JOIN u ... WHERE u.a IS NULL`: below the join the filter would see u's rows, not the NULLs that the join adds.
 */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns, conjunction, conjuncts, disjuncts, isStable, rewrite, signatureOf, substitute } from "../expression.ts";
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
				[...collectColumns(predicate)].every((id) => {
					// A column of a query level around this one is as stable as any.
					const expression = computed.get(id);
					return expression === undefined || isStable(expression);
				}),
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
			return pushIntoJoin(node, predicates);
		case "union_all": {
			const [below, above] = partition(predicates, isStable);
			const inputs = node.inputs.map((input, index) => push(input, renamed(below, node.columns, node.inputColumns[index] as ColumnId[])));
			return filtered({ ...node, inputs }, above);
		}
		case "set_operation": {
			const [below, above] = partition(predicates, isStable);
			const [left, right] = node.inputs;
			const inputs: typeof node.inputs = [
				push(left, renamed(below, node.columns, node.inputColumns[0])),
				push(right, renamed(below, node.columns, node.inputColumns[1])),
			];
			return filtered({ ...node, inputs }, above);
		}
		case "window": {
			const keys = new Set(node.partitionKeys.flatMap((key) => (key.kind === "column" ? [key.index] : [])));
			const [below, above] = partition(predicates, (predicate) => isWithin(predicate, keys) && isStable(predicate));
			return filtered({ ...node, input: push(node.input, below) }, above);
		}
		case "table_function": {
			const input = new Set(outputColumns(node.input));
			const [below, above] = partition(predicates, (predicate) => isWithin(predicate, input));
			return filtered({ ...node, input: push(node.input, below) }, above);
		}
		case "expand":
		case "recursive_union":
		case "subplan_scan":
		case "worktable_scan":
			return filtered(
				mapInputs(node, (input) => push(input, [])),
				predicates,
			);
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

/** Over the input's columns in the place of the operator's. */
function renamed(predicates: Expression[], columns: ColumnId[], inputColumns: ColumnId[]): Expression[] {
	const byId = new Map(columns.map((id, index) => [id, inputColumns[index] as ColumnId]));
	return predicates.map((predicate) =>
		rewrite(predicate, (part) => (part.kind === "column" ? { ...part, index: byId.get(part.index) ?? part.index } : part)),
	);
}

function pushIntoJoin(node: LogicalJoin, predicates: Expression[]): LogicalOperator {
	switch (node.join) {
		case "inner":
			return pushIntoInner(node, predicates);
		case "left":
			return pushIntoLeft(node, predicates);
		case "full":
			return pushIntoFull(node, predicates);
		case "semi":
		case "anti":
		case "mark":
		case "single":
			return pushIntoProbing(node, predicates);
		default:
			return unreachable(node.join);
	}
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

/** Of both sides' NULL rows: what drops one kind leaves a left join, what drops both an inner one. */
function pushIntoFull(node: LogicalJoin, predicates: Expression[]): LogicalOperator {
	const leftColumns = new Set(outputColumns(node.left));
	const rightColumns = new Set(outputColumns(node.right));
	const keepsLeft = predicates.some((predicate) => rejectsNulls(predicate, leftColumns));
	const keepsRight = predicates.some((predicate) => rejectsNulls(predicate, rightColumns));
	if (keepsLeft && keepsRight) return pushIntoInner({ ...node, join: "inner" }, predicates);
	if (keepsLeft) return pushIntoLeft({ ...node, join: "left" }, predicates);
	if (keepsRight) return pushIntoLeft({ ...node, join: "left", left: node.right, right: node.left }, predicates);
	return filtered({ ...node, left: push(node.left, []), right: push(node.right, []) }, predicates);
}

/**
 * Joins that keep the left rows as they are, or drop some: a predicate over the left side commutes. Of the condition, what speaks of the right side alone
 * decides which right rows can match; what a semi join demands of the left side alone it demands of its rows.
 */
function pushIntoProbing(node: LogicalJoin, predicates: Expression[]): LogicalOperator {
	const leftColumns = new Set(outputColumns(node.left));
	const rightColumns = new Set(outputColumns(node.right));
	const [toLeft, above] = partition(predicates, (predicate) => isWithin(predicate, leftColumns));
	const [toRight, rest] = partition(
		conjuncts(node.condition),
		(predicate) => collectColumns(predicate).size > 0 && isWithin(predicate, rightColumns),
	);
	const [demanded, condition] = partition(rest, (predicate) => node.join === "semi" && isWithin(predicate, leftColumns));
	const joined: LogicalJoin = {
		...node,
		left: push(node.left, [...toLeft, ...demanded]),
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
