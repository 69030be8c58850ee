/** A second instance of a plan, whose columns have ids of their own. */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { rewrite } from "./expression.ts";
import { mapOwnExpressions } from "./map-expressions.ts";
import { mapInputs } from "./output.ts";
import type { ColumnId, ColumnTable, LogicalOperator } from "./plan.ts";

/** `ids` are the new columns by the old ones; columns that the plan takes from around it stay. */
export function cloned(node: LogicalOperator, columns: ColumnTable, ids: Map<ColumnId, ColumnId> = new Map()): LogicalOperator {
	const inner = mapInputs(node, (input) => cloned(input, columns, ids));
	const fresh = (list: ColumnId[]) =>
		list.map((id) => {
			const known = ids.get(id);
			if (known !== undefined) return known;
			const made = columns.add({ ...columns.get(id) });
			ids.set(id, made);
			return made;
		});
	const placed = (list: ColumnId[]) => list.map((id) => ids.get(id) ?? id);
	const renumbered = (): LogicalOperator => {
		switch (inner.kind) {
			case "filter":
			case "sort":
			case "top_n":
			case "limit":
				return { ...inner };
			case "scan":
			case "values":
			case "project":
			case "expand":
			case "window":
			case "subplan_scan":
			case "worktable_scan":
				return { ...inner, columns: fresh(inner.columns) };
			case "join":
				return inner.mark === undefined
					? { ...inner }
					: { ...inner, mark: { ...inner.mark, column: fresh([inner.mark.column])[0] as ColumnId } };
			case "aggregate":
				return { ...inner, groupColumns: fresh(inner.groupColumns), aggregateColumns: fresh(inner.aggregateColumns) };
			case "union_all":
				return { ...inner, columns: fresh(inner.columns), inputColumns: inner.inputColumns.map(placed) };
			case "set_operation": {
				const [left, right] = inner.inputColumns;
				return { ...inner, columns: fresh(inner.columns), inputColumns: [placed(left), placed(right)] };
			}
			case "table_function":
				return {
					...inner,
					functions: inner.functions.map((call) => ({ ...call, columns: fresh(call.columns) })),
					ordinality: inner.ordinality === null ? null : (fresh([inner.ordinality])[0] as ColumnId),
				};
			case "recursive_union":
				return { ...inner, columns: fresh(inner.columns), seedColumns: placed(inner.seedColumns), stepColumns: placed(inner.stepColumns) };
			default:
				return unreachable(inner);
		}
	};
	const change = (expression: Expression) =>
		rewrite(expression, (part) => (part.kind === "column" ? { ...part, index: ids.get(part.index) ?? part.index } : part));
	return mapOwnExpressions(renumbered(), change);
}
