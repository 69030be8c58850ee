/** From drizzle's `sql` templates to statements: every value is a bound parameter, and many values are one JSON parameter. */
import { assert } from "#shared/base/assert.ts";
import { D1_PARAMETER_BYTES_MAX, D1_PARAMETER_COUNT_MAX } from "#shared/base/limits.ts";
import { fillPlaceholders, type SQL } from "drizzle-orm";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import type { Row, Statement } from "../ports.ts";

const dialect = new SQLiteSyncDialect();

/** @param query every interpolated value is a string, a number or null */
export function statement(query: SQL): Statement {
	const { sql, params } = dialect.sqlToQuery(query);
	return checked(sql, params);
}

/** A statement whose text is made once. */
export type PreparedStatement = (values: Record<string, string | number | null>) => Statement;

/** @param query interpolates placeholders, beside what {@link statement} takes */
export function prepare(query: SQL): PreparedStatement {
	const { sql, params } = dialect.sqlToQuery(query);
	return (values) => checked(sql, fillPlaceholders(params, values));
}

function checked(sql: string, values: unknown[]): Statement {
	assert(values.length <= D1_PARAMETER_COUNT_MAX, "a statement has at most 100 bound parameters");
	const parameters = values.map((value) => {
		assert(value === null || typeof value === "string" || typeof value === "number", "a parameter is a string, a number or NULL");
		return value;
	});
	return { sql, parameters };
}

/** Cuts items into JSON arrays for `json_each`, each within what one parameter may hold. An item alone may never be above it. */
export function jsonParameters(items: readonly unknown[]): string[] {
	const encoder = new TextEncoder();
	const parameters: string[] = [];
	let pending: string[] = [];
	let byteCount = 2;
	for (const item of items) {
		const json = JSON.stringify(item);
		const itemBytes = encoder.encode(json).length + 1;
		assert(itemBytes < D1_PARAMETER_BYTES_MAX, "one item fits a parameter");
		if (pending.length > 0 && byteCount + itemBytes > D1_PARAMETER_BYTES_MAX) {
			parameters.push(`[${pending.join(",")}]`);
			pending = [];
			byteCount = 2;
		}
		pending.push(json);
		byteCount += itemBytes;
	}
	if (pending.length > 0) parameters.push(`[${pending.join(",")}]`);
	return parameters;
}

/** A column that the query selects as a number. */
export function numberOf(row: Row, column: string): number {
	const value = row[column];
	assert(typeof value === "number", `${column} is a number`);
	return value;
}

/** A column that the query selects as text. */
export function textOf(row: Row, column: string): string {
	const value = row[column];
	assert(typeof value === "string", `${column} is text`);
	return value;
}
