/** Every text below is read and written by PostgreSQL (PGlite) too: same text back, or the same message and SQLSTATE. */
import type { PGlite } from "@electric-sql/pglite";
import { isLittoralError } from "#shared/base/errors.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataType, typeName } from "../data-type.ts";
import { formatJson, formatValue } from "./format.ts";
import { parseValue } from "./parse.ts";
import { startPostgres } from "../../../tests/postgres.ts";
import { CASES, array } from "./cases.fixture.ts";

let postgres: PGlite;
beforeAll(async () => {
	postgres = await startPostgres();
	await postgres.exec("SET timezone = 'UTC'");
}, 60_000);
afterAll(() => postgres.close());

interface Outcome {
	text?: string;
	message?: string;
	sqlstate?: string | undefined;
}

function ours(type: DataType, text: string): Outcome {
	try {
		return { text: formatValue(type, parseValue(type, text)) };
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return { message: error.message, sqlstate: error.details.sqlstate };
	}
}

async function theirs(type: DataType, text: string): Promise<Outcome> {
	try {
		if (type.kind === "varchar" || type.kind === "char") {
			// An explicit cast cuts what is too long; an assignment refuses it, as we do.
			await postgres.exec(`DROP TABLE IF EXISTS one; CREATE TABLE one (value ${typeName(type)})`);
			const { rows } = await postgres.query<{ text: string }>("INSERT INTO one VALUES ($1) RETURNING format('%s', value) AS text", [text]);
			return { text: (rows[0] as { text: string }).text };
		}
		const { rows } = await postgres.query<{ text: string }>(`SELECT format('%s', ($1::text)::${typeName(type)}) AS text`, [text]);
		return { text: (rows[0] as { text: string }).text };
	} catch (error) {
		const { message, code } = error as { message: string; code: string };
		return { message, sqlstate: code };
	}
}

test.each<[DataType, string, string]>([
	[{ kind: "date" }, "infinity", 'date value "infinity" is not supported'],
	[{ kind: "timestamp" }, "now", 'timestamp value "now" is not supported'],
	[{ kind: "interval" }, "-infinity", 'interval value "-infinity" is not supported'],
	[{ kind: "numeric" }, "NaN", 'numeric value "NaN" is not supported'],
	[array({ kind: "integer" }), "{{1},{2}}", "arrays of more than one dimension are not supported"],
])("what is not stored is refused with 0A000: %j %s", (type, text, message) => {
	expect(ours(type, text)).toEqual({ message, sqlstate: "0A000" });
});

test("NUMERIC beyond 38 digits overflows, and jsonb does not grow without bound", () => {
	expect(ours({ kind: "numeric" }, "1e38")).toEqual({ message: "value overflows numeric format", sqlstate: "22003" });
	const bomb = `[${"1e131071,".repeat(1000)}1]`;
	expect(ours({ kind: "jsonb" }, bomb)).toEqual({ message: "a jsonb value takes more than 1048576 bytes", sqlstate: "54000" });
	expect(ours({ kind: "jsonb" }, "[".repeat(100_000))).toEqual({ message: "stack depth limit exceeded", sqlstate: "54001" });
});

test("the API's JSON forms", () => {
	const json = (type: DataType, text: string, options = {}): string => formatJson(type, parseValue(type, text), options);
	expect(json({ kind: "boolean" }, "t")).toBe("true");
	expect(json({ kind: "bigint" }, "9007199254740991")).toBe("9007199254740991");
	expect(json({ kind: "bigint" }, "-9007199254740991")).toBe("-9007199254740991");
	expect(json({ kind: "bigint" }, "9007199254740992")).toBe('"9007199254740992"');
	expect(json({ kind: "bigint" }, "1", { bigintAsString: true })).toBe('"1"');
	expect(json({ kind: "numeric" }, "1.50")).toBe('"1.50"');
	expect(json({ kind: "real" }, "0.1")).toBe("0.1");
	expect(json({ kind: "real" }, "0")).toBe("0");
	expect(json({ kind: "real" }, "10")).toBe("10");
	expect(json({ kind: "double" }, "1e20")).toBe("100000000000000000000");
	expect(json({ kind: "double" }, "-infinity")).toBe('"-Infinity"');
	expect(json({ kind: "date" }, "0044-03-15 BC")).toBe('"0044-03-15 BC"');
	expect(json({ kind: "timestamp" }, "2026-01-31 12:34:56.5")).toBe('"2026-01-31T12:34:56.5"');
	expect(json({ kind: "timestamptz" }, "2026-01-31 12:34:56+02")).toBe('"2026-01-31T10:34:56Z"');
	expect(json({ kind: "time" }, "12:34")).toBe('"12:34:00"');
	expect(json({ kind: "interval" }, "1 year -2 days 3.5 hours")).toBe('"P1Y-2DT3H30M"');
	expect(json({ kind: "bytea" }, "\\xdeadbeef")).toBe('"3q2+7w=="');
	expect(json({ kind: "jsonb" }, '{"b":1,"a":[1]}')).toBe('{"a": [1], "b": 1}');
	expect(json(array({ kind: "text" }), '{a,NULL,"b\\"c"}')).toBe('["a",null,"b\\"c"]');
	expect(formatJson({ kind: "text" }, null)).toBe("null");
	const zoned = { timeZone: "Asia/Kolkata" };
	expect(formatValue({ kind: "timestamptz" }, parseValue({ kind: "timestamptz" }, "2026-01-31 12:00", zoned), zoned)).toBe(
		"2026-01-31 12:00:00+05:30",
	);
});

test("an offset on a TIMESTAMP is refused where appends ask for it", () => {
	expect(() => parseValue({ kind: "timestamp" }, "2026-01-31 12:00+02", { refuseOffset: true })).toThrow(
		'a timestamp without time zone takes no offset: "2026-01-31 12:00+02"',
	);
});

test.each(CASES.map(([type, texts]) => [typeName(type), type, texts] as const))(
	"%s reads and writes as PostgreSQL does",
	async (_, type, texts) => {
		const expected: Record<string, Outcome> = {};
		const actual: Record<string, Outcome> = {};
		for (const text of texts) {
			expected[text] = await theirs(type, text);
			actual[text] = ours(type, text);
		}
		expect(actual).toEqual(expected);
	},
);

test.each([
	["real", -149, 127],
	["double", -1074, 1023],
] as const)("every power of two of %s and its neighbours are written as PostgreSQL does", async (kind, low, high) => {
	const type: DataType = { kind };
	const texts: string[] = [];
	for (let exponent = low; exponent <= high; exponent++) {
		const power = 2 ** exponent;
		const next = kind === "real" ? 2 ** Math.max(exponent - 23, low) : 2 ** Math.max(exponent - 52, low);
		for (const value of [power, power + next, power - next / 2]) {
			const stored = kind === "real" ? Math.fround(value) : value;
			if (stored !== 0 && Number.isFinite(stored)) texts.push(stored.toExponential(20));
		}
	}
	const { rows } = await postgres.query<{ text: string }>(
		`SELECT value::${typeName(type)}::text AS text FROM unnest($1::text[]) AS t (value)`,
		[texts],
	);
	expect(texts.map((text) => formatValue(type, parseValue(type, text)))).toEqual(rows.map(({ text }) => text));
});
