/** Random tables: names, types, rows with NULLs, duplicates and the extremes of each type. */
import type { Random } from "../sql/random.ts";

export type Kind =
	| "smallint"
	| "integer"
	| "bigint"
	| "numeric"
	| "double"
	| "text"
	| "date"
	| "timestamp"
	| "boolean"
	| "interval"
	| "uuid"
	| "jsonb"
	| "integers";

export interface FuzzColumn {
	name: string;
	kind: Kind;
}
export interface FuzzTable {
	name: string;
	columns: FuzzColumn[];
	/** INSERTs of rows of values, as they are written. */
	inserts: string[][][];
}

/** CREATE TABLE, then INSERTs. */
export function statementsOf({ name, columns, inserts }: FuzzTable): string[] {
	const ddl = `CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${TYPES[column.kind]}`).join(", ")})`;
	return [ddl, ...inserts.map((rows) => `INSERT INTO ${name} VALUES ${rows.map((row) => `(${row.join(", ")})`).join(", ")}`)];
}

const TYPES: Record<Kind, string> = {
	smallint: "smallint",
	integer: "integer",
	bigint: "bigint",
	numeric: "numeric(12,3)",
	double: "double precision",
	text: "text",
	date: "date",
	timestamp: "timestamp",
	boolean: "boolean",
	interval: "interval",
	uuid: "uuid",
	jsonb: "jsonb",
	integers: "integer[]",
};

/**
 * Of each type: what is common, so that joins and groups meet, and what lies at the edges. No two intervals or documents here are equal in different words: which of
 * them a group or a tie shows is not promised.
 */
const VALUES: Record<Kind, { common: readonly string[]; extreme: readonly string[] }> = {
	smallint: { common: ["0", "1", "2", "3"], extreme: ["32767", "-32768", "-1"] },
	integer: { common: ["0", "1", "2", "3", "10"], extreme: ["2147483647", "-2147483648", "-1"] },
	bigint: { common: ["0", "1", "2", "5"], extreme: ["9223372036854775807", "-9223372036854775808", "9007199254740993"] },
	numeric: { common: ["0", "1.5", "2", "10.250"], extreme: ["999999999.999", "-999999999.999", "0.001"] },
	double: { common: ["0", "1", "2.5", "-3"], extreme: ["'NaN'", "'Infinity'", "'-Infinity'", "'1e300'", "-0.0", "'1e-300'"] },
	text: { common: ["'a'", "'b'", "'ab'", "'x y'"], extreme: ["''", "'%'", "'\\'", "'ÄÖ'", "'😀'", `'${"long ".repeat(20)}'`, "'A'"] },
	date: {
		common: ["'2024-01-01'", "'2024-02-29'", "'2023-12-31'"],
		extreme: ["'0001-01-01'", "'9999-12-31'", "'1969-12-31'", "'0044-03-15 BC'"],
	},
	timestamp: {
		common: ["'2024-01-01 00:00:00'", "'2024-02-29 13:05:09.5'", "'2023-12-31 23:59:59.999999'"],
		extreme: ["'0001-01-01 00:00:00'", "'9999-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.999999'"],
	},
	boolean: { common: ["true", "false"], extreme: ["true"] },
	interval: {
		common: ["'1 day'", "'1 mon'", "'3 days'", "'12:34:56'"],
		extreme: ["'-1 year 2 days'", "'00:00:00.000001'", "'100 years'"],
	},
	uuid: {
		common: ["'00000000-0000-0000-0000-000000000001'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"],
		extreme: ["'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'00000000-0000-0000-0000-000000000000'"],
	},
	jsonb: {
		common: [`'{"a": 1, "b": [1, 2]}'`, `'{"a": "x"}'`, "'[1, null, \"two\"]'", "'2'"],
		extreme: ["'null'", "'{}'", "'[]'", `'""'`, `'{"b": {"a": [{"c": null}]}}'`],
	},
	integers: {
		common: ["'{1,2}'", "'{2}'", "'{1,2,3}'"],
		extreme: ["'{}'", "'{NULL}'", "'{1,NULL,2147483647}'"],
	},
};

export const KINDS = Object.keys(TYPES) as Kind[];

/** A literal, cast to the kind: a bare 1 is an integer, 1e300 a numeric that has too many digits here. */
export function constant(random: Random, kind: Kind): string {
	if (random.chance(0.05)) return `NULL::${TYPES[kind]}`;
	const text = valueText(random, kind);
	return kind === "text" || kind === "boolean" ? text : `(${text})::${TYPES[kind]}`;
}

function valueText(random: Random, kind: Kind): string {
	const { common, extreme } = VALUES[kind];
	return random.pick(random.chance(0.8) ? common : extreme);
}

export function randomTables(random: Random): FuzzTable[] {
	return Array.from({ length: random.between(1, 3) }, (_, index) => {
		const name = `t${index}`;
		const columns = Array.from(
			{ length: random.between(1, 6) },
			(_column, position): FuzzColumn => ({
				name: `c${position}`,
				kind: random.pick(random.chance(0.5) ? (["integer", "text", "bigint"] as const) : KINDS),
			}),
		);
		const inserts = Array.from({ length: random.below(4) }, () =>
			Array.from({ length: random.between(1, 12) }, () =>
				columns.map(({ kind }) => (random.chance(0.15) ? "NULL" : valueText(random, kind))),
			),
		);
		return { name, columns, inserts };
	});
}
