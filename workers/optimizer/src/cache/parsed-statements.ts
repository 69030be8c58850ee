/** Syntax trees by SQL text. They depend on the text alone, so tenants share them; the binder never changes them. */
import { parseStatement, type ParsedStatement } from "../sql/parse/parser.ts";
import { Lru } from "#shared/base/lru.ts";

/** UTF-16 units of SQL kept in all; a tree takes some thirty times its text. */
const TEXT_LENGTH_MAX = 256 * 1024;
/** Longer statements are mostly INSERTs, which do not come twice. */
const STATEMENT_LENGTH_MAX = 16 * 1024;

export class ParsedStatementCache {
	private readonly statements = new Lru<ParsedStatement>(TEXT_LENGTH_MAX);

	/** @throws what {@link parseStatement} throws */
	async parse(sql: string): Promise<ParsedStatement> {
		const known = this.statements.get(sql);
		if (known !== undefined) return known;
		const parsed = await parseStatement(sql);
		if (sql.length <= STATEMENT_LENGTH_MAX) this.statements.set(sql, parsed, sql.length);
		return parsed;
	}
}
