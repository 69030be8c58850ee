/** Merging data files: against a stable sort of all their rows, in every type and direction; within a job's memory, however large or many the files are. */
import { beforeAll, describe, expect, test } from "vitest";
import fc from "fast-check";
import { COMPACTION_ARENA_BYTES, COMPACTION_PART_BYTES } from "#shared/base/limits.ts";
import { newTableId, newTenantId, randomHex } from "#shared/base/ids.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { ColumnSchema, SortKeyColumn, TableSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { equalityKey, orderValues } from "#shared/engine/kernels/reference/value.ts";
import { SCALAR_TYPES, valuesOf } from "#shared/engine/vector/vectors.fixture.ts";
import { SEED } from "../../../tests/seed.ts";
import { compactionEngine } from "../src/compaction/engine.ts";
import { type MergeResult, mergeFiles } from "../src/compaction/merge-files.ts";
import { loadFile, storeFile } from "./data-files.ts";
import { FaultyPorts, migrate, testEnv } from "./fixture.ts";

beforeAll(migrate);

const tenantId = newTenantId();

function schemaOf(types: DataType[], sortKey: SortKeyColumn[]): TableSchema {
	return {
		tableId: newTableId(),
		name: "t",
		schemaVersion: 3,
		columns: types.map((type, index): ColumnSchema => ({ fieldId: index + 1, name: `c${index}`, type, nullable: true, default: null })),
		primaryKey: null,
		sortKey,
	};
}

async function store(schema: TableSchema, rows: Iterable<SqlValue[]>): Promise<DataFile> {
	return await storeFile(schema, { tenantId, tableId: schema.tableId, intentId: `in-${randomHex(8)}` }, rows);
}

async function merge(schema: TableSchema, inputs: DataFile[], fileBytes?: number): Promise<MergeResult> {
	const run = randomHex(8);
	const engine = compactionEngine();
	const result = await mergeFiles(new FaultyPorts(), engine, {
		tenantId,
		schema,
		inputs,
		path: (group, number) => `data/${tenantId}/${schema.tableId}/merge-${run}-${group}-${number}.parquet`,
		...(fileBytes === undefined ? {} : { fileBytes }),
	});
	expect(engine.arena.leasedPageCount).toBe(0);
	expect(result.arenaPeakBytes).toBeLessThanOrEqual(COMPACTION_ARENA_BYTES);
	return result;
}

async function load(schema: TableSchema, files: DataFile[]): Promise<SqlValue[][]> {
	const rows: SqlValue[][] = [];
	for (const { path } of files) for (const row of await loadFile(schema, path)) rows.push(row);
	return rows;
}

/** Array.prototype.sort is stable. */
function sortRows(schema: TableSchema, rows: SqlValue[][]): SqlValue[][] {
	return rows.toSorted((left, right) => {
		for (const { fieldId, descending, nullsFirst } of schema.sortKey) {
			const [a, b] = [left[fieldId - 1] as SqlValue, right[fieldId - 1] as SqlValue];
			if (a === null && b === null) continue;
			if (a === null || b === null) return (a === null) === nullsFirst ? -1 : 1;
			const order = orderValues(a, b);
			if (order !== 0) return descending ? -order : order;
		}
		return 0;
	});
}

const asKeys = (rows: SqlValue[][]): string[][] => rows.map((row) => row.map(equalityKey));
/** A stored NUMERIC has a scale. */
const STORED_TYPES = SCALAR_TYPES.filter((type) => type.kind !== "numeric" || type.precision !== undefined);
const INTEGER: DataType = { kind: "integer" };
const TEXT: DataType = { kind: "text" };
const ascending = (fieldId: number): SortKeyColumn => ({ fieldId, descending: false, nullsFirst: false });

describe("by a key of every type, with every type beside it", () => {
	const types = [...STORED_TYPES, INTEGER];

	test.each(STORED_TYPES.map((type, index) => [typeName(type), index] as const))(`%s (seed ${SEED})`, async (_, keyIndex) => {
		const descending = keyIndex % 2 === 0;
		const nullsFirst = keyIndex % 3 === 0;
		const schema = schemaOf(types, [
			{ fieldId: keyIndex + 1, descending, nullsFirst },
			{ ...ascending(types.length), descending: true },
		]);
		const counts = [40, 1, 0, 25, 60];
		const columns = types.map((type, index) =>
			fc.sample(fc.option(valuesOf(type), { freq: 4 }), { seed: SEED + index, numRuns: counts.reduce((sum, count) => sum + count) }),
		);
		let next = 0;
		const inputs = counts.map((count) =>
			// The last column has many ties: which of two equal rows comes first is seen in the others.
			sortRows(
				schema,
				Array.from({ length: count }, () => [...columns.slice(0, -1).map((values) => values[next] as SqlValue), next++ % 3]),
			),
		);
		const files: DataFile[] = [];
		for (const rows of inputs) files.push(await store(schema, rows));
		const merged = await merge(schema, files);
		expect(merged.merged.map((file) => file.path)).toEqual(files.map((file) => file.path));
		expect(merged.files).toHaveLength(1);
		const stored = (await Promise.all(files.map((file) => loadFile(schema, file.path)))).flat();
		expect(asKeys(await load(schema, merged.files))).toEqual(asKeys(sortRows(schema, stored)));
		// Statistics are what a writer of all the rows derives.
		const [file] = merged.files as [DataFile];
		const whole = await store(schema, sortRows(schema, stored));
		expect({ ...file, path: "", byteCount: 0 }).toEqual({ ...whole, path: "", byteCount: 0 });
	});
});

/** Text that neither a dictionary nor snappy makes small. */
const NOISE = (() => {
	const bytes = new Uint8Array(6 * 1024 * 1024);
	for (let start = 0; start < bytes.length; start += 65_536) crypto.getRandomValues(bytes.subarray(start, start + 65_536));
	return new TextDecoder("latin1").decode(bytes.map((byte) => 33 + (byte % 90)));
})();

/** Numbers that stride through the inputs, each with its piece of noise. */
function* numbered(count: number, options: { step: number; offset: number; padBytes: number }): Generator<SqlValue[]> {
	const { step, offset, padBytes } = options;
	for (let row = 0; row < count; row++) {
		const at = (row * padBytes + offset * 1_000_003) % (NOISE.length - padBytes);
		yield [row * step + offset, NOISE.slice(at, at + padBytes)];
	}
}

const bySmallInteger = () => schemaOf([INTEGER, TEXT], [ascending(1)]);

test("many small files: few sorted runs, all rows in them", async () => {
	const schema = bySmallInteger();
	const files: DataFile[] = [];
	for (let offset = 0; offset < 100; offset++) files.push(await store(schema, numbered(20, { step: 100, offset, padBytes: 30 })));
	const { files: written, merged } = await merge(schema, files);
	expect(merged).toHaveLength(100);
	expect(written.length).toBeLessThanOrEqual(4);
	const runs = await Promise.all(written.map((file) => loadFile(schema, file.path)));
	for (const rows of runs) expect(rows).toEqual(sortRows(schema, rows));
	expect(
		runs
			.flat()
			.map((row) => row[0] as number)
			.toSorted((left, right) => left - right),
	).toEqual(Array.from({ length: 2000 }, (_, index) => index));
});

test("files much larger than the memory, cut into files of about one size in order", async () => {
	const schema = bySmallInteger();
	const files: DataFile[] = [];
	const rowCount = 45_000;
	const inputCount = 6;
	for (let offset = 0; offset < inputCount; offset++) {
		files.push(await store(schema, numbered(rowCount, { step: inputCount, offset, padBytes: 220 })));
	}
	const decodedBytes = inputCount * rowCount * 224;
	expect(decodedBytes).toBeGreaterThan(1.5 * COMPACTION_ARENA_BYTES);
	const result = await merge(schema, files, 16 * 1024 * 1024);
	const { files: written, bytesRead } = result;
	const inputBytes = files.reduce((sum, file) => sum + file.byteCount, 0);
	expect(inputBytes).toBeGreaterThan(30_000_000);
	expect(bytesRead).toBeGreaterThanOrEqual(inputBytes * 0.99);
	expect(bytesRead).toBeLessThan(inputBytes * 1.05);
	expect(written.map((file) => Math.round((file.byteCount / inputBytes) * written.length))).toEqual(written.map(() => 1));
	// Multipart: parts of one size, the last shorter.
	for (const { path, byteCount } of written) {
		expect((await testEnv.DATA.head(path))?.size).toBe(byteCount);
		expect(byteCount).toBeGreaterThan(COMPACTION_PART_BYTES);
	}
	// Each group of inputs is one sorted run, however many files it is cut into.
	const numbers: number[] = [];
	for (const files of Map.groupBy(written, ({ path }) => path.split("-").at(-2)).values()) {
		expect(files.length).toBeGreaterThan(1);
		const run = (await load(schema, files)).map((row) => row[0] as number);
		expect(run.findIndex((number, index) => index > 0 && number <= (run[index - 1] as number))).toBe(-1);
		for (const number of run) numbers.push(number);
	}
	numbers.sort((left, right) => left - right);
	expect(numbers.length).toBe(inputCount * rowCount);
	expect(numbers.findIndex((number, index) => number !== index)).toBe(-1);
});

test("a table without a sort key keeps the order in which its rows came", async () => {
	const schema = schemaOf([INTEGER, TEXT], []);
	const files = [
		await store(schema, [
			[5, "a"],
			[1, null],
		]),
		await store(schema, []),
		await store(schema, [[9, "b"]]),
		await store(schema, [
			[1, "c"],
			[1, "a"],
		]),
	];
	const { files: written } = await merge(schema, files);
	expect(written).toHaveLength(1);
	expect(await load(schema, written)).toEqual([
		[5, "a"],
		[1, null],
		[9, "b"],
		[1, "c"],
		[1, "a"],
	]);
});

test("a column that a file lacks is NULL in the merged file, as it is in a scan", async () => {
	const narrow = schemaOf([INTEGER], [ascending(1)]);
	const wide: TableSchema = { ...schemaOf([INTEGER, TEXT], [ascending(1)]), tableId: narrow.tableId, schemaVersion: 4 };
	const files = [
		await store(narrow, [[1], [4]]),
		await store(wide, [
			[2, "x"],
			[3, null],
		]),
	];
	const { files: written } = await merge(wide, files);
	expect(await load(wide, written)).toEqual([
		[1, null],
		[2, "x"],
		[3, null],
		[4, null],
	]);
	expect(written[0]?.schemaVersion).toBe(4);
	expect(written[0]?.columns[1]?.nullCount).toBe(3);
});

test("an input out of order is refused by name", async () => {
	const schema = bySmallInteger();
	const files = [
		await store(schema, [[1, "a"]]),
		await store(schema, [
			[2, "a"],
			[1, "b"],
		]),
	];
	await expect(merge(schema, files)).rejects.toThrow(`${files[1]?.path} is not in the order of its sort key`);
});

test("a lone file is left as it is; an input of another row count is refused", async () => {
	const schema = bySmallInteger();
	const file = await store(schema, [[1, "a"]]);
	expect(await merge(schema, [file])).toMatchObject({ merged: [], files: [] });
	await expect(merge(schema, [file, { ...file, rowCount: 2 }])).rejects.toThrow("has the rows that its commit says");
});
