/** Which system table a name means. pg_catalog is searched before public, as in PostgreSQL. */
import { INFORMATION_SCHEMA } from "./information-schema.ts";
import { PG_CATALOG } from "./pg-catalog.ts";
import type { SystemTable } from "./system-table.ts";

const SCHEMAS: Record<string, Record<string, SystemTable>> = { information_schema: INFORMATION_SCHEMA, pg_catalog: PG_CATALOG };

/** @returns null where the name is not of a system schema, or names no table in it */
export function findSystemTable(name: string, schema: string | undefined): SystemTable | null {
	const tables = SCHEMAS[schema ?? "pg_catalog"];
	return tables !== undefined && Object.hasOwn(tables, name) ? (tables[name] ?? null) : null;
}

export function isSystemSchema(schema: string): boolean {
	return Object.hasOwn(SCHEMAS, schema);
}
