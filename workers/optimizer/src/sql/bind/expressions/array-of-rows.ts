/** ARRAY(subquery): its one column's values as an array, in its rows' order. */
import type { Expression, SortKey } from "#shared/contracts/plan/expression.ts";
import type { LogicalOperator } from "../../../logical/plan.ts";
import type { BoundQuery } from "../query.ts";
import type { StatementContext } from "../statement.ts";

/** @throws syntax_error (42601) for more columns than one, feature_not_supported for arrays of arrays */
export function arrayOfRows(statement: StatementContext, { query, location }: { query: BoundQuery; location: number }): BoundQuery {
	const [column, other] = query.columns;
	if (column === undefined || other !== undefined) throw statement.error("syntax_error", "subquery must return only one column", location);
	if (column.type.kind === "array") throw statement.unsupported("an array of more than one dimension", location);
	const { input, value, orderBy } = ordered(query.operator, { kind: "column", index: column.id, type: column.type });
	const type = { kind: "array", element: column.type } as const;
	const id = statement.columns.add({ name: "array", type, nullable: true, origin: null });
	const call = { functionId: "array_agg(nonarray)", arguments: [value], distinct: false, filter: null, type };
	return {
		operator: {
			kind: "aggregate",
			input,
			groupColumns: [],
			groupKeys: [],
			aggregateColumns: [id],
			aggregates: [orderBy.length === 0 ? call : { ...call, orderBy }],
		},
		columns: [{ name: "array", id, type }],
	};
}

interface Ordered {
	input: LogicalOperator;
	/** What a row of `input` gives. */
	value: Expression;
	orderBy: SortKey[];
}

/** The rows without their last ORDER BY, and its keys: an aggregate takes its input in any order but the one that it names. */
function ordered(operator: LogicalOperator, value: Expression): Ordered {
	if (operator.kind === "sort") return { input: operator.input, value, orderBy: operator.keys };
	// What counts rows needs them sorted, and the aggregate needs to know how.
	if (operator.kind === "limit" && operator.input.kind === "sort") return { input: operator, value, orderBy: operator.input.keys };
	if (operator.kind === "project") {
		const inner = ordered(operator.input, value);
		const expression = value.kind === "column" ? operator.expressions[operator.columns.indexOf(value.index)] : undefined;
		if (inner.orderBy.length > 0 && expression !== undefined) return { ...inner, value: expression };
	}
	return { input: operator, value, orderBy: [] };
}
