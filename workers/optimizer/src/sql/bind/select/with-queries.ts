/** WITH: each query is bound once, as a subplan that its references read; a recursive one reads its own rows of the round before. */
import type { CommonTableExpr, InsertStmt, WithClause } from "libpg-query";
import { cloned } from "../../../logical/clone.ts";
import { freeColumns } from "../../../logical/free-columns.ts";
import type { ColumnId, LogicalOperator } from "../../../logical/plan.ts";
import { as, strings } from "../../parse/ast.ts";
import type { BoundQuery, CommonTable, QueryOptions } from "../query.ts";
import { bindRecursive } from "./recursive-query.ts";
import type { ScopeColumn } from "../scope.ts";
import type { StatementContext } from "../statement.ts";
import { refersTo } from "./with-references.ts";

/** @throws feature_not_supported for statements that change rows, duplicate_alias (42712), invalid_recursion (42P19) */
export function bindWith(query: { withClause?: WithClause | undefined }, options: QueryOptions): CommonTable[] {
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
	const isRecursive = query.withClause.recursive ?? false;
	for (const common of isRecursive ? byDependency(statement, tables) : tables) {
		visible = [...visible, bindCommonTable(common, { ...options, commonTables: visible }, isRecursive)];
	}
	return visible;
}

/** Under WITH RECURSIVE each sees all: those that one reads come before it. @throws feature_not_supported (0A000) for two that read each other */
function byDependency(statement: StatementContext, tables: CommonTableExpr[]): CommonTableExpr[] {
	const sorted: CommonTableExpr[] = [];
	let left = tables;
	while (left.length > 0) {
		const next = left.find((table) => left.every((other) => other === table || !refersTo(table.ctequery, other.ctename ?? "")));
		if (next === undefined) {
			const message = "mutual recursion between WITH items is not implemented";
			throw statement.error("feature_not_supported", message, left[0]?.location ?? 0);
		}
		sorted.push(next);
		left = left.filter((table) => table !== next);
	}
	return sorted;
}

function bindCommonTable(common: CommonTableExpr, options: QueryOptions, recursive: boolean): CommonTable {
	const { statement } = options;
	const location = common.location ?? 0;
	const insert = as(common.ctequery, "InsertStmt");
	if (insert !== undefined) return bindInsertTable(common, insert, options);
	const inner = as(common.ctequery, "SelectStmt");
	if (inner === undefined) throw statement.unsupported("UPDATE, DELETE or MERGE in WITH", location);
	if (common.search_clause !== undefined) throw statement.unsupported("SEARCH", common.search_clause.location ?? location);
	if (common.cycle_clause !== undefined) throw statement.unsupported("CYCLE", common.cycle_clause.location ?? location);
	const name = common.ctename ?? "";
	const isRecursive = recursive && refersTo(inner, name);
	const columnNames = strings(common.aliascolnames);
	const inside: QueryOptions = { ...options, mayInsert: false, targetTypes: [] };
	const query = isRecursive ? bindRecursive(common, inner, inside, bindWith) : options.bindQuery(inner, inside);
	const table = { name, columnNames, location };
	if (freeColumns(query.operator).size > 0) return { ...table, source: { kind: "copied", query } };
	const materialized =
		common.ctematerialized === "CTEMaterializeAlways" ? true : common.ctematerialized === "CTEMaterializeNever" ? false : null;
	const subplan = statement.addSubplan({ operator: query.operator, columns: query.columns.map((column) => column.id), materialized });
	return { ...table, source: { kind: "subplan", subplan, columns: query.columns } };
}

/** An INSERT, as the rows that it returns. @throws feature_not_supported (0A000) below the top of the statement */
function bindInsertTable(common: CommonTableExpr, insert: InsertStmt, options: QueryOptions): CommonTable {
	const { statement, bindInsert } = options;
	const location = common.location ?? 0;
	if (options.mayInsert !== true || bindInsert === undefined) {
		const message = "WITH clause containing a data-modifying statement must be at the top level";
		throw statement.error("feature_not_supported", message, location);
	}
	const table = { name: common.ctename ?? "", columnNames: strings(common.aliascolnames), location };
	const returned = bindInsert(insert, { ...options, mayInsert: false });
	if (returned === null) return { ...table, source: { kind: "nothing" } };
	const subplan = statement.addSubplan({
		operator: returned.operator,
		columns: returned.columns.map((column) => column.id),
		materialized: null,
	});
	return { ...table, source: { kind: "subplan", subplan, columns: returned.columns } };
}

/** What a reference to a WITH query reads, in columns of its own. */
export function referCommonTable(statement: StatementContext, { name, source }: CommonTable, location: number): BoundQuery {
	switch (source.kind) {
		case "nothing":
			throw statement.error("feature_not_supported", `WITH query "${name}" does not have a RETURNING clause`, location);
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
