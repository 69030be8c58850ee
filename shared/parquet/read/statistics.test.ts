import { expect, test, vi } from "vitest";
import { decodeBound, encodeBound } from "#shared/contracts/bound.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ColumnStatistics } from "#shared/contracts/snapshot.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { openDuck } from "../../../tests/parquet/duckdb.ts";
import { writeRows } from "../../../tests/parquet/write-rows.ts";
import { memorySource } from "./byte-source.ts";
import { openParquet } from "./open.ts";
import { readPageIndex } from "./page-index.ts";
import { rowGroupStatistics } from "./statistics.ts";

vi.setConfig({ testTimeout: 30_000 });

/** A type, three values of it, the least and the largest of which are first and last. */
const TYPES: { type: DataType; values: SqlValue[] }[] = [
	{ type: { kind: "boolean" }, values: [false, true, true] },
	{ type: { kind: "smallint" }, values: [-32768, 0, 32767] },
	{ type: { kind: "integer" }, values: [-2147483648, -1, 2147483647] },
	{ type: { kind: "bigint" }, values: [-(1n << 63n), -1n, (1n << 63n) - 1n] },
	{ type: { kind: "real" }, values: [-1.5, 0, 3.25] },
	{ type: { kind: "double" }, values: [-Infinity, -0.5, 1e300] },
	{ type: { kind: "numeric", precision: 5, scale: 2 }, values: [-99999n, 0n, 99999n].map((coefficient) => ({ coefficient, scale: 2 })) },
	{ type: { kind: "numeric", precision: 18, scale: 0 }, values: [-(10n ** 17n), 0n, 5n].map((coefficient) => ({ coefficient, scale: 0 })) },
	{
		type: { kind: "numeric", precision: 38, scale: 5 },
		values: [-(10n ** 37n), 0n, 10n ** 37n].map((coefficient) => ({ coefficient, scale: 5 })),
	},
	{ type: { kind: "date" }, values: [-1000, 0, 1000] },
	{ type: { kind: "time" }, values: [0n, 5n, 86399999999n] },
	{ type: { kind: "timestamp" }, values: [-5n, 0n, 1n << 50n] },
	{ type: { kind: "timestamptz" }, values: [-5n, 0n, 1n << 50n] },
	{
		type: { kind: "uuid" },
		values: ["00000000-0000-0000-0000-000000000001", "7fffffff-0000-0000-0000-000000000000", "ffffffff-0000-0000-0000-000000000000"],
	},
	{ type: { kind: "text" }, values: ["", "a", "é"] },
	{ type: { kind: "bytea" }, values: [Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(255, 0)] },
];

test("bounds of every type are the same from the writer, from the footer and from the page index", async () => {
	const columns = TYPES.map(({ type }, index) => ({ fieldId: index + 1, name: `c${index}`, type, nullable: true }));
	const rows = [1, 2, 0].map((row) => TYPES.map(({ values }) => values[row] as SqlValue));
	const written = await writeRows(columns, [...rows, TYPES.map(() => null)]);
	const source = memorySource(written.bytes);
	const file = await openParquet(source);
	const want: ColumnStatistics[] = TYPES.map(({ type, values }, index) => ({
		fieldId: index + 1,
		nullCount: 1,
		minimum: encodeBound(type, values[0] as SqlValue),
		maximum: encodeBound(type, values[2] as SqlValue),
		hasNaN: false,
	}));
	expect(written.columns).toEqual(want);
	expect(columns.map((column) => rowGroupStatistics(file, 0, column))).toEqual(want);
	const pages = await readPageIndex(source, file, { rowGroup: 0, columns });
	expect(pages.map((column) => column?.map(({ firstRow, rowCount, statistics }) => ({ firstRow, rowCount, statistics })))).toEqual(
		want.map((statistics) => [{ firstRow: 0, rowCount: 4, statistics }]),
	);
	expect(rowGroupStatistics(file, 0, { fieldId: 99, type: { kind: "integer" } })).toEqual({
		fieldId: 99,
		nullCount: 4,
		minimum: null,
		maximum: null,
		hasNaN: false,
	});
});

const LONG: { name: string; value: string; minimum: string; maximum: string | null }[] = [
	{ name: "ASCII", value: "a".repeat(40), minimum: "a".repeat(32), maximum: `${"a".repeat(31)}b` },
	{ name: "two-byte characters", value: `x${"é".repeat(30)}`, minimum: `x${"é".repeat(15)}`, maximum: `x${"é".repeat(14)}ê` },
	{ name: "the last code points", value: "\u{10ffff}".repeat(9), minimum: "\u{10ffff}".repeat(8), maximum: null },
	{
		name: "a code point before the surrogates",
		value: "\ud7ff".repeat(12),
		minimum: "\ud7ff".repeat(10),
		maximum: `${"\ud7ff".repeat(9)}\ue000`,
	},
];
for (const { name, value, minimum, maximum } of LONG) {
	test(`long text is cut between characters and rounded up: ${name}`, async () => {
		const column = { fieldId: 1, name: "t", type: { kind: "text" as const }, nullable: false };
		const written = await writeRows([column], [[value]]);
		const bounds = [written.columns[0]?.minimum, written.columns[0]?.maximum].map((bound) =>
			bound ? decodeBound(column.type, bound) : null,
		);
		expect(bounds).toEqual([minimum, maximum]);
		const duck = await openDuck();
		expect(await duck.read(written.bytes)).toEqual([[value]]);
		duck.close();
	});
}

test("NaN is flagged, and takes the bounds out of the file", async () => {
	const columns = [{ fieldId: 1, name: "d", type: { kind: "double" as const }, nullable: true }];
	const written = await writeRows(columns, [[1.5], [Number.NaN], [-2], [null]]);
	expect(written.columns).toEqual([
		{ fieldId: 1, nullCount: 1, minimum: encodeBound({ kind: "double" }, -2), maximum: encodeBound({ kind: "double" }, 1.5), hasNaN: true },
	]);
	const file = await openParquet(memorySource(written.bytes));
	expect(rowGroupStatistics(file, 0, { fieldId: 1, type: { kind: "double" } })).toEqual({
		fieldId: 1,
		nullCount: 1,
		minimum: null,
		maximum: null,
		hasNaN: true,
	});
	const onlyNaN = await writeRows(columns, [[Number.NaN]]);
	expect(onlyNaN.columns).toEqual([{ fieldId: 1, nullCount: 0, minimum: null, maximum: null, hasNaN: true }]);
});

test("pages of a sorted column can be told apart by their bounds", async () => {
	const columns = [{ fieldId: 3, name: "id", type: { kind: "integer" as const }, nullable: false }];
	const rows = Array.from({ length: 50_000 }, (_, row): SqlValue[] => [row]);
	const { bytes } = await writeRows(columns, rows);
	const source = memorySource(bytes);
	const [pages] = await readPageIndex(source, await openParquet(source), { rowGroup: 0, columns });
	expect(
		pages?.map(({ firstRow, rowCount, statistics }) => [
			firstRow,
			rowCount,
			decodeBound({ kind: "integer" }, statistics?.minimum as Uint8Array),
		]),
	).toEqual([
		[0, 16_384, 0],
		[16_384, 16_384, 16_384],
		[32_768, 16_384, 32_768],
		[49_152, 848, 49_152],
	]);
});
