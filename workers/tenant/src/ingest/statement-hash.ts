/** SHA-256 of a statement: says whether two under one key are the same. */
import { toHex } from "#shared/base/hash.ts";

/** Of its SQL, parameters and settings. */
export async function statementHash(statement: { sql: string; parameters: unknown[]; settings: unknown }): Promise<string> {
	const text = JSON.stringify([statement.sql, statement.parameters, statement.settings]);
	return `sql:${toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))))}`;
}
