/** CREATE TABLE. What Littoral would not enforce it refuses, a PRIMARY KEY apart, which is recorded. */
import type { ColumnDef, Constraint, CreateStmt, Node } from "libpg-query";
import { IDENTIFIER_BYTES_MAX, TABLE_COLUMN_COUNT_MAX } from "#shared/base/limits.ts";
import { COMPARABLE_KINDS } from "#shared/contracts/functions/operator-signatures.ts";
import { typeName, type DataType } from "#shared/contracts/data-type.ts";
import type { ColumnSchema, TableDefinition } from "#shared/contracts/table.ts";
import { isImmutable } from "../../../logical/expression.ts";
import { as, locationOf, strings } from "../../parse/ast.ts";
import { boundType } from "../bound.ts";
import { tryCoerce } from "../expressions/coerce.ts";
import { expressionEnvironment } from "../expressions/expression.ts";
import { checkSchema } from "../from/relations.ts";
import type { QueryOptions } from "../query.ts";
import { EMPTY_SCOPE } from "../scope.ts";
import { bareTypeName, type StatementContext } from "../statement.ts";
import { bindTypeName } from "../expressions/type-name.ts";
import { sourceSlice } from "../source-slice.ts";

type ColumnDefinition = TableDefinition["columns"][number];

export function bindCreateTable(query: QueryOptions, create: CreateStmt): TableDefinition {
	const { statement } = query;
	const relation = create.relation;
	if (relation === undefined) throw statement.unsupported("this CREATE TABLE");
	checkSchema(statement, relation);
	if (relation.relpersistence !== undefined && relation.relpersistence !== "p")
		throw statement.unsupported("a temporary or unlogged table");
	if (create.inhRelations !== undefined || create.partspec !== undefined || create.partbound !== undefined) {
		throw statement.unsupported("table inheritance and partitioning");
	}
	if (create.ofTypename !== undefined || create.tablespacename !== undefined) throw statement.unsupported("this CREATE TABLE");
	const columns: ColumnDefinition[] = [];
	let primaryKey: { names: string[]; location: number } | null = null;
	const setPrimaryKey = (names: string[], location: number) => {
		if (primaryKey !== null) {
			const message = `multiple primary keys for table "${relation.relname ?? ""}" are not allowed`;
			throw statement.error("invalid_table_definition", message, location);
		}
		primaryKey = { names, location };
	};
	for (const element of create.tableElts ?? []) {
		const definition = as(element, "ColumnDef");
		const constraint = as(element, "Constraint");
		if (definition !== undefined) columns.push(bindColumn(query, definition, relation.relname ?? "", setPrimaryKey));
		else if (constraint?.contype === "CONSTR_PRIMARY") setPrimaryKey(strings(constraint.keys), constraint.location ?? 0);
		else if (constraint !== undefined) throw unsupportedConstraint(statement, constraint);
		else throw statement.unsupported("LIKE", 0);
	}
	checkColumns(statement, columns);
	return {
		name: checkName(statement, relation.relname ?? "", relation.location ?? 0),
		ifNotExists: create.if_not_exists ?? false,
		columns,
		primaryKey: primaryKey === null ? null : resolveKey(statement, primaryKey, columns),
		sortKey: bindOptions(statement, create.options ?? [], columns),
	};
}

/** @throws duplicate_column (42701), too_many_columns (54011), invalid_table_definition (42P16) */
export function checkColumns(statement: StatementContext, columns: ColumnDefinition[]): void {
	const names = new Set<string>();
	for (const column of columns) {
		if (names.has(column.name)) throw statement.error("duplicate_column", `column "${column.name}" specified more than once`);
		names.add(column.name);
	}
	if (columns.length > TABLE_COLUMN_COUNT_MAX)
		throw statement.error("too_many_columns", `tables can have at most ${TABLE_COLUMN_COUNT_MAX} columns`);
	if (columns.length === 0) throw statement.unsupported("a table without columns");
}

/** The parser has cut longer names already, as PostgreSQL does; this is a guard. */
export function checkName(statement: StatementContext, name: string, location: number): string {
	if (new TextEncoder().encode(name).length <= IDENTIFIER_BYTES_MAX) return name;
	throw statement.error("name_too_long", `name "${name}" is longer than ${IDENTIFIER_BYTES_MAX} bytes`, location);
}

function unsupportedConstraint(statement: StatementContext, constraint: Constraint): Error {
	const names: Record<string, string> = {
		CONSTR_CHECK: "CHECK",
		CONSTR_UNIQUE: "UNIQUE",
		CONSTR_FOREIGN: "REFERENCES",
		CONSTR_EXCLUSION: "EXCLUDE",
		CONSTR_GENERATED: "a generated column",
		CONSTR_IDENTITY: "an identity column",
	};
	return statement.unsupported(names[constraint.contype ?? ""] ?? "this constraint", constraint.location ?? 0);
}

function bindColumn(
	query: QueryOptions,
	definition: ColumnDef,
	table: string,
	setPrimaryKey: (names: string[], location: number) => void,
): ColumnDefinition {
	const { statement } = query;
	const name = checkName(statement, definition.colname ?? "", definition.location ?? 0);
	const type = columnType(statement, definition);
	if (definition.collClause !== undefined) throw statement.unsupported("COLLATE on a column", definition.collClause.location ?? 0);
	let nullable: boolean | null = null;
	let initial: ColumnDefinition["default"] = null;
	const conflict = (location: number) =>
		statement.error("syntax_error", `conflicting NULL/NOT NULL declarations for column "${name}" of table "${table}"`, location);
	for (const node of definition.constraints ?? []) {
		const constraint = as(node, "Constraint");
		const location = constraint?.location ?? 0;
		switch (constraint?.contype) {
			case "CONSTR_NULL":
				if (nullable === false) throw conflict(location);
				nullable = true;
				break;
			case "CONSTR_NOTNULL":
				if (nullable === true) throw conflict(location);
				nullable = false;
				break;
			case "CONSTR_DEFAULT":
				if (initial !== null) {
					throw statement.error("syntax_error", `multiple default values specified for column "${name}" of table "${table}"`, location);
				}
				initial = bindDefault(query, constraint.raw_expr as Node, { name, type });
				break;
			case "CONSTR_PRIMARY":
				setPrimaryKey([name], location);
				if (nullable === true) throw conflict(location);
				break;
			default:
				throw unsupportedConstraint(statement, constraint ?? {});
		}
	}
	return { name, type, nullable: nullable ?? true, default: initial };
}

function columnType(statement: StatementContext, definition: ColumnDef): DataType {
	const name = definition.typeName;
	if (name === undefined) throw statement.unsupported("a column without a type", definition.location ?? 0);
	const written = strings(name.names).at(-1) ?? "";
	if (["serial", "bigserial", "smallserial", "serial4", "serial8", "serial2"].includes(written)) {
		throw statement.unsupported(`type ${written}`, name.location ?? 0);
	}
	const type = bindTypeName(statement, name);
	refuseFreeNumeric(statement, type, name.location ?? 0);
	return type;
}

/** @throws feature_not_supported (0A000): a column has one scale */
export function refuseFreeNumeric(statement: StatementContext, type: DataType, location: number): void {
	const stored = type.kind === "array" ? type.element : type;
	if (stored.kind === "numeric" && stored.precision === undefined) {
		throw statement.error(
			"feature_not_supported",
			"a NUMERIC column needs a precision and a scale",
			location,
			"Write NUMERIC(18,4), or another precision up to 38.",
		);
	}
}

/** A constant or now(). @throws datatype_mismatch (42804), feature_not_supported */
function bindDefault(query: QueryOptions, node: Node, column: { name: string; type: DataType }): ColumnSchema["default"] {
	const { statement } = query;
	const environment = expressionEnvironment({ query, scope: EMPTY_SCOPE, clause: "DEFAULT expressions" });
	const bound = environment.bind(node);
	const expression = tryCoerce(statement, bound, column.type, "assignment");
	if (expression === null) {
		throw statement.error(
			"datatype_mismatch",
			`column "${column.name}" is of type ${bareTypeName(column.type)} but default expression is of type ${bareTypeName(boundType(bound))}`,
			-1,
			"You will need to rewrite or cast the expression.",
		);
	}
	const sql = sourceSlice(statement.source.sql, locationOf(node));
	let inner = expression;
	while (inner.kind === "cast") inner = inner.input;
	if (
		inner.kind === "call" &&
		["now()", "current_timestamp()", "transaction_timestamp()", "statement_timestamp()"].includes(inner.functionId)
	) {
		if (column.type.kind === "timestamptz" || column.type.kind === "timestamp" || column.type.kind === "date")
			return { sql, value: { kind: "now" } };
	}
	if (!isImmutable(inner)) throw statement.unsupported("a DEFAULT other than a constant and now()", bound.location);
	return { sql, value: { kind: "constant", value: statement.evaluate(expression) } };
}

function resolveKey(statement: StatementContext, key: { names: string[]; location: number }, columns: ColumnDefinition[]): number[] {
	const { names, location } = key;
	const indexes: number[] = [];
	for (const name of names) {
		const index = columns.findIndex((column) => column.name === name);
		const column = columns[index];
		if (column === undefined) throw statement.error("undefined_column", `column "${name}" named in key does not exist`, location);
		if (indexes.includes(index))
			throw statement.error("duplicate_column", `column "${name}" appears twice in primary key constraint`, location);
		column.nullable = false;
		indexes.push(index);
	}
	return indexes;
}

/** @throws invalid_parameter_value (22023) for an unknown option or a malformed sort key */
export function bindOptions(statement: StatementContext, options: Node[], columns: ColumnDefinition[]): TableDefinition["sortKey"] {
	let sortKey: TableDefinition["sortKey"] = [];
	for (const node of options) {
		const option = as(node, "DefElem");
		const location = option?.location ?? 0;
		const name = option?.defname ?? "";
		if (name !== "sort_key") throw statement.error("invalid_parameter_value", `unrecognized parameter "${name}"`, location);
		const text = as(option?.arg, "String")?.sval ?? strings(as(option?.arg, "TypeName")?.names).at(-1);
		if (text === undefined) throw statement.error("invalid_parameter_value", "sort_key must be a list of columns in quotes", location);
		sortKey = parseSortKey(statement, text, columns, location);
	}
	return sortKey;
}

const SORT_KEY_ITEM =
	/^\s*(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*$/i;

function parseSortKey(
	statement: StatementContext,
	text: string,
	columns: ColumnDefinition[],
	location: number,
): TableDefinition["sortKey"] {
	const invalid = (detail: string) => statement.error("invalid_parameter_value", `invalid sort_key: ${detail}`, location);
	const seen = new Set<number>();
	return text.split(",").map((item) => {
		const match = SORT_KEY_ITEM.exec(item);
		if (match === null) throw invalid(`"${item.trim()}" is not a column with ASC or DESC`);
		const name = match[1]?.replaceAll('""', '"') ?? (match[2] as string).toLowerCase();
		const index = columns.findIndex((column) => column.name === name);
		const column = columns[index];
		if (column === undefined) throw invalid(`column "${name}" does not exist`);
		if (seen.has(index)) throw invalid(`column "${name}" appears twice`);
		if (column.type.kind !== "varchar" && !(COMPARABLE_KINDS as readonly string[]).includes(column.type.kind)) {
			throw invalid(`type ${typeName(column.type)} of column "${name}" has no order`);
		}
		seen.add(index);
		const descending = match[3]?.toLowerCase() === "desc";
		const nullsFirst = match[4] === undefined ? descending : match[4].toLowerCase() === "first";
		return { column: index, descending, nullsFirst };
	});
}
