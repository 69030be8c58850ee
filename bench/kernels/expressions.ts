/** Queries that call the kernels which no analytical query needs, over the tables of `rows.ts`. */

const NUMBERS = ["s", "n", "b", "r", "d", "p", "w", "(p / 7)"];
const COMPARED = ["k", "s", "n", "b", "r", "d", "p", "w", "(p / 7)", "y", "x", "z", "bin", "id", "day", "tm", "ts", "tz", "iv", "j", "a"];
/** PostgreSQL has no max of these. */
const WITHOUT_EXTREMES = ["y", "id", "j"];

const SELECTS = [
	...NUMBERS.flatMap((column) => [
		`sum(${column}), min(${column}), max(${column}), avg(${column})`,
		`max(${column} + ${column}), max(${column} - ${column}), max(${column} * 2), max(${column} / 3), max(-${column}), max(abs(${column}))`,
	]),
	...["s", "n", "b", "p", "(p / 7)"].map((column) => `max(${column} % 7)`),
	...["p", "w", "(p / 7)", "d", "r"].map(
		(column) => `max(round(${column})), max(floor(${column})), max(ceil(${column})), max(sign(${column}))`,
	),
	...COMPARED.map(
		(column) => `count(*) FILTER (WHERE ${column} > coalesce(${column}, ${column})), count(*) FILTER (WHERE y AND ${column} = ${column})`,
	),
	...COMPARED.map((column) => `count(nullif(${column}, ${column})), count(coalesce(${column}, ${column}))`),
	...["smallint", "integer", "bigint", "real", "double precision", "numeric(18,3)", "numeric", "text"].flatMap((type) =>
		NUMBERS.filter((column) => type !== "smallint" || column === "s").map((column) => `count(CAST(${column} AS ${type}))`),
	),
	"max(length(x)), max(upper(x)), max(lower(x)), max(substr(x, 3, 4)), max(trim(x)), max(replace(x, 'a', 'bb')), max(x || x), max(reverse(x)), max(strpos(x, 'of')), max(left(x, 4)), max(right(x, 4)), max(lpad(x, 30)), max(rpad(x, 30)), max(split_part(x, ' ', 2)), max(octet_length(x)), max(repeat(x, 2)), max(initcap(x)), max(ascii(x)), max(md5(x))",
	"count(*) FILTER (WHERE x LIKE '%9 of%'), count(*) FILTER (WHERE x LIKE 'value 1%'), count(*) FILTER (WHERE x LIKE 'v_lue%7'), count(*) FILTER (WHERE x ILIKE '%OF%'), count(*) FILTER (WHERE x ~ '[0-9]+7 '), count(*) FILTER (WHERE x IN ('value 1 of 1', 'value 7 of 7')), count(*) FILTER (WHERE starts_with(x, 'value 2'))",
	"max(extract(year FROM ts)), max(extract(month FROM day)), max(extract(hour FROM tz)), max(extract(epoch FROM ts)), max(date_trunc('month', ts)), max(date_trunc('hour', tz)), max(ts + iv), max(ts - iv), max(day + 3), max(ts - ts), max(day - day), max(CAST(ts AS date)), max(CAST(day AS timestamp)), max(CAST(ts AS time)), max(CAST(ts AS timestamptz)), max(iv + iv), max(iv * 2), max(age(ts, ts)), max(to_char(ts, 'YYYY-MM-DD'))",
	"count(j -> 'a'), count(j ->> 'a'), count(j #> '{b,1}'), count(*) FILTER (WHERE j ? 'a'), count(*) FILTER (WHERE j @> '{\"b\": [1]}'), count(jsonb_array_length(j -> 'b')), count(CAST(j AS text))",
	"count(a[1]), max(cardinality(a)), count(a || a), count(array_append(a, i)), count(*) FILTER (WHERE i = ANY (a)), count(array_position(a, i))",
	"bool_and(y), bool_or(y), count(NOT y), count(y AND n > 3), count(y OR n > 3), count(*) FILTER (WHERE y IS TRUE), count(*) FILTER (WHERE y IS NOT NULL)",
	"count(DISTINCT n), count(DISTINCT x), count(DISTINCT p), count(DISTINCT d), stddev(n), var_pop(d), sum(iv), avg(iv), string_agg(x, ','), array_agg(b), percentile_cont(0.5) WITHIN GROUP (ORDER BY d)",
	"sum(n & 3), sum(n | 3), sum(n # 3), sum(~n), sum(n << 2), sum(n >> 2), max(sqrt(d)), max(exp(d / 1000)), max(ln(d + 1)), max(power(d, 2)), max(sin(d)), max(greatest(n, 3)), max(least(n, 3)), max(CASE WHEN n > 3 THEN b WHEN y THEN i ELSE 0 END)",
];

/** Keys of groups, joins, sorts and windows. */
const byKey = (column: string, table: string): string[] => [
	`SELECT count(*), sum(sum) FROM (SELECT ${column}, count(*), sum(n) AS sum, count(${column}) FROM ${table} GROUP BY ${column}) AS groups`,
	`SELECT count(x), count(y), count(ts), count(p), count(w), count(s) FROM (SELECT * FROM ${table} ORDER BY ${column}, i DESC OFFSET 100) AS sorted`,
	`SELECT count(x), count(y), count(w) FROM ${table} WHERE ${column} IN (SELECT ${column} FROM ${table} WHERE i % 3 = 0)`,
	`SELECT count(v) FROM (SELECT row_number() OVER (PARTITION BY k ORDER BY ${column}) + sum(n) OVER (PARTITION BY k ORDER BY ${column}) AS v FROM ${table}) AS w`,
	...(WITHOUT_EXTREMES.includes(column) ? [] : [`SELECT min(m) FROM (SELECT k, min(${column}) AS m FROM ${table} GROUP BY k) AS extremes`]),
];

/** Each over rows with NULLs and over rows without. */
export function kernelQueries(): string[] {
	return ["t", "u"].flatMap((table) => [
		...SELECTS.flatMap((list) => [`SELECT ${list} FROM ${table}`, `SELECT ${list} FROM ${table} WHERE i % 2 = 0`]),
		...COMPARED.flatMap((column) => byKey(column, table)),
		`SELECT count(l.x), count(r.w) FROM ${table} AS l LEFT JOIN ${table} AS r ON l.i = r.b`,
		`SELECT count(l.x), count(r.w) FROM ${table} AS l FULL JOIN ${table} AS r ON l.x = r.z AND l.k = r.k`,
		`SELECT count(e) FROM (SELECT unnest(a) AS e FROM ${table}) AS e`,
		`SELECT count(tm + iv), count(tm - iv), count(tm - tm), count(day + tm), count(date_trunc('week', day)), count(-r), count(r + r), count(r * r), max(r), count(trunc(p)), count(round(p, 1)), count(trunc(r)) FROM ${table}`,
		`SELECT count(CAST(id AS text)), count(CAST(j AS text)), count(encode(bin, 'hex')), count(CAST(x || 'x' AS bytea)), count(CAST(n AS smallint)), count(CAST(d AS real)) FROM ${table} WHERE n < 30000`,
	]);
}
