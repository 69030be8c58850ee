/**
 * Templates of to_char, to_date, to_timestamp and to_number, taken apart: patterns, the longest spelling first, and what stands between them. Text in double
 * quotes is no pattern; a backslash takes the quote's meaning, and inside quotes that of any character.
 * Source: PostgreSQL 18, "Data Type Formatting Functions".
 */

export interface TemplatePattern<Pattern> {
	kind: "pattern";
	pattern: Pattern;
	/** FM: no padding. Only before patterns of dates; numbers have FM as a pattern of its own. */
	fill: boolean;
	/** TH or th behind a pattern of dates. */
	ordinal: "TH" | "th" | null;
	/** TM: names without padding. */
	translated: boolean;
}

/** One character that is no pattern. */
export interface TemplateText {
	kind: "text" | "space" | "separator";
	text: string;
}

export type TemplateNode<Pattern> = TemplatePattern<Pattern> | TemplateText;

export interface Named {
	/** As templates spell it. */
	name: string;
}

/** Patterns by their first character, longest names first. */
export type PatternTable<Pattern extends Named> = Map<string, Pattern[]>;

export function patternTable<Pattern extends Named>(patterns: readonly Pattern[]): PatternTable<Pattern> {
	const table = Map.groupBy(patterns, ({ name }) => name[0] as string);
	for (const named of table.values()) named.sort((left, right) => right.name.length - left.name.length);
	return table;
}

/** Printable ASCII that is neither letter, digit nor blank. */
export const isSeparator = (character: string): boolean => /^[!-/:-@[-`{-~]$/.test(character);
export const isSpace = (character: string): boolean => /^[ \t\n\v\f\r]$/.test(character);

const PREFIX = /FM|fm|TM|tm/y;
const SUFFIX = /TH|th|SP/y;

/** The match of a sticky expression at a position. */
function at(expression: RegExp, text: string, position: number): string | null {
	expression.lastIndex = position;
	return expression.exec(text)?.[0] ?? null;
}

/** @param modifiers whether FM, TM, TH and SP belong to patterns, as in templates of dates, where separators count too */
export function parseTemplate<Pattern extends Named>(
	template: string,
	table: PatternTable<Pattern>,
	modifiers: boolean,
): TemplateNode<Pattern>[] {
	const nodes: TemplateNode<Pattern>[] = [];
	const characterAt = (position: number): string => String.fromCodePoint(template.codePointAt(position) as number);
	for (let position = 0; position < template.length; ) {
		const prefix = modifiers ? at(PREFIX, template, position) : null;
		position += prefix?.length ?? 0;
		const start = position;
		const pattern = table.get(template[start] ?? "")?.find(({ name }) => template.startsWith(name, start));
		if (pattern !== undefined) {
			position += pattern.name.length;
			const suffix = modifiers ? at(SUFFIX, template, position) : null;
			position += suffix?.length ?? 0;
			nodes.push({
				kind: "pattern",
				pattern,
				fill: prefix?.toUpperCase() === "FM",
				ordinal: suffix === "TH" || suffix === "th" ? suffix : null,
				translated: prefix?.toUpperCase() === "TM",
			});
		} else if (template[position] === '"') {
			for (position++; position < template.length && template[position] !== '"'; ) {
				if (template[position] === "\\" && position + 1 < template.length) position++;
				const text = characterAt(position);
				nodes.push({ kind: "text", text });
				position += text.length;
			}
			position++;
		} else if (position < template.length) {
			if (template.startsWith('\\"', position)) position++;
			const text = characterAt(position);
			const kind = modifiers && isSeparator(text) ? "separator" : isSpace(text) ? "space" : "text";
			nodes.push({ kind, text });
			position += text.length;
		}
	}
	return nodes;
}

/** `parse` with a memory of the template it saw last: templates are constants, or runs of one text. */
export function rememberingLast<Parsed>(parse: (template: string) => Parsed): (template: string) => Parsed {
	let last: { template: string; parsed: Parsed } | null = null;
	return (template) => {
		if (last?.template !== template) last = { template, parsed: parse(template) };
		return last.parsed;
	};
}
