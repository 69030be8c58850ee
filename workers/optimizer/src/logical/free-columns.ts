/** What a subtree takes from around it: the columns of a correlated subquery, or of a LATERAL item. */
import { collectColumns } from "./expression.ts";
import { expressionsOf } from "./map-expressions.ts";
import { inputsOf, outputColumns } from "./output.ts";
import type { ColumnId, LogicalOperator } from "./plan.ts";

const known = new WeakMap<LogicalOperator, ReadonlySet<ColumnId>>();

/** Columns that the subtree uses and does not make. Ids are unique in the statement, so what is made anywhere inside is no free column. */
export function freeColumns(node: LogicalOperator): ReadonlySet<ColumnId> {
	const cached = known.get(node);
	if (cached !== undefined) return cached;
	const free = new Set<ColumnId>();
	for (const expression of expressionsOf(node)) collectColumns(expression, free);
	for (const id of ownColumnsUsed(node)) free.add(id);
	for (const input of inputsOf(node)) for (const id of freeColumns(input)) free.add(id);
	for (const id of producedBy(node)) free.delete(id);
	known.set(node, free);
	return free;
}

/** Columns named outside of expressions. */
function ownColumnsUsed(node: LogicalOperator): ColumnId[] {
	switch (node.kind) {
		case "union_all":
		case "set_operation":
			return node.inputColumns.flat();
		case "recursive_union":
			return [...node.seedColumns, ...node.stepColumns];
		default:
			return [];
	}
}

function producedBy(node: LogicalOperator): ColumnId[] {
	const inputs = inputsOf(node).flatMap(outputColumns);
	return node.kind === "project" || node.kind === "aggregate" || node.kind === "expand" ? inputs : [...inputs, ...outputColumns(node)];
}
