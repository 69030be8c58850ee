/** What the demo asks, in SQL that PostgreSQL, DuckDB and Littoral read alike. */
export interface DemoQuery {
	title: string;
	sql: string;
}

export const DEMO_QUERIES: readonly DemoQuery[] = [
	{
		title: "How many flights, how late, how far?",
		sql: "SELECT count(*) AS flights, sum(delay) AS delay_minutes, sum(distance) AS miles FROM flights",
	},
	{
		title: "The five busiest origins",
		sql: "SELECT origin, count(*) AS flights, sum(delay) AS delay_minutes FROM flights GROUP BY origin ORDER BY flights DESC, origin LIMIT 5",
	},
	{
		title: "One week in March (zone maps prune the other files)",
		sql: "SELECT count(*) AS flights, max(delay) AS worst_delay, min(delay) AS best FROM flights WHERE date >= TIMESTAMP '2001-03-05' AND date < TIMESTAMP '2001-03-12'",
	},
	{
		title: "Flights and cancelled hope by month",
		sql: "SELECT extract(month FROM date) AS month, count(*) AS flights, sum(CASE WHEN delay > 60 THEN 1 ELSE 0 END) AS over_an_hour FROM flights GROUP BY 1 ORDER BY 1",
	},
	{
		title: "The longest routes that fly at least 3,000 times",
		sql: "SELECT origin, destination, count(*) AS flights, max(distance) AS miles FROM flights GROUP BY origin, destination HAVING count(*) >= 3000 ORDER BY miles DESC, origin, destination LIMIT 5",
	},
	{
		title: "States by departures (a join with airports)",
		sql: "SELECT a.state, count(*) AS flights, sum(f.distance) AS miles FROM flights f JOIN airports a ON f.origin = a.iata GROUP BY a.state ORDER BY flights DESC, a.state LIMIT 5",
	},
	{
		title: "States whose airports saw none of the recent flights (a left join)",
		sql: "SELECT a.state, count(*) AS airports FROM airports a LEFT JOIN recent r ON a.iata = r.origin WHERE r.origin IS NULL GROUP BY a.state ORDER BY airports DESC, a.state LIMIT 5",
	},
	{
		title: "The 20,000 recent flights, by distance",
		sql: "SELECT CASE WHEN distance < 500 THEN 'short' WHEN distance < 1500 THEN 'medium' ELSE 'long' END AS class, count(*) AS flights, count(DISTINCT origin) AS origins FROM recent GROUP BY 1 ORDER BY flights DESC",
	},
];

export const EXPLAINED =
	"EXPLAIN SELECT a.state, count(*) FROM flights f JOIN airports a ON f.origin = a.iata WHERE f.date >= TIMESTAMP '2001-03-05' AND f.date < TIMESTAMP '2001-03-12' GROUP BY a.state";

/** Tables of the demo, with the files of vega-datasets that fill them. */
export const DEMO_TABLES = [
	{
		name: "flights",
		file: "flights-3m.parquet",
		contentType: "application/vnd.apache.parquet",
		ddl: "CREATE TABLE flights (date TIMESTAMP, delay INTEGER, distance INTEGER, origin TEXT, destination TEXT) WITH (sort_key = 'date')",
	},
	{
		name: "recent",
		file: "flights-20k.json",
		contentType: "application/x-ndjson",
		ddl: "CREATE TABLE recent (date TIMESTAMP, delay INTEGER, distance INTEGER, origin TEXT, destination TEXT)",
	},
	{
		name: "airports",
		file: "airports.csv",
		contentType: "text/csv",
		ddl: "CREATE TABLE airports (iata TEXT PRIMARY KEY, name TEXT, city TEXT, state TEXT, country TEXT, latitude DOUBLE PRECISION, longitude DOUBLE PRECISION)",
	},
] as const;
