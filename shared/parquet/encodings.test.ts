/** Encodings and types that neither our writer nor DuckDB writes, in files made by hand. */
import { expect, test } from "vitest";
import { LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { frontCode, oneColumnFile } from "../../tests/parquet/encodings.ts";
import { readAll } from "../../tests/parquet/read-all.ts";
import { Converted, Encoding, PhysicalKind } from "./format.ts";

const encoder = new TextEncoder();
const words = Array.from({ length: 5000 }, (_, row) => `prefix ${Math.floor(row / 10)} and ${row}`);

function int96(day: number, nanoseconds: bigint): Uint8Array {
	const view = new DataView(new ArrayBuffer(12));
	view.setBigInt64(0, nanoseconds, true);
	view.setInt32(8, day, true);
	return new Uint8Array(view.buffer);
}

const join = (parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const prefixed = (value: number[]): Uint8Array => Uint8Array.from([value.length, 0, 0, 0, ...value]);

const FILES: { name: string; column: Parameters<typeof oneColumnFile>[0]; type: DataType; values: SqlValue[] }[] = [
	{
		name: "DELTA_BYTE_ARRAY text",
		column: {
			physical: PhysicalKind.byteArray,
			converted: Converted.utf8,
			encoding: Encoding.deltaByteArray,
			values: frontCode(words.map((word) => encoder.encode(word))),
			valueCount: words.length,
		},
		type: { kind: "text" },
		values: words,
	},
	{
		name: "DELTA_BYTE_ARRAY of fixed-length bytes",
		column: {
			physical: PhysicalKind.fixed,
			typeLength: 3,
			encoding: Encoding.deltaByteArray,
			values: frontCode([Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 4), Uint8Array.of(9, 9, 9)]),
			valueCount: 3,
		},
		type: { kind: "bytea" },
		values: [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 4), Uint8Array.of(9, 9, 9)],
	},
	{
		name: "RLE booleans",
		// Seven times true, then eight packed: false, true, false...
		column: {
			physical: PhysicalKind.boolean,
			encoding: Encoding.rle,
			values: Uint8Array.of(4, 0, 0, 0, 14, 1, 3, 0b10101010),
			valueCount: 15,
		},
		type: { kind: "boolean" },
		values: [...Array.from({ length: 7 }, () => true), false, true, false, true, false, true, false, true],
	},
	{
		name: "INT96 timestamps",
		column: {
			physical: PhysicalKind.int96,
			encoding: Encoding.plain,
			values: join([int96(2440588, 0n), int96(2440587, 86_399_999_999_000n), int96(2458850, 1_000n)]),
			valueCount: 3,
		},
		type: { kind: "timestamp" },
		values: [0n, -1n, 1577836800000001n],
	},
	{
		name: "decimals of five big-endian bytes",
		column: {
			physical: PhysicalKind.fixed,
			typeLength: 5,
			converted: Converted.decimal,
			decimal: { precision: 11, scale: 2 },
			encoding: Encoding.plain,
			values: Uint8Array.of(0, 0, 0, 1, 0, 255, 255, 255, 255, 254),
			valueCount: 2,
		},
		type: { kind: "numeric", precision: 11, scale: 2 },
		values: [
			{ coefficient: 256n, scale: 2 },
			{ coefficient: -2n, scale: 2 },
		],
	},
	{
		name: "decimals of byte arrays by dictionary, into a wider type",
		column: {
			physical: PhysicalKind.byteArray,
			converted: Converted.decimal,
			decimal: { precision: 10, scale: 1 },
			encoding: Encoding.rleDictionary,
			values: Uint8Array.of(1, 3, 0b00000110),
			valueCount: 4,
			dictionary: { values: join([prefixed([1, 0]), prefixed([255])]), entryCount: 2 },
		},
		type: { kind: "numeric", precision: 30, scale: 3 },
		values: [25600n, -100n, -100n, 25600n].map((coefficient) => ({ coefficient, scale: 3 })),
	},
	{
		name: "byte streams of INT32",
		column: {
			physical: PhysicalKind.int32,
			encoding: Encoding.byteStreamSplit,
			values: Uint8Array.of(1, 2, 0, 0, 0, 0, 0, 255),
			valueCount: 2,
		},
		type: { kind: "bigint" },
		values: [1n, 2n - (1n << 24n)],
	},
];

for (const { name, column, type, values } of FILES) {
	test(name, async () => {
		const rows = values.map((value) => [value]);
		expect(await readAll(oneColumnFile(column), [{ name: "x", type }])).toEqual(rows);
		const errors: never[] = [];
		expect(await readAll(oneColumnFile(column), [{ name: "x", type }], { errors })).toEqual(rows);
		expect(errors).toEqual([]);
	});
}

const REFUSED: {
	name: string;
	column: Parameters<typeof oneColumnFile>[0];
	code: "malformed_body" | "feature_not_supported";
	message: string;
}[] = [
	{
		name: "codes beyond the dictionary",
		column: {
			physical: PhysicalKind.int32,
			encoding: Encoding.rleDictionary,
			values: Uint8Array.of(2, 8, 3),
			valueCount: 4,
			dictionary: { values: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0), entryCount: 3 },
		},
		code: "malformed_body",
		message: "Parquet: the dictionary codes of a page end early or lie outside the dictionary",
	},
	{
		name: "codes without a dictionary",
		column: { physical: PhysicalKind.int32, encoding: Encoding.rleDictionary, values: Uint8Array.of(1, 8, 0), valueCount: 4 },
		code: "malformed_body",
		message: "Parquet: a page refers to a dictionary that its chunk has not",
	},
	{
		name: "a page shorter than its values",
		column: { physical: PhysicalKind.int32, encoding: Encoding.plain, values: Uint8Array.of(1, 0, 0, 0, 2), valueCount: 2 },
		code: "malformed_body",
		message: "Parquet: a page ends before its last value",
	},
	{
		name: "an encoding that the type does not have",
		column: { physical: PhysicalKind.int32, encoding: Encoding.deltaByteArray, values: Uint8Array.of(1, 0, 0, 0), valueCount: 1 },
		code: "feature_not_supported",
		message: `Parquet: column "x" has a page of encoding 7, which its type does not have`,
	},
	{
		name: "more dictionary entries than bytes",
		column: {
			physical: PhysicalKind.int32,
			encoding: Encoding.rleDictionary,
			values: Uint8Array.of(1, 8, 0),
			valueCount: 4,
			dictionary: { values: Uint8Array.of(1, 0, 0, 0), entryCount: 1_000_000_000 },
		},
		code: "malformed_body",
		message: "Parquet: a dictionary has more entries than bytes",
	},
];
for (const { name, column, code, message } of REFUSED) {
	test(`refused: ${name}`, async () => {
		await expect(readAll(oneColumnFile(column), [{ name: "x", type: { kind: "integer" } }])).rejects.toThrow(
			new LittoralError(code, message),
		);
	});
}
