/** Any bytes give a LittoralError or rows, with every arena page back and the wasm never trapping. */
import { writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { createEngine, type Engine } from "#shared/engine/kernels/kernels.ts";
import { GuardedArena } from "#shared/engine/memory/guarded-arena.fixture.ts";
import { type Duck, openDuck } from "../../../tests/parquet/duckdb.ts";
import { readAll } from "../../../tests/parquet/read-all.ts";
import { writeRows } from "../../../tests/parquet/write-rows.ts";
import { memorySource } from "./byte-source.ts";
import { openParquet } from "./open.ts";
import { readPageIndex } from "./page-index.ts";
import { rowGroupStatistics } from "./statistics.ts";

vi.setConfig({ testTimeout: 30_000 });

let duck: Duck;
const files: { name: string; bytes: Uint8Array }[] = [];
const COLUMNS: { name: string; type: DataType }[] = [
	{ name: "a", type: { kind: "bigint" } },
	{ name: "b", type: { kind: "text" } },
	{ name: "c", type: { kind: "double" } },
	{ name: "d", type: { kind: "boolean" } },
	{ name: "e", type: { kind: "numeric", precision: 30, scale: 3 } },
	{ name: "f", type: { kind: "text" } },
];
const QUERY = `SELECT CASE WHEN i % 7 = 0 THEN NULL ELSE i * i END AS a, ['x', 'yy', 'zzz'][1 + i % 3] AS b, i / 3.0::double AS c, i % 2 = 0 AS d,
	(i * 1.125)::decimal(30,3) AS e, 'text ' || i AS f FROM (SELECT unnest(range(150))::integer AS i)`;

beforeAll(async () => {
	duck = await openDuck();
	for (const options of [
		"CODEC snappy",
		"CODEC zstd",
		"CODEC gzip, PARQUET_VERSION 'V2'",
		"CODEC uncompressed, PARQUET_VERSION 'V2', DICTIONARY_SIZE_LIMIT 1",
		"CODEC snappy, DICTIONARY_SIZE_LIMIT 1",
	]) {
		files.push({ name: `DuckDB, ${options}`, bytes: await duck.write(QUERY, options) });
	}
	const rows = await duck.rows(QUERY);
	const columns = COLUMNS.map((column, index) => ({ ...column, fieldId: index + 1, nullable: true }));
	const ours = await writeRows(
		columns,
		rows.map(([a, ...rest]) => [a === null ? null : BigInt(a as number), ...rest] as (typeof rows)[0]),
	);
	files.push({ name: "ours", bytes: ours.bytes });
	// Values that are no fewer than a block of deltas, and none of them twice: deltas of many widths, and byte values by their lengths.
	const many = Array.from({ length: 2500 }, (_, row): (typeof rows)[0] => [
		row % 7 === 0 ? null : BigInt(row % 1000) ** BigInt(1 + (row >> 9)),
		`${row * 7919}`,
		row / 3,
		row % 2 === 0,
		{ coefficient: BigInt(row), scale: 3 },
		`text ${"x".repeat(row % 40)}`,
	]);
	const deltas = await writeRows(columns, many);
	files.push({ name: "ours, deltas", bytes: deltas.bytes });
	const path = duck.path("deltas.parquet");
	writeFileSync(path, deltas.bytes);
	expect(await duck.rows(`SELECT encodings FROM parquet_metadata('${path}') WHERE column_id < 2 ORDER BY column_id`)).toEqual([
		["DELTA_BINARY_PACKED, RLE"],
		["DELTA_LENGTH_BYTE_ARRAY, RLE"],
	]);
});
afterAll(() => duck.close());

/** Finds what is written where it may not be. */
const guarded = new GuardedArena();
afterEach(() => {
	expect(guarded.leasedPageCount).toBe(0);
	expect(guarded.violations).toEqual([]);
});

/** @returns null when rows came, else the error's code */
async function attempt(bytes: Uint8Array, engine: Engine): Promise<string | null> {
	try {
		await readAll(bytes, COLUMNS, { engine, errors: [] });
		const source = memorySource(bytes);
		const file = await openParquet(source);
		const columns = COLUMNS.map(({ type }, index) => ({ fieldId: index + 1, type }));
		for (const rowGroup of file.rowGroups.keys()) {
			for (const column of columns) rowGroupStatistics(file, rowGroup, column);
			await readPageIndex(source, file, { rowGroup, columns });
		}
		return null;
	} catch (error) {
		if (!isLittoralError(error)) throw error;
		expect(engine.arena.leasedPageCount).toBe(0);
		return (error as LittoralError).code;
	}
}

const ALLOWED = new Set([null, "malformed_body", "feature_not_supported"]);

test("every prefix of a small file is malformed_body", async () => {
	const engine = createEngine({ arena: guarded });
	for (const { bytes } of files.filter(({ name }) => name === "ours" || name.includes("zstd"))) {
		for (let length = 0; length < bytes.length; length++) {
			const code = await attempt(bytes.subarray(0, length), engine);
			if (code !== "malformed_body") expect.fail(`a prefix of ${length} bytes: ${code}`);
		}
	}
});

test("bit flips give an error or rows", async () => {
	const engine = createEngine({ arena: guarded });
	const codes = new Map<string | null, number>();
	let seed = 12345;
	const random = (limit: number): number => {
		seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
		return Math.floor((seed / 2 ** 32) * limit);
	};
	for (const { name, bytes } of files) {
		for (let flip = 0; flip < 200; flip++) {
			const damaged = bytes.slice();
			const bit = random(bytes.length * 8);
			damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
			const code = await attempt(damaged, engine);
			if (!ALLOWED.has(code)) expect.fail(`${name}: bit ${bit}: ${code}`);
			codes.set(code, (codes.get(code) ?? 0) + 1);
		}
	}
	expect(codes.get("malformed_body")).toBeGreaterThan(100);
});

test("random bytes in the middle give an error or rows", async () => {
	const engine = createEngine({ arena: guarded });
	let seed = 99;
	const random = (limit: number): number => {
		seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
		return Math.floor((seed / 2 ** 32) * limit);
	};
	for (const { name, bytes } of files) {
		for (let round = 0; round < 200; round++) {
			const damaged = bytes.slice();
			const start = random(bytes.length);
			const end = Math.min(bytes.length, start + 1 + random(64));
			for (let index = start; index < end; index++) damaged[index] = random(3) === 0 ? 255 : random(256);
			const code = await attempt(damaged, engine);
			if (!ALLOWED.has(code)) expect.fail(`${name}: ${start}-${end}: ${code}`);
		}
	}
});

const TINY: { name: string; bytes: Uint8Array; message: string }[] = [
	{ name: "nothing", bytes: new Uint8Array(0), message: "Parquet: the file is too short" },
	{ name: "magic only", bytes: new TextEncoder().encode("PAR1PAR1"), message: "Parquet: the file is too short" },
	{ name: "another magic", bytes: new TextEncoder().encode("PAR1\0\0\0\0PARE"), message: "Parquet: the file does not end with PAR1" },
	{ name: "an empty footer", bytes: new TextEncoder().encode("PAR1\0\0\0\0PAR1"), message: "Parquet: metadata ends early" },
	{
		name: "a footer longer than the file",
		bytes: new TextEncoder().encode("PAR1\xff\0\0\0PAR1"),
		message: "Parquet: the footer is longer than the file",
	},
];
for (const { name, bytes, message } of TINY) {
	test(`not a file: ${name}`, async () => {
		await expect(openParquet(memorySource(bytes))).rejects.toThrow(new LittoralError("malformed_body", message));
	});
}

test("a source that gives fewer bytes than asked is malformed_body, one that fails is its own error", async () => {
	const { bytes } = files[0] as { bytes: Uint8Array };
	let reads = 0;
	const short = {
		byteCount: bytes.length,
		read: async (ranges: { offset: number; byteCount: number }[]) => {
			const cut = reads++ === 0 ? 0 : 1;
			return ranges.map((range) => bytes.subarray(range.offset, range.offset + range.byteCount - cut));
		},
	};
	await expect(readAll(short, COLUMNS)).rejects.toThrow(
		new LittoralError("malformed_body", "Parquet: the file ends before its own footer says"),
	);
	reads = 0;
	const failing = {
		byteCount: bytes.length,
		read: async (ranges: { offset: number; byteCount: number }[]) => {
			if (reads++ > 0) throw new LittoralError("unavailable", "lost");
			return ranges.map((range) => bytes.subarray(range.offset, range.offset + range.byteCount));
		},
	};
	await expect(readAll(failing, COLUMNS)).rejects.toThrow(new LittoralError("unavailable", "lost"));
});
