/** What depends on the session's time zone, here and in PostgreSQL. */
import { zoneAbbreviationOffset } from "#shared/contracts/values/zone-abbreviations.ts";
import { zoneNameAt } from "#shared/contracts/values/zone-name.ts";
import type { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine } from "../kernels/kernels.ts";
import { call, cast, lit, ours, oursInColumns, postgres, STATEMENT } from "./oracle.fixture.ts";
import { startPostgres } from "../../../tests/postgres.ts";

let database: PGlite;
const engine = createEngine({ pageCount: 64 });
beforeAll(async () => {
	database = await startPostgres();
}, 60_000);
afterAll(() => database.close());

/** Around changes of the clocks, and in the deep past. */
const INSTANTS = [
	"2024-03-31 00:30:00+00",
	"2024-03-31 01:30:00+00",
	"2024-10-27 00:30:00+00",
	"2024-07-01 22:15:00.5+00",
	"1999-12-31 23:59:59.999999+00",
];
const LOCALS = ["2024-03-31 02:30:00", "2024-10-27 02:30:00", "2024-03-10 02:30:00", "2024-11-03 01:30:00", "2024-01-01 00:00:00"];

const CASES = [
	...INSTANTS.flatMap((instant) => {
		const value = lit("timestamptz", instant);
		return [
			...["date", "time", "timestamp", "text"].map((type) => cast(value, type)),
			...["hour", "day", "week", "month", "year"].map((unit) => call("date_trunc(text,timestamptz)", lit("text", unit), value)),
			...["hour", "dow", "epoch", "timezone", "timezone_hour", "timezone_minute"].map((field) =>
				call("extract(text,timestamptz)", lit("text", field), value),
			),
			...["1 day", "-1 mon", "24 hours", "1 mon -1 day 01:00:00"].map((interval) =>
				call("add(timestamptz,interval)", value, lit("interval", interval)),
			),
			call("to_char(timestamptz,text)", value, lit("text", "YYYY-MM-DD HH24:MI TZ tz TZH:TZM OF")),
			call("to_timestamp(text,text)", lit("text", instant.slice(0, 16)), lit("text", "YYYY-MM-DD HH24:MI")),
			call("date_trunc(text,timestamptz,text)", lit("text", "day"), value, lit("text", "Asia/Tokyo")),
		];
	}),
	...LOCALS.flatMap((local) => [cast(lit("timestamp", local), "timestamptz"), cast(lit("date", local.slice(0, 10)), "timestamptz")]),
];

test.each(["Europe/Berlin", "America/New_York", "Asia/Kolkata"])(
	"%s",
	async (timeZone) => {
		await database.exec(`set timezone = '${timeZone}'`);
		const statement = { ...STATEMENT, timeZone };
		for (const { expression, sql } of CASES) {
			const theirs = await postgres(database, sql);
			expect(ours(engine, expression, statement), sql).toEqual(theirs);
			expect(oursInColumns(engine, expression, statement), sql).toEqual(theirs);
		}
	},
	30_000,
);

/** Zones with letters of their own, and with none. */
const ZONES =
	"UTC Etc/GMT Europe/London Europe/Lisbon Europe/Athens Europe/Moscow America/Los_Angeles America/Halifax America/Sao_Paulo America/Argentina/Buenos_Aires Asia/Tokyo Asia/Shanghai Asia/Dubai Asia/Kathmandu Asia/Manila Australia/Sydney Australia/Adelaide Australia/Perth Pacific/Auckland Africa/Johannesburg Africa/Lagos Africa/Nairobi".split(
		" ",
	);

test("zones' names are PostgreSQL's", async () => {
	const differences: string[] = [];
	for (const timeZone of ZONES) {
		await database.exec(`set timezone = '${timeZone}'`);
		for (const instant of ["2024-01-15 12:00:00+00", "2024-07-15 12:00:00+00"]) {
			const { rows } = await database.query<{ name: string }>(`select to_char(timestamptz '${instant}', 'TZ') as name`);
			const name = zoneNameAt(timeZone, Date.parse(instant) / 1000);
			if (name !== rows[0]?.name) differences.push(`${timeZone}: ${name}, expected ${rows[0]?.name}`);
		}
	}
	expect(differences).toEqual([]);
}, 30_000);

test("abbreviations of zones are PostgreSQL's", async () => {
	const { rows } = await database.query<{ abbrev: string; seconds: number }>(
		"select abbrev, extract(epoch from utc_offset)::int as seconds from pg_timezone_abbrevs where abbrev <> 'LMT'",
	);
	expect(rows.length).toBeGreaterThan(150);
	expect(rows.filter(({ abbrev, seconds }) => zoneAbbreviationOffset(abbrev) !== seconds)).toEqual([]);
});
