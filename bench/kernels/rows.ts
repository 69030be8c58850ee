/** A table with a column of every type, by itself in a Parquet file: `t` has NULL in one row of ten, `u` has none. */
import type { SqlValue } from "#shared/contracts/value.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { type Dataset, type DatasetTable, rowBatches } from "../data/dataset.ts";

const VERSION = 2;

/** Each column's name, its type, and its text in row `i`; `k` is what few rows differ in. */
const COLUMNS: readonly [name: string, type: string, text: (i: number, k: number) => string][] = [
	["i", "bigint", (i) => `${i}`],
	["k", "integer", (_, k) => `${k}`],
	["s", "smallint", (i, k) => `${(k * 37 + i) % 1000}`],
	["n", "integer", (i, k) => `${k * 7919 + (i % 1009)}`],
	["b", "bigint", (i, k) => `${k * 1_000_003 + i}`],
	["r", "real", (i, k) => `${(k + (i % 97)) / 7}`],
	["d", "double precision", (i, k) => `${(k + (i % 97)) / 7}`],
	["p", "numeric(15,2)", (i, k) => `${i + k}.25`],
	["w", "numeric(30,6)", (i, k) => `${i * 1003}.${100_000 + k}`],
	["y", "boolean", (i, k) => `${(i + k) % 3 === 0}`],
	["x", "text", (i, k) => `value ${i % 5000} of ${k}`],
	["z", "text", (i, k) => `${k} and then ${i * 7919}`],
	["bin", "bytea", (i) => `\\x${(i + 4096).toString(16).padStart(8, "0")}`],
	["id", "uuid", (i) => `00000000-0000-4000-8000-${String((i * 7919) % 100_003).padStart(12, "0")}`],
	["day", "date", (i, k) => new Date(Date.UTC(2024, 0, 1 + ((k * 40 + i) % 365))).toISOString().slice(0, 10)],
	["tm", "time", (i) => new Date((i * 7919) % 86_400_000).toISOString().slice(11, 23)],
	["ts", "timestamp", (i, k) => new Date(Date.UTC(2024, 0, 1 + k * 3, 4) + i * 1000).toISOString().slice(0, 19)],
	["tz", "timestamptz", (i, k) => new Date(Date.UTC(2024, 0, 1 + k * 3, 4) + i * 1000).toISOString()],
	["iv", "interval", (i, k) => `${k} days ${i % 1000} seconds`],
	["j", "jsonb", (i, k) => `{"a": ${k}, "b": [1, ${i % 100}, "x"]}`],
	["a", "bigint[]", (i, k) => `{${k},${i},3}`],
];

function table(name: string, rowCount: number, nullEvery: number | null): DatasetTable {
	return {
		name,
		ddl: `CREATE TABLE ${name} (${COLUMNS.map(([column, type]) => `${column} ${type}`).join(", ")})`,
		*batches(columns, engine, region) {
			function* rows(): Generator<SqlValue[]> {
				for (let i = 0; i < rowCount; i++) {
					yield columns.map(({ type }, index) => {
						const [, , text] = COLUMNS[index] as (typeof COLUMNS)[number];
						return nullEvery !== null && index > 0 && (i + index) % nullEvery === 0 ? null : parseValue(type, text(i, i % 10));
					});
				}
			}
			yield* rowBatches(rows(), columns, engine, region);
		},
	};
}

/** @param rowCount of each table */
export function typedRows(rowCount: number): Dataset {
	return { name: "kernels", version: VERSION, seed: 0, scale: rowCount, tables: [table("t", rowCount, 10), table("u", rowCount, null)] };
}
