/**
 * Functional dependencies among a plan's columns, as far as its operators prove them: never by a PRIMARY KEY, which is recorded and not enforced. Rows that are equal in
 * `by` are equal in `gives`, where equal is what grouping takes for equal: NULLs are.
 *
 * Only columns whose equal values are one and the same value (see {@link equalIsSame}) say anything: 0 and -0 are equal doubles, and 1 / x tells them apart.
 */
import { unreachable } from "#shared/base/assert.ts";
import { sameType, type DataType } from "#shared/contracts/data-type.ts";
import { partsOf } from "#shared/contracts/plan/expression-parts.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, conjuncts, isStable } from "./expression.ts";
import type { ColumnId, LogicalJoin, LogicalOperator } from "./plan.ts";

export interface Dependency {
	by: readonly ColumnId[];
	gives: readonly ColumnId[];
	/** What `gives`, one column, is in every row: `by`, one column of the same type, or a constant of its type. */
	is?: Expression;
}

/** What an operator's rows keep to. Columns may be named that it does not emit. */
export function dependenciesOf(node: LogicalOperator): Dependency[] {
	switch (node.kind) {
		case "scan":
			return fromConditions(node.predicate);
		case "filter":
			return [...dependenciesOf(node.input), ...fromConditions(node.predicate)];
		case "sort":
		case "top_n":
		case "limit":
		case "window":
		case "table_function":
			return dependenciesOf(node.input);
		case "project":
			return [...dependenciesOf(node.input), ...computed(node.columns, node.expressions)];
		case "aggregate": {
			const groups: Dependency = { by: node.groupColumns, gives: node.aggregateColumns };
			const isProved = node.groupKeys.every(({ type }) => equalIsSame(type));
			const keys = node.groupColumns.map((id, index): Dependency[] => {
				const key = node.groupKeys[index] as Expression;
				return computed([id], [key]);
			});
			// What the keys determined of each other below, they still do.
			return [...dependenciesOf(node.input), ...keys.flat(), ...(isProved ? [groups] : [])];
		}
		case "join":
			return fromJoin(node);
		case "values":
		case "union_all":
		case "set_operation":
		case "expand":
		case "subplan_scan":
		case "recursive_union":
		case "worktable_scan":
			return [];
		default:
			return unreachable(node);
	}
}

/** All columns that `known` determine. */
export function closure(known: Iterable<ColumnId>, dependencies: readonly Dependency[]): Set<ColumnId> {
	const all = new Set(known);
	for (let size = -1; size !== all.size; ) {
		size = all.size;
		for (const { by, gives } of dependencies) if (by.every((id) => all.has(id))) for (const id of gives) all.add(id);
	}
	return all;
}

/** Are equal values of the type the same to every function? */
export function equalIsSame(type: DataType): boolean {
	switch (type.kind) {
		case "boolean":
		case "smallint":
		case "integer":
		case "bigint":
		case "date":
		case "time":
		case "timestamp":
		case "timestamptz":
		case "uuid":
		case "text":
		case "varchar":
		case "bytea":
			return true;
		case "numeric":
			return type.scale !== undefined;
		// -0; blanks at the end; 30 days and a month; 1 and 1.0 in a document.
		case "real":
		case "double":
		case "char":
		case "interval":
		case "jsonb":
		case "array":
			return false;
		default:
			return unreachable(type);
	}
}

function fromJoin(node: LogicalJoin): Dependency[] {
	switch (node.join) {
		case "inner":
			return [...dependenciesOf(node.left), ...dependenciesOf(node.right), ...fromConditions(node.condition)];
		case "semi":
		case "anti":
		case "mark":
			return dependenciesOf(node.left);
		// A right row's NULLs may stand for a row that has others of the same key.
		case "left":
		case "single":
			return dependenciesOf(node.left);
		case "full":
			return [];
		default:
			return unreachable(node.join);
	}
}

function computed(columns: readonly ColumnId[], expressions: readonly Expression[]): Dependency[] {
	return expressions.flatMap((expression, index): Dependency[] => {
		const id = columns[index] as ColumnId;
		if (expression.kind === "column") return expression.index === id ? [] : both(expression, { ...expression, index: id });
		return isDetermined(expression) ? [{ by: [...collectColumns(expression)], gives: [id] }] : [];
	});
}

/** Does the expression give the same value whenever its columns are equal? */
export function isDetermined(expression: Expression): boolean {
	return isStable(expression) && readsSameOnly(expression);
}

function readsSameOnly(expression: Expression): boolean {
	return expression.kind === "column" ? equalIsSame(expression.type) : partsOf(expression).every(readsSameOnly);
}

/** Conditions that every row has passed: none of them is NULL. */
function fromConditions(predicate: Expression | null): Dependency[] {
	return conjuncts(predicate).flatMap((part): Dependency[] => {
		if (part.kind !== "call" || !part.functionId.startsWith("eq(")) return [];
		const [left, right] = part.arguments;
		if (left === undefined || right === undefined) return [];
		return [...constantOf(left, right), ...constantOf(right, left), ...sameOf(left, right)];
	});
}

function constantOf(column: Expression, constant: Expression): Dependency[] {
	if (column.kind !== "column" || constant.kind !== "constant" || !equalIsSame(column.type)) return [];
	return [{ by: [], gives: [column.index], ...(sameType(column.type, constant.type) ? { is: constant } : {}) }];
}

function sameOf(left: Expression, right: Expression): Dependency[] {
	if (left.kind !== "column" || right.kind !== "column" || !equalIsSame(left.type) || !equalIsSame(right.type)) return [];
	return both(left, right);
}

type Column = Extract<Expression, { kind: "column" }>;

function both(left: Column, right: Column): Dependency[] {
	if (!equalIsSame(left.type)) return [];
	const isSame = sameType(left.type, right.type);
	return [
		{ by: [left.index], gives: [right.index], ...(isSame ? { is: left } : {}) },
		{ by: [right.index], gives: [left.index], ...(isSame ? { is: right } : {}) },
	];
}
