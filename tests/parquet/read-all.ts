/** Reads a whole Parquet file from memory the way the driver would, checking what every caller relies on. */
import { expect } from "vitest";
import type { RowError } from "#shared/base/errors.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine, type Engine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { type ByteSource, memorySource } from "#shared/parquet/read/byte-source.ts";
import { openParquet } from "#shared/parquet/read/open.ts";
import { ParquetReader, type ParquetReaderOptions, type RequestedColumn } from "#shared/parquet/read/reader.ts";

/** Of a reader's filter: the columns that decide, and which rows (by number in the file) they keep. */
interface KeptRows {
	deciding: number[];
	wants: (row: number) => boolean;
}

interface ReadOptions {
	keep?: KeptRows;
	rowGroups?: number[];
	/** Where given, the file is read as one from outside. */
	errors?: RowError[];
	engine?: Engine;
	/** Compressed bytes held at once. */
	windowBytes?: number;
	onBatch?: (batch: Batch, engine: Engine) => void;
}

/** Keeps rows by their number, whatever the deciding columns hold: those must be there, the others must not. */
function rowFilter(
	{ deciding, wants }: KeptRows,
	{ engine, region }: { engine: Engine; region: Region },
): NonNullable<ParquetReaderOptions["filters"]>[number] {
	let first = 0;
	return {
		columns: deciding,
		select: (batch) => {
			expect(Object.keys(batch.columns).map(Number)).toEqual(deciding);
			region.reset();
			const kept = Array.from({ length: batch.rowCount }, (_, row) => row).filter((row) => wants(first + row));
			first += batch.rowCount;
			const selection = region.allocate(kept.length * 2);
			engine.arena.views.u16.set(kept, selection / 2);
			return { ...batch, selection, selectedCount: kept.length };
		},
	};
}

/** Half of the rows that are not wanted by the first deciding column alone, the rest by all of them: what is decided early is not read for. */
function rowFilters({ deciding, wants }: KeptRows, { engine, lease }: { engine: Engine; lease: Lease }): ParquetReaderOptions["filters"] {
	const whole = rowFilter({ deciding, wants }, { engine, region: lease.region() });
	const [first] = deciding;
	if (first === undefined || deciding.length < 2) return [whole];
	let start = 0;
	let batchStart = 0;
	const early = lease.region();
	const late = lease.region();
	const narrowed = (batch: Batch, region: Region, keeps: (row: number) => boolean): Batch => {
		const { u16 } = engine.arena.views;
		const live = Array.from({ length: batch.selectedCount }, (_, index) =>
			batch.selection === 0 ? index : (u16[batch.selection / 2 + index] as number),
		);
		const kept = live.filter((row) => keeps(batchStart + row));
		region.reset();
		const selection = region.allocate(kept.length * 2);
		u16.set(kept, selection / 2);
		return { ...batch, selection, selectedCount: kept.length };
	};
	return [
		{
			columns: [first],
			select: (batch) => {
				expect(Object.keys(batch.columns).map(Number)).toEqual([first]);
				batchStart = start;
				start += batch.rowCount;
				return narrowed(batch, early, (row) => wants(row) || row % 2 === 0);
			},
		},
		{
			columns: deciding,
			select: (batch) => {
				expect(Object.keys(batch.columns).map(Number)).toEqual(deciding);
				return narrowed(batch, late, wants);
			},
		},
	];
}

export async function readAll(
	bytes: Uint8Array | ByteSource,
	columns: RequestedColumn[],
	options: ReadOptions = {},
): Promise<SqlValue[][]> {
	const engine = options.engine ?? createEngine();
	const rows: SqlValue[][] = [];
	await readBatches(bytes, columns, {
		...options,
		engine,
		onBatch: (batch) => {
			rows.push(...readRows(engine, batch));
			options.onBatch?.(batch, engine);
		},
	});
	return rows;
}

/** A file in memory whose bytes are given as copies, which are spoilt as soon as the reader says that it no longer looks at them. */
function releasedSource(bytes: Uint8Array): ByteSource {
	const memory = memorySource(bytes);
	let given: Uint8Array[] = [];
	return {
		...memory,
		read: async (ranges) => {
			const parts = (await memory.read(ranges)).map((part) => part.slice());
			given.push(...parts);
			return parts;
		},
		release: () => {
			for (const part of given) part.fill(0xa5);
			given = [];
		},
	};
}

/** @returns rows in all */
export async function readBatches(bytes: Uint8Array | ByteSource, columns: RequestedColumn[], options: ReadOptions): Promise<number> {
	const engine = options.engine ?? createEngine();
	const source = bytes instanceof Uint8Array ? releasedSource(bytes) : bytes;
	const file = await openParquet(source);
	const lease = new Lease(engine.arena, { owner: "test" });
	let rowCount = 0;
	try {
		let blocked: Promise<unknown> = Promise.resolve();
		const { errors } = options;
		const reader = new ParquetReader({
			file,
			source,
			columns,
			engine,
			lease,
			blockOn: (promise) => {
				blocked = promise;
			},
			...(options.keep === undefined ? {} : { filters: rowFilters(options.keep, { engine, lease }) }),
			...(options.windowBytes === undefined ? {} : { windowBytes: options.windowBytes }),
			...(options.rowGroups === undefined ? {} : { rowGroups: options.rowGroups }),
			...(errors === undefined ? {} : { onRowError: (error: RowError) => void errors.push(error) }),
		});
		try {
			for (;;) {
				const batch = reader.next();
				if (batch === null) break;
				if (batch === "blocked") {
					await blocked;
					continue;
				}
				expect(batch.rowCount).toBeGreaterThan(0);
				expect(batch.rowCount).toBeLessThanOrEqual(BATCH_ROW_COUNT_MAX);
				rowCount += batch.rowCount;
				options.onBatch?.(batch, engine);
			}
		} finally {
			reader.close();
		}
	} finally {
		lease.release();
	}
	expect(engine.arena.leasedPageCount).toBe(0);
	return rowCount;
}
