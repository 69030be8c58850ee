/** Random rows with NULLs and extremes for the tables of `random-select.ts`, as CSV without a header. */
import type { Random } from "./random.ts";

export const FACTS_DDL =
	"CREATE TABLE facts (id BIGINT NOT NULL, k INTEGER, s SMALLINT, big BIGINT, amount NUMERIC(12,2), ratio DOUBLE PRECISION, label TEXT, code VARCHAR(8), day DATE, at TIMESTAMP, flag BOOLEAN)";
export const FACTS_HEADER = "id,k,s,big,amount,ratio,label,code,day,at,flag\n";
export const DIMS_DDL = "CREATE TABLE dims (k INTEGER, name TEXT, weight NUMERIC(20,6), since DATE)";
export const DIMS_HEADER = "k,name,weight,since\n";

/** Long enough that a modest number of rows is a bulk append. */
const LONG = "tide ".repeat(150);

export const WORDS = [
	"",
	"a",
	"b",
	"ab",
	"Zürich",
	"naïve",
	"edge lake",
	"EDGE",
	"o'clock",
	"100%",
	"under_score",
	"日本",
	"😀",
	" pad ",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	LONG,
	`${LONG}!`,
];

/** @param firstId ids count from it */
export function factsCsv(random: Random, rowCount: number, firstId: number): string {
	const lines: string[] = [];
	for (let row = 0; row < rowCount; row++) {
		const fields = [
			String(firstId + row),
			nullable(random, () => String(random.skewed(50))),
			nullable(random, () => String(random.pick([random.between(-5, 5), -32768, 32767, 0]))),
			nullable(random, () => random.pick([String(random.between(-1000, 1000)), "9007199254740993", "-9007199254740993", "0"])),
			nullable(random, () => `${random.chance(0.5) ? "-" : ""}${random.below(100_000)}.${twoDigits(random.below(100))}`),
			nullable(random, () => String(random.pick([random.between(-4000, 4000) / 8, 0, 1e15, 0.1]))),
			nullable(random, () => quoted(random.pick(WORDS))),
			nullable(random, () => quoted(random.pick(["x", "yy", "zzz", "x1", "X", ""]))),
			nullable(random, () => dateText(random.between(10_000, 12_000))),
			nullable(
				random,
				() =>
					`${dateText(random.between(10_000, 10_400))} ${twoDigits(random.below(24))}:${twoDigits(random.below(60))}:${random.pick(["00", "30.5", "59.999999"])}`,
			),
			nullable(random, () => (random.chance(0.5) ? "true" : "false")),
		];
		lines.push(fields.join(","));
	}
	return `${lines.join("\n")}\n`;
}

export function dimsCsv(random: Random): string {
	const lines = Array.from({ length: 40 }, (_, k) =>
		[
			k % 13 === 0 ? "" : String(k),
			nullable(random, () => quoted(random.pick(WORDS))),
			nullable(random, () => `${random.between(-99, 99)}.${random.between(100_000, 999_999)}`),
			nullable(random, () => dateText(random.between(9000, 12_000))),
		].join(","),
	);
	return `${lines.join("\n")}\n`;
}

/** @param days since 1970-01-01 */
export function dateText(days: number): string {
	return new Date(days * 86_400_000).toISOString().slice(0, 10);
}

function nullable(random: Random, make: () => string): string {
	return random.chance(0.1) ? "" : make();
}

function quoted(text: string): string {
	return `"${text.replaceAll('"', '""')}"`;
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");
