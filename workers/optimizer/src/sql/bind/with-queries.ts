/** WITH: each query is bound once, as a subplan that its references read; a recursive one reads its own rows of the round before. */
import type { CommonTableExpr, Node, SelectStmt } from "libpg-query";
import { typeName, sameType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { cloned } from "../../logical/clone.ts";
import { freeColumns } from "../../logical/free-columns.ts";
import type { ColumnId, LogicalOperator } from "../../logical/plan.ts";
import { as, kindOf, strings } from "../parse/ast.ts";
import type { BoundQuery, CommonTable, QueryOptions, Recursion } from "./query.ts";
import type { ScopeColumn } from "./scope.ts";
import type { StatementContext } from "./statement.ts";

/** @throws feature_not_supported for statements that change rows, duplicate_alias (42712), invalid_recursion (42P19) */
export function bindWith(query: SelectStmt, options: QueryOptions): CommonTable[] {
	const { statement } = options;
	if (query.withClause === undefined) return options.commonTables;
	let visible = options.commonTables;
	const own: string[] = [];
	const tables = (query.withClause.ctes ?? []).map((node) => as(node, "CommonTableExpr") ?? {});
	for (const common of tables) {
		const name = common.ctename ?? "";
		if (own.includes(name)) {
			throw statement.error("duplicate_alias", `WITH query name "${name}" specified more than once`, common.location ?? 0);
		}
		own.push(name);
	}
	for (const [index, common] of tables.entries()) {
		const later = query.withClause.recursive ? own.slice(index + 1) : [];
		visible = [...visible, bindCommonTable(common, { ...options, commonTables: visible }, query.withClause.recursive ?? false, later)];
	}
	return visible;
}

function bindCommonTable(common: CommonTableExpr, options: QueryOptions, recursive: boolean, later: string[]): CommonTable {
	const { statement } = options;
	const location = common.location ?? 0;
	const inner = as(common.ctequery, "SelectStmt");
	if (inner === undefined) throw statement.unsupported("WITH over a statement that changes rows", location);
	if (common.search_clause !== undefined) throw statement.unsupported("SEARCH", common.search_clause.location ?? location);
	if (common.cycle_clause !== undefined) throw statement.unsupported("CYCLE", common.cycle_clause.location ?? location);
	const name = common.ctename ?? "";
	if (later.length > 0 && references(inner, later) > 0) throw statement.unsupported("a WITH query that refers to a later one", location);
	const isRecursive = recursive && references(inner, [name]) > 0;
	const columnNames = strings(common.aliascolnames);
	const query = isRecursive ? bindRecursive(common, inner, options) : options.bindQuery(inner, { ...options, targetTypes: [] });
	const table = { name, columnNames, location };
	if (freeColumns(query.operator).size > 0) return { ...table, source: { kind: "copied", query } };
	const materialized =
		common.ctematerialized === "CTEMaterializeAlways" ? true : common.ctematerialized === "CTEMaterializeNever" ? false : null;
	const subplan = statement.addSubplan({ operator: query.operator, columns: query.columns.map((column) => column.id), materialized });
	return { ...table, source: { kind: "subplan", subplan, columns: query.columns } };
}

/** What a reference to a WITH query reads, in columns of its own. */
export function referCommonTable(statement: StatementContext, { source }: CommonTable): BoundQuery {
	switch (source.kind) {
		case "subplan": {
			const columns = copies(statement, source.columns);
			const ids = columns.map((column) => column.id);
			return { operator: { kind: "subplan_scan", subplan: source.subplan, columns: ids, outputs: ids.map((_, index) => index) }, columns };
		}
		case "copied": {
			const ids = new Map<ColumnId, ColumnId>();
			const operator = cloned(source.query.operator, statement.columns, ids);
			return { operator, columns: source.query.columns.map((column) => ({ ...column, id: ids.get(column.id) ?? column.id })) };
		}
		case "worktable": {
			source.recursion.referenceCount++;
			const columns = copies(statement, source.recursion.columns);
			const operator: LogicalOperator = {
				kind: "worktable_scan",
				worktable: source.recursion.worktable,
				columns: columns.map((column) => column.id),
			};
			return { operator, columns };
		}
	}
}

function copies(statement: StatementContext, columns: ScopeColumn[]): ScopeColumn[] {
	return columns.map((column) => ({ ...column, id: statement.columns.add({ ...statement.columns.get(column.id) }) }));
}

/** WITH RECURSIVE q AS (seed UNION [ALL] step). @throws invalid_recursion (42P19) with PostgreSQL's reasons */
function bindRecursive(common: CommonTableExpr, query: SelectStmt, options: QueryOptions): BoundQuery {
	const { statement } = options;
	const name = common.ctename ?? "";
	const location = common.location ?? 0;
	const refuse = (message: string, at = location) => statement.error("invalid_recursion", message, at);
	if (query.op !== "SETOP_UNION" || query.larg === undefined || query.rarg === undefined) {
		throw refuse(`recursive query "${name}" does not have the form non-recursive-term UNION [ALL] recursive-term`);
	}
	const selfReference = firstReference(query.larg, name);
	if (selfReference !== null)
		throw refuse(`recursive reference to query "${name}" must not appear within its non-recursive term`, selfReference);
	if (query.sortClause !== undefined) throw statement.unsupported("ORDER BY in a recursive query", location);
	if (query.limitOffset !== undefined) throw statement.unsupported("OFFSET in a recursive query", location);
	if (query.limitCount !== undefined) throw statement.unsupported("LIMIT in a recursive query", location);
	checkRecursiveTerm(query.rarg, name, refuse);
	const seed = options.bindQuery(query.larg, { ...options, targetTypes: [] });
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
	const step = options.bindQuery(query.rarg, { ...options, commonTables: [...options.commonTables, self], targetTypes: [] });
	if (step.columns.length !== columns.length) {
		throw statement.error("syntax_error", "each UNION query must have the same number of columns", step.locations?.[0]);
	}
	const stepColumns = step.columns.map((column, index) => {
		const wanted = (columns[index] as ScopeColumn).type;
		if (sameType(column.type, wanted)) return { id: column.id, expression: null };
		if (step.untyped?.has(index) || widensTo(column.type.kind, wanted.kind)) {
			const value: Expression = { kind: "column", index: column.id, type: column.type };
			const id = statement.columns.add({ name: column.name, type: wanted, nullable: true, origin: null });
			return { id, expression: { kind: "cast", input: value, type: wanted, explicit: false } as Expression };
		}
		throw statement.error(
			"datatype_mismatch",
			`recursive query "${name}" column ${index + 1} has type ${typeName(wanted)} in non-recursive term but type ${typeName(column.type)} overall`,
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

/** Where the step must not refer to itself. */
function checkRecursiveTerm(step: SelectStmt, name: string, refuse: (message: string, at?: number) => Error): void {
	const visit = (node: unknown, inside: string | null): void => {
		if (Array.isArray(node)) {
			for (const item of node) visit(item, inside);
			return;
		}
		if (typeof node !== "object" || node === null) return;
		for (const [kind, body] of Object.entries(node)) {
			if (kind === "RangeVar" || kind === "relation") {
				const reference = body as { relname?: string; schemaname?: string; location?: number };
				if (reference.relname === name && reference.schemaname === undefined && inside !== null) {
					throw refuse(`recursive reference to query "${name}" must not appear within ${inside}`, reference.location ?? 0);
				}
			}
			if (kind === "SubLink") visit(body, inside ?? "a subquery");
			else if (kind === "JoinExpr") {
				const join = body as { jointype?: string; larg?: Node; rarg?: Node; quals?: Node };
				const outer = "an outer join";
				visit(join.larg, inside ?? (join.jointype === "JOIN_RIGHT" || join.jointype === "JOIN_FULL" ? outer : null));
				visit(join.rarg, inside ?? (join.jointype === "JOIN_LEFT" || join.jointype === "JOIN_FULL" ? outer : null));
				visit(join.quals, inside);
			} else if (kind === "rarg" && (node as SelectStmt).op === "SETOP_EXCEPT") visit(body, inside ?? "EXCEPT");
			else visit(body, inside);
		}
	};
	visit(step, null);
	if (references(step, [name]) > 1) {
		throw refuse(`recursive reference to query "${name}" must not appear more than once`, lastReference(step, name) ?? undefined);
	}
	const aggregate = firstAggregate(step, name);
	if (aggregate !== null) throw refuse("aggregate functions are not allowed in a recursive query's recursive term", aggregate);
}

/** Aggregates of the level that reads the worktable; the location of the first. */
function firstAggregate(step: SelectStmt, name: string): number | null {
	if (references(step.fromClause, [name]) === 0) return null;
	const calls = step.targetList?.map((node) => as(node, "ResTarget")?.val) ?? [];
	for (const node of calls) {
		const call = node === undefined || kindOf(node) !== "FuncCall" ? undefined : as(node, "FuncCall");
		const called = strings(call?.funcname).at(-1) ?? "";
		if (call !== undefined && call.over === undefined && ["count", "sum", "avg", "min", "max"].includes(called)) return call.location ?? 0;
	}
	return null;
}

function locationsOf(tree: unknown, names: string[]): number[] {
	const found: number[] = [];
	const pending: unknown[] = [tree];
	while (pending.length > 0) {
		const node = pending.pop();
		if (Array.isArray(node)) {
			pending.push(...node);
			continue;
		}
		if (typeof node !== "object" || node === null) continue;
		for (const [kind, body] of Object.entries(node)) {
			const reference = body as { relname?: string; schemaname?: string; location?: number } | null;
			if (kind === "RangeVar" && reference?.schemaname === undefined && names.includes(reference?.relname ?? "")) {
				found.push(reference?.location ?? 0);
			}
			pending.push(body);
		}
	}
	return found.toSorted((left, right) => left - right);
}

function references(tree: unknown, names: string[]): number {
	return locationsOf(tree, names).length;
}

function firstReference(tree: unknown, name: string): number | null {
	return locationsOf(tree, [name])[0] ?? null;
}

function lastReference(tree: unknown, name: string): number | null {
	return locationsOf(tree, [name]).at(-1) ?? null;
}
