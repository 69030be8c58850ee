/** Columns that are copied many rows at a time are what they are row by row: rows, errors, and where batches end. */
import {
	Binary,
	type Data,
	DateDay,
	Decimal,
	Int32,
	Int64,
	makeData,
	makeVector,
	Table,
	tableToIPC,
	TimestampMicrosecond,
	Utf8,
	vectorFromArray,
} from "apache-arrow";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { type ColumnSpec, decodeAll, tableOf } from "../decode.fixture.ts";

const COLUMNS: Record<string, ColumnSpec> = {
	big: { type: { kind: "bigint" } },
	number: { type: { kind: "integer" }, notNull: true },
	price: { type: { kind: "numeric", precision: 9, scale: 2 } },
	long: { type: { kind: "numeric", precision: 18, scale: 0 } },
	day: { type: { kind: "date" } },
	at: { type: { kind: "timestamp" } },
	note: { type: { kind: "text" } },
	code: { type: { kind: "varchar", length: 3 } },
	made: { type: { kind: "text" }, default: "here" },
};
type Lane = "big" | "number" | "price" | "long" | "day" | "at" | "note" | "code";
type Values = Record<Lane, (bigint | number | string | null)[]>;

const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const beyond = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, isOdd: boolean): fc.Arbitrary<T> =>
	isOdd ? fc.oneof({ weight: 200, arbitrary: usual }, odd) : usual;

/** @param isOdd whether some value does not fit its column, which most rows are without */
const rowsOf = (count: number, isOdd: boolean): fc.Arbitrary<Values> => {
	const many = <T>(of: fc.Arbitrary<T>, freq = 6): fc.Arbitrary<(T | null)[]> =>
		fc.oneof(
			fc.array(of, { minLength: count, maxLength: count }),
			fc.array(fc.option(of, { freq }), { minLength: count, maxLength: count }),
		);
	const never = fc.array(fc.integer(), { minLength: count, maxLength: count });
	return fc.record<Values>({
		big: many(int64),
		number: isOdd ? fc.oneof(never, many(fc.integer(), 2000)) : never,
		price: many(beyond(fc.bigInt(-999_999_999n, 999_999_999n), fc.constantFrom(10n ** 9n, -(10n ** 9n), 10n ** 30n, -(2n ** 64n)), isOdd)),
		long: many(beyond(fc.bigInt(-(10n ** 18n) + 1n, 10n ** 18n - 1n), fc.constantFrom(10n ** 18n, -(10n ** 18n), 2n ** 63n), isOdd)),
		day: many(beyond(fc.integer({ min: -2_440_588, max: 100_000 }), fc.constantFrom(-2_440_589, 2 ** 31 - 1), isOdd)),
		at: many(beyond(fc.bigInt(-(10n ** 16n), 10n ** 17n), fc.constant(-(2n ** 63n)), isOdd)),
		note: many(beyond(fc.constantFrom("", "a", "é and more", "a text of more than sixteen bytes"), fc.constant("zero\u0000byte"), isOdd)),
		code: many(beyond(fc.constantFrom("", "abc", "日", "é"), fc.constantFrom("日本語", "abcd"), isOdd)),
	});
};

/** Fixed lanes; under NULL lies what is no value of the type. */
function lanes(
	type: Int32 | Int64 | DateDay | TimestampMicrosecond | Decimal,
	values: (bigint | number | string | null)[],
	width: number,
): Data {
	const data = new DataView(new ArrayBuffer(Math.max(8, values.length * width)));
	const nullBitmap = new Uint8Array((values.length + 7) >> 3);
	for (const [row, value] of values.entries()) {
		const wide = value === null ? 0x7f7f_7f7f_7f7f_7f7fn : BigInt(value);
		if (value !== null) nullBitmap[row >> 3]! |= 1 << (row & 7);
		if (width === 4) data.setInt32(row * 4, Number(BigInt.asIntN(32, wide)), true);
		else data.setBigInt64(row * width, BigInt.asIntN(64, wide), true);
		if (width === 16) data.setBigInt64(row * 16 + 8, wide >> 64n, true);
	}
	const nullCount = values.filter((value) => value === null).length;
	const buffer = width === 8 ? new BigInt64Array(data.buffer) : width === 4 ? new Int32Array(data.buffer) : new Uint32Array(data.buffer);
	return makeData({ type, data: buffer, length: values.length, nullCount, nullBitmap } as never);
}

/** With a column of bytes, no batch of which is known before it is converted: row by row. */
function streamOf(values: Values, isRowByRow: boolean): Uint8Array {
	const texts = (lane: "note" | "code") => vectorFromArray(values[lane] as (string | null)[], new Utf8());
	return tableToIPC(
		new Table({
			big: makeVector(lanes(new Int64(), values.big, 8)),
			number: makeVector(lanes(new Int32(), values.number, 4)),
			price: makeVector(lanes(new Decimal(2, 9), values.price, 16)),
			long: makeVector(lanes(new Decimal(0, 18), values.long, 16)),
			day: makeVector(lanes(new DateDay(), values.day, 4)),
			at: makeVector(lanes(new TimestampMicrosecond(), values.at, 8)),
			note: texts("note"),
			code: texts("code"),
			...(isRowByRow ? { bytes: vectorFromArray(values.big.map(() => null) as (Uint8Array | null)[], new Binary()) } : {}),
		} as never),
		"stream",
	);
}

async function outcome(values: Values, isRowByRow: boolean): Promise<unknown> {
	const schema = tableOf(isRowByRow ? { ...COLUMNS, bytes: { type: { kind: "bytea" } } } : COLUMNS);
	try {
		const { rows, batchRowCounts } = await decodeAll("arrow", schema, streamOf(values, isRowByRow));
		return { batchRowCounts, rows: rows.map((row) => row.slice(0, Object.keys(COLUMNS).length)) };
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		return { code: error.code, message: error.message, details: error.details };
	}
}

test.each([false, true])("lanes and texts of every length, NULL or not; some that do not fit: %s", async (isOdd) => {
	let errorCount = 0;
	const counts = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(BATCH_ROW_COUNT_MAX, BATCH_ROW_COUNT_MAX + 1));
	await fc.assert(
		fc.asyncProperty(
			counts.chain((count) => rowsOf(count, isOdd)),
			async (values) => {
				const expected = await outcome(values, true);
				expect(await outcome(values, false)).toEqual(expected);
				errorCount += Number("code" in (expected as object));
			},
		),
		{ numRuns: 16 },
	);
	if (isOdd) expect(errorCount).toBeGreaterThan(1);
	else expect(errorCount).toBe(0);
});
