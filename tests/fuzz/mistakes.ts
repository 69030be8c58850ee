/** Statements with one mistake of those that people make: both sides refuse them, with one SQLSTATE. */
import type { Random } from "../sql/random.ts";
import { constant, type FuzzTable, KINDS } from "./tables.ts";

export function randomMistake(random: Random, tables: readonly FuzzTable[]): string {
	const { name, columns } = random.pick(tables);
	const column = random.pick(columns).name;
	const other = random.pick(columns).name;
	const from = `FROM ${name}`;
	return random.pick([
		() => `SELECT nothing ${from}`,
		() => `SELECT a.${column} ${from}`,
		() => `SELECT ${column} FROM nowhere`,
		() => `SELECT nothing(${column}) ${from}`,
		() => `SELECT ${column}, count(*) ${from}`,
		() => `SELECT ${column} ${from} GROUP BY ${column} HAVING ${other} IS NULL`,
		() => `SELECT ${column} ${from} WHERE count(*) > 1`,
		() => `SELECT ${column} ${from} WHERE row_number() OVER () = 1`,
		() => `SELECT max(count(*)) ${from}`,
		() => `SELECT ${column} ${from} ORDER BY ${random.pick(["0", "2", "-1", "nothing"])}`,
		() => `SELECT ${column} ${from} GROUP BY 2`,
		() => `SELECT ${column} AS x, ${other} AS x ${from} ORDER BY x`,
		() => `SELECT ${column} ${from}, ${name} b`,
		() => `SELECT 1 ${from}, ${name}`,
		() => `SELECT ${column} ${from} UNION SELECT ${column}, 1 ${from}`,
		() => `SELECT ${constant(random, random.pick(KINDS))} UNION SELECT ${constant(random, random.pick(KINDS))}`,
		() => `SELECT ${column} ${from} WHERE ${column}`,
		() =>
			`SELECT ${column} ${from} WHERE ${column} ${random.pick(["=", "<", "+", "||", "LIKE", "@>"])} ${constant(random, random.pick(KINDS))}`,
		() => `SELECT ${random.pick(["sum", "avg", "min", "max", "upper", "abs", "length", "bool_and", "date_trunc"])}(${column}) ${from}`,
		() =>
			`SELECT ${column}::${random.pick(["integer", "date", "uuid", "boolean", "interval", "jsonb", "nothing"])} FROM ${name} WHERE false`,
		() => `SELECT (SELECT ${column}, ${other} ${from})`,
		() => `SELECT 1 WHERE 1 IN (SELECT ${column}, ${other} ${from})`,
		() => `SELECT ${column} ${from} ${random.pick(["LIMIT", "OFFSET"])} ${random.pick(["-1", "'a'", "true", column])}`,
		() => `SELECT DISTINCT ON (${column}) ${other} ${from} ORDER BY ${other} DESC, 1`,
		() => `SELECT DISTINCT ${column} ${from} ORDER BY ${other}`,
		() => `SELECT CASE WHEN true THEN ${constant(random, random.pick(KINDS))} ELSE ${constant(random, random.pick(KINDS))} END`,
		() => `SELECT coalesce(${column}, ${constant(random, random.pick(KINDS))}) ${from}`,
		() => `WITH q AS (SELECT 1), q AS (SELECT 2) SELECT * FROM q`,
		() => `WITH RECURSIVE q AS (SELECT 1 AS n UNION ALL SELECT count(*)::integer FROM q) SELECT * FROM q`,
		() => `SELECT * FROM (VALUES (1, 2), (3)) v`,
		() => `SELECT * FROM ${name} a JOIN ${name} b USING (nothing)`,
		() => `SELECT grouping(${column}) ${from}`,
		() => `SELECT ${column} FROM ${name} a, (SELECT a.${column}) b`,
		() =>
			`SELECT ${constant(random, random.pick(KINDS))} BETWEEN ${constant(random, random.pick(KINDS))} AND ${constant(random, random.pick(KINDS))}`,
		() => `SELECT ARRAY[${constant(random, random.pick(KINDS))}, ${constant(random, random.pick(KINDS))}]`,
		() => `INSERT INTO ${name} SELECT ${columns.map(() => "1").join(", ")}, 1`,
		() => `INSERT INTO ${name} (nothing) VALUES (1)`,
		() => `INSERT INTO ${name} (${column}, ${column}) VALUES (NULL, NULL)`,
	])();
}
