/** Littoral's answers in PostgreSQL's text, and the comparison of two answers. */
import { ApiError, type CommandResult, type LittoralClient, type SqlResult } from "../../scripts/client.ts";
import type { TextAnswer } from "./oracle.ts";

/** Only aggregates over floating point may differ in their last digits: their sum depends on the order of rows. */
const FLOAT_TOLERANCE = 1e-9;
const FLOAT_TYPES = new Set(["real", "double precision"]);

/** Runs a query over HTTP and turns the answer into PostgreSQL's text forms. */
export async function littoralAnswer(client: LittoralClient, sql: string): Promise<TextAnswer> {
	try {
		// What changes something answers without rows.
		const result: SqlResult | CommandResult = await client.query(sql);
		const { columns, rows } = "columns" in result ? result : { columns: [], rows: [] };
		const types = columns.map((column) => column.type.replace(/\(.*\)/, ""));
		const texts = rows.map((row) => row.map((value, index) => textOf(value, types[index] as string)));
		// JSON has no text of arrays and documents: CSV gives PostgreSQL's.
		const nested = types.flatMap((type, index) => (type === "jsonb" || type.endsWith("[]") ? [index] : []));
		const csv = nested.length > 0 && rows.length > 0 ? await csvRows(client, sql) : [];
		for (const [row, values] of csv.entries()) for (const index of nested) (texts[row] as (string | null)[])[index] = values[index] ?? null;
		return { columns: columns.map((column, index) => ({ name: column.name, type: types[index] as string })), rows: texts };
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		const { sqlstate, detail, position, code } = error.problem;
		return { columns: [], rows: [], error: { sqlstate: sqlstate ?? code, message: detail, position: position ?? null } };
	}
}

/** The rows of a query as CSV; an unquoted empty field is NULL. */
async function csvRows(client: LittoralClient, sql: string): Promise<(string | null)[][]> {
	const headers = { "Content-Type": "application/json", Accept: "text/csv" };
	const text = await (await client.request("/v1/sql", { headers, body: JSON.stringify({ sql }) })).text();
	const rows: (string | null)[][] = [[]];
	for (const [, quoted, bare = "", end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
		(rows.at(-1) as (string | null)[]).push(quoted === undefined ? bare || null : quoted.replaceAll('""', '"'));
		if (end === "\n") rows.push([]);
	}
	return rows.slice(1, -1);
}

function textOf(value: unknown, type: string): string | null {
	if (value === null) return null;
	if (typeof value === "boolean") return value ? "t" : "f";
	if (typeof value !== "string") return typeof value === "object" ? JSON.stringify(value) : String(value);
	if (type === "timestamp without time zone") return value.replace("T", " ");
	if (type === "timestamp with time zone") return value.replace("T", " ").replace(/Z$/, "+00");
	if (type === "bytea") return `\\x${Buffer.from(value, "base64").toString("hex")}`;
	return value;
}

function sameValue(left: string | null, right: string | null, type: string, tolerant: boolean): boolean {
	if (left === right) return true;
	if (!tolerant) return false;
	if (left === null || right === null || !FLOAT_TYPES.has(type)) return false;
	const [a, b] = [Number(left), Number(right)];
	return a === b || Math.abs(a - b) <= FLOAT_TOLERANCE * Math.max(Math.abs(a), Math.abs(b)) * (type === "real" ? 1e4 : 1);
}

/** One spelling of a floating-point number: `1e+15` and `1000000000000000` are the same. */
function canonical(answer: TextAnswer): (string | null)[][] {
	const floats = answer.columns.map(({ type }) => FLOAT_TYPES.has(type));
	if (!floats.includes(true)) return answer.rows;
	return answer.rows.map((row) => row.map((value, column) => (value !== null && floats[column] ? String(Number(value)) : value)));
}

const sortKey = (row: (string | null)[]): string => row.map((value) => value ?? "\u0000").join("\u0001");

/** @param sql tells whether sums of floating point are in it: only then may floats differ, in their last digits. @param ordered compares rows in order; else as bags. @returns what differs, or null */
export function difference(sql: string, actual: TextAnswer, expected: TextAnswer, ordered: boolean): string | null {
	const tolerant = /\b(sum|avg)\(/i.test(sql);
	if (actual.error || expected.error) {
		const [left, right] = [actual.error, expected.error];
		if (left?.sqlstate === right?.sqlstate) return null;
		return `error ${left ? `${left.sqlstate} ${left.message}` : "none"}, expected ${right ? `${right.sqlstate} ${right.message}` : "none"}`;
	}
	const describe = (answer: TextAnswer): string => answer.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
	// A row value is shown as its text: docs/sql.md.
	for (const column of expected.columns) if (column.type === "record") column.type = "text";
	if (describe(actual) !== describe(expected)) return `columns (${describe(actual)}), expected (${describe(expected)})`;
	if (actual.rows.length !== expected.rows.length) return `${actual.rows.length} rows, expected ${expected.rows.length}`;
	const byKey = (left: (string | null)[], right: (string | null)[]): number => (sortKey(left) < sortKey(right) ? -1 : 1);
	const rows = [canonical(actual), canonical(expected)] as const;
	const [left, right] = ordered ? rows : [rows[0].toSorted(byKey), rows[1].toSorted(byKey)];
	for (const [index, row] of left.entries()) {
		const other = right[index] as (string | null)[];
		if (!row.every((value, column) => sameValue(value, other[column] ?? null, expected.columns[column]?.type ?? "", tolerant))) {
			return `row ${index + 1} is ${JSON.stringify(row)}, expected ${JSON.stringify(other)}`;
		}
	}
	return null;
}
