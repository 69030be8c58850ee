/** Rows of CSV by block: as row by row, whatever stands among them. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import { bodyIn, decodeAll, tableOf } from "./decode.fixture.ts";

const SCHEMA = tableOf({
	id: { type: { kind: "bigint" }, notNull: true },
	small: { type: { kind: "smallint" } },
	price: { type: { kind: "numeric", precision: 7, scale: 2 } },
	day: { type: { kind: "date" } },
	at: { type: { kind: "timestamptz" } },
	share: { type: { kind: "double" } },
	isIn: { type: { kind: "boolean" } },
	note: { type: { kind: "text" } },
	code: { type: { kind: "varchar", length: 3 } },
	made: { type: { kind: "integer" }, default: "7" },
});
const HEADER = "id,note,small,price,day,at,share,isIn,code";

const oneOf = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const PLAIN = fc.tuple(
	oneOf("1", "-42", "+7", "123456789012345678", "9223372036854775807", '"5"', "007"),
	oneOf("", '""', "a", "exactly sixteen.", "longer than sixteen bytes by some", '"quoted, with a comma"', "äöü €", "𝄞 clef"),
	oneOf("", "0", "-32768", "32767", "+1"),
	oneOf("", "1", "-1.5", ".25", "12345.67", "0.005", "99999.99"),
	oneOf("", "2024-02-29", "1999/12/31", "0001-01-01", "9999-12-31", "2000-1-1"),
	oneOf("", "2024-01-01T00:00:00Z", "2024-01-01 12:34:56.789", "2024-01-01"),
	oneOf("", "0.5", "-1e300", "1", "NaN"),
	oneOf("", "true", "f"),
	oneOf("", "abc", "é", "日本語"),
);
/** In the place of one field: other forms, and what is wrong. */
const ODD = oneOf(
	"infinity",
	'"doubled "" quotes"',
	'"a\nline"',
	"abcd",
	"x",
	"1.",
	"2024-02-30",
	"32768",
	"100000.00",
	"-",
	"",
	"1,2",
	'"open',
);
const ROW = fc
	.tuple(PLAIN, fc.option(fc.tuple(fc.integer({ min: 0, max: 8 }), ODD), { freq: 3 }), oneOf("\n", "\r\n"))
	.map(([fields, odd, end]) => fields.map((field, index) => (odd !== null && odd[0] === index ? odd[1] : field)).join(",") + end);
const PLAIN_ROW = PLAIN.map((fields) => `${fields.join(",")}\n`);

async function outcome(body: Uint8Array, chunkBytes: number | "whole"): Promise<unknown> {
	try {
		return (await decodeAll("csv", SCHEMA, bodyIn(body, chunkBytes))).rows;
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return { code: error.code, message: error.message, details: error.details };
	}
}

/** Rows one by one: the window never holds what a block needs. */
const ROW_BY_ROW_BYTES = 1000;

test("a body of plain rows and others is by block what it is row by row: rows, errors, lines", async () => {
	let rowsCount = 0;
	let errorCount = 0;
	const bodies = fc.tuple(fc.array(PLAIN_ROW, { minLength: 150, maxLength: 400 }), fc.array(ROW, { maxLength: 6 }), fc.nat(), fc.boolean());
	await fc.assert(
		fc.asyncProperty(bodies, async ([plain, others, place, isEnded]) => {
			const lines = [...plain];
			for (const [index, other] of others.entries()) lines.splice((place * (index + 1)) % lines.length, 0, other);
			const text = `${HEADER}\n${lines.join("")}`;
			const body = new TextEncoder().encode(isEnded ? text : text.trimEnd());
			const expected = await outcome(body, ROW_BY_ROW_BYTES);
			expect(await outcome(body, "whole")).toEqual(expected);
			if (Array.isArray(expected)) rowsCount++;
			else errorCount++;
		}),
		{ numRuns: 60 },
	);
	expect(Math.min(rowsCount, errorCount)).toBeGreaterThan(5);
});

test("bytes that are no text end alike", async () => {
	const row = "1,some text of a row,2,3.25,2024-01-01,,0.5,true,abc\n";
	const text = `${HEADER}\n${row.repeat(300)}`;
	await fc.assert(
		fc.asyncProperty(fc.integer({ min: HEADER.length + 1, max: text.length - 1 }), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
			const body = new TextEncoder().encode(text);
			body[at] = byte;
			expect(await outcome(body, "whole")).toEqual(await outcome(body, ROW_BY_ROW_BYTES));
		}),
		{ numRuns: 80 },
	);
});

test("rows that leave out a column that takes no NULL are wrong one by one, in any number", async () => {
	const body = new TextEncoder().encode(`small,note\n${"1,a text of some length\n".repeat(400)}`);
	expect(await outcome(body, "whole")).toEqual(await outcome(body, ROW_BY_ROW_BYTES));
});
