/** Random rows of every type written in each format and read back: the same rows, whatever the chunks. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { RowsFormat } from "#shared/contracts/rpc.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { DATE_DAYS_MAX, DATE_DAYS_MIN } from "#shared/contracts/values/calendar.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import { memorySource } from "#shared/parquet/read/byte-source.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bodyOf, collectRows, decodeAll, engine, tableOf } from "./decode.fixture.ts";
import { decodeParquetRows } from "./decode-parquet.ts";
import { encodeResult } from "./encode.ts";

const text = fc.string({ unit: "binary", maxLength: 20 }).map((value) => value.replaceAll("\u0000", ""));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const micros = fc.bigInt({ min: -210_000_000_000_000_000n, max: 9_223_372_036_854_775_807n });
const int32 = fc.integer();
const coefficient = (digits: number): fc.Arbitrary<bigint> =>
	fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n });
const bytes = fc.uint8Array({ maxLength: 20 }).map((value) => new Uint8Array(value));

const COLUMNS: Record<string, [DataType, fc.Arbitrary<SqlValue>]> = {
	flag: [{ kind: "boolean" }, fc.boolean()],
	small: [{ kind: "smallint" }, fc.integer({ min: -32_768, max: 32_767 })],
	number: [{ kind: "integer" }, int32],
	big: [{ kind: "bigint" }, int64],
	price: [{ kind: "numeric", precision: 18, scale: 4 }, coefficient(18).map((value) => ({ coefficient: value, scale: 4 }))],
	wide: [{ kind: "numeric", precision: 38, scale: 20 }, coefficient(38).map((value) => ({ coefficient: value, scale: 20 }))],
	single: [{ kind: "real" }, fc.float({ noNaN: false })],
	double: [{ kind: "double" }, fc.double({ noNaN: false })],
	'a, "name"': [{ kind: "text" }, text],
	payload: [{ kind: "bytea" }, bytes],
	day: [{ kind: "date" }, fc.integer({ min: DATE_DAYS_MIN, max: DATE_DAYS_MAX })],
	clock: [{ kind: "time" }, fc.bigInt({ min: 0n, max: 86_400_000_000n })],
	local: [{ kind: "timestamp" }, micros],
	instant: [{ kind: "timestamptz" }, micros],
	span: [{ kind: "interval" }, fc.record({ months: int32, days: int32, microseconds: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }) })],
	id: [{ kind: "uuid" }, fc.uuid()],
	document: [{ kind: "jsonb" }, text.map((value) => JSON.stringify(value.toWellFormed()))],
	words: [{ kind: "array", element: { kind: "text" } }, fc.array(fc.option(text), { maxLength: 4 })],
	numbers: [{ kind: "array", element: { kind: "bigint" } }, fc.array(fc.option(int64), { maxLength: 4 })],
	prices: [
		{ kind: "array", element: { kind: "numeric", precision: 30, scale: 4 } },
		fc.array(
			coefficient(30).map((value) => ({ coefficient: value, scale: 4 })),
			{ maxLength: 3 },
		),
	],
	flags: [{ kind: "array", element: { kind: "boolean" } }, fc.array(fc.option(fc.boolean()), { maxLength: 9 })],
	instants: [{ kind: "array", element: { kind: "timestamptz" } }, fc.array(micros, { maxLength: 3 })],
	ids: [{ kind: "array", element: { kind: "uuid" } }, fc.array(fc.uuid(), { maxLength: 3 })],
	documents: [
		{ kind: "array", element: { kind: "jsonb" } },
		fc.array(fc.option(text.map((value) => JSON.stringify(value.toWellFormed()))), { maxLength: 3 }),
	],
	codes: [{ kind: "array", element: { kind: "char", length: 3 } }, fc.array(fc.constantFrom("a  ", "bcd"), { maxLength: 3 })],
	payloads: [{ kind: "array", element: { kind: "bytea" } }, fc.array(bytes, { maxLength: 3 })],
};
const TYPES = Object.values(COLUMNS).map(([type]) => type);
const TABLE = tableOf(Object.fromEntries(Object.entries(COLUMNS).map(([name, [type]]) => [name, { type }])));
const row = fc.tuple(...Object.values(COLUMNS).map(([, values]) => fc.option(values)));

async function encoded(format: RowsFormat, rows: SqlValue[][], lease: Lease): Promise<Uint8Array> {
	const builder = new BatchBuilder(engine, lease.region(), TYPES);
	for (const values of rows) builder.appendRow(values);
	const batch = builder.finish();
	const columns = TABLE.columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
	const statistics = {
		elapsedMs: 0,
		rowsScanned: 0,
		bytesScanned: 0,
		filesScanned: 0,
		filesPruned: 0,
		estimatedCostUsd: 0,
		arenaPeakBytes: 0,
		spilledBytes: 0,
	};
	const batches = (async function* () {
		yield await Promise.resolve(batch);
	})();
	const stream = encodeResult({ format, columns, batches, engine, queryId: "q", statistics: () => statistics });
	return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** NDJSON between brackets: results in JSON are rows of arrays, which no append takes. */
function asArray(lines: Uint8Array): Uint8Array {
	return new TextEncoder().encode(`[${new TextDecoder("utf-8", { ignoreBOM: true }).decode(lines).trimEnd().replaceAll("\n{", ",{")}]`);
}

test.each(["json", "ndjson", "csv", "arrow", "parquet"] as const)(
	"%s",
	async (format) => {
		await fc.assert(
			fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 3000 }), async (rows, chunkBytes) => {
				const lease = new Lease(engine.arena, { owner: "round-trip" });
				try {
					const written = await encoded(format === "json" ? "ndjson" : format, rows as SqlValue[][], lease);
					const read =
						format === "parquet"
							? await collectRows(decodeParquetRows({ source: memorySource(written), schema: TABLE, engine, lease, nowMicroseconds: 0n }))
							: (await decodeAll(format, TABLE, bodyOf(format === "json" ? asArray(written) : written, chunkBytes))).rows;
					expect(read).toEqual(rows);
				} finally {
					lease.release();
				}
			}),
			{ numRuns: 60 },
		);
	},
	30_000,
);
