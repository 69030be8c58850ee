/** The kernels that read CSV against their twins; nothing outside of their outputs is written. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Lease } from "../../memory/lease.ts";
import type { Region } from "../../memory/region.ts";
import { createEngine } from "../kernels.ts";
import { csvRows, plainDate, plainNumber } from "./csv-text.ts";

const engine = createEngine({ pageCount: 64 });
const { kernels } = engine;
const { u8, i32, u32, i64 } = engine.arena.views;
const GUARD = 0xa5;
const GUARD_BYTES = 64;
let lease: Lease;
let region: Region;
beforeEach(() => {
	lease = new Lease(engine.arena, { owner: "kernels" });
	region = lease.region();
});
afterEach(() => lease.release());

const property = <T>(arbitrary: fc.Arbitrary<T>, body: (value: T) => void): void =>
	fc.assert(
		fc.property(arbitrary, (value) => {
			region.reset();
			body(value);
		}),
		{ numRuns: 120 },
	);

/** An output between guards, of which `byteCount` bytes and `slack` more may be written. */
function output(byteCount: number, slack = 0): { pointer: number; check: () => void } {
	const length = byteCount + slack;
	const before = region.allocate(length + 2 * GUARD_BYTES);
	u8.fill(GUARD, before, before + length + 2 * GUARD_BYTES);
	const pointer = before + GUARD_BYTES;
	const isUntouched = (from: number): boolean => u8.subarray(from, from + GUARD_BYTES).every((byte) => byte === GUARD);
	return { pointer, check: () => expect([isUntouched(before), isUntouched(pointer + length)]).toEqual([true, true]) };
}

/** Bytes with zeros behind them. */
function put(bytes: Uint8Array): number {
	const pointer = region.allocateZeroed(bytes.length + 16);
	u8.set(bytes, pointer);
	return pointer;
}

const encoder = new TextEncoder();
const PIECES = [
	",",
	"\n",
	"\r\n",
	"\r",
	'"',
	'""',
	"a",
	"0.5",
	"sixteen bytes...",
	"seventeen bytes..",
	"a text longer than two times sixteen bytes",
	"é",
	"日本",
];

test("rows: those that are plain, as far as they are whole, and where they end", () => {
	const plainField = fc.constantFrom("", "1", '"a,b"', '""', "0123456789abcde", "0123456789abcdef", "é", '"é and more than sixteen bytes"');
	const plainRow = fc
		.tuple(fc.array(plainField, { minLength: 3, maxLength: 3 }), fc.constantFrom("\n", "\r\n"))
		.map(([fields, end]) => fields.join(",") + end);
	const anything = fc.array(fc.constantFrom(...PIECES), { maxLength: 20 }).map((pieces) => pieces.join(""));
	const text = fc.tuple(fc.array(plainRow, { maxLength: 12 }), anything).map(([rows, rest]) => encoder.encode(rows.join("") + rest));
	const flipped = fc.tuple(text, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([bytes, at, byte]) => {
		if (bytes.length > 0) bytes[at % bytes.length] = byte;
		return bytes;
	});
	property(fc.tuple(fc.oneof(text, flipped), fc.constantFrom(1, 2, 3), fc.integer({ min: 1, max: 14 })), ([bytes, fieldCount, rowMax]) => {
		const input = put(bytes);
		const fields = output((bytes.length + 1) * 8);
		const cursor = region.allocate(4);
		const rowCount = kernels.csv_rows(input, input + bytes.length, fieldCount, rowMax, fields.pointer, cursor);
		fields.check();
		const want = csvRows(bytes, fieldCount, rowMax);
		const at = (index: number): number => u32[(fields.pointer >> 2) + index] as number;
		const got = Array.from({ length: rowCount }, (_, row) =>
			Array.from({ length: fieldCount }, (_field, column) => {
				const index = (row * fieldCount + column) * 2;
				return at(index) === 0 ? null : { start: at(index) - input, end: at(index + 1) - input };
			}),
		);
		expect(got).toEqual(want.rows);
		expect((u32[cursor >> 2] as number) - input).toBe(want.end);
	});
});

/** A table of fields in which the texts are those of one of three columns. */
function layFields(texts: (string | null)[]): { fields: number; stride: number } {
	const stride = 3 * 8;
	const fields = region.allocateZeroed(texts.length * stride + 8);
	for (const [row, text] of texts.entries()) {
		if (text === null) continue;
		const bytes = encoder.encode(text);
		// At any byte, with what is no part of the text on both sides.
		const start = put(encoder.encode(`9${text}9999999999999999`)) + 1;
		u32[(fields + row * stride) >> 2] = start;
		u32[((fields + row * stride) >> 2) + 1] = start + bytes.length;
	}
	return { fields, stride };
}

const CASES = <T>(texts: fc.Arbitrary<string>, more: fc.Arbitrary<T>) =>
	fc
		.tuple(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(2047, 2048, 2049)), more)
		.chain(([count, rest]) =>
			fc.tuple(
				fc.array(fc.option(texts, { freq: 40 }), { minLength: count, maxLength: count }),
				fc.integer({ min: 0, max: Math.min(count, 5) }),
				fc.constant(rest),
			),
		);

/** Of the values from `from` on, as many as the twin reads. */
function readable<Value>(texts: (string | null)[], from: number, read: (text: string) => Value | null): Value[] {
	const values: Value[] = [];
	for (const text of texts.slice(from)) {
		const value = text === null ? null : read(text);
		if (value === null) break;
		values.push(value);
	}
	return values;
}

test("numbers: at a scale, up to the first that is NULL, of another form, too long or too large", () => {
	const digits = fc.oneof(fc.integer().map(String), fc.bigInt(0n, 10n ** 19n).map(String), fc.constantFrom("007", "000000000000000001"));
	const number = fc.oneof(
		{
			weight: 30,
			arbitrary: fc.tuple(fc.constantFrom("", "+"), digits).map(([sign, text]) => (text.startsWith("-") ? text : sign + text)),
		},
		{ weight: 30, arbitrary: fc.tuple(digits, fc.integer({ min: 0, max: 999 })).map(([whole, fraction]) => `${whole}.${fraction}`) },
		fc.constantFrom("", "-", ".", "+.", "1.", ".5", "-.25", "1e3", " 1", "1.2.3", "--1", "12a", "٣"),
	);
	const shapes = fc.record({
		scale: fc.integer({ min: -1, max: 4 }),
		limit: fc.constantFrom(99n, 32_767n, 2n ** 31n - 1n, 2n ** 63n - 1n),
	});
	property(CASES(number, shapes), ([texts, from, { scale, limit }]) => {
		const { fields, stride } = layFields(texts);
		const want = readable(texts, from, (text) => plainNumber(text, scale, limit));
		const wide = output(texts.length * 8);
		expect(kernels.text_to_i64(from, texts.length, fields, stride, scale, limit, wide.pointer)).toBe(from + want.length);
		wide.check();
		const first = (wide.pointer >> 3) + from;
		expect([...i64.subarray(first, first + want.length)]).toEqual(want);
		if (limit > 2n ** 31n) return;
		const narrow = output(texts.length * 4);
		expect(kernels.text_to_i32(from, texts.length, fields, stride, scale, limit, narrow.pointer)).toBe(from + want.length);
		narrow.check();
		const lane = (narrow.pointer >> 2) + from;
		expect([...i32.subarray(lane, lane + want.length)]).toEqual(want.map(Number));
	});
});

test("dates: up to the first that is NULL, of another form or no day", () => {
	const two = fc.integer({ min: 0, max: 32 }).map((value) => String(value).padStart(2, "0"));
	const date = fc.oneof(
		{
			weight: 40,
			arbitrary: fc
				.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
				.map((day) => day.toISOString().slice(0, 10)),
		},
		{
			weight: 5,
			arbitrary: fc
				.tuple(fc.integer({ min: 0, max: 9999 }), two, two)
				.map(([year, month, day]) => `${String(year).padStart(4, "0")}/${month}/${day}`),
		},
		fc.constantFrom(
			"2024-02-29",
			"2023-02-29",
			"1900-02-29",
			"2000-02-29",
			"2024-1-01",
			"2024-01/01",
			"24-01-01",
			"2024-01-011",
			"",
			"infinity  ",
		),
	);
	property(CASES(date, fc.constant(null)), ([texts, from]) => {
		const { fields, stride } = layFields(texts);
		const want = readable(texts, from, plainDate);
		const out = output(texts.length * 4);
		expect(kernels.text_to_date(from, texts.length, fields, stride, out.pointer)).toBe(from + want.length);
		out.check();
		const first = (out.pointer >> 2) + from;
		expect([...i32.subarray(first, first + want.length)]).toEqual(want);
	});
});

test("texts: one behind the other, up to the first that is NULL or too long", () => {
	const text = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom("", "é", "exactly sixteen."));
	property(CASES(text, fc.constantFrom(0, 15, 16, 100)), ([texts, from, limit]) => {
		const { fields, stride } = layFields(texts);
		const want = readable(texts, from, (one) => (encoder.encode(one).length > limit ? null : one));
		const bytes = encoder.encode(want.join(""));
		const offsets = output((texts.length + 1) * 4);
		const before = 5;
		i32[(offsets.pointer >> 2) + from] = before;
		const values = output(before + bytes.length, 16);
		expect(kernels.text_copy(from, texts.length, fields, stride, limit, offsets.pointer, values.pointer)).toBe(from + want.length);
		offsets.check();
		values.check();
		expect(u8.slice(values.pointer + before, values.pointer + before + bytes.length)).toEqual(bytes);
		let end = before;
		const ends = want.map((one) => (end += encoder.encode(one).length));
		expect([...i32.subarray((offsets.pointer >> 2) + from, (offsets.pointer >> 2) + from + want.length + 1)]).toEqual([before, ...ends]);
	});
});
