/** LIMIT and OFFSET: constant expressions of bigint, evaluated while planning. */
import type { Node, SelectStmt } from "libpg-query";
import { collectColumns } from "../../logical/expression.ts";
import type { LogicalOperator } from "../../logical/plan.ts";
import { coerceArgument } from "./coerce.ts";
import type { ExpressionEnvironment } from "./environment.ts";

/** @throws 2201W, 2201X for negative counts */
export function bindLimit(environment: ExpressionEnvironment, query: SelectStmt, input: LogicalOperator): LogicalOperator {
	const { statement } = environment;
	if (query.limitOption === "LIMIT_OPTION_WITH_TIES") throw statement.unsupported("FETCH FIRST WITH TIES");
	const offset = count(environment, query.limitOffset, "OFFSET") ?? 0n;
	const limit = count(environment, query.limitCount, "LIMIT");
	if (offset < 0n) throw statement.error("invalid_row_count_in_result_offset_clause", "OFFSET must not be negative");
	if (limit !== null && limit < 0n) throw statement.error("invalid_row_count_in_limit_clause", "LIMIT must not be negative");
	if (limit === null && offset === 0n) return input;
	return { kind: "limit", input, limit: limit === null ? null : Number(limit), offset: Number(offset) };
}

function count(environment: ExpressionEnvironment, node: Node | undefined, clause: "LIMIT" | "OFFSET"): bigint | null {
	if (node === undefined) return null;
	const { statement } = environment;
	const bound = environment.bind(node, { clause, aggregates: null });
	const expression = coerceArgument(statement, bound, { kind: "bigint" }, clause);
	if (collectColumns(expression).size > 0) {
		throw statement.error("invalid_column_reference", `argument of ${clause} must not contain variables`, bound.location);
	}
	return statement.evaluate(expression) as bigint | null;
}
