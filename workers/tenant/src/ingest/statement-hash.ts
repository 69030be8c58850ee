/** SHA-256 of a statement: says whether two under one key are the same. */

/** Of its SQL, parameters and settings. */
export async function statementHash(statement: { sql: string; parameters: unknown[]; settings: unknown }): Promise<string> {
	const text = JSON.stringify([statement.sql, statement.parameters, statement.settings]);
	return `sql:${hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))}`;
}

export function hex(digest: ArrayBuffer): string {
	return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
