/** information_schema: the tables and columns that tools look up first. */
import { typeName } from "#shared/contracts/data-type.ts";
import { DATABASE_NAME, OWNER_NAME, systemTable, type SystemTable } from "./system-table.ts";
import { numericPrecision, pgTypeOf } from "./types.ts";

const OCTETS_PER_CHARACTER = 4;

export const INFORMATION_SCHEMA: Record<string, SystemTable> = {
	schemata: systemTable({ catalog_name: "text", schema_name: "text", schema_owner: "text" }, () =>
		["public", "information_schema", "pg_catalog"].map((name) => ({
			catalog_name: DATABASE_NAME,
			schema_name: name,
			schema_owner: OWNER_NAME,
		})),
	),
	tables: systemTable(
		{
			table_catalog: "text",
			table_schema: "text",
			table_name: "text",
			table_type: "text",
			is_insertable_into: "text",
			is_typed: "text",
			commit_action: "text",
		},
		(tables) =>
			tables.map(({ name, view }) => ({
				table_catalog: DATABASE_NAME,
				table_schema: "public",
				table_name: name,
				table_type: view === undefined ? "BASE TABLE" : "VIEW",
				is_insertable_into: view === undefined ? "YES" : "NO",
				is_typed: "NO",
			})),
	),
	views: systemTable(
		{
			table_catalog: "text",
			table_schema: "text",
			table_name: "text",
			view_definition: "text",
			check_option: "text",
			is_updatable: "text",
			is_insertable_into: "text",
			is_trigger_updatable: "text",
			is_trigger_deletable: "text",
			is_trigger_insertable_into: "text",
		},
		(tables) =>
			tables.flatMap(({ name, view }) => {
				if (view === undefined) return [];
				const no = { is_updatable: "NO", is_insertable_into: "NO", is_trigger_updatable: "NO", is_trigger_deletable: "NO" };
				return [
					{
						table_catalog: DATABASE_NAME,
						table_schema: "public",
						table_name: name,
						view_definition: ` ${view.sql};`,
						check_option: "NONE",
						...no,
						is_trigger_insertable_into: "NO",
					},
				];
			}),
	),
	columns: systemTable(
		{
			table_catalog: "text",
			table_schema: "text",
			table_name: "text",
			column_name: "text",
			ordinal_position: "integer",
			column_default: "text",
			is_nullable: "text",
			data_type: "text",
			character_maximum_length: "integer",
			character_octet_length: "integer",
			numeric_precision: "integer",
			numeric_precision_radix: "integer",
			numeric_scale: "integer",
			datetime_precision: "integer",
			udt_catalog: "text",
			udt_schema: "text",
			udt_name: "text",
			is_identity: "text",
			is_generated: "text",
			is_updatable: "text",
		},
		(tables) =>
			tables.flatMap((table) =>
				table.columns.map((column, index) => {
					const { type } = column;
					const { precision, radix, scale } = numericPrecision(type);
					const length = type.kind === "varchar" || type.kind === "char" ? (type.length ?? null) : null;
					const isTime = ["time", "timestamp", "timestamptz", "interval"].includes(type.kind);
					return {
						table_catalog: DATABASE_NAME,
						table_schema: "public",
						table_name: table.name,
						column_name: column.name,
						ordinal_position: index + 1,
						column_default: column.default?.sql ?? null,
						is_nullable: column.nullable ? "YES" : "NO",
						data_type: type.kind === "array" ? "ARRAY" : typeName(type).replace(/\(.*\)/, ""),
						character_maximum_length: length,
						character_octet_length:
							length === null ? (type.kind === "text" || type.kind === "varchar" ? 2 ** 30 : null) : length * OCTETS_PER_CHARACTER,
						numeric_precision: precision,
						numeric_precision_radix: radix,
						numeric_scale: scale,
						datetime_precision: isTime ? 6 : type.kind === "date" ? 0 : null,
						udt_catalog: DATABASE_NAME,
						udt_schema: "pg_catalog",
						udt_name: pgTypeOf(type).name,
						is_identity: "NO",
						is_generated: "NEVER",
						is_updatable: table.view === undefined ? "YES" : "NO",
					};
				}),
			),
	),
};
