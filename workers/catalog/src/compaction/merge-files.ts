/**
 * Merges data files of one table into fewer, within the memory that `limits.ts` gives a job, whatever their sizes and however many they are.
 *
 * 1. By the inputs' footers, say what a reader of each takes, and cut the inputs into groups that fit.
 * 2. Merge each group as a stream, in the order of the sort key, of equal rows those of the earlier input first; write it as files of about one size.
 *
 * Inputs that do not fit one group thus become several sorted runs, which the policy finds again: a pass is a commit.
 *
 * A table without a sort key keeps the order in which its rows came: its files are read one after the other, as one group.
 */
import { assert } from "#shared/base/assert.ts";
import { hasCode } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import {
	COMPACTION_ARENA_BYTES,
	COMPACTION_BATCH_ROW_COUNT,
	COMPACTION_FAN_IN_MAX,
	COMPACTION_INPUT_ARENA_BYTES,
	COMPACTION_READ_BYTES,
	COMPACTION_SLICES_BYTES,
} from "#shared/base/limits.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { run } from "#shared/engine/operators/driver.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import { MergeSorted } from "#shared/engine/operators/sort/merge-sorted.ts";
import { BufferPool } from "#shared/parquet/buffer-pool.ts";
import type { ByteSource } from "#shared/parquet/read/byte-source.ts";
import type { ParquetFile } from "#shared/parquet/read/footer.ts";
import { openParquet } from "#shared/parquet/read/open.ts";
import { readerMemory } from "#shared/parquet/read/reader-memory.ts";
import { ParquetReader } from "#shared/parquet/read/reader.ts";
import { mergeSketches, type TableSketches } from "#shared/sketches/table-sketches.ts";
import { repeated } from "../database/attempts.ts";
import type { CatalogPorts } from "../ports.ts";
import { outputFileCount } from "./job-cost.ts";
import { type InputMemory, mergeGroups } from "./merge-groups.ts";
import { OutputFiles } from "./output-files.ts";
import { WorkContext } from "./work-context.ts";

/** A data file to merge, as the snapshot describes it. */
export interface MergeInput {
	path: string;
	byteCount: number;
	rowCount: number;
}

export interface MergeRequest {
	tenantId: TenantId;
	schema: TableSchema;
	/** In the order in which equal rows stay. */
	inputs: readonly MergeInput[];
	/** Path of the nth file of a group of inputs; never used before. */
	path: (group: number, number: number) => string;
	/** Of a file; for tests of many files. */
	fileBytes?: number;
}

export interface MergeResult {
	/** Inputs whose rows are in `files`; an input that found no other to merge with is left as it is. */
	merged: MergeInput[];
	files: DataFile[];
	/** Of all rows of `files`. */
	sketches: TableSketches;
	bytesRead: number;
	arenaPeakBytes: number;
}

interface OpenInput extends MergeInput {
	source: ByteSource;
	file: ParquetFile;
}

const SLICE_BYTES_MIN = 32 * 1024;
const SLICE_BYTES_MAX = 512 * 1024;
const WINDOW_BYTES_MIN = 64 * 1024;
const KEPT_FOOTER_BYTES_MAX = 256 * 1024;

/** @throws LittoralError unavailable, resource_exhausted where not even two of the files fit the memory; Error for a file that is not as it was described */
export async function mergeFiles(ports: CatalogPorts, engine: Engine, request: MergeRequest): Promise<MergeResult> {
	const merge = new Merge(ports, engine, request);
	try {
		await merge.run();
	} catch (error) {
		if (error instanceof WebAssembly.RuntimeError) engine.arena.poison();
		throw error;
	}
	const { merged, files, sketches, bytesRead, arenaPeakBytes } = merge;
	const rowCount = (list: readonly { rowCount: number }[]) => list.reduce((sum, file) => sum + file.rowCount, 0);
	assert(rowCount(merged) === rowCount(files), "a merge neither loses nor doubles a row (W1)");
	return { merged, files, sketches, bytesRead, arenaPeakBytes };
}

class Merge {
	readonly #ports: CatalogPorts;
	readonly #engine: Engine;
	readonly #request: MergeRequest;
	readonly #fieldIds: number[];
	#groupCount = 0;
	/** Footers read before the groups are chosen: those of small files are not read again. */
	readonly #footers = new Map<string, ParquetFile>();
	#footerByteCount = 0;
	readonly merged: MergeInput[] = [];
	readonly files: DataFile[] = [];
	readonly sketches: TableSketches = new Map();
	bytesRead = 0;
	arenaPeakBytes = 0;

	constructor(ports: CatalogPorts, engine: Engine, request: MergeRequest) {
		this.#ports = ports;
		this.#engine = engine;
		this.#request = request;
		this.#fieldIds = request.schema.columns.map((column) => column.fieldId);
	}

	async run(): Promise<void> {
		const { inputs, schema } = this.#request;
		if (schema.sortKey.length === 0) return await this.#concatenate(inputs);
		const fanIn = Math.min(inputs.length, COMPACTION_FAN_IN_MAX);
		const memories: InputMemory[] = [];
		for (const input of inputs) memories.push(this.#memoryOf((await this.#open(input)).file, fanIn));
		const budget = { arenaBytes: COMPACTION_INPUT_ARENA_BYTES, heapBytes: COMPACTION_READ_BYTES, fanInMax: COMPACTION_FAN_IN_MAX };
		let start = 0;
		for (const length of mergeGroups(memories, budget)) await this.#mergeGroup(inputs.slice(start, (start += length)));
	}

	/** What a reader of the file takes, and its slice of stored rows. */
	#memoryOf(file: ParquetFile, fanIn: number): InputMemory {
		const reader = { windowBytes: windowBytes(fanIn), batchRowCount: COMPACTION_BATCH_ROW_COUNT };
		const { arenaBytes, heapBytes, rowBytes } = readerMemory(file, this.#fieldIds, reader);
		const slice = Math.max(SLICE_BYTES_MIN * 2, Math.min(sliceBytes(fanIn), rowBytes * file.rowCount));
		return { arenaBytes: arenaBytes + slice, heapBytes };
	}

	/** Where the group does not fit after all, its halves are tried. */
	async #mergeGroup(group: readonly MergeInput[]): Promise<void> {
		if (group.length < 2) return;
		try {
			await this.#inMemory((context) => this.#mergeSorted(context, group));
		} catch (error) {
			if (!hasCode(error, "resource_exhausted") || group.length < 4) throw error;
			const middle = group.length >> 1;
			await this.#mergeGroup(group.slice(0, middle));
			await this.#mergeGroup(group.slice(middle));
		}
	}

	async #mergeSorted(context: WorkContext, group: readonly MergeInput[]): Promise<void> {
		const { schema } = this.#request;
		const opened = await Promise.all(group.map((input) => this.#open(input)));
		const pool = new BufferPool(context.lease);
		const sorted = new MergeSorted(
			context,
			{
				types: schema.columns.map((column) => column.type),
				keys: schema.sortKey.map(({ fieldId, ...order }) => ({ column: this.#fieldIds.indexOf(fieldId), ...order })),
				sliceBytes: sliceBytes(group.length),
			},
			opened.map((input) => ({
				source: this.#reader(context, input, { pool, windowBytes: windowBytes(group.length) }),
				name: input.path,
			})),
		);
		await this.#write(context, group, (output) => this.#drain(context, sorted, output));
	}

	async #concatenate(inputs: readonly MergeInput[]): Promise<void> {
		await this.#inMemory((context) =>
			this.#write(context, inputs, async (output) => {
				for (const input of inputs) {
					const reader = this.#reader(context, await this.#open(input), { windowBytes: windowBytes(1) });
					await this.#drain(context, reader, output);
				}
			}),
		);
	}

	/** A lease of its own for each group: whatever becomes of it, its pages are back. */
	async #inMemory(work: (context: WorkContext) => Promise<void>): Promise<void> {
		const lease = new Lease(this.#engine.arena, { owner: this.#request.tenantId, byteCountMax: COMPACTION_ARENA_BYTES });
		try {
			await work(new WorkContext({ engine: this.#engine, lease }));
		} finally {
			this.arenaPeakBytes = Math.max(this.arenaPeakBytes, lease.peakByteCount);
			lease.release();
		}
	}

	async #drain(context: WorkContext, source: BatchSource, output: OutputFiles): Promise<void> {
		for await (const batch of run(source, context)) await output.write(batch);
	}

	async #write(context: WorkContext, inputs: readonly MergeInput[], work: (output: OutputFiles) => Promise<void>): Promise<void> {
		const output = this.#outputOf(context, inputs);
		try {
			await work(output);
			this.files.push(...(await output.finish()));
			mergeSketches(this.sketches, output.sketches);
			this.merged.push(...inputs);
		} finally {
			await output.abort();
		}
	}

	#outputOf(context: WorkContext, inputs: readonly MergeInput[]): OutputFiles {
		const byteCount = inputs.reduce((sum, input) => sum + input.byteCount, 0);
		const group = ++this.#groupCount;
		return new OutputFiles(this.#ports, context, this.#request.schema, {
			rowCount: inputs.reduce((sum, input) => sum + input.rowCount, 0),
			byteCount,
			fileCount: outputFileCount(byteCount, this.#request.fileBytes),
			path: (number) => this.#request.path(group, number),
		});
	}

	async #open(input: MergeInput): Promise<OpenInput> {
		const source = this.#source(input);
		const file = this.#footers.get(input.path) ?? (await openParquet(source));
		assert(file.rowCount === input.rowCount, `${input.path} has the rows that its commit says`);
		if (!this.#footers.has(input.path) && this.#footerByteCount + file.footerByteCount <= KEPT_FOOTER_BYTES_MAX) {
			this.#footers.set(input.path, file);
			this.#footerByteCount += file.footerByteCount;
		}
		return { ...input, source, file };
	}

	#source({ path, byteCount }: MergeInput): ByteSource {
		return {
			byteCount,
			read: async (ranges) =>
				await Promise.all(
					ranges.map(async (range) => {
						this.bytesRead += range.byteCount;
						return await repeated(this.#ports, () => this.#ports.objects.read("read_data", path, range.offset, range.byteCount));
					}),
				),
		};
	}

	/** Reads all columns of the schema; of one that the file lacks, what a scan gives. */
	#reader(context: WorkContext, { file, source }: OpenInput, memory: { pool?: BufferPool; windowBytes: number }): ParquetReader {
		const { engine, lease, signal } = context;
		return new ParquetReader({
			file,
			source,
			columns: this.#request.schema.columns.map(({ fieldId, type }) => ({ fieldId, type })),
			engine,
			lease,
			signal,
			blockOn: (promise) => context.blockOn(promise),
			batchRowCountMax: COMPACTION_BATCH_ROW_COUNT,
			...memory,
		});
	}
}

function windowBytes(fanIn: number): number {
	return Math.max(WINDOW_BYTES_MIN, Math.floor(COMPACTION_READ_BYTES / 2 / fanIn));
}

function sliceBytes(fanIn: number): number {
	return Math.max(SLICE_BYTES_MIN, Math.min(SLICE_BYTES_MAX, Math.floor(COMPACTION_SLICES_BYTES / fanIn)));
}
