/** FROM: tables, WITH queries, subqueries and joins become one operator and the scope of names that the other clauses see. */
import type { JoinExpr, Node, RangeFunction, RangeSubselect, RangeTableSample, RangeVar } from "libpg-query";
import { as, kindOf } from "../../parse/ast.ts";
import { bindJoin } from "./join.ts";
import type { QueryOptions } from "../query.ts";
import { recordFunctionAsQuery } from "./record-functions.ts";
import { bindRangeFunction } from "./range-function.ts";
import { type BoundFrom, bothScopes, levelBeside, ONE_ROW, relationScope } from "./relation-scope.ts";
import { bindTable } from "./relations.ts";
import { sampled } from "./table-sample.ts";
import { EMPTY_SCOPE, type Scope } from "../scope.ts";
import type { StatementContext } from "../statement.ts";

const EMPTY_FROM: BoundFrom = { operator: ONE_ROW, scope: EMPTY_SCOPE };

export function bindFrom(items: Node[], options: QueryOptions): BoundFrom {
	let result: BoundFrom | null = null;
	for (const item of items) {
		const next = bindItem(item, options, (result ?? EMPTY_FROM).scope);
		result = result === null ? next : crossJoin(options.statement, result, next);
	}
	return result ?? EMPTY_FROM;
}

function crossJoin(statement: StatementContext, left: BoundFrom, right: BoundFrom): BoundFrom {
	return {
		operator: { kind: "join", join: "inner", left: left.operator, right: right.operator, condition: null },
		scope: bothScopes(statement, left.scope, right.scope),
	};
}

/** @param siblings what stands to the left in the same FROM: LATERAL items and functions see it */
function bindItem(item: Node, options: QueryOptions, siblings: Scope): BoundFrom {
	const { statement } = options;
	switch (kindOf(item)) {
		case "RangeVar":
			return bindTable(as(item, "RangeVar") as RangeVar, options);
		case "RangeSubselect":
			return bindSubquery(as(item, "RangeSubselect") as RangeSubselect, options, siblings);
		case "JoinExpr":
			return bindJoin(as(item, "JoinExpr") as JoinExpr, options, siblings, bindItem);
		case "RangeFunction": {
			const reference = as(item, "RangeFunction") as RangeFunction;
			const query = recordFunctionAsQuery(statement, reference);
			return query === null ? bindRangeFunction(reference, options, siblings) : bindSubquery(query, options, siblings);
		}
		case "RangeTableSample": {
			const sample = as(item, "RangeTableSample") as RangeTableSample;
			return sampled(sample, bindItem(sample.relation as Node, options, siblings), options);
		}
		default:
			throw statement.unsupported(`${kindOf(item)} in FROM`);
	}
}

function bindSubquery(reference: RangeSubselect, options: QueryOptions, siblings: Scope): BoundFrom {
	const { statement } = options;
	const query = as(reference.subquery, "SelectStmt");
	if (query === undefined) throw statement.unsupported("this subquery in FROM");
	const outer = levelBeside(
		options,
		reference.lateral ? siblings : { ...EMPTY_SCOPE, hidden: [...siblings.relations, ...(siblings.beside ?? [])] },
	);
	const bound = options.bindQuery(query, { ...options, outer, targetTypes: [] });
	return relationScope(statement, bound.operator, { alias: "", tableName: null, columns: bound.columns }, reference.alias);
}
