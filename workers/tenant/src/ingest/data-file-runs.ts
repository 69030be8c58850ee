/**
 * Cuts incoming batches into sorted data files; nothing is committed here. Rows that come in the order of the sort key go straight to files. From the first
 * that does not on, and where rows come encoded, runs that fit the arena are held, sorted and written. One file is stored while the next is made.
 */
import { dataFilePath, randomHex, type TenantId } from "#shared/base/ids.ts";
import { ACTIVITY_NOTE_MS, BULK_FILE_BYTES, FLUSH_RANGE_BYTES, YIELD_WORK_UNITS } from "#shared/base/limits.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { encodeSketches, mergeSketches, type TableSketches } from "#shared/sketches/table-sketches.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";
import type { EncodedDataFile } from "../shard/encode-data-file.ts";
import { encodedOf, type IncomingBatch, type LiveBatch } from "./batches.ts";
import { OrderedFiles } from "./ordered-files.ts";

export interface WrittenRuns {
	files: DataFile[];
	rowCount: number;
	/** Of all rows, encoded. */
	sketches: Uint8Array;
}

export class DataFileRuns {
	readonly #ports: Ports;
	readonly #tenantId: TenantId;
	readonly #schema: TableSchema;
	/** Random: two claimants of one append never write the same path. */
	readonly #runId = `bulk-${randomHex(12)}`;
	readonly #files: DataFile[] = [];
	readonly #sketches: TableSketches = new Map();
	/** Paths so far. */
	#pathCount = 0;
	#storing: Promise<void> = Promise.resolve();
	/** Null before the first batch that may go there, and once a row came out of order. */
	#ordered: OrderedFiles | null = null;
	#isOrdered = true;
	/** Values written since others last had their turn: a chain of resolved promises lets in neither them nor I/O. */
	#work = 0;
	/** The run that is to be sorted. */
	#batches: Uint8Array[] = [];
	#byteCount = 0;
	#rowCount = 0;
	#announcedAtMs = Number.NEGATIVE_INFINITY;

	constructor(ports: Ports, tenantId: TenantId, schema: TableSchema) {
		this.#ports = ports;
		this.#tenantId = tenantId;
		this.#schema = schema;
	}

	async add(batch: IncomingBatch): Promise<void> {
		if (batch.rowCount === 0) return;
		this.#rowCount += batch.rowCount;
		if (!("bytes" in batch) && this.#isOrdered && (await this.#addOrdered(batch))) return;
		const { bytes } = encodedOf(batch);
		this.#batches.push(bytes);
		this.#byteCount += bytes.byteLength;
		if (this.#byteCount >= FLUSH_RANGE_BYTES) await this.#sort();
	}

	async finish(): Promise<WrittenRuns> {
		if (this.#batches.length > 0) await this.#sort();
		await this.#finishOrdered();
		await this.#storing;
		return { files: this.#files, rowCount: this.#rowCount, sketches: encodeSketches(this.#sketches) };
	}

	/** Gives the memory back; also after an error. */
	close(): void {
		this.#ordered?.close();
		this.#ordered = null;
	}

	/** @returns false, and nothing is written, where the rows are not in order */
	async #addOrdered({ batch, rowCount }: LiveBatch): Promise<boolean> {
		// What came encoded is out of the way before files are open for long.
		if (this.#batches.length > 0) await this.#sort();
		this.#ordered ??= new OrderedFiles(this.#tenantId, this.#schema);
		if (!(await this.#ordered.write(batch))) {
			this.#isOrdered = false;
			await this.#finishOrdered();
			this.close();
			return false;
		}
		this.#work += rowCount * this.#schema.columns.length;
		if (this.#work >= YIELD_WORK_UNITS) {
			this.#work = 0;
			await scheduler.wait(0);
		}
		if (this.#ordered.byteCount >= BULK_FILE_BYTES) await this.#finishOrdered();
		return true;
	}

	async #finishOrdered(): Promise<void> {
		const encoded = (await this.#ordered?.finish()) ?? null;
		if (encoded !== null) await this.#store(encoded);
	}

	/** Until they are committed, nobody else knows that these files are there. */
	async #announce(): Promise<void> {
		const nowMs = this.#ports.now();
		if (nowMs - this.#announcedAtMs < ACTIVITY_NOTE_MS) return;
		await untilKnown(() => this.#ports.catalog.announceObjects(this.#tenantId, this.#schema.tableId));
		this.#announcedAtMs = nowMs;
	}

	async #sort(): Promise<void> {
		const batches = this.#batches;
		this.#batches = [];
		this.#byteCount = 0;
		await this.#store(await this.#ports.encodeDataFile({ tenantId: this.#tenantId, schema: this.#schema, batches }));
	}

	/** Once the file before is stored; returns before this one is. */
	async #store(encoded: EncodedDataFile): Promise<void> {
		await this.#storing;
		this.#storing = this.#put(encoded);
		// Whoever waits for it learns of it; nobody may, once something else went wrong.
		this.#storing.catch(() => {});
	}

	async #put(encoded: EncodedDataFile): Promise<void> {
		mergeSketches(this.#sketches, encoded.sketches);
		await this.#announce();
		const path = dataFilePath({
			tenantId: this.#tenantId,
			tableId: this.#schema.tableId,
			intentId: this.#runId,
			attempt: ++this.#pathCount,
		});
		await untilKnown(() => this.#ports.objects.putNew(path, encoded.bytes));
		this.#files.push({
			path,
			rowCount: encoded.rowCount,
			byteCount: encoded.bytes.byteLength,
			schemaVersion: this.#schema.schemaVersion,
			columns: encoded.columns,
		});
	}
}
