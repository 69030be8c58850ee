/** The data files of one table that pruning left, one after the other; row groups that the predicate's ranges exclude are not read. */
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import type { ByteSource } from "#shared/parquet/byte-source.ts";
import type { ParquetFile } from "#shared/parquet/footer.ts";
import { ParquetReader, type ParquetReaderOptions } from "#shared/parquet/reader.ts";
import type { ScanColumn } from "./columns.ts";

/** Files whose footers are read ahead of the one that is scanned. */
const OPEN_AHEAD_COUNT = 2;

export interface FileSourceOptions {
	context: Pick<ExecutionContext, "engine" | "lease" | "blockOn" | "signal">;
	columns: ScanColumn[];
	/** How many files there are, and each as a byte source, with its footer. */
	fileCount: number;
	open: (index: number) => { source: ByteSource; file: Promise<ParquetFile> };
	/** Row groups of a file that may hold matching rows. */
	rowGroups: (file: ParquetFile) => number[];
	/** Of the rows, by positions of `columns`; see `ParquetReaderOptions`. */
	filters?: ParquetReaderOptions["filters"];
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
			const batch = (this.#reader as ParquetReader | null)?.next() ?? null;
			if (batch !== null) return batch;
			this.#reader?.close();
			this.#reader = null;
		}
	}

	#openReader(): "open" | "blocked" | null {
		const { context, columns, fileCount, open, rowGroups, filters } = this.#options;
		while (this.#opened.length <= OPEN_AHEAD_COUNT && this.#openedCount < fileCount) {
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
		this.#reader = new ParquetReader({
			file: current.file,
			source: current.source,
			columns: columns.map(({ fieldId, type }) => ({ fieldId, type })),
			rowGroups: rowGroups(current.file),
			filters,
			engine: context.engine,
			lease: context.lease,
			blockOn: (promise) => context.blockOn(promise),
			signal: context.signal,
		});
		return "open";
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
