/** Arrays as Parquet lists: what we write is read by us, by DuckDB and by hyparquet; what others write is read by us, rows that go on in the next page included. */
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { isLittoralError } from "#shared/base/errors.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { VectorBuilder } from "#shared/engine/vector/builder.ts";
import { readValue } from "#shared/engine/vector/read.ts";
import { valuesOf } from "#shared/engine/vector/vectors.fixture.ts";
import { type Duck, openDuck } from "../../tests/parquet/duckdb.ts";
import { readAll } from "../../tests/parquet/read-all.ts";
import { writeRows } from "../../tests/parquet/write-rows.ts";
import { ListPages } from "./read/list-pages.ts";

vi.setConfig({ testTimeout: 60_000 });

let duck: Duck;
beforeAll(async () => {
	duck = await openDuck();
});
afterAll(() => duck.close());

const ELEMENTS: DataType[] = [
	{ kind: "boolean" },
	{ kind: "smallint" },
	{ kind: "integer" },
	{ kind: "bigint" },
	{ kind: "double" },
	{ kind: "numeric", precision: 12, scale: 2 },
	{ kind: "numeric", precision: 30, scale: 4 },
	{ kind: "text" },
	{ kind: "bytea" },
	{ kind: "uuid" },
	{ kind: "date" },
	{ kind: "timestamptz" },
	{ kind: "interval" },
];

const withoutNegativeZero = (values: SqlValue): SqlValue =>
	Array.isArray(values) ? values.map((value) => (Object.is(value, -0) ? -0 : value)) : values;

test.each(ELEMENTS.map((element) => [typeName(element), element] as const))("%s[] comes back", async (_, element) => {
	const type: DataType = { kind: "array", element };
	const array = fc.option(fc.array(fc.option(valuesOf(element), { freq: 4 }), { maxLength: 5 }), { freq: 5 });
	const runs = fc.sample(fc.array(array, { maxLength: 60 }), { numRuns: 12, seed: 11 });
	for (const [index, rows] of runs.entries()) {
		const nullable = index % 3 !== 0;
		const given = nullable ? rows : rows.filter((row) => row !== null);
		const columns = [
			{ fieldId: 1, name: "a", type, nullable },
			{ fieldId: 2, name: "n", type: { kind: "integer" } as const, nullable: false },
		];
		const table = given.map((row, at): SqlValue[] => [withoutNegativeZero(row as SqlValue), at]);
		const file = await writeRows(columns, table, { batchRowCount: 1 + (index % 7) });
		expect(file.columns[0]).toMatchObject({ nullCount: given.filter((row) => row === null).length, minimum: null, maximum: null });
		expect(
			await readAll(
				file.bytes,
				columns.map(({ fieldId, type: own }) => ({ fieldId, type: own })),
			),
		).toEqual(table);
	}
});

/** Rows whose arrays are mostly short, sometimes empty, NULL, or of many elements: several pages. */
const ROWS: (number | null)[][] | null[] = Array.from({ length: 30_000 }, (_, row) => {
	if (row % 11 === 0) return null;
	const count = row % 1000 === 7 ? 5000 : row % 6;
	return Array.from({ length: count }, (_, index) => (index % 4 === 3 ? null : row * 10 + index));
}) as (number | null)[][];

const TEXTS: DataType = { kind: "array", element: { kind: "text" } };
const INTEGERS: DataType = { kind: "array", element: { kind: "integer" } };

test("DuckDB and hyparquet read the lists that we write over many pages", async () => {
	const words = ["sea", "shore", "tide"];
	const rows = ROWS.map((numbers): SqlValue[] => [
		numbers,
		numbers?.map((value) => (value === null ? null : (words[value % 3] as string))) ?? null,
	]);
	const file = await writeRows(
		[
			{ fieldId: 1, name: "ns", type: INTEGERS, nullable: true },
			{ fieldId: 2, name: "ts", type: TEXTS, nullable: true },
		],
		rows,
	);
	const request = [
		{ fieldId: 1, type: INTEGERS },
		{ fieldId: 2, type: TEXTS },
	];
	expect(await readAll(file.bytes, request)).toEqual(rows);
	const shown = (value: SqlValue): string | null =>
		value === null ? null : `[${(value as SqlValue[]).map((element) => (element === null ? "NULL" : String(element))).join(", ")}]`;
	const texts = rows.map((row) => row.map(shown));
	expect(await duck.read(file.bytes, "ns::VARCHAR, ts::VARCHAR")).toEqual(texts);
	const sample = await parquetReadObjects({ file: file.bytes.buffer as ArrayBuffer, rowStart: 0, rowEnd: 50 });
	expect(sample.map(({ ns, ts }) => [ns ?? null, ts ?? null])).toEqual(rows.slice(0, 50));
});

test.each(["PARQUET_VERSION V1", "PARQUET_VERSION V2", "PARQUET_VERSION V1, COMPRESSION zstd, ROW_GROUP_SIZE 5000"])(
	"we read lists that DuckDB writes (%s)",
	async (options) => {
		const bytes = await duck.write(
			`SELECT CASE WHEN i % 13 = 0 THEN NULL ELSE list_transform(range(i % 7), lambda x: CASE WHEN x = 2 THEN NULL ELSE (i + x)::INTEGER END) END AS ns,
				CASE WHEN i % 5 = 0 THEN [] ELSE ['w' || (i % 3), NULL] END AS ts, i::INTEGER AS n FROM range(20000) t(i)`,
			options,
		);
		const rows = await readAll(bytes, [
			{ name: "ns", type: INTEGERS },
			{ name: "ts", type: TEXTS },
			{ name: "n", type: { kind: "integer" } },
		]);
		const expected = Array.from({ length: 20_000 }, (_, i): SqlValue[] => [
			i % 13 === 0 ? null : Array.from({ length: i % 7 }, (_, x) => (x === 2 ? null : i + x)),
			i % 5 === 0 ? [] : [`w${i % 3}`, null],
			i,
		]);
		expect(rows).toEqual(expected);
	},
);

test("a row goes on in the next page, over several if need be, and a chunk does not begin with one that does", () => {
	const engine = createEngine({ pageCount: 16 });
	const lease = new Lease(engine.arena, { owner: "test" });
	const pages = new ListPages(engine, INTEGERS, { optional: true, elementOptional: true });
	const rows: SqlValue[] = [];
	const open = (entries: [repetition: number, definition: number, value?: number][], hasNext: boolean): void => {
		const builder = new VectorBuilder(engine, lease.region(), { kind: "integer" }, 8);
		for (const [, definition, value] of entries) if (definition >= 2) builder.append(value ?? null);
		pages.open({
			repetitions: Int32Array.from(entries, ([repetition]) => repetition),
			definitions: Int32Array.from(entries, ([, definition]) => definition),
			elements: builder.finish(),
			hasNext,
		});
		while (pages.rowsAvailable > 0) {
			const count = pages.rowsAvailable;
			const vector = pages.read(count, lease.region());
			for (let row = 0; row < count; row++) rows.push(readValue(engine, vector, row));
		}
	};
	open(
		[
			[0, 3, 1],
			[1, 2],
			[0, 3, 2],
		],
		true,
	);
	open(
		[
			[1, 3, 3],
			[1, 3, 4],
		],
		true,
	);
	open(
		[
			[1, 3, 5],
			[0, 0],
			[0, 1],
			[0, 3, 6],
		],
		true,
	);
	open([[1, 2]], false);
	expect(rows).toEqual([[1, null], [2, 3, 4, 5], null, [], [6, null]]);
	const fresh = new ListPages(engine, INTEGERS, { optional: true, elementOptional: true });
	const continued = { repetitions: Int32Array.of(1), definitions: Int32Array.of(2), hasNext: false };
	const builder = new VectorBuilder(engine, lease.region(), { kind: "integer" }, 8);
	builder.append(null);
	expect(() => fresh.open({ ...continued, elements: builder.finish() })).toThrow("a column chunk begins inside a list");
	lease.release();
});

test("a list is no scalar, a scalar no list, and a list of structures is refused by its name", async () => {
	const bytes = await duck.write("SELECT [1] AS l, 1 AS s, [{a: 1}] AS g, [[1]] AS ll");
	const refusal = async (name: string, type: DataType): Promise<string> => {
		try {
			await readAll(bytes, [{ name, type }]);
		} catch (error) {
			if (isLittoralError(error)) return error.message;
			throw error;
		}
		return "read";
	};
	expect(await refusal("l", { kind: "integer" })).toContain('column "l" holds a list of int32, which cannot be read as integer');
	expect(await refusal("s", INTEGERS)).toContain('column "s" holds int32, which cannot be read as integer[]');
	expect(await refusal("g", INTEGERS)).toContain("a nested or repeated type");
	expect(await refusal("ll", INTEGERS)).toContain("a nested or repeated type");
	expect(await readAll(bytes, [{ name: "l", type: { kind: "array", element: { kind: "bigint" } } }])).toEqual([[[1n]]]);
});
