/** A recursive query: a seed, and a step over the rows of the round before. */
import type { CommonTableExpr, SelectStmt } from "libpg-query";
import { sameType, typeName } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { LogicalOperator } from "../../../logical/plan.ts";
import { as, locationOf, strings } from "../../parse/ast.ts";
import { checkRecursiveTerm } from "./recursive-term.ts";
import type { BoundQuery, CommonTable, QueryOptions, Recursion } from "../query.ts";
import type { ScopeColumn } from "../scope.ts";
import { bareTypeName } from "../statement.ts";
import { referencesTo } from "./with-references.ts";

/** WITH RECURSIVE q AS (seed UNION [ALL] step). @param bindWith binds a WITH of its own. @throws invalid_recursion (42P19) with PostgreSQL's reasons */
export function bindRecursive(
	common: CommonTableExpr,
	query: SelectStmt,
	options: QueryOptions,
	bindWith: (query: SelectStmt, options: QueryOptions) => CommonTable[],
): BoundQuery {
	const { statement } = options;
	const name = common.ctename ?? "";
	const location = common.location ?? 0;
	const refuse = (message: string, at = location) => statement.error("invalid_recursion", message, at);
	if (query.op !== "SETOP_UNION" || query.larg === undefined || query.rarg === undefined) {
		throw refuse(`recursive query "${name}" does not have the form non-recursive-term UNION [ALL] recursive-term`);
	}
	const within = (place: string, tree: unknown) => {
		const [first] = referencesTo(tree, name);
		if (first !== undefined) throw refuse(`recursive reference to query "${name}" must not appear within ${place}`, first);
	};
	within("a subquery", query.withClause);
	within("its non-recursive term", query.larg);
	for (const [clause, at] of [
		["ORDER BY", query.sortClause && locationOf(as(query.sortClause[0], "SortBy")?.node)],
		["OFFSET", query.limitOffset && locationOf(query.limitOffset)],
		["LIMIT", query.limitCount && locationOf(query.limitCount)],
		["FOR UPDATE/SHARE", query.lockingClause && -1],
	] as const) {
		if (at !== undefined) throw statement.error("feature_not_supported", `${clause} in a recursive query is not implemented`, at);
	}
	checkRecursiveTerm(query.rarg, name, refuse);
	const visible = bindWith(query, options);
	const seed = options.bindQuery(query.larg, { ...options, commonTables: visible, targetTypes: [] });
	const names = strings(common.aliascolnames);
	const columns = seed.columns.map(
		(column, index): ScopeColumn => ({
			name: names[index] ?? column.name,
			type: column.type,
			id: statement.columns.add({ name: column.name, type: column.type, nullable: true, origin: null }),
		}),
	);
	const recursion: Recursion = { worktable: statement.addWorktable(), columns, referenceCount: 0 };
	const self: CommonTable = { name, columnNames: [], location, source: { kind: "worktable", recursion } };
	const step = options.bindQuery(query.rarg, {
		...options,
		commonTables: [...visible, self],
		targetTypes: columns.map(({ type }) => type),
	});
	if (step.columns.length !== columns.length) {
		throw statement.error("syntax_error", "each UNION query must have the same number of columns", step.locations?.[0]);
	}
	const stepColumns = step.columns.map((column, index) => {
		const wanted = (columns[index] as ScopeColumn).type;
		if (sameType(column.type, wanted)) return { id: column.id, expression: null };
		const isModified = column.type.kind === wanted.kind && wanted.kind !== "array" && typeName(wanted) !== bareTypeName(wanted);
		if (step.untyped?.has(index) || (!isModified && widensTo(column.type.kind, wanted.kind))) {
			const value: Expression = { kind: "column", index: column.id, type: column.type };
			const id = statement.columns.add({ name: column.name, type: wanted, nullable: true, origin: null });
			return { id, expression: { kind: "cast", input: value, type: wanted, explicit: false } as Expression };
		}
		throw statement.error(
			"datatype_mismatch",
			`recursive query "${name}" column ${index + 1} has type ${typeName(wanted)} in non-recursive term but type ${bareTypeName(column.type)} overall`,
			seed.locations?.[index] ?? -1,
			"Cast the output of the non-recursive term to the correct type.",
		);
	});
	const casts = stepColumns.some(({ expression }) => expression !== null);
	const stepOperator: LogicalOperator = casts
		? {
				kind: "project",
				input: step.operator,
				columns: stepColumns.map(({ id }) => id),
				expressions: stepColumns.map(
					({ id, expression }): Expression => expression ?? { kind: "column", index: id, type: statement.columns.get(id).type },
				),
			}
		: step.operator;
	return {
		operator: {
			kind: "recursive_union",
			seed: seed.operator,
			step: stepOperator,
			seedColumns: seed.columns.map((column) => column.id),
			stepColumns: stepColumns.map(({ id }) => id),
			distinct: !(query.all ?? false),
			worktable: recursion.worktable,
			columns: columns.map((column) => column.id),
		},
		columns,
	};
}

/** A step's column that becomes the seed's type without a loss; the other way round PostgreSQL refuses. */
function widensTo(from: string, to: string): boolean {
	const order = ["smallint", "integer", "bigint", "numeric", "real", "double"];
	if (from === to) return true;
	if ((from === "varchar" || from === "char") && to === "text") return true;
	return order.includes(from) && order.includes(to) && order.indexOf(from) < order.indexOf(to);
}
