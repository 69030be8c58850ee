/** What the golden files hold. They were written once by format version 1; a file is never written again. */
import type { BatchSpec } from "../../vector/vectors.fixture.ts";

const rows = <Value>(rowCount: number, value: (row: number) => Value): Value[] => Array.from({ length: rowCount }, (_, row) => value(row));

export const GOLDEN_BATCHES: Record<string, BatchSpec> = {
	empty: { rowCount: 0, selection: null, columns: [{ type: { kind: "text" }, encoding: "flat", values: [] }] },
	mixed: {
		rowCount: 9,
		selection: null,
		columns: [
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
			{
				type: { kind: "array", element: { kind: "text" } },
				encoding: "flat",
				values: rows(9, (row) => (row === 2 ? null : rows(row % 3, (item) => (item === 1 ? null : `item ${item}`)))),
			},
		],
	},
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
