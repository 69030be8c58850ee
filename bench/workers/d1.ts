/** The D1 peer: rows in by batched INSERTs, queries out, over HTTP. */

interface Env {
	DB: D1Database;
}

export default {
	async fetch(request, env): Promise<Response> {
		const { pathname } = new URL(request.url);
		const [, action, table, columnCount] = pathname.split("/");
		if (action === "json" && table !== undefined) {
			return Response.json(await insertJson(env.DB, await request.text(), { table, columnCount: Number(columnCount) }));
		}
		switch (pathname) {
			case "/exec": {
				for (const sql of (await request.text()).split(";")) if (sql.trim()) await env.DB.prepare(sql).run();
				return new Response(null, { status: 204 });
			}
			case "/values":
				return Response.json(await insertValues(env.DB, (await request.json()) as unknown[][]));
			case "/rows":
				return Response.json(await insertRows(env.DB, (await request.json()) as unknown[][]));
			case "/query":
				return Response.json(await env.DB.prepare(await request.text()).raw());
			default:
				return new Response(null, { status: 404 });
		}
	},
} satisfies ExportedHandler<Env>;

/** The fastest form known: a statement a line, each line one JSON parameter with as many rows as the sender put there. */
async function insertJson(
	database: D1Database,
	body: string,
	{ table, columnCount }: { table: string; columnCount: number },
): Promise<number> {
	const values = Array.from({ length: columnCount }, (_, column) => `value ->> ${column}`);
	const insert = database.prepare(`INSERT INTO ${table} SELECT ${values.join(", ")} FROM json_each(?)`);
	const results = await database.batch(body.split("\n").map((rows) => insert.bind(rows)));
	return results.reduce((sum, result) => sum + result.meta.changes, 0);
}

/** As Cloudflare's documentation of `batch()` shows it: one prepared statement, bound once a row. */
async function insertRows(database: D1Database, rows: unknown[][]): Promise<number> {
	const insert = database.prepare("INSERT INTO flights VALUES (?, ?, ?, ?, ?)");
	const results = await database.batch(rows.map((row) => insert.bind(...row)));
	return results.reduce((sum, result) => sum + result.meta.changes, 0);
}

const COLUMN_COUNT = 5;
/** D1 allows 100 parameters a statement. */
const ROWS_PER_STATEMENT = 20;

/** The form of most tutorials: multi-row VALUES, as many rows as parameters allow, in one batch. */
async function insertValues(database: D1Database, rows: unknown[][]): Promise<number> {
	const statements: D1PreparedStatement[] = [];
	for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
		const some = rows.slice(start, start + ROWS_PER_STATEMENT);
		const places = some.map(() => `(${Array.from({ length: COLUMN_COUNT }, () => "?").join(", ")})`).join(", ");
		statements.push(database.prepare(`INSERT INTO flights VALUES ${places}`).bind(...some.flat()));
	}
	const results = await database.batch(statements);
	return results.reduce((sum, result) => sum + result.meta.changes, 0);
}
