/** Functions of dates, times and intervals. EXTRACT(f FROM x) is `extract(text,T)`; what depends on the session's zone or now is stable. */
import { scalar, type SignatureOptions } from "./define.ts";
import type { ArgumentKind, FunctionSignature } from "./signature.ts";

const RAISING: SignatureOptions = { canRaise: true, cost: 4 };
const ZONED: SignatureOptions = { canRaise: true, cost: 20, volatility: "stable" };
const FIELD: SignatureOptions = { canRaise: true, cost: 8 };

const arithmetic: FunctionSignature[] = [
	scalar("add", ["date", "integer"], "date", "So many days later.", RAISING),
	scalar("add", ["integer", "date"], "date", "So many days later.", RAISING),
	scalar("subtract", ["date", "integer"], "date", "So many days earlier.", RAISING),
	scalar("subtract", ["date", "date"], "integer", "Days between.", RAISING),
	scalar("add", ["date", "interval"], "timestamp", "The date at midnight, moved; a month without that day gives its last.", RAISING),
	scalar("add", ["interval", "date"], "timestamp", "The date at midnight, moved; a month without that day gives its last.", RAISING),
	scalar("subtract", ["date", "interval"], "timestamp", "The date at midnight, moved back.", RAISING),
	scalar("add", ["date", "time"], "timestamp", "That day at that time.", RAISING),
	scalar("add", ["time", "date"], "timestamp", "That day at that time.", RAISING),
	scalar(
		"add",
		["timestamp", "interval"],
		"timestamp",
		"Months first, a missing day gives the month's last, then days, then time.",
		RAISING,
	),
	scalar(
		"add",
		["interval", "timestamp"],
		"timestamp",
		"Months first, a missing day gives the month's last, then days, then time.",
		RAISING,
	),
	scalar("subtract", ["timestamp", "interval"], "timestamp", "The timestamp, moved back.", RAISING),
	scalar("subtract", ["timestamp", "timestamp"], "interval", "Days and time between.", RAISING),
	scalar("add", ["timestamptz", "interval"], "timestamptz", "Months and days in the session's zone, then time.", ZONED),
	scalar("add", ["interval", "timestamptz"], "timestamptz", "Months and days in the session's zone, then time.", ZONED),
	scalar("subtract", ["timestamptz", "interval"], "timestamptz", "Moved back; months and days in the session's zone, then time.", ZONED),
	scalar("subtract", ["timestamptz", "timestamptz"], "interval", "Days of 24 hours and time between.", RAISING),
	scalar("add", ["time", "interval"], "time", "The time moved, round the clock."),
	scalar("add", ["interval", "time"], "time", "The time moved, round the clock."),
	scalar("subtract", ["time", "interval"], "time", "The time moved back, round the clock."),
	scalar("subtract", ["time", "time"], "interval", "The time between."),
	scalar("add", ["interval", "interval"], "interval", "Field by field.", RAISING),
	scalar("subtract", ["interval", "interval"], "interval", "Field by field.", RAISING),
	scalar("multiply", ["interval", "double"], "interval", "Fractions of months and days go down to the lower fields.", RAISING),
	scalar("multiply", ["double", "interval"], "interval", "Fractions of months and days go down to the lower fields.", RAISING),
	scalar("divide", ["interval", "double"], "interval", "Fractions of months and days go down to the lower fields.", RAISING),
	scalar("negate", ["interval"], "interval", "Every field with its sign changed.", RAISING),
];

const fields: FunctionSignature[] = (["date", "time", "timestamp", "timestamptz", "interval"] as const).flatMap((kind) => {
	const options = kind === "timestamptz" ? ZONED : FIELD;
	return [
		scalar(
			"extract",
			["text", kind],
			"numeric",
			"A field by its name: year, month, day, hour, second, dow, epoch and the others.",
			options,
		),
		scalar("date_part", ["text", kind], "double", "As extract, in double precision.", options),
	];
});

const INTERVAL_FIELDS: ArgumentKind[] = ["integer", "integer", "integer", "integer", "integer", "integer", "double"];
const FIELDS: ArgumentKind[] = ["integer", "integer", "integer", "integer", "integer", "double"];

const making: FunctionSignature[] = [
	scalar(
		"make_time",
		["integer", "integer", "double"],
		"time",
		"The time of an hour, minute and second; 22008 where there is none.",
		RAISING,
	),
	scalar("make_timestamp", FIELDS, "timestamp", "The timestamp of its fields, year first; 22008 where there is none.", RAISING),
	scalar("make_timestamptz", FIELDS, "timestamptz", "The instant at which the session's clock shows the fields.", ZONED),
	scalar("make_timestamptz", [...FIELDS, "text"], "timestamptz", "The instant at which that zone's clock shows the fields.", ZONED),
	...Array.from({ length: INTERVAL_FIELDS.length + 1 }, (_, count) =>
		scalar(
			"make_interval",
			INTERVAL_FIELDS.slice(0, count),
			"interval",
			"Of years, months, weeks, days, hours, minutes, seconds.",
			RAISING,
		),
	),
];

const ranges: FunctionSignature[] = [
	scalar("justify_hours", ["interval"], "interval", "Every 24 hours as a day.", RAISING),
	scalar("justify_days", ["interval"], "interval", "Every 30 days as a month.", RAISING),
	scalar("justify_interval", ["interval"], "interval", "Both, with all fields of one sign.", RAISING),
	...(["timestamp", "timestamptz"] as const).map((kind) =>
		scalar(
			"date_bin",
			["interval", kind, kind],
			kind,
			"The start of the bin of that width, counted from an origin, that the time lies in.",
			RAISING,
		),
	),
	...(["date", "timestamp", "timestamptz", "interval"] as const).map((kind) =>
		scalar("isfinite", [kind], "boolean", "True: there is no infinity of this type here."),
	),
	...(["time", "timestamp", "timestamptz"] as const).flatMap((kind) =>
		[kind, "interval" as const].flatMap((left) =>
			[kind, "interval" as const].map((right) =>
				scalar(
					"overlaps",
					[kind, left, kind, right],
					"boolean",
					"OVERLAPS: two ranges, each a start and an end or a length, share some time.",
					{
						...ZONED,
						strict: false,
					},
				),
			),
		),
	),
];

export const DATETIME_SIGNATURES: readonly FunctionSignature[] = [
	...arithmetic,
	...fields,
	scalar("date_trunc", ["text", "timestamp"], "timestamp", "The start of the unit that the timestamp lies in.", FIELD),
	scalar("date_trunc", ["text", "timestamptz"], "timestamptz", "The start of the unit in the session's zone.", ZONED),
	scalar("date_trunc", ["text", "timestamptz", "text"], "timestamptz", "The start of the unit in the zone named.", ZONED),
	scalar("date_trunc", ["text", "interval"], "interval", "Fields below the unit set to zero.", FIELD),
	scalar("timezone", ["text", "timestamptz"], "timestamp", "AT TIME ZONE: the clock of that zone.", ZONED),
	scalar("timezone", ["text", "timestamp"], "timestamptz", "AT TIME ZONE: the instant at which that zone's clock shows it.", ZONED),
	...["now", "transaction_timestamp", "statement_timestamp", "current_timestamp"].map((name) =>
		scalar(name, [], "timestamptz", "When the statement began.", { volatility: "stable" }),
	),
	scalar("localtimestamp", [], "timestamp", "When the statement began, by the session's clock.", { volatility: "stable" }),
	scalar("current_date", [], "date", "The day the statement began, in the session's zone.", { volatility: "stable" }),
	scalar("localtime", [], "time", "The time of day the statement began, in the session's zone.", { volatility: "stable" }),
	scalar("to_timestamp", ["double"], "timestamptz", "The instant so many seconds after 1970-01-01 UTC.", RAISING),
	...["date_add", "date_subtract"].flatMap((name) => {
		const what = name === "date_add" ? "The instant moved" : "The instant moved back";
		return [
			scalar(name, ["timestamptz", "interval"], "timestamptz", `${what}; months and days in the session's zone, then time.`, ZONED),
			scalar(name, ["timestamptz", "interval", "text"], "timestamptz", `${what}; months and days in the zone named, then time.`, ZONED),
		];
	}),
	scalar("make_date", ["integer", "integer", "integer"], "date", "The date of a year, month and day; 22008 where there is none.", RAISING),
	...making,
	...ranges,
	scalar("age", ["timestamptz", "timestamptz"], "interval", "Years, months, days and time between, by the session's clock.", ZONED),
	...(["timestamp", "timestamptz"] as const).map((kind) =>
		scalar("age", [kind], "interval", "Years, months, days and time up to the start of today.", ZONED),
	),
	scalar("age", ["timestamp", "timestamp"], "interval", "Years, months, days and time between.", { canRaise: true, cost: 20 }),
];
