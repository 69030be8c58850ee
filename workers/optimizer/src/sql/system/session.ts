/** What clients ask of the session; constants here, as there is one database and no login to it. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { DATABASE_NAME, OWNER_NAME } from "./system-table.ts";

const text = (value: string): { value: SqlValue; type: DataType } => ({ value, type: { kind: "text" } });

/** By the name of a function without arguments, or of one of SQL's value functions. */
export const SESSION_VALUES: Record<string, { value: SqlValue; type: DataType }> = {
	current_schema: text("public"),
	current_database: text(DATABASE_NAME),
	current_catalog: text(DATABASE_NAME),
	current_user: text(OWNER_NAME),
	current_role: text(OWNER_NAME),
	session_user: text(OWNER_NAME),
	user: text(OWNER_NAME),
	version: text("PostgreSQL 18.0 (Littoral)"),
};
