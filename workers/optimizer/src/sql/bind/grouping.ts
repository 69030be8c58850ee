/** Turns a level with aggregates or GROUP BY into an aggregation: what stands above it may only use group keys and aggregates. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { ColumnId, LogicalOperator } from "../../logical/plan.ts";
import { fingerprint, mapChildren } from "../../logical/expression.ts";
import type { AggregateCollector, ExpressionEnvironment } from "./environment.ts";
import type { StatementContext } from "./statement.ts";

export interface Grouping {
	operator: LogicalOperator;
	/** Rewrites an expression over the input into one over the aggregation. @throws grouping_error (42803) */
	lift(expression: Expression): Expression;
}

export function makeGrouping(options: {
	statement: StatementContext;
	input: LogicalOperator;
	groupKeys: { expression: Expression; name: string }[];
	aggregates: AggregateCollector;
	locations: ExpressionEnvironment["locations"];
}): Grouping {
	const { statement, input, aggregates, locations } = options;
	const groupColumns: ColumnId[] = [];
	const groupExpressions: Expression[] = [];
	const byKey = new Map<string, Expression>();
	for (const { expression, name } of options.groupKeys) {
		const key = fingerprint(expression);
		if (byKey.has(key)) continue;
		// A plain column keeps its id, and with it its statistics.
		const id =
			expression.kind === "column"
				? expression.index
				: statement.columns.add({ name, type: expression.type, nullable: true, origin: null });
		groupColumns.push(id);
		groupExpressions.push(expression);
		byKey.set(key, { kind: "column", index: id, type: expression.type });
	}
	const known = new Set([...groupColumns, ...aggregates.columns]);
	const lift = (expression: Expression): Expression => {
		const key = byKey.get(fingerprint(expression));
		if (key !== undefined) return key;
		if (expression.kind === "column" && !known.has(expression.index)) {
			const where = locations.get(expression);
			const name = where?.name ?? statement.columns.get(expression.index).name;
			throw statement.error(
				"grouping_error",
				`column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`,
				where?.location ?? -1,
			);
		}
		return mapChildren(expression, lift);
	};
	return {
		operator: {
			kind: "aggregate",
			input,
			groupColumns,
			groupKeys: groupExpressions,
			aggregateColumns: aggregates.columns,
			aggregates: aggregates.calls,
		},
		lift,
	};
}
