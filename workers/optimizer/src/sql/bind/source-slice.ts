/** A part of the statement as it was written, for the SQL text of a DEFAULT. */

/**
 * From byte offset `start` to where the expression ends: a comma or closing bracket of the column list, or the next constraint's keyword.
 */
export function sourceSlice(sql: string, start: number): string {
	const bytes = new TextEncoder().encode(sql);
	const rest = new TextDecoder().decode(bytes.subarray(Math.max(start, 0)));
	let depth = 0;
	let position = 0;
	while (position < rest.length) {
		const character = rest[position] as string;
		if (character === "'" || character === '"') {
			const end = rest.indexOf(character, position + 1);
			if (end === -1) return rest.trim();
			position = end + 1;
			continue;
		}
		if (character === "(" || character === "[") depth++;
		else if ((character === ")" || character === "]") && --depth < 0) break;
		else if (character === "," && depth === 0) break;
		const word = /^\s+(not\s+null|null|primary|unique|check|references|constraint|collate|generated)\b/i.exec(
			rest.slice(position, position + 40),
		);
		if (depth === 0 && word !== null) break;
		position++;
	}
	return rest.slice(0, position).trim();
}
