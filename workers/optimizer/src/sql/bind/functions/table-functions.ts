/** Functions that return rows, in a select list. Those of one list are zipped; one inside another's arguments runs below it. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns } from "../../../logical/expression.ts";
import type { ColumnId, LogicalOperator } from "../../../logical/plan.ts";
import type { ExpressionEnvironment } from "../environment.ts";

interface PendingFunction {
	functionId: string;
	arguments: Expression[];
	column: ColumnId;
	/** 0 where no argument returns rows itself. */
	depth: number;
}

export interface TableFunctionCollector {
	pending: PendingFunction[];
}

/** @throws feature_not_supported (0A000) where no rows may come from */
export function addTableFunction(
	environment: ExpressionEnvironment,
	call: Extract<Expression, { kind: "call" }>,
	name: string,
	location: number,
): Expression {
	const { statement, tableFunctions, noRowsIn, clause } = environment;
	if (environment.insideAggregate) {
		throw statement.error("feature_not_supported", "aggregate function calls cannot contain set-returning function calls", location);
	}
	if (noRowsIn !== null) {
		throw statement.error(
			"feature_not_supported",
			`set-returning functions are not allowed in ${noRowsIn}`,
			location,
			"You might be able to move the set-returning function into a LATERAL FROM item.",
		);
	}
	if (tableFunctions === null)
		throw statement.error("feature_not_supported", `set-returning functions are not allowed in ${clause}`, location);
	const column = statement.columns.add({ name, type: call.type, nullable: true, origin: null });
	const used = new Set<ColumnId>();
	for (const argument of call.arguments) collectColumns(argument, used);
	const depth = tableFunctions.pending.reduce((best, other) => (used.has(other.column) ? Math.max(best, other.depth + 1) : best), 0);
	tableFunctions.pending.push({ functionId: call.functionId, arguments: call.arguments, column, depth });
	return { kind: "column", index: column, type: call.type };
}

export function stackTableFunctions(
	input: LogicalOperator,
	{ pending }: TableFunctionCollector,
	lift: (expression: Expression) => Expression,
): LogicalOperator {
	let operator = input;
	const depths = pending.reduce((deepest, { depth }) => Math.max(deepest, depth + 1), 0);
	for (let depth = 0; depth < depths; depth++) {
		const functions = pending
			.filter((call) => call.depth === depth)
			.map(({ functionId, arguments: list, column }) => ({ functionId, arguments: list.map(lift), columns: [column] }));
		operator = { kind: "table_function", input: operator, join: "inner", functions, ordinality: null };
	}
	return operator;
}
