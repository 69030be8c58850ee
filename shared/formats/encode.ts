/** Results out: batches of a query as a byte stream of the asked format, no faster than the client reads. */
import { unreachable } from "#shared/base/assert.ts";
import { RESULT_HOLD_BACK_BYTES } from "#shared/base/limits.ts";
import type { OutputColumn } from "#shared/contracts/plan/physical.ts";
import type { ResultFormat } from "#shared/contracts/rpc.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { ArrowWriter } from "./encode-arrow.ts";
import { ParquetResultWriter } from "./encode-parquet.ts";
import { CsvWriter, JsonWriter, NdjsonWriter } from "./encode-text.ts";
import { OutputBuffer } from "./output-buffer.ts";
import type { ResultStatistics, ResultWriter } from "./result.ts";

/** A chunk is handed out when it has grown to this. */
const CHUNK_BYTES = 64 * 1024;

export interface EncodeOptions {
	format: ResultFormat;
	columns: OutputColumn[];
	/** Each batch is written before the next is asked for; `return()` is called when the client goes away or an error ends the result. */
	batches: AsyncIterable<Batch>;
	engine: Engine;
	queryId: string;
	/** Asked once, behind the last row. */
	statistics: () => ResultStatistics;
	/** Every BIGINT a string in JSON. */
	bigintAsString?: boolean | undefined;
}

/**
 * @returns a byte stream that pulls batches as it is read. Where `batches` throws after RESULT_HOLD_BACK_BYTES were handed out, JSON and NDJSON end with the error
 * in their own form; the other formats break off where no reader takes them for whole, and the stream fails with it, as it does before that: see `holdBack`
 */
export function encodeResult(options: EncodeOptions): ReadableStream<Uint8Array> {
	const out = new OutputBuffer();
	const writer = createWriter(options, out);
	const iterator = options.batches[Symbol.asyncIterator]();
	let batch: Batch | null = null;
	let position = 0;
	let rowCount = 0;
	let begun = false;
	let ended = false;
	let handedOut = 0;
	/** Bytes of `out` up to its last whole row: only there can an error be written. */
	let wholeByteCount = 0;
	/** What the stream fails with when it is read again. */
	let failure: { error: unknown } | null = null;

	/** Fills `out` with about a chunk, or to the result's end. */
	const fill = async (): Promise<void> => {
		if (!begun) writer.begin();
		begun = true;
		while (out.length < CHUNK_BYTES && !ended) {
			if (batch === null) {
				const next = await iterator.next();
				if (next.done) {
					ended = true;
					await writer.end(rowCount);
					writer.close?.();
					return;
				}
				batch = next.value;
				position = 0;
			}
			wholeByteCount = out.length;
			const reached: number = await writer.write(batch, position, CHUNK_BYTES);
			wholeByteCount = out.length;
			rowCount += reached - position;
			position = reached;
			if (position === batch.selectedCount) batch = null;
		}
	};

	return new ReadableStream({
		type: "bytes",
		async pull(controller: ReadableByteStreamController) {
			if (failure !== null) {
				controller.error(failure.error);
				return;
			}
			wholeByteCount = 0;
			try {
				// A batch may give no byte at all, and a pull has to give some.
				do await fill();
				while (out.length === 0 && !ended);
			} catch (error) {
				await iterator.return?.();
				writer.close?.();
				if (handedOut < RESULT_HOLD_BACK_BYTES || ended) {
					controller.error(error);
					return;
				}
				out.length = wholeByteCount;
				ended = writer.fail(error, rowCount);
				if (!ended && out.length === 0) {
					controller.error(error);
					return;
				}
				// A stream that fails forgets what it was given last: it fails when that was read.
				if (!ended) failure = { error };
			}
			if (out.length > 0) {
				handedOut += out.length;
				controller.enqueue(out.take());
			}
			if (ended) {
				controller.close();
				controller.byobRequest?.respond(0);
			}
		},
		async cancel() {
			ended = true;
			await iterator.return?.();
			writer.close?.();
		},
	});
}

function createWriter(options: EncodeOptions, out: OutputBuffer): ResultWriter {
	const { format } = options;
	const textOptions = { ...options, out, bigintAsString: options.bigintAsString ?? false };
	switch (format) {
		case "json":
			return new JsonWriter(textOptions);
		case "ndjson":
			return new NdjsonWriter(textOptions);
		case "csv":
			return new CsvWriter(textOptions);
		case "arrow":
			return new ArrowWriter(textOptions);
		case "parquet":
			return new ParquetResultWriter(textOptions);
		default:
			return unreachable(format);
	}
}
