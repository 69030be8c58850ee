/** PostgreSQL itself, in process (PGlite), answering in its own text forms: the oracle for values, types, names, SQLSTATE and order. */
import { formatIntervalIso, parseInterval } from "#shared/contracts/values/interval-text.ts";
import type { PGlite } from "@electric-sql/pglite";
import { startPostgres } from "../postgres.ts";

/** An answer as text; a query that failed has `error`. */
export interface TextAnswer {
	columns: { name: string; type: string }[];
	rows: (string | null)[][];
	error?: { sqlstate: string; message: string; position: number | null };
}

/** OIDs that PGlite would parse; here every one stays text. @see PostgreSQL's pg_type.dat */
const PARSED_OIDS = [
	16, 17, 20, 21, 23, 25, 26, 114, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1700, 2950, 3802, 1000, 1005, 1007, 1016, 1009, 1021,
	1022, 1231, 1001, 1014, 1015, 1115, 1182, 1183, 1185, 1187, 2951, 3807,
];
const IDENTITY_PARSERS = Object.fromEntries(PARSED_OIDS.map((oid) => [oid, (text: string) => text]));

export class Oracle {
	readonly #pg: PGlite;
	readonly #typeNames = new Map<number, string>();

	private constructor(pg: PGlite) {
		this.#pg = pg;
	}

	/** An empty database whose session is as PostgreSQL's own, in UTC. */
	static async start(): Promise<Oracle> {
		const pg = await startPostgres();
		await pg.exec("SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'");
		const oracle = new Oracle(pg);
		const { rows } = await pg.query<{ oid: number; name: string }>("SELECT oid::int, format_type(oid, NULL) AS name FROM pg_type");
		for (const { oid, name } of rows) oracle.#typeNames.set(oid, name);
		return oracle;
	}

	async exec(sql: string): Promise<void> {
		await this.#pg.exec(sql);
	}

	/** An empty database again, whatever the session was in. */
	async reset(): Promise<void> {
		await this.#pg.exec("ROLLBACK; DROP SCHEMA public CASCADE; CREATE SCHEMA public; SET search_path = public");
	}

	/** Loads rows of CSV (no header; an unquoted empty field is NULL). */
	async copy(table: string, csv: string): Promise<void> {
		await this.#pg.query(`COPY ${table} FROM '/dev/blob' WITH (FORMAT csv)`, [], { blob: new Blob([csv]) });
	}

	async query(sql: string): Promise<TextAnswer> {
		try {
			const { fields, rows } = await this.#pg.query<(string | null)[]>(sql, [], { rowMode: "array", parsers: IDENTITY_PARSERS });
			const columns = fields.map(({ name, dataTypeID }) => ({ name, type: this.#typeNames.get(dataTypeID) ?? "record" }));
			// The API writes intervals in ISO 8601.
			const intervals = columns.map(({ type }) => type === "interval");
			const isoText = (text: string | null) => (text === null || text.endsWith("infinity") ? text : formatIntervalIso(parseInterval(text)));
			return { columns, rows: rows.map((row) => row.map((text, index) => (intervals[index] ? isoText(text) : text))) };
		} catch (error) {
			const { code, message, position } = error as { code?: string; message: string; position?: string };
			return {
				columns: [],
				rows: [],
				error: { sqlstate: code ?? "?????", message, position: position === undefined ? null : Number(position) },
			};
		}
	}

	async stop(): Promise<void> {
		await this.#pg.close();
	}
}
