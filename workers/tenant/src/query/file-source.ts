/** The data files of one table that pruning left, one after the other; row groups that the predicate's ranges exclude are not read. */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Region } from "#shared/engine/memory/region.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import type { ByteSource } from "#shared/parquet/read/byte-source.ts";
import type { KeyFloor } from "#shared/engine/operators/key-filter/key-floor.ts";
import type { ParquetFile } from "#shared/parquet/read/footer.ts";
import { ParquetReader, type ParquetReaderOptions } from "#shared/parquet/read/reader.ts";
import type { ScanColumn } from "./columns.ts";
import { extremesOf, type LeastKey, leastKey, lesserKey } from "./row-groups.ts";

/** Files whose footers are read ahead of the one that is scanned. */
const OPEN_AHEAD_COUNT = 2;
/** So many where the least key to come is asked for: it takes the footers of all files behind. */
const OPEN_AHEAD_FOR_FLOOR_COUNT = 64;

export interface FileSourceOptions {
	context: Pick<ExecutionContext, "engine" | "lease" | "blockOn" | "signal">;
	columns: ScanColumn[];
	/** Rows of a batch. */
	batchRowCountMax?: number;
	/** How many files there are, and each as a byte source, with its footer. */
	fileCount: number;
	open: (index: number) => { source: ByteSource; file: Promise<ParquetFile> };
	/** Row groups of a file that may hold matching rows. */
	rowGroups: (file: ParquetFile) => number[];
	/** Only the least and the greatest values of the columns are asked for: of row groups whose statistics have them nothing else is given. */
	extremesOnly?: boolean;
	/** Of the rows, by positions of `columns`; see `ParquetReaderOptions`. */
	filters?: ParquetReaderOptions["filters"];
	/** Compressed bytes that the reader of a file may hold, asked as each is opened. */
	windowBytes?: () => number;
	/** Is told which keys are still to come. */
	floor?: KeyFloor | null;
}

interface OpenedFile {
	source: ByteSource;
	opening: Promise<void>;
	file: ParquetFile | null;
	failure: unknown;
}

export class FileSource implements BatchSource {
	readonly #options: FileSourceOptions;
	readonly #opened: OpenedFile[] = [];
	/** Files of which `#opened` has had one. */
	#openedCount = 0;
	#reader: ParquetReader | null = null;
	/** The file that it reads. */
	#file: ParquetFile | null = null;
	/** Of files behind it. */
	readonly #leastKeys = new Map<ParquetFile, LeastKey>();
	/** What the open file's statistics give in the place of its rows. */
	#extremes: SqlValue[][] = [];
	#extremesRegion: Region | null = null;
	/** Row groups that it had left when the floor was told last. */
	#leftCount = -1;
	#closed = false;

	constructor(options: FileSourceOptions) {
		this.#options = options;
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#closed) return null;
			if (this.#reader === null) {
				const state = this.#openReader();
				if (state !== "open") return state;
			}
			if (this.#extremes.length > 0) return this.#nextExtremes();
			const batch = (this.#reader as ParquetReader | null)?.next() ?? null;
			if (batch !== null) {
				if (batch !== "blocked") this.#tellFloor();
				return batch;
			}
			this.#reader?.close();
			this.#reader = null;
		}
	}

	#nextExtremes(): Batch {
		const { engine, lease } = this.#options.context;
		this.#extremesRegion ??= lease.region();
		this.#extremesRegion.reset();
		const types = this.#options.columns.map(({ type }) => type);
		const rows = this.#extremes.splice(0, BATCH_ROW_COUNT_MAX);
		const builder = new BatchBuilder(engine, this.#extremesRegion, types, rows.length);
		for (const row of rows) builder.appendRow(row);
		return builder.finish();
	}

	#openReader(): "open" | "blocked" | null {
		const {
			context,
			columns,
			batchRowCountMax,
			fileCount,
			open,
			rowGroups,
			extremesOnly = false,
			filters,
			windowBytes,
			floor = null,
		} = this.#options;
		const aheadCount = floor === null ? OPEN_AHEAD_COUNT : OPEN_AHEAD_FOR_FLOOR_COUNT;
		while (this.#opened.length <= aheadCount && this.#openedCount < fileCount) {
			context.signal.throwIfAborted();
			this.#opened.push(startOpening(open(this.#openedCount++)));
		}
		const [current] = this.#opened;
		if (current === undefined) return null;
		if (current.failure !== null) throw current.failure;
		if (current.file === null) {
			context.blockOn(current.opening);
			return "blocked";
		}
		this.#opened.shift();
		this.#file = current.file;
		this.#leastKeys.delete(current.file);
		this.#leftCount = -1;
		const groups = rowGroups(current.file);
		const extremes = extremesOnly ? extremesOf(current.file, columns, groups) : { rows: [], left: groups };
		this.#extremes = extremes.rows;
		this.#reader = new ParquetReader({
			file: current.file,
			source: current.source,
			columns: columns.map(({ fieldId, type }) => ({ fieldId, type })),
			rowGroups: extremes.left,
			filters,
			...(batchRowCountMax === undefined ? {} : { batchRowCountMax }),
			engine: context.engine,
			lease: context.lease,
			blockOn: (promise) => context.blockOn(promise),
			signal: context.signal,
			...(windowBytes === undefined ? {} : { windowBytes: windowBytes() }),
		});
		return "open";
	}

	/** After a batch, where it was the last of its row group. */
	#tellFloor(): void {
		const { floor = null, columns, fileCount } = this.#options;
		if (floor === null || this.#reader === null || this.#file === null) return;
		const left = this.#reader.rowGroupsLeft;
		if (left.length === this.#leftCount) return;
		this.#leftCount = left.length;
		const column = columns[floor.column] as ScanColumn;
		const behind = this.#openedCount < fileCount ? null : this.#leastBehind(column);
		const least = lesserKey(leastKey(this.#file, left, column), behind);
		floor.leastToCome = least === "none" ? null : least;
	}

	/** Of the files that are open and not begun; a file's own is found once, since it is asked for after every row group before it. */
	#leastBehind(column: ScanColumn): LeastKey {
		let least: LeastKey = "none";
		for (const { file } of this.#opened) {
			if (file === null) return null;
			let own = this.#leastKeys.get(file);
			if (own === undefined) this.#leastKeys.set(file, (own = leastKey(file, this.#options.rowGroups(file), column)));
			least = lesserKey(least, own);
		}
		return least;
	}

	close(): void {
		this.#closed = true;
		this.#reader?.close();
		this.#reader = null;
	}
}

function startOpening({ source, file: footer }: ReturnType<FileSourceOptions["open"]>): OpenedFile {
	const opened: OpenedFile = { source, opening: Promise.resolve(), file: null, failure: null };
	opened.opening = footer.then(
		(file) => {
			opened.file = file;
		},
		(error: unknown) => {
			opened.failure = error;
		},
	);
	return opened;
}
