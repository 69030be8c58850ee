/** Ten aggregates over the flights, in SQL that PostgreSQL, DuckDB and Littoral read alike, and the same in SQLite's. Every answer is whole numbers and text. */
import { DEMO_QUERIES } from "../../scripts/demo/queries.ts";

export interface AggregateQuery {
	title: string;
	sql: string;
	/** SQLite's dialect, over dates as seconds since 1970; the same where absent. */
	sqlite?: string;
}

const demo = (index: number): { title: string; sql: string } => DEMO_QUERIES[index] as { title: string; sql: string };

export const AGGREGATES: readonly AggregateQuery[] = [
	demo(0),
	demo(1),
	{
		...demo(2),
		sqlite: `SELECT count(*) AS flights, max(delay) AS worst_delay, min(delay) AS best FROM flights
			WHERE date >= unixepoch('2001-03-05') AND date < unixepoch('2001-03-12')`,
	},
	{
		...demo(3),
		sqlite: `SELECT CAST(strftime('%m', date, 'unixepoch') AS INTEGER) AS month, count(*) AS flights, sum(CASE WHEN delay > 60 THEN 1 ELSE 0 END) AS over_an_hour
			FROM flights GROUP BY 1 ORDER BY 1`,
	},
	demo(4),
	{
		title: "Flights that were an hour late, by destination",
		sql: "SELECT destination, count(*) AS flights, max(delay) AS worst FROM flights WHERE delay > 60 GROUP BY destination ORDER BY flights DESC, destination LIMIT 10",
	},
	{
		title: "Delays of one airport",
		sql: "SELECT count(*) AS flights, sum(delay) AS delay_minutes, min(delay) AS best, max(delay) AS worst FROM flights WHERE origin = 'SFO'",
	},
	{
		title: "Flights by distance class",
		sql: "SELECT CASE WHEN distance < 500 THEN 'short' WHEN distance < 1500 THEN 'medium' ELSE 'long' END AS class, count(*) AS flights, sum(delay) AS delay_minutes FROM flights GROUP BY 1 ORDER BY 1",
	},
	{
		title: "Origins that fly to each destination",
		sql: "SELECT destination, count(DISTINCT origin) AS origins FROM flights GROUP BY destination ORDER BY origins DESC, destination LIMIT 10",
	},
	{
		title: "Two origins or two destinations, by distance",
		sql: "SELECT distance, count(*) AS flights, sum(delay) AS delay_minutes FROM flights WHERE origin IN ('JFK', 'LAX') OR destination LIKE 'S%' GROUP BY distance ORDER BY flights DESC, distance LIMIT 10",
	},
];
