/** The query of a CREATE VIEW, as it was written. */
import { skipQuoted, wordLength } from "../../parse/skip.ts";

/**
 * What stands between AS and the end of the statement. RECURSIVE is written out, as PostgreSQL defines it: `WITH RECURSIVE name (columns) AS (query) SELECT columns FROM name`.
 *
 * @param view where its name begins in `sql`, in UTF-16 units, its name, and the names of its columns
 */
export function viewText(sql: string, view: { start: number; name: string; columns: string[] }): string {
	const query = sql.slice(endOfAs(sql, view.start), endOfStatement(sql)).trim();
	if (!words(sql, 0, view.start).includes("recursive")) return query;
	const [name, ...columns] = [view.name, ...view.columns].map((part) => `"${part.replaceAll('"', '""')}"`);
	const list = columns.join(", ");
	return `WITH RECURSIVE ${name ?? ""} (${list}) AS (\n${query}\n) SELECT ${list} FROM ${name ?? ""}`;
}

/** The first AS that is no part of a quoted name, a comment or a list in brackets. */
function endOfAs(sql: string, start: number): number {
	let depth = 0;
	for (const { position, text } of tokens(sql, start)) {
		if (text === "(") depth++;
		else if (text === ")") depth--;
		else if (depth === 0 && text.toLowerCase() === "as") return position + text.length;
	}
	return sql.length;
}

function endOfStatement(sql: string): number {
	for (const { position, text } of tokens(sql, 0)) if (text === ";") return position;
	return sql.length;
}

function words(sql: string, start: number, end: number): string[] {
	const found: string[] = [];
	for (const { position, text } of tokens(sql, start)) if (position < end) found.push(text.toLowerCase());
	return found;
}

/** Words and single characters; strings, quoted names and comments are passed over. */
function* tokens(sql: string, start: number): Generator<{ position: number; text: string }, void, void> {
	let position = start;
	while (position < sql.length) {
		const next = skipQuoted(sql, position);
		const length = next > position ? 0 : Math.max(1, wordLength(sql, position));
		if (length > 0) yield { position, text: sql.slice(position, position + length) };
		position = next + length;
	}
}
