/** What depends on the session's time zone, here and in PostgreSQL. */
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine } from "../kernels/kernels.ts";
import { call, cast, lit, ours, oursInColumns, postgres, STATEMENT } from "./oracle.fixture.ts";

let database: PGlite;
const engine = createEngine({ pageCount: 64 });
beforeAll(async () => {
	database = await PGlite.create();
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
