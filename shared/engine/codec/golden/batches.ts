/** What the golden files hold. They were written once by format version 1; a file is never written again. */
import type { BatchSpec, ColumnSpec } from "../../vector/vectors.fixture.ts";

const rows = <Value>(rowCount: number, value: (row: number) => Value): Value[] => Array.from({ length: rowCount }, (_, row) => value(row));

const SCALARS: ColumnSpec[] = [
	{ type: { kind: "boolean" }, encoding: "flat", values: rows(9, (row) => (row === 3 ? null : row % 2 === 0)) },
	{ type: { kind: "smallint" }, encoding: "flat", values: rows(9, (row) => row - 4) },
	{ type: { kind: "timestamptz" }, encoding: "narrow", values: rows(9, (row) => BigInt(row) * 1_000n) },
	{
		type: { kind: "numeric", precision: 18, scale: 4 },
		encoding: "flat",
		values: rows(9, (row) => ({ coefficient: 10n ** BigInt(row * 2), scale: 4 })),
	},
	{
		type: { kind: "numeric" },
		encoding: "flat",
		values: rows(9, (row) => (row === 0 ? null : { coefficient: -(10n ** 37n) + BigInt(row), scale: row })),
	},
	{ type: { kind: "double" }, encoding: "flat", values: [0, -0, 1.5, Number.NaN, Infinity, -Infinity, 1e308, 5e-324, -1] },
	{
		type: { kind: "varchar", length: 20 },
		encoding: "dictionary",
		values: rows(9, (row) => [null, "littoral", "köln", ""][row % 4] as string | null),
	},
	{ type: { kind: "text" }, encoding: "constant", values: rows(9, () => "shore") },
	{ type: { kind: "bytea" }, encoding: "flat", values: rows(9, (row) => (row === 8 ? null : new Uint8Array(row).fill(255))) },
	{ type: { kind: "uuid" }, encoding: "flat", values: rows(9, (row) => `f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0${row}`) },
	{
		type: { kind: "interval" },
		encoding: "flat",
		values: rows(9, (row) => ({ months: row, days: 0 - row, microseconds: BigInt(row) << 40n })),
	},
];

const ELEMENT_ROWS: Record<string, ColumnSpec> = {
	boolean: { type: { kind: "boolean" }, encoding: "flat", values: [true, false, null] },
	integer: { type: { kind: "integer" }, encoding: "flat", values: [7, null, -2147483648] },
	bigint: { type: { kind: "bigint" }, encoding: "flat", values: [1n << 40n, -1n] },
	real: { type: { kind: "real" }, encoding: "flat", values: [0.5, -0] },
	double: { type: { kind: "double" }, encoding: "flat", values: [0.1, Number.NaN] },
	decimal: { type: { kind: "numeric", precision: 30, scale: 2 }, encoding: "flat", values: [{ coefficient: -(10n ** 29n), scale: 2 }] },
	numeric: { type: { kind: "numeric" }, encoding: "flat", values: [{ coefficient: 100n, scale: 2 }, null, { coefficient: 5n, scale: 0 }] },
	interval: { type: { kind: "interval" }, encoding: "flat", values: [{ months: 1, days: -2, microseconds: 3n }] },
	uuid: { type: { kind: "uuid" }, encoding: "flat", values: ["f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f", null] },
	text: { type: { kind: "text" }, encoding: "flat", values: ["", "köln", null] },
};

/** A row of all the values, one of each alone, one of none, and NULL. */
const arrayColumn = ({ type, values }: ColumnSpec): ColumnSpec => ({
	type: { kind: "array", element: type },
	encoding: "flat",
	values: [values, values.slice(0, 1), [], null],
});

/** A batch of them is no longer written as its file is, only read. */
export const READ_ONLY = new Set(["mixed"]);

export const GOLDEN_BATCHES: Record<string, BatchSpec> = {
	empty: { rowCount: 0, selection: null, columns: [{ type: { kind: "text" }, encoding: "flat", values: [] }] },
	mixed: {
		rowCount: 9,
		selection: null,
		columns: [
			...SCALARS,
			{
				type: { kind: "array", element: { kind: "text" } },
				encoding: "flat",
				values: rows(9, (row) => (row === 2 ? null : rows(row % 3, (item) => (item === 1 ? null : `item ${item}`)))),
			},
		],
	},
	scalars: { rowCount: 9, selection: null, columns: SCALARS },
	arrays: { rowCount: 4, selection: null, columns: Object.values(ELEMENT_ROWS).map(arrayColumn) },
	selected: {
		rowCount: 100,
		selection: [1, 7, 8, 64, 99],
		columns: [
			{ type: { kind: "bigint" }, encoding: "flat", values: rows(100, (row) => BigInt(row) << 50n) },
			{ type: { kind: "real" }, encoding: "flat", values: rows(100, (row) => row / 2) },
			{ type: { kind: "char", length: 3 }, encoding: "flat", values: rows(100, (row) => (row === 8 ? null : String(row).padEnd(3))) },
		],
	},
};
