/** From a parsed statement to a bound one. */
import type { ExplainStmt, Node } from "libpg-query";
import { assert } from "#shared/base/assert.ts";
import type { PlanRelation } from "#shared/contracts/plan/physical.ts";
import type { TableDefinition, TableSchema, ViewDefinition } from "#shared/contracts/table.ts";
import type { LogicalOperator } from "../../../logical/plan.ts";
import { as, kindOf } from "../../parse/ast.ts";
import { bindCreateTable } from "./create-table.ts";
import { bindCreateTableAs, bindSelectInto, type BoundTableAs } from "./create-table-as.ts";
import { bindCreateView } from "./create-view.ts";
import { bindDrop } from "./drop.ts";
import { bindInsert } from "./insert.ts";
import type { QueryOptions } from "../query.ts";
import { bindStoredInsert } from "./returning.ts";
import { bindQuery } from "../select/select.ts";
import type { StatementContext } from "../statement.ts";

/** `columns` names the outputs, in order. */
export interface BoundRows {
	operator: LogicalOperator;
	columns: { name: string; id: number }[];
}

export type BoundStatement =
	| ({ kind: "query" } & BoundRows)
	/** Without `stored` the rows are those to store; with it those are that subplan's, and these are the answer. */
	| ({ kind: "insert"; schema: TableSchema; stored: number | null } & BoundRows)
	| { kind: "explain"; format: "text" | "json"; analyze: boolean; rows: BoundRows }
	| { kind: "create_table"; definition: TableDefinition }
	| { kind: "create_table_as"; definition: TableDefinition; isEmpty: boolean; rows: BoundRows }
	| { kind: "create_view"; definition: ViewDefinition; uses: PlanRelation[] }
	| { kind: "drop_table" | "drop_view"; names: string[]; ifExists: boolean; cascade: boolean };

/** Statements that PostgreSQL has and Littoral has not, by the words a user knows them by. */
const STATEMENT_NAMES: Record<string, string> = {
	TransactionStmt: "a transaction over several statements",
	VariableSetStmt: "SET",
	VariableShowStmt: "SHOW",
	CopyStmt: "COPY",
	UpdateStmt: "UPDATE",
	DeleteStmt: "DELETE",
	MergeStmt: "MERGE",
	AlterTableStmt: "ALTER TABLE",
	RenameStmt: "RENAME",
	IndexStmt: "CREATE INDEX",
	TruncateStmt: "TRUNCATE",
	VacuumStmt: "VACUUM",
	PrepareStmt: "PREPARE",
	ExecuteStmt: "EXECUTE",
	DeallocateStmt: "DEALLOCATE",
	LockStmt: "LOCK",
	GrantStmt: "GRANT",
	CreateSchemaStmt: "CREATE SCHEMA",
	CommentStmt: "COMMENT",
	DoStmt: "DO",
	CallStmt: "CALL",
	DiscardStmt: "DISCARD",
};

/** @throws LittoralError with sqlstate and position */
export function bindStatement(statement: StatementContext, node: Node): BoundStatement {
	const kind = kindOf(node);
	switch (kind) {
		case "CreateTableAsStmt":
			return tableAs(bindCreateTableAs(outermost(statement), as(node, kind) ?? {}));
		case "SelectStmt": {
			const into = bindSelectInto(outermost(statement), as(node, kind) ?? {});
			return into === null ? bindRows(statement, node) : tableAs(into);
		}
		case "InsertStmt":
			return bindRows(statement, node);
		case "CreateStmt":
			return {
				kind: "create_table",
				definition: bindCreateTable(outermost(statement), as(node, kind) ?? {}),
			};
		case "DropStmt":
			return bindDrop(statement, as(node, kind) ?? {});
		case "ViewStmt":
			return { kind: "create_view", ...bindCreateView(outermost(statement), as(node, kind) ?? {}) };
		case "ExplainStmt":
			return bindExplain(statement, as(node, kind) ?? {});
		default:
			throw statement.unsupported(STATEMENT_NAMES[kind] ?? kind.replace(/Stmt$/, ""));
	}
}

function outermost(statement: StatementContext): QueryOptions {
	return { statement, outer: null, commonTables: [], bindQuery };
}

function tableAs({ definition, isEmpty, query }: BoundTableAs): BoundStatement {
	return { kind: "create_table_as", definition, isEmpty, rows: query };
}

function bindRows(statement: StatementContext, node: Node): Extract<BoundStatement, { kind: "query" | "insert" }> {
	const options: QueryOptions = { ...outermost(statement), mayInsert: true, bindInsert: bindStoredInsert };
	const insert = as(node, "InsertStmt");
	if (insert !== undefined && insert.returningClause === undefined) {
		const rows = bindInsert(insert, options);
		if (statement.storedRows !== null) throw statement.unsupported("a statement that inserts twice", insert.relation?.location ?? 0);
		return { kind: "insert", stored: null, ...rows };
	}
	const query = as(node, "SelectStmt");
	if (query === undefined && insert === undefined) throw statement.unsupported("EXPLAIN of this statement");
	const rows = query === undefined ? bindStoredInsert(insert ?? {}, options) : bindQuery(query, options);
	assert(rows !== null, "an INSERT with RETURNING has rows");
	const { storedRows } = statement;
	if (storedRows === null) return { kind: "query", ...rows };
	return { kind: "insert", schema: storedRows.schema, stored: storedRows.subplan, ...rows };
}

/** Options as PostgreSQL's; those that only change its own output are accepted. */
function bindExplain(statement: StatementContext, explain: ExplainStmt): BoundStatement {
	let format: "text" | "json" = "text";
	let analyze = false;
	for (const node of explain.options ?? []) {
		const option = as(node, "DefElem");
		const location = option?.location ?? 0;
		const name = option?.defname ?? "";
		const value = as(option?.arg, "String")?.sval ?? "";
		const isOff = ["off", "false", "0"].includes(value.toLowerCase()) || as(option?.arg, "Boolean")?.boolval === false;
		if (name === "format") {
			if (value !== "text" && value !== "json") {
				if (value === "xml" || value === "yaml") throw statement.unsupported(`EXPLAIN (FORMAT ${value.toUpperCase()})`, location);
				throw statement.error("invalid_parameter_value", `unrecognized value for EXPLAIN option "format": "${value}"`, location);
			}
			format = value;
		} else if (name === "analyze") {
			analyze = !isOff;
		} else if (!["verbose", "costs", "summary", "settings", "generic_plan", "memory", "timing", "buffers"].includes(name)) {
			throw statement.error("syntax_error", `unrecognized EXPLAIN option "${name}"`, location);
		}
	}
	const bound = bindRows(statement, explain.query as Node);
	if (analyze && bound.kind === "insert") throw statement.unsupported("EXPLAIN ANALYZE of an INSERT");
	return { kind: "explain", format, analyze, rows: { operator: bound.operator, columns: bound.columns } };
}
