/** What a name in FROM means: a WITH query, a system table, a table, a view. */
import type { RangeVar } from "libpg-query";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { LogicalOperator } from "../../../logical/plan.ts";
import { findSystemTable, isSystemSchema } from "../../system/find.ts";
import type { SystemTable } from "../../system/system-table.ts";
import { nearest } from "../nearest-name.ts";
import type { BoundQuery, QueryOptions } from "../query.ts";
import { type BoundFrom, relationScope, renameColumns } from "./relation-scope.ts";
import type { ScopeColumn } from "../scope.ts";
import type { StatementContext } from "../statement.ts";
import { bindView } from "./view.ts";
import { referCommonTable } from "../select/with-queries.ts";

/** @throws undefined_table (42P01) with the nearest name, invalid_schema_name (3F000) */
export function bindTable(reference: RangeVar, options: QueryOptions): BoundFrom {
	const { statement } = options;
	const name = reference.relname ?? "";
	if (reference.schemaname === undefined) {
		const common = options.commonTables.findLast((table) => table.name === name);
		if (common !== undefined) {
			const bound = referCommonTable(statement, common, reference.location ?? 0);
			const columns = renameColumns(statement, {
				alias: name,
				columns: bound.columns,
				names: common.columnNames,
				location: common.location,
				kind: "WITH query",
			});
			return relationScope(statement, bound.operator, { alias: name, tableName: name, columns }, reference.alias);
		}
	}
	const system = findSystemTable(name, reference.schemaname);
	if (system !== null && reference.catalogname === undefined) return bindSystemTable(statement, system, reference);
	checkSchema(statement, reference);
	const snapshot = resolveRelation(statement, reference);
	const bound = snapshot.schema.view === undefined ? scanOf(statement, snapshot) : bindView(snapshot.schema, options);
	return relationScope(statement, bound.operator, { alias: name, tableName: name, columns: bound.columns }, reference.alias);
}

function scanOf(statement: StatementContext, snapshot: TableSnapshot): BoundQuery {
	const table = statement.addTable(snapshot);
	const columns = snapshot.schema.columns.map(({ name, type, nullable, fieldId }): ScopeColumn => {
		return { name, type, id: statement.columns.add({ name, type, nullable, origin: { table, fieldId } }) };
	});
	const operator: LogicalOperator = {
		kind: "scan",
		table,
		columns: columns.map((column) => column.id),
		fieldIds: snapshot.schema.columns.map((column) => column.fieldId),
		predicate: null,
	};
	return { operator, columns };
}

/** Rows that describe the tenant's tables, made now. */
function bindSystemTable(statement: StatementContext, system: SystemTable, reference: RangeVar): BoundFrom {
	const columns = system.columns.map(({ name, type }): ScopeColumn => {
		return { name, type, id: statement.columns.add({ name, type, nullable: true, origin: null }) };
	});
	const types = system.columns.map(({ type }) => type);
	const rows = system
		.rows(statement.tableSchemas)
		.map((row) => row.map((value, index): Expression => ({ kind: "constant", value, type: types[index] as DataType })));
	const operator: LogicalOperator = { kind: "values", columns: columns.map((column) => column.id), types, rows };
	const name = reference.relname ?? "";
	return relationScope(statement, operator, { alias: name, tableName: name, columns }, reference.alias);
}

/** User tables live in `public`. @throws invalid_schema_name (3F000) */
export function checkSchema(statement: StatementContext, reference: RangeVar): void {
	const location = reference.location ?? 0;
	if (reference.catalogname !== undefined) {
		const name = [reference.catalogname, reference.schemaname, reference.relname].join(".");
		throw statement.error("feature_not_supported", `cross-database references are not implemented: "${name}"`, location);
	}
	if (reference.schemaname !== undefined && isSystemSchema(reference.schemaname)) {
		throw statement.error("undefined_table", `relation "${reference.schemaname}.${reference.relname ?? ""}" does not exist`, location);
	}
	if (reference.schemaname !== undefined && reference.schemaname !== "public") {
		throw statement.error("invalid_schema_name", `schema "${reference.schemaname}" does not exist`, location);
	}
}

/** @throws undefined_table (42P01) */
export function resolveRelation(statement: StatementContext, reference: RangeVar): TableSnapshot {
	const name = reference.relname ?? "";
	const relation = statement.relation(name);
	if (relation !== null) return relation;
	const [suggestion] = nearest(
		name,
		statement.tableNames.map((candidate) => ({ name: candidate, penalty: 0 })),
	);
	const shown = reference.schemaname === undefined ? name : `${reference.schemaname}.${name}`;
	throw statement.error(
		"undefined_table",
		`relation "${shown}" does not exist`,
		reference.location ?? 0,
		suggestion === undefined ? undefined : `Perhaps you meant to reference the table "${suggestion.name}".`,
	);
}
