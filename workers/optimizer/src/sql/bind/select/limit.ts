/** LIMIT, OFFSET and FETCH: constants are evaluated while planning; what needs a subquery or a column of a query around counts rows by a window. */
import type { Node, SelectStmt } from "libpg-query";
import type { Expression, SortKey } from "#shared/contracts/plan/expression.ts";
import { BOOLEAN, collectColumns, conjunction } from "../../../logical/expression.ts";
import type { ColumnId, LogicalOperator } from "../../../logical/plan.ts";
import { coerceArgument } from "../expressions/coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import type { StatementContext } from "../statement.ts";
import { joinSubqueries, subqueryCollector, type SubqueryCollector } from "../expressions/subqueries.ts";
import { rankCall } from "../functions/windows.ts";

/** @throws 2201W, 2201X for negative counts */
export function bindLimit(environment: ExpressionEnvironment, query: SelectStmt, input: LogicalOperator, keys: SortKey[]): LogicalOperator {
	const { statement } = environment;
	const subqueries = subqueryCollector();
	const skipped = count(environment, query.limitOffset, "OFFSET", subqueries);
	const kept = count(environment, query.limitCount, "LIMIT", subqueries);
	const withTies = query.limitOption === "LIMIT_OPTION_WITH_TIES";
	const isKnown = [skipped, kept].every((part) => part === null || collectColumns(part).size === 0);
	if (withTies || !isKnown) return countRows(statement, input, { keys, skipped, kept, withTies, subqueries });
	const offset = skipped === null ? 0n : ((statement.evaluate(skipped) as bigint | null) ?? 0n);
	const limit = kept === null ? null : (statement.evaluate(kept) as bigint | null);
	if (offset < 0n) throw statement.error("invalid_row_count_in_result_offset_clause", "OFFSET must not be negative");
	if (limit !== null && limit < 0n) throw statement.error("invalid_row_count_in_limit_clause", "LIMIT must not be negative");
	if (limit === null && offset === 0n) return input;
	return { kind: "limit", input, limit: limit === null ? null : Number(limit), offset: Number(offset) };
}

function count(
	environment: ExpressionEnvironment,
	node: Node | undefined,
	clause: "LIMIT" | "OFFSET",
	subqueries: SubqueryCollector,
): Expression | null {
	if (node === undefined) return null;
	const { statement } = environment;
	const bound = environment.bind(node, { clause, aggregates: null, windows: null, tableFunctions: null, subqueries });
	const expression = coerceArgument(statement, bound, { kind: "bigint" }, clause);
	const own = environment.scope.relations.flatMap(({ columns }) => columns.map(({ id }) => id));
	if ([...collectColumns(expression)].some((id) => own.includes(id))) {
		throw statement.error("invalid_column_reference", `argument of ${clause} must not contain variables`, bound.location);
	}
	return expression;
}

interface RowBounds {
	keys: SortKey[];
	skipped: Expression | null;
	kept: Expression | null;
	withTies: boolean;
	subqueries: SubqueryCollector;
}

/** offset < row number and row number (with ties: rank) <= offset + limit; NULL is no bound. The rows keep their order. */
function countRows(statement: StatementContext, input: LogicalOperator, bounds: RowBounds): LogicalOperator {
	const { keys, skipped, kept, withTies, subqueries } = bounds;
	const type = { kind: "bigint" } as const;
	const ranked = (name: "row_number" | "rank") => ({
		id: statement.columns.add({ name, type, nullable: false, origin: null }),
		call: rankCall(name),
	});
	const number = ranked("row_number");
	const last = withTies ? ranked("rank") : number;
	const calls = withTies ? [number, last] : [number];
	const constant = (value: bigint): Expression => ({ kind: "constant", value, type });
	const column = (index: ColumnId): Expression => ({ kind: "column", index, type });
	const call = (functionId: string, list: Expression[], result: Expression["type"] = BOOLEAN): Expression => ({
		kind: "call",
		functionId,
		arguments: list,
		type: result,
	});
	const offset: Expression = skipped === null ? constant(0n) : { kind: "coalesce", arguments: [skipped, constant(0n)], type };
	const parts = [call("gt(bigint,bigint)", [column(number.id), offset])];
	if (kept !== null) {
		const end = call("add(bigint,bigint)", [offset, kept], type);
		const within = call("le(bigint,bigint)", [column(last.id), end]);
		parts.push({ kind: "coalesce", arguments: [within, { kind: "constant", value: true, type: BOOLEAN }], type: BOOLEAN });
	}
	const counted: LogicalOperator = {
		kind: "window",
		input: joinSubqueries(input, subqueries, statement.columns),
		partitionKeys: [],
		orderKeys: keys,
		columns: calls.map(({ id }) => id),
		calls: calls.map((entry) => entry.call),
	};
	const filtered: LogicalOperator = { kind: "filter", input: counted, predicate: conjunction(parts) as Expression };
	return keys.length === 0 ? filtered : { kind: "sort", input: filtered, keys };
}
