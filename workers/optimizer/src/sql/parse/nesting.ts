/**
 * Bounds the depth of a statement's syntax tree before the parser sees it: the WebAssembly parser recurses on a small stack, and an overflow
 * there is a trap at best. One pass over the text, skipping strings, quoted names and comments, adds up what can nest:
 *
 * - a bracket or a CASE opens a level;
 * - within a level, each operator since the last comma or AND / OR may be one deeper (`1 + 1 + 1` is a left-deep tree, `- - - 1` a chain);
 * - within a level, each JOIN or set operation may be one deeper, whatever commas stand between.
 *
 * The sum over open levels is never below the tree's depth, except for AND / OR lists, which PostgreSQL's grammar flattens.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { SQL_NESTING_MAX } from "#shared/base/limits.ts";
import { skipQuoted, wordLength } from "./skip.ts";

const CHAIN_KEYWORDS = new Set(["not", "at", "collate", "is", "isnull", "notnull", "like", "ilike", "similar", "between", "in"]);
const CLAUSE_KEYWORDS = new Set(["union", "intersect", "except", "join"]);
const SEPARATOR_KEYWORDS = new Set([
	"and",
	"or",
	"select",
	"from",
	"where",
	"group",
	"having",
	"order",
	"limit",
	"when",
	"then",
	"else",
	"on",
]);
const OPERATOR_CHARACTERS = "+-*/<>=~!@#%^&|`?:";

interface Level {
	operators: number;
	clauses: number;
}

/** @returns the depth. @throws statement_too_complex (54001) above SQL_NESTING_MAX */
export function checkNesting(sql: string): number {
	let deepest = 0;
	let levels: Level[] = [{ operators: 0, clauses: 0 }];
	/** Sum over the levels below the innermost one. */
	let outer = 0;
	let position = 0;
	const top = (): Level => levels[levels.length - 1] as Level;
	const push = () => {
		outer += 1 + top().operators + top().clauses;
		levels.push({ operators: 0, clauses: 0 });
	};
	const pop = () => {
		if (levels.length === 1) return;
		levels.pop();
		outer -= 1 + top().operators + top().clauses;
	};
	while (position < sql.length) {
		const character = sql[position] as string;
		const next = skipQuoted(sql, position);
		if (next > position) {
			position = next;
			continue;
		}
		const length = wordLength(sql, position);
		if (length > 0) {
			const word = sql.slice(position, position + length).toLowerCase();
			if (word === "case") push();
			else if (word === "end") pop();
			else if (CLAUSE_KEYWORDS.has(word)) top().clauses++;
			else if (SEPARATOR_KEYWORDS.has(word)) top().operators = 0;
			else if (CHAIN_KEYWORDS.has(word)) top().operators++;
			position += length;
		} else {
			if (character === "(" || character === "[") push();
			else if (character === ")" || character === "]") pop();
			else if (character === ",") top().operators = 0;
			else if (character === ";") {
				levels = [{ operators: 0, clauses: 0 }];
				outer = 0;
			} else if (OPERATOR_CHARACTERS.includes(character)) top().operators++;
			position++;
		}
		deepest = Math.max(deepest, outer + top().operators + top().clauses);
		if (deepest > SQL_NESTING_MAX) throw nestedTooDeep();
	}
	return deepest;
}

export function nestedTooDeep(): LittoralError {
	return new LittoralError("statement_too_complex", "stack depth limit exceeded", {
		hint: `Expressions, subqueries and views may nest at most ${SQL_NESTING_MAX} deep.`,
	});
}
