/** Parquet uploads, written by DuckDB: types, defaults, row errors, files that do not fit, and damaged bytes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { isLittoralError } from "#shared/base/errors.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { memorySource } from "#shared/parquet/read/byte-source.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { collectRows, engine, tableOf } from "./decode.fixture.ts";
import { decodeParquetRows } from "./decode-parquet.ts";

let folder: string;
let duckdb: DuckDBInstance;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "littoral-formats-"));
	duckdb = await DuckDBInstance.create();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function parquetOf(select: string): Promise<Uint8Array> {
	const path = join(folder, "file.parquet");
	const connection = await duckdb.connect();
	await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
	connection.closeSync();
	return new Uint8Array(readFileSync(path));
}

async function decode(schema: TableSchema, bytes: Uint8Array): Promise<SqlValue[][]> {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		return await collectRows(decodeParquetRows({ source: memorySource(bytes), schema, engine, lease, nowMicroseconds: 5n }));
	} finally {
		lease.release();
	}
}

async function failure(schema: TableSchema, bytes: Uint8Array): Promise<{ code: string; details: object }> {
	try {
		await decode(schema, bytes);
	} catch (error) {
		if (isLittoralError(error)) return { code: error.code, details: error.details };
		throw error;
	}
	throw new Error("the file was taken");
}

test("columns meet by name, absent ones take their DEFAULT, text becomes what Parquet has no type for", async () => {
	const schema = tableOf({
		n: { type: { kind: "integer" } },
		price: { type: { kind: "numeric", precision: 10, scale: 2 } },
		name: { type: { kind: "text" } },
		letter: { type: { kind: "char", length: 3 } },
		document: { type: { kind: "jsonb" } },
		span: { type: { kind: "interval" } },
		at: { type: { kind: "timestamptz" }, default: "now()" },
		level: { type: { kind: "integer" }, notNull: true, default: "7" },
	});
	const bytes = await parquetOf(
		`SELECT * FROM (VALUES ('{"b":1, "a": 2}', 'a', 1::BIGINT, 1.5::DECIMAL(10,2), 'é', '1 day'), (NULL, NULL, NULL, NULL, NULL, NULL)) AS t(document, letter, n, price, name, span)`,
	);
	expect(await decode(schema, bytes)).toEqual([
		[1, { coefficient: 150n, scale: 2 }, "é", "a  ", '{"a": 2, "b": 1}', { months: 0, days: 1, microseconds: 0n }, 5n, 7],
		[null, null, null, null, null, null, 5n, 7],
	]);
});

const TABLE = tableOf({ n: { type: { kind: "integer" }, notNull: true }, j: { type: { kind: "jsonb" } } });

test("values that do not fit, NULL in NOT NULL and bad JSON are row errors", async () => {
	const bytes = await parquetOf(`SELECT * FROM (VALUES (1::BIGINT, '{}'), (3000000000, 'x'), (NULL, '1')) AS t(n, j)`);
	expect(await failure(TABLE, bytes)).toEqual({
		code: "invalid_rows",
		details: {
			rowErrorCount: 3,
			rowErrors: [
				{ row: 2, column: "n", code: "numeric_value_out_of_range", detail: expect.stringContaining("3000000000") },
				{ row: 2, column: "j", code: "invalid_text_representation", detail: "invalid input syntax for type json" },
				{
					row: 3,
					column: "n",
					code: "not_null_violation",
					detail: 'null value in column "n" of relation "events" violates not-null constraint',
				},
			],
		},
	});
});

test("unknown columns and types that do not widen are refused by name", async () => {
	expect(await failure(TABLE, await parquetOf("SELECT 1.5::DOUBLE AS n, 2 AS zz"))).toMatchObject({
		code: "invalid_rows",
		details: {
			rowErrorCount: 2,
			rowErrors: [
				{ row: 1, column: "n", code: "datatype_mismatch", detail: expect.stringContaining('column "n"') },
				{ row: 1, column: "zz", code: "unknown_column", detail: 'column "zz" of relation "events" does not exist' },
			],
		},
	});
});

test("a file without a NOT NULL column that has no default is refused, row by row", async () => {
	expect(await failure(TABLE, await parquetOf("SELECT '1' AS j FROM range(3)"))).toMatchObject({ details: { rowErrorCount: 3 } });
});

test("every prefix of a small file, and bit flips, are malformed or wrong rows, never another error", async () => {
	const bytes = await parquetOf("SELECT i::INTEGER AS n, '{}' AS j FROM range(5) t(i)");
	for (let length = 0; length < bytes.length; length++) expect((await failure(TABLE, bytes.slice(0, length))).code).toBe("malformed_body");
	for (let flip = 0; flip < 300; flip++) {
		const damaged = bytes.slice();
		const at = (flip * 7919) % damaged.length;
		damaged[at] = (damaged[at] as number) ^ (1 << (flip % 8));
		try {
			await decode(TABLE, damaged);
		} catch (error) {
			const code = isLittoralError(error) ? error.code : String(error);
			expect(["malformed_body", "invalid_rows", "resource_exhausted", "feature_not_supported"]).toContain(code);
		}
	}
	expect(engine.arena.leasedPageCount).toBe(0);
});
