/** pg_catalog: the tables that psql, drivers and BI tools ask before they show anything. Object numbers are bigint here; `name` and "char" are text. */
import type { TableSchema } from "#shared/contracts/table.ts";
import { DATABASE_NAME, OWNER_NAME, systemTable, type SystemTable } from "./system-table.ts";
import { PG_TYPES, pgTypeOf, typeModifier } from "./types.ts";

/** Object numbers of PostgreSQL's own: namespaces, and the first number of users' objects. */
const PG_CATALOG_OID = 11n;
const PUBLIC_OID = 2200n;
const INFORMATION_SCHEMA_OID = 13_000n;
const FIRST_USER_OID = 16_384n;
const OWNER_OID = 10n;
const DATABASE_OID = 16_383n;

/** Of the table's id, which never changes: 31 bits. Two tables may share one, far from likely. */
function oidOf(table: TableSchema): bigint {
	const digits = BigInt(`0x${table.tableId.slice(-8)}`) & 0x7fff_ffffn;
	return digits < FIRST_USER_OID ? digits + FIRST_USER_OID : digits;
}

export const PG_CATALOG: Record<string, SystemTable> = {
	pg_namespace: systemTable({ oid: "bigint", nspname: "text", nspowner: "bigint" }, () => [
		{ oid: PG_CATALOG_OID, nspname: "pg_catalog", nspowner: OWNER_OID },
		{ oid: PUBLIC_OID, nspname: "public", nspowner: OWNER_OID },
		{ oid: INFORMATION_SCHEMA_OID, nspname: "information_schema", nspowner: OWNER_OID },
	]),
	pg_class: systemTable(
		{
			oid: "bigint",
			relname: "text",
			relnamespace: "bigint",
			reltype: "bigint",
			relowner: "bigint",
			relkind: "text",
			relnatts: "integer",
			reltuples: "real",
			relhasindex: "boolean",
			relisshared: "boolean",
			relpersistence: "text",
			relchecks: "integer",
			relhasrules: "boolean",
			relhastriggers: "boolean",
			relrowsecurity: "boolean",
			relispartition: "boolean",
			relam: "bigint",
		},
		(tables) =>
			tables.map((table) => ({
				oid: oidOf(table),
				relname: table.name,
				relnamespace: PUBLIC_OID,
				reltype: 0n,
				relowner: OWNER_OID,
				relkind: table.view === undefined ? "r" : "v",
				relnatts: table.columns.length,
				reltuples: -1,
				relhasindex: false,
				relisshared: false,
				relpersistence: "p",
				relchecks: 0,
				relhasrules: table.view !== undefined,
				relhastriggers: false,
				relrowsecurity: false,
				relispartition: false,
				relam: table.view === undefined ? 2n : 0n,
			})),
	),
	pg_attribute: systemTable(
		{
			attrelid: "bigint",
			attname: "text",
			atttypid: "bigint",
			attlen: "integer",
			attnum: "integer",
			atttypmod: "integer",
			attndims: "integer",
			attnotnull: "boolean",
			atthasdef: "boolean",
			attisdropped: "boolean",
			attidentity: "text",
			attgenerated: "text",
			attcollation: "bigint",
		},
		(tables) =>
			tables.flatMap((table) =>
				table.columns.map((column, index) => {
					const type = pgTypeOf(column.type);
					return {
						attrelid: oidOf(table),
						attname: column.name,
						atttypid: BigInt(type.oid),
						attlen: type.length,
						attnum: index + 1,
						atttypmod: typeModifier(column.type),
						attndims: column.type.kind === "array" ? 1 : 0,
						attnotnull: !column.nullable,
						atthasdef: column.default !== null,
						attisdropped: false,
						attidentity: "",
						attgenerated: "",
						attcollation: 0n,
					};
				}),
			),
	),
	pg_attrdef: systemTable({ oid: "bigint", adrelid: "bigint", adnum: "integer", adbin: "text" }, (tables) =>
		tables.flatMap((table) =>
			table.columns.flatMap((column, index) =>
				column.default === null ? [] : [{ oid: 0n, adrelid: oidOf(table), adnum: index + 1, adbin: column.default.sql }],
			),
		),
	),
	pg_type: systemTable(
		{
			oid: "bigint",
			typname: "text",
			typnamespace: "bigint",
			typowner: "bigint",
			typlen: "integer",
			typtype: "text",
			typcategory: "text",
			typisdefined: "boolean",
			typdelim: "text",
			typrelid: "bigint",
			typelem: "bigint",
			typarray: "bigint",
			typnotnull: "boolean",
			typbasetype: "bigint",
			typtypmod: "integer",
		},
		() =>
			Object.values(PG_TYPES).flatMap(({ oid, arrayOid, name, length, category }) => {
				const shared = {
					typnamespace: PG_CATALOG_OID,
					typowner: OWNER_OID,
					typtype: "b",
					typisdefined: true,
					typdelim: ",",
					typrelid: 0n,
					typnotnull: false,
					typbasetype: 0n,
					typtypmod: -1,
				};
				return [
					{ ...shared, oid: BigInt(oid), typname: name, typlen: length, typcategory: category, typelem: 0n, typarray: BigInt(arrayOid) },
					{ ...shared, oid: BigInt(arrayOid), typname: `_${name}`, typlen: -1, typcategory: "A", typelem: BigInt(oid), typarray: 0n },
				];
			}),
	),
	pg_tables: systemTable(
		{
			schemaname: "text",
			tablename: "text",
			tableowner: "text",
			tablespace: "text",
			hasindexes: "boolean",
			hasrules: "boolean",
			hastriggers: "boolean",
			rowsecurity: "boolean",
		},
		(tables) =>
			tables.flatMap((table) =>
				table.view === undefined
					? [
							{
								schemaname: "public",
								tablename: table.name,
								tableowner: OWNER_NAME,
								hasindexes: false,
								hasrules: false,
								hastriggers: false,
								rowsecurity: false,
							},
						]
					: [],
			),
	),
	pg_views: systemTable({ schemaname: "text", viewname: "text", viewowner: "text", definition: "text" }, (tables) =>
		tables.flatMap(({ name, view }) =>
			view === undefined ? [] : [{ schemaname: "public", viewname: name, viewowner: OWNER_NAME, definition: ` ${view.sql};` }],
		),
	),
	pg_matviews: systemTable({ schemaname: "text", matviewname: "text", matviewowner: "text", definition: "text" }, () => []),
	pg_database: systemTable({ oid: "bigint", datname: "text", datdba: "bigint", encoding: "integer", datallowconn: "boolean" }, () => [
		{ oid: DATABASE_OID, datname: DATABASE_NAME, datdba: OWNER_OID, encoding: 6, datallowconn: true },
	]),
	pg_roles: systemTable({ oid: "bigint", rolname: "text", rolsuper: "boolean", rolcanlogin: "boolean" }, () => [
		{ oid: OWNER_OID, rolname: OWNER_NAME, rolsuper: false, rolcanlogin: true },
	]),
	pg_index: systemTable(
		{ indexrelid: "bigint", indrelid: "bigint", indisunique: "boolean", indisprimary: "boolean", indisvalid: "boolean" },
		() => [],
	),
	pg_constraint: systemTable(
		{ oid: "bigint", conname: "text", connamespace: "bigint", contype: "text", conrelid: "bigint", confrelid: "bigint" },
		() => [],
	),
	pg_description: systemTable({ objoid: "bigint", classoid: "bigint", objsubid: "integer", description: "text" }, () => []),
	pg_inherits: systemTable({ inhrelid: "bigint", inhparent: "bigint", inhseqno: "integer" }, () => []),
	pg_enum: systemTable({ oid: "bigint", enumtypid: "bigint", enumsortorder: "real", enumlabel: "text" }, () => []),
};
