/**
 * to_char, to_date, to_timestamp and to_number over random templates and values, here and in PostgreSQL (PGlite): text, or SQLSTATE and message. SEED and COUNT
 * vary it.
 */
import { isLittoralError } from "#shared/base/errors.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { typeOf } from "#shared/engine/expression/oracle.fixture.ts";
import { evaluateConstant } from "#shared/engine/expression/fold.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import type { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "./random.ts";
import { startPostgres } from "../postgres.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const COUNT = Number(process.env["COUNT"] ?? 400);

let database: PGlite;
const engine = createEngine({ pageCount: 64 });
beforeAll(async () => {
	database = await startPostgres();
	await database.exec("set timezone = 'UTC'");
});
afterAll(() => database.close());

const TIME_PATTERNS =
	"YYYY YYY YY Y Y,YYY IYYY IYY IY I CC Q MM MON Mon mon MONTH Month month RM rm DDD DD D IDDD ID DAY Day day DY Dy dy WW W IW J HH24 HH12 HH MI SS MS US FF1 FF2 FF3 FF4 FF5 FF6 SSSS SSSSS AM am P.M. p.m. BC ad B.C. a.d. TZ tz TZH TZM OF FX yyyy hh24 ff3".split(
		" ",
	);
const NUMBER_PATTERNS = "9 9 9 9 9 0 0 0 . D , G S MI PL SG PR FM TH th V L EEEE RN rn B SP mi".split(" ");
const BETWEEN = ["-", "-", " ", " ", "/", ":", ".", ", ", "  ", "x", "T", '"of"', '\\"', '"a\\"b"', "é", "1", "%", ""];

const some = (random: Random, list: readonly string[], countMax: number, piece: (item: string) => string): string =>
	Array.from({ length: random.between(1, countMax) }, () => piece(random.pick(list))).join("");

function timeTemplate(random: Random): string {
	return some(random, TIME_PATTERNS, 6, (pattern) => {
		const prefix = random.chance(0.15) ? random.pick(["FM", "fm", "TM"]) : "";
		const suffix = random.chance(0.1) ? random.pick(["TH", "th", "SP"]) : "";
		return prefix + pattern + suffix + (random.chance(0.7) ? random.pick(BETWEEN) : "");
	});
}

/** Mostly what goes together: digits, a point and at most one of the rest. */
function numberTemplate(random: Random): string {
	if (random.chance(0.3)) return some(random, NUMBER_PATTERNS, 8, (pattern) => pattern + (random.chance(0.1) ? random.pick(BETWEEN) : ""));
	const digits = (countMax: number): string =>
		Array.from({ length: random.between(0, countMax) }, () =>
			random.chance(0.7) ? "9" : random.chance(0.7) ? "0" : random.pick([",", "G"]),
		).join("");
	const before = random.pick(["", "", "FM", "S", "FMS", "MI", "PL", "SG", "L", "B"]);
	const behind = random.pick(["", "", "S", "MI", "PL", "SG", "PR", "th", "TH", "EEEE", " x", "FM"]);
	const point = random.chance(0.6) ? random.pick([".", "D"]) + digits(4) : random.chance(0.2) ? `V${digits(3)}` : "";
	return before + digits(7) + point + behind;
}

function timestampText(random: Random): string {
	const two = (low: number, high: number): string => String(random.between(low, high)).padStart(2, "0");
	const year = random.chance(0.8) ? random.between(1900, 2100) : random.between(1, 12_345);
	const fraction = random.chance(0.5) ? `.${String(random.below(1_000_000)).padStart(6, "0")}` : "";
	const date = `${String(year).padStart(4, "0")}-${two(1, 12)}-${two(1, 28)}`;
	return `${date} ${two(0, 23)}:${two(0, 59)}:${two(0, 59)}${fraction}${random.chance(0.1) ? " BC" : ""}`;
}

function intervalText(random: Random): string {
	const signed = (bound: number): number => random.between(-bound, bound);
	return `${signed(20)} mons ${signed(40)} days ${random.chance(0.3) ? "-" : ""}${random.below(200)}:${random.below(60)}:${random.below(60)}.${random.below(1000)}`;
}

function numberText(random: Random, whole: boolean): string {
	const sign = random.chance(0.3) ? "-" : "";
	const digits = String(random.below(10 ** random.between(1, 9)));
	return sign + digits + (whole || random.chance(0.3) ? "" : `.${random.below(10 ** random.between(1, 6))}`);
}

const FLOATS = ["0", "-0", "NaN", "Infinity", "-Infinity", "1e20", "1.5e-7", "0.5", "1.5", "2.5", "0.125", "123456789012345.6", "1e300"];

interface Formatting {
	id: string;
	template: (random: Random) => string;
	value: (random: Random, template: string) => string;
}

const number = (id: string, value: (random: Random) => string): Formatting => ({ id, template: numberTemplate, value });
const time = (id: string, value: (random: Random) => string): Formatting => ({ id, template: timeTemplate, value });

const WRITING: Formatting[] = [
	time("to_char(timestamp,text)", timestampText),
	time("to_char(timestamptz,text)", timestampText),
	time("to_char(interval,text)", intervalText),
	number("to_char(integer,text)", (random) => numberText(random, true)),
	number("to_char(bigint,text)", (random) => numberText(random, true) + (random.chance(0.2) ? "12345678" : "")),
	number("to_char(numeric,text)", (random) => numberText(random, false)),
	number("to_char(double,text)", (random) => (random.chance(0.2) ? random.pick(FLOATS) : numberText(random, false))),
	number("to_char(real,text)", (random) => (random.chance(0.2) ? random.pick(FLOATS.slice(0, 12)) : numberText(random, false))),
];

interface Question {
	value: string;
	template: string;
}

/** PostgreSQL's answers, in one statement. */
async function theirs(id: string, questions: Question[]): Promise<(string | null)[]> {
	const [, name, type] = /^(\w+)\((\w+)/.exec(id) as RegExpExecArray;
	await database.exec(`create or replace function answer(v text, t text) returns text language plpgsql as $$
		begin return ${name}(v::${type === "double" ? "float8" : type}, t)::text;
		exception when others then return sqlstate || ': ' || sqlerrm; end $$`);
	const { rows } = await database.query<{ answer: string | null }>(
		"select answer(v, t) from unnest($1::text[], $2::text[]) with ordinality q(v, t, n) order by n",
		[questions.map(({ value }) => value), questions.map(({ template }) => template)],
	);
	return rows.map(({ answer }) => answer);
}

function ours(id: string, { value, template }: Question): string | null {
	const signature = signatureById(id);
	if (signature === undefined) throw new Error(`no function ${id}`);
	const types = signature.arguments.map((kind) => typeOf(kind));
	const [type, text] = types as [ReturnType<typeof typeOf>, ReturnType<typeof typeOf>];
	const result = signature.result(types);
	try {
		const answer = evaluateConstant(
			{
				kind: "call",
				functionId: id,
				arguments: [
					{ kind: "constant", type, value: parseValue(type, value) },
					{ kind: "constant", type: text, value: template },
				],
				type: result,
			},
			{ engine, statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] } },
		);
		return answer === null ? null : formatValue(result, answer);
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return `${error.details.sqlstate}: ${error.message}`;
	}
}

/** NUMERIC ends at 38 digits. */
const isKnownLimit = (answer: string | null, theirAnswer: string | null): boolean =>
	answer === "22003: value overflows numeric format" && (theirAnswer ?? "").replace(/\D/g, "").length > 38;

async function differences(id: string, questions: Question[]): Promise<string[]> {
	const answers = await theirs(id, questions);
	return questions.flatMap((question, index) => {
		const answer = ours(id, question);
		const theirAnswer = answers[index] as string | null;
		if (answer === theirAnswer || isKnownLimit(answer, theirAnswer)) return [];
		return [`${id} ${JSON.stringify(question)}\n  ours ${JSON.stringify(answer)}\n  postgres ${JSON.stringify(theirAnswer)}`];
	});
}

test.each(WRITING)("$id", async ({ id, template, value }) => {
	const random = new Random(SEED);
	const questions = Array.from({ length: COUNT }, () => {
		const chosen = template(random);
		return { template: chosen, value: value(random, chosen) };
	});
	expect(await differences(id, questions)).toEqual([]);
});

/** Texts to be read: written by the template, mostly, and then spoilt now and then. */
function spoilt(random: Random, text: string): string {
	if (random.chance(0.5)) return text;
	const at = random.below(text.length + 1);
	const spoiler = random.pick(["", "", " ", "  ", "-", "x", "7", "13", "99", ".", "+", ":", "é", "  3"]);
	return text.slice(0, at) + spoiler + text.slice(at + random.below(3));
}

test.each(["to_date(text,text)", "to_timestamp(text,text)"])("%s", async (id) => {
	const random = new Random(SEED);
	const templates = Array.from({ length: COUNT }, () => ({ template: timeTemplate(random), value: timestampText(random) }));
	const texts = await theirs("to_char(timestamp,text)", templates);
	const questions = templates.map(({ template }, index) => ({ template, value: spoilt(random, texts[index] ?? "") }));
	expect(await differences(id, questions)).toEqual([]);
});

test("to_number(text,text)", async () => {
	const random = new Random(SEED);
	const templates = Array.from({ length: COUNT }, () => ({ template: numberTemplate(random), value: numberText(random, false) }));
	const texts = await theirs("to_char(numeric,text)", templates);
	const questions = templates.map(({ template, value }, index) => ({
		template,
		value: spoilt(random, random.chance(0.7) ? (texts[index] as string) : value),
	}));
	expect(await differences("to_number(text,text)", questions)).toEqual([]);
});
