/**
 * PostgreSQL's own parser (libpg-query) as one WebAssembly instance per isolate.
 *
 * Workers cannot compile at request time, so the entry point imports the module and installs it; the emscripten glue must be told not to look for
 * Node or a browser. An instance that trapped has an unknown heap and is dropped: the next statement gets a new one.
 */
import type { RawStmt } from "libpg-query";
import { assert } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { SQL_BYTES_MAX } from "#shared/base/limits.ts";
import type { SqlCondition } from "#shared/base/sqlstates.ts";
import { checkNesting } from "./nesting.ts";
import { SourceText } from "./positions.ts";

interface PgQueryInstance {
	_malloc(byteCount: number): number;
	_free(pointer: number): void;
	_wasm_parse_query_raw(sql: number): number;
	_wasm_free_parse_result(result: number): void;
	lengthBytesUTF8(text: string): number;
	stringToUTF8(text: string, pointer: number, byteCount: number): void;
	UTF8ToString(pointer: number): string;
	getValue(pointer: number, type: "i32"): number;
}

type PgQueryFactory = (options: {
	instantiateWasm(
		imports: WebAssembly.Imports,
		done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
	): WebAssembly.Exports;
}) => Promise<PgQueryInstance>;

/** A parsed statement and the text its locations point into. */
export interface ParsedStatement {
	node: NonNullable<RawStmt["stmt"]>;
	source: SourceText;
	/** Depth of its syntax, see nesting.ts. */
	nesting: number;
}

let installed: WebAssembly.Module | null = null;
let current: PgQueryInstance | null = null;

/** Called once per isolate, at module scope of the Worker or in a test's set-up. */
export function installParser(module: WebAssembly.Module): void {
	installed = module;
}

/** The instance, not a promise of it, is shared: workerd lets no request wait for what another one began. */
async function parserInstance(): Promise<PgQueryInstance> {
	if (current !== null) return current;
	const made = await createInstance();
	current ??= made;
	return current;
}

async function createInstance(): Promise<PgQueryInstance> {
	const module = installed;
	assert(module !== null, "installParser comes first");
	// @ts-expect-error the package declares no types for its glue
	const glue = (await import("libpg-query/wasm/libpg-query.js")) as { default: PgQueryFactory };
	return await asBrowser(() =>
		glue.default({
			instantiateWasm(imports, done) {
				const instance = new WebAssembly.Instance(module, imports);
				done(instance, module);
				return instance.exports;
			},
		}),
	);
}

/** What the glue looks at when it is called: without them it takes workerd for Node and reads files. They are put back, since others look as well. */
async function asBrowser<Made>(make: () => Promise<Made>): Promise<Made> {
	const scope = globalThis as { process?: { type?: string | undefined }; location?: unknown };
	const type = scope.process?.type;
	if (scope.process !== undefined) scope.process.type = "renderer";
	scope.location ??= { href: "https://littoral.invalid/" };
	const making = make();
	if (scope.process !== undefined) scope.process.type = type;
	return await making;
}

/**
 * Parses exactly one statement.
 *
 * @throws body_too_large, statement_too_complex (54001), syntax_error (42601) with position, multiple_statements
 */
export async function parseStatement(sql: string): Promise<ParsedStatement> {
	if (new TextEncoder().encode(sql).length > SQL_BYTES_MAX) {
		throw new LittoralError("body_too_large", `the SQL text is longer than ${SQL_BYTES_MAX} bytes`);
	}
	if (sql.includes("\0")) throw new LittoralError("character_not_in_repertoire", 'invalid byte sequence for encoding "UTF8": 0x00');
	const nesting = checkNesting(sql);
	const source = new SourceText(sql);
	const instance = await parserInstance();
	let tree: { stmts?: RawStmt[] };
	try {
		tree = runParser(instance, source);
	} catch (error) {
		if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
			current = null;
			throw new LittoralError("statement_too_complex", "stack depth limit exceeded");
		}
		throw error;
	}
	const statements = tree.stmts ?? [];
	if (statements.length > 1) throw new LittoralError("multiple_statements", "one request holds one statement");
	const node = statements[0]?.stmt;
	if (node === undefined) throw new LittoralError("syntax_error", "the statement is empty");
	return { node, source, nesting };
}

/** The parser gives a message but no SQLSTATE; nearly all of its errors are syntax errors. */
function conditionOf(message: string): SqlCondition {
	if (message.startsWith("invalid byte sequence")) return "character_not_in_repertoire";
	if (message.startsWith("memory exhausted")) return "statement_too_complex";
	if (message.startsWith("frame ")) return "windowing_error";
	if (/not (yet )?(implemented|supported)/.test(message)) return "feature_not_supported";
	return "syntax_error";
}

/** Layout of the C structs: PgQueryParseResult {tree, stderr, error}, PgQueryError {message, function, file, line, cursor (1-based)}. */
function runParser(instance: PgQueryInstance, source: SourceText): { stmts?: RawStmt[] } {
	const byteCount = instance.lengthBytesUTF8(source.sql) + 1;
	const text = instance._malloc(byteCount);
	let result = 0;
	try {
		instance.stringToUTF8(source.sql, text, byteCount);
		result = instance._wasm_parse_query_raw(text);
		assert(result !== 0, "the parser has memory for its result");
		const error = instance.getValue(result + 8, "i32");
		if (error !== 0) {
			const message = instance.UTF8ToString(instance.getValue(error, "i32"));
			const cursor = instance.getValue(error + 16, "i32");
			// The scanner has already turned its cursor into code points.
			throw new LittoralError(conditionOf(message), message, cursor > 0 ? { position: cursor } : {});
		}
		return JSON.parse(instance.UTF8ToString(instance.getValue(result, "i32"))) as { stmts?: RawStmt[] };
	} finally {
		instance._free(text);
		if (result !== 0) instance._wasm_free_parse_result(result);
	}
}
