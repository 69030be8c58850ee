/** Applies D1 migrations in process, in wrangler's own bookkeeping, so that `wrangler d1 migrations apply --local` sees the same state. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unstable_splitSqlQuery as splitSqlQuery } from "wrangler";

/** What this needs of a D1 database. */
export interface MigratableDatabase {
	exec(sql: string): Promise<unknown>;
	prepare(
		sql: string,
	): { bind(...values: unknown[]): MigratableStatement; all(): Promise<{ results: Record<string, unknown>[] }> } & MigratableStatement;
	batch(statements: never[]): Promise<unknown>;
}
type MigratableStatement = object;

/** Runs each migration of `migrationsDir` that `database` has not had, in order of name, each in one batch. */
export async function applyMigrations(database: MigratableDatabase, migrationsDir: string): Promise<void> {
	if (!existsSync(migrationsDir)) return;
	await database.exec(
		"CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
	);
	const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
	const applied = new Set(results.map((row) => row["name"]));
	const names = readdirSync(migrationsDir).filter((name) => name.endsWith(".sql"));
	for (const name of names.sort().filter((candidate) => !applied.has(candidate))) {
		const statements = splitSqlQuery(readFileSync(join(migrationsDir, name), "utf8"));
		const batch = [
			...statements.map((sql) => database.prepare(sql)),
			database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
		];
		await database.batch(batch as never[]);
	}
}
