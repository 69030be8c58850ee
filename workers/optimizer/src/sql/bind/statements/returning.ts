/**
 * INSERT ... RETURNING: the rows to store become a subplan that is kept whole, whoever reads it; the list is a projection over them. So defaults, the clock and chance give
 * what is stored, and the answer is known before anything is.
 */
import type { InsertStmt } from "libpg-query";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { isNullable } from "../../../logical/expression.ts";
import type { LogicalOperator } from "../../../logical/plan.ts";
import { settle } from "../expressions/coerce.ts";
import { expressionEnvironment } from "../expressions/expression.ts";
import { bindInsert } from "./insert.ts";
import type { BoundQuery, QueryOptions } from "../query.ts";
import { relationScope } from "../from/relation-scope.ts";
import type { ScopeColumn } from "../scope.ts";
import { joinSubqueries, subqueryCollector } from "../expressions/subqueries.ts";
import { bindTargets, settleTargets } from "../select/targets.ts";

/** An INSERT whose rows the rest of the statement may read. @returns what it returns; null without RETURNING */
export function bindStoredInsert(insert: InsertStmt, options: QueryOptions): BoundQuery | null {
	const { statement } = options;
	const { schema, operator, columns } = bindInsert(insert, options);
	const subplan = statement.addSubplan({ operator, columns: columns.map(({ id }) => id), materialized: true });
	statement.storeRows({ schema, subplan }, insert.relation?.location ?? 0);
	const clause = insert.returningClause;
	if (clause === undefined) return null;
	if (clause.options !== undefined) throw statement.unsupported("RETURNING WITH");
	const stored = schema.columns.map(({ name, type, nullable }): ScopeColumn => {
		return { name, type, id: statement.columns.add({ name, type, nullable, origin: null }) };
	});
	const ids = stored.map(({ id }) => id);
	const read: LogicalOperator = { kind: "subplan_scan", subplan, columns: ids, outputs: ids.map((_, index) => index) };
	const relation = { alias: schema.name, tableName: schema.name, columns: stored };
	const { operator: input, scope } = relationScope(statement, read, relation, insert.relation?.alias);
	const subqueries = subqueryCollector();
	const targets = bindTargets(expressionEnvironment({ query: options, scope, clause: "RETURNING", subqueries }), clause.exprs ?? []);
	settleTargets(targets, { ...options, targetTypes: [] });
	const expressions = targets.map(({ bound }): Expression => settle(statement, bound));
	const returned = targets.map(({ name }, index): ScopeColumn => {
		const { type } = expressions[index] as Expression;
		const nullable = isNullable(expressions[index] as Expression, statement.columns);
		return { name, type, id: statement.columns.add({ name, type, nullable, origin: null }) };
	});
	return {
		operator: {
			kind: "project",
			input: joinSubqueries(input, subqueries, statement.columns),
			columns: returned.map(({ id }) => id),
			expressions,
		},
		columns: returned,
	};
}
