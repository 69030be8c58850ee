/** Functions in FROM. */
import type { Alias, Node, RangeFunction } from "libpg-query";
import type { ColumnId, LogicalOperator } from "../../../logical/plan.ts";
import { as, locationOf, strings } from "../../parse/ast.ts";
import { settle } from "../expressions/coerce.ts";
import type { ExpressionEnvironment } from "../environment.ts";
import { expressionEnvironment } from "../expressions/expression.ts";
import { bindRowsOf } from "../functions/functions.ts";
import { outputName } from "../select/output-name.ts";
import type { QueryOptions } from "../query.ts";
import { type BoundFrom, levelBeside, ONE_ROW, relationScope } from "./relation-scope.ts";
import { EMPTY_SCOPE, type Scope, type ScopeColumn } from "../scope.ts";

/** f(...), ROWS FROM (f(...), g(...)), WITH ORDINALITY: the functions' rows side by side, once for each row to the left that they use. */
export function bindRangeFunction(reference: RangeFunction, options: QueryOptions, siblings: Scope): BoundFrom {
	const { statement } = options;
	const environment = expressionEnvironment({
		query: { ...options, outer: levelBeside(options, siblings) },
		scope: EMPTY_SCOPE,
		clause: "functions in FROM",
	});
	const functions: Extract<LogicalOperator, { kind: "table_function" }>["functions"] = [];
	const columns: ScopeColumn[] = [];
	const items = (reference.functions ?? []).flatMap((node) => unnestEach(as(node, "List")?.items ?? []));
	const aliasName = reference.alias?.aliasname;
	const hasOne = items.length === 1;
	let firstName = "";
	for (const [call, definitions] of items) {
		if (call === undefined) throw statement.unsupported("this function in FROM");
		if (definitions !== undefined && as(definitions, "List") !== undefined) throw statement.unsupported("a column definition list");
		const bound = bindRowsOf(environment, call);
		if (bound === null) {
			if (hasOne && !reference.ordinality) return bindScalarCall(environment, call, reference.alias);
			throw statement.unsupported("a function that returns no rows beside others, or with ordinality", locationOf(call));
		}
		const name = outputName(call);
		firstName ||= name;
		const made = bound.columns.map((column): ScopeColumn => {
			const own = bound.isNamed ? column.name : hasOne && aliasName !== undefined ? aliasName : name;
			const id = statement.columns.add({ name: own, type: column.type, nullable: true, origin: null });
			return { name: own, id, type: column.type };
		});
		functions.push({ functionId: bound.functionId, arguments: bound.arguments, columns: made.map((column) => column.id) });
		columns.push(...made);
	}
	if ((reference.coldeflist ?? []).length > 0) throw statement.unsupported("a column definition list");
	let ordinality: ColumnId | null = null;
	if (reference.ordinality) {
		const type = { kind: "bigint" } as const;
		ordinality = statement.columns.add({ name: "ordinality", type, nullable: false, origin: null });
		columns.push({ name: "ordinality", id: ordinality, type });
	}
	const operator: LogicalOperator = { kind: "table_function", input: ONE_ROW, join: "inner", functions, ordinality };
	const isValue = columns.length === 1;
	return relationScope(statement, operator, { alias: firstName, tableName: null, columns, isValue }, reference.alias);
}

/** As PostgreSQL's errors name it. */
const PG_UNNEST: Node[] = ["pg_catalog", "unnest"].map((sval) => ({ String: { sval } }));

/** unnest(a, b) in FROM is unnest(a) beside unnest(b). */
function unnestEach(item: Node[]): Node[][] {
	const [call, ...rest] = item;
	const unnest = as(call, "FuncCall");
	const [name, ...schema] = strings(unnest?.funcname).toReversed();
	const list = unnest?.args ?? [];
	if (unnest === undefined || name !== "unnest" || schema.length > 0 || list.length < 2) return [item];
	return list.map((argument): Node[] => [{ FuncCall: { ...unnest, funcname: PG_UNNEST, args: [argument] } }, ...rest]);
}

/** A function in FROM that returns one value: a row of one column. */
function bindScalarCall(environment: ExpressionEnvironment, call: Node, alias: Alias | undefined): BoundFrom {
	const { statement } = environment;
	const expression = settle(statement, environment.bind(call));
	const own = outputName(call);
	const name = alias?.aliasname ?? own;
	const { type } = expression;
	const id = statement.columns.add({ name, type, nullable: true, origin: null });
	const operator: LogicalOperator = { kind: "project", input: ONE_ROW, columns: [id], expressions: [expression] };
	return relationScope(statement, operator, { alias: own, tableName: null, columns: [{ name, id, type }] }, alias);
}
