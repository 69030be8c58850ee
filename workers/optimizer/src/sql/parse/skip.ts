/** Steps over what is no SQL of its own in a statement's text: strings, quoted names, comments. Each takes a position and gives the one after. */

/**
 * Past a string, quoted name, dollar-quoted text or comment that begins at `position`.
 *
 * @returns `position` itself where none does
 */
export function skipQuoted(sql: string, position: number): number {
	const character = sql[position] as string;
	if (character === "'") return skipString(sql, position, /[eE]/.test(sql[position - 1] ?? ""));
	if (character === '"') return skipUntil(sql, position + 1, '"');
	if (character === "-" && sql[position + 1] === "-") return skipUntil(sql, position, "\n");
	if (character === "/" && sql[position + 1] === "*") return skipComment(sql, position);
	if (character !== "$") return position;
	const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(sql.slice(position, position + 70));
	return tag === null ? position : skipUntil(sql, position + tag[0].length, tag[0]);
}

/** Length of the keyword, name or number at `start`; 0 where there is none. */
export function wordLength(sql: string, start: number): number {
	let end = start;
	while (end < sql.length) {
		const code = sql.charCodeAt(end);
		const isWord = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code >= 128;
		if (!isWord) break;
		end++;
	}
	return end - start;
}

function skipUntil(sql: string, start: number, end: string): number {
	const found = sql.indexOf(end, start);
	return found === -1 ? sql.length : found + end.length;
}

function skipString(sql: string, start: number, escapes: boolean): number {
	let position = start + 1;
	while (position < sql.length) {
		const character = sql[position];
		if (escapes && character === "\\") position += 2;
		else if (character === "'") return position + 1;
		else position++;
	}
	return sql.length;
}

function skipComment(sql: string, start: number): number {
	let depth = 1;
	let position = start + 2;
	while (position < sql.length && depth > 0) {
		if (sql[position] === "*" && sql[position + 1] === "/") {
			depth--;
			position += 2;
		} else if (sql[position] === "/" && sql[position + 1] === "*") {
			depth++;
			position += 2;
		} else position++;
	}
	return position;
}
