/** The SQL/JSON path language: text to tree. @see https://www.postgresql.org/docs/18/functions-json.html#FUNCTIONS-SQLJSON-PATH */
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { SQL_NESTING_MAX } from "#shared/base/limits.ts";
import { normalizeJson, plainNumber, quoteJson } from "#shared/contracts/values/json-text.ts";

export type PathNode =
	| { kind: "root" | "current" | "last" }
	| { kind: "variable"; name: string }
	/** `json` is canonical. */
	| { kind: "literal"; json: string }
	| { kind: "access"; input: PathNode; step: PathStep }
	| { kind: "negate" | "plus"; input: PathNode }
	| { kind: "arithmetic"; operator: "+" | "-" | "*" | "/" | "%"; left: PathNode; right: PathNode }
	| { kind: "predicate"; predicate: PathPredicate };

export type PathStep =
	| { kind: "member"; key: string }
	| { kind: "any_member" | "any_element" }
	| { kind: "descend"; from: number; to: number }
	| { kind: "subscripts"; ranges: { from: PathNode; to: PathNode | null }[] }
	| { kind: "filter"; predicate: PathPredicate }
	| { kind: "method"; name: PathMethod };

export type PathPredicate =
	| { kind: "compare"; operator: "==" | "<>" | "<" | "<=" | ">" | ">="; left: PathNode; right: PathNode }
	| { kind: "and" | "or"; left: PathPredicate; right: PathPredicate }
	| { kind: "not" | "is_unknown"; input: PathPredicate }
	| { kind: "exists"; path: PathNode }
	| { kind: "starts_with"; input: PathNode; prefix: PathNode }
	| { kind: "like_regex"; input: PathNode; pattern: string; flags: string };

const METHODS = [
	"type",
	"size",
	"double",
	"number",
	"integer",
	"bigint",
	"boolean",
	"string",
	"ceiling",
	"floor",
	"abs",
	"keyvalue",
] as const;
export type PathMethod = (typeof METHODS)[number];

const STEP_COUNT_MAX = 20_000;

export interface ParsedPath {
	strict: boolean;
	root: PathNode;
}

const TOKEN =
	/\s*(?:("(?:[^"\\]|\\.)*")|(\$"(?:[^"\\]|\\.)*"|\$[\p{L}_][\p{L}\p{N}_$]*)|((?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_$]*)|(\*\*|==|!=|<>|<=|>=|&&|\|\||[-$@.*?()[\]{},<>!+/%]))/uy;

type Token = { kind: "string" | "variable" | "number" | "word" | "symbol"; text: string };

function tokens(text: string): Token[] {
	const list: Token[] = [];
	TOKEN.lastIndex = 0;
	while (TOKEN.lastIndex < text.trimEnd().length) {
		const match = TOKEN.exec(text);
		if (match === null) throw syntaxError(text);
		const [, string, variable, number, word, symbol] = match;
		if (string !== undefined) list.push({ kind: "string", text: string });
		else if (variable !== undefined) list.push({ kind: "variable", text: variable });
		else if (number !== undefined) list.push({ kind: "number", text: number });
		else if (word !== undefined) list.push({ kind: "word", text: word });
		else list.push({ kind: "symbol", text: symbol as string });
	}
	return list;
}

function syntaxError(text: string, at?: Token): LittoralError {
	if (text.trim() === "") return new LittoralError("invalid_text_representation", `invalid input syntax for type jsonpath: "${text}"`);
	return new LittoralError("syntax_error", `syntax error at ${at === undefined ? "end" : `or near "${at.text}"`} of jsonpath input`);
}

/** @throws 42601, 22P02 */
export function parsePath(text: string): ParsedPath {
	return new PathParser(text).path();
}

class PathParser {
	readonly #text: string;
	readonly #tokens: Token[];
	#at = 0;
	#depth = 0;
	#filterDepth = 0;
	/** Brackets are tried as a predicate, then as an expression: what is nested in them is read anew each time. */
	#stepCount = 0;

	constructor(text: string) {
		this.#text = text;
		this.#tokens = tokens(text);
	}

	path(): ParsedPath {
		const strict = this.#isWord("strict");
		if (strict || this.#isWord("lax")) this.#at++;
		const root = this.#expressionOrPredicate();
		if (this.#at < this.#tokens.length) throw this.#error();
		return { strict, root };
	}

	#error(): LittoralError {
		return syntaxError(this.#text, this.#tokens[this.#at]);
	}

	#isSymbol(text: string): boolean {
		const token = this.#tokens[this.#at];
		return token?.kind === "symbol" && token.text === text;
	}

	#isWord(text: string): boolean {
		const token = this.#tokens[this.#at];
		return token?.kind === "word" && token.text === text;
	}

	#accept(text: string): boolean {
		if (!this.#isSymbol(text)) return false;
		this.#at++;
		return true;
	}

	#expect(text: string): void {
		if (!this.#accept(text)) throw this.#error();
	}

	#expressionOrPredicate(): PathNode {
		const start = this.#at;
		try {
			const predicate = this.#or();
			return { kind: "predicate", predicate };
		} catch (error) {
			const failedAt = this.#at;
			this.#at = start;
			const node = this.#sum();
			if (this.#at < this.#tokens.length && failedAt > this.#at) throw error;
			return node;
		}
	}

	#or(): PathPredicate {
		let left = this.#and();
		while (this.#accept("||")) left = { kind: "or", left, right: this.#and() };
		return left;
	}

	#and(): PathPredicate {
		let left = this.#not();
		while (this.#accept("&&")) left = { kind: "and", left, right: this.#not() };
		return left;
	}

	#not(): PathPredicate {
		if (++this.#depth > SQL_NESTING_MAX) throw new LittoralError("statement_too_complex", "stack depth limit exceeded");
		try {
			if (this.#accept("!")) return { kind: "not", input: this.#delimited() };
			return this.#test();
		} finally {
			this.#depth--;
		}
	}

	/** `(predicate)` or `exists (path)`. */
	#delimited(): PathPredicate {
		if (this.#isWord("exists")) return this.#test();
		this.#expect("(");
		const inner = this.#or();
		this.#expect(")");
		return inner;
	}

	#test(): PathPredicate {
		if (this.#isWord("exists")) {
			this.#at++;
			this.#expect("(");
			const path = this.#sum();
			this.#expect(")");
			return { kind: "exists", path };
		}
		if (this.#isSymbol("(")) {
			const start = this.#at;
			try {
				const inner = this.#delimited();
				if (this.#isWord("is")) {
					this.#at++;
					if (!this.#isWord("unknown")) throw this.#error();
					this.#at++;
					return { kind: "is_unknown", input: inner };
				}
				return inner;
			} catch (error) {
				if (hasCode(error, "statement_too_complex")) throw error;
				this.#at = start;
			}
		}
		const left = this.#sum();
		if (this.#isWord("starts")) {
			this.#at++;
			if (!this.#isWord("with")) throw this.#error();
			this.#at++;
			return { kind: "starts_with", input: left, prefix: this.#primary() };
		}
		if (this.#isWord("like_regex")) return this.#likeRegex(left);
		const token = this.#tokens[this.#at];
		if (token?.kind !== "symbol" || !["==", "!=", "<>", "<", "<=", ">", ">="].includes(token.text)) throw this.#error();
		this.#at++;
		const operator = (token.text === "!=" ? "<>" : token.text) as "==";
		return { kind: "compare", operator, left, right: this.#sum() };
	}

	#likeRegex(input: PathNode): PathPredicate {
		this.#at++;
		const pattern = this.#string();
		let flags = "";
		if (this.#isWord("flag")) {
			this.#at++;
			flags = this.#string();
		}
		return { kind: "like_regex", input, pattern, flags };
	}

	#string(): string {
		const token = this.#tokens[this.#at];
		if (token?.kind !== "string") throw this.#error();
		this.#at++;
		return JSON.parse(normalizeJson(token.text)) as string;
	}

	#sum(): PathNode {
		let left = this.#product();
		for (;;) {
			const operator = this.#isSymbol("+") ? "+" : this.#isSymbol("-") ? "-" : null;
			if (operator === null) return left;
			this.#at++;
			left = { kind: "arithmetic", operator, left, right: this.#product() };
		}
	}

	#product(): PathNode {
		let left = this.#unary();
		for (;;) {
			const operator = this.#isSymbol("*") ? "*" : this.#isSymbol("/") ? "/" : this.#isSymbol("%") ? "%" : null;
			if (operator === null) return left;
			this.#at++;
			left = { kind: "arithmetic", operator, left, right: this.#unary() };
		}
	}

	#unary(): PathNode {
		if (++this.#depth > SQL_NESTING_MAX) throw new LittoralError("statement_too_complex", "stack depth limit exceeded");
		try {
			if (this.#accept("-")) return { kind: "negate", input: this.#unary() };
			if (this.#accept("+")) return { kind: "plus", input: this.#unary() };
			return this.#accessors(this.#primary());
		} finally {
			this.#depth--;
		}
	}

	#primary(): PathNode {
		if (++this.#stepCount > STEP_COUNT_MAX) throw new LittoralError("statement_too_complex", "jsonpath is too complex");
		const token = this.#tokens[this.#at++];
		switch (token?.kind) {
			case "string":
				return { kind: "literal", json: quoteJson(JSON.parse(normalizeJson(token.text)) as string) };
			case "number":
				return { kind: "literal", json: plainNumber(numberText(token.text)) };
			case "variable":
				return { kind: "variable", name: token.text.startsWith('$"') ? (JSON.parse(token.text.slice(1)) as string) : token.text.slice(1) };
			case "word":
				if (token.text === "last") return { kind: "last" };
				if (["true", "false", "null"].includes(token.text)) return { kind: "literal", json: token.text };
				break;
			case "symbol":
				if (token.text === "$") return { kind: "root" };
				if (token.text === "@") {
					if (this.#filterDepth === 0) throw new LittoralError("syntax_error", "@ is not allowed in root expressions");
					return { kind: "current" };
				}
				if (token.text === "(") {
					const inner = this.#expressionInBrackets();
					this.#expect(")");
					return inner;
				}
				break;
			case undefined:
				break;
		}
		this.#at--;
		throw this.#error();
	}

	#expressionInBrackets(): PathNode {
		const start = this.#at;
		try {
			const predicate = this.#or();
			if (this.#isSymbol(")")) return { kind: "predicate", predicate };
		} catch (error) {
			// No predicate: an expression.
			if (hasCode(error, "statement_too_complex")) throw error;
		}
		this.#at = start;
		return this.#sum();
	}

	#accessors(first: PathNode): PathNode {
		let input = first;
		for (;;) {
			const step = this.#step();
			if (step === null) return input;
			input = { kind: "access", input, step };
		}
	}

	#step(): PathStep | null {
		if (this.#accept("[")) {
			if (this.#accept("*")) {
				this.#expect("]");
				return { kind: "any_element" };
			}
			const ranges: { from: PathNode; to: PathNode | null }[] = [];
			do {
				const from = this.#sum();
				let to: PathNode | null = null;
				if (this.#isWord("to")) {
					this.#at++;
					to = this.#sum();
				}
				ranges.push({ from, to });
			} while (this.#accept(","));
			this.#expect("]");
			return { kind: "subscripts", ranges };
		}
		if (this.#accept("?")) {
			this.#expect("(");
			this.#filterDepth++;
			try {
				const predicate = this.#or();
				this.#expect(")");
				return { kind: "filter", predicate };
			} finally {
				this.#filterDepth--;
			}
		}
		if (!this.#accept(".")) return null;
		if (this.#accept("**")) return this.#descend();
		if (this.#accept("*")) return { kind: "any_member" };
		const token = this.#tokens[this.#at++];
		if (token?.kind === "string") return { kind: "member", key: JSON.parse(normalizeJson(token.text)) as string };
		if (token?.kind !== "word" && token?.kind !== "variable") {
			this.#at--;
			throw this.#error();
		}
		if (!this.#isSymbol("(")) return { kind: "member", key: token.text };
		this.#at++;
		this.#expect(")");
		const name = METHODS.find((method) => method === token.text);
		if (name === undefined) throw new LittoralError("feature_not_supported", `jsonpath method .${token.text}() is not supported`);
		return { kind: "method", name };
	}

	#descend(): PathStep {
		if (!this.#accept("{")) return { kind: "descend", from: 0, to: Number.POSITIVE_INFINITY };
		const level = (): number => {
			const token = this.#tokens[this.#at++];
			if (token?.kind === "number") return Number(token.text);
			if (token?.kind === "word" && token.text === "last") return Number.POSITIVE_INFINITY;
			this.#at--;
			throw this.#error();
		};
		const from = level();
		let to = from;
		if (this.#isWord("to")) {
			this.#at++;
			to = level();
		}
		this.#expect("}");
		return { kind: "descend", from, to };
	}
}

/** A number as JSON writes it: `.5` and `1.` are taken too. */
function numberText(text: string): string {
	const plain = text
		.replaceAll("_", "")
		.replace(/^\./, "0.")
		.replace(/\.(?=$|[eE])/, "");
	return plain.replace(/^0+(?=\d)/, "");
}
