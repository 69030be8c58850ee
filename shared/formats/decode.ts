/** Rows in: a body of any format as batches of a table's columns, in arena memory, validated to its last row. */
import { unreachable } from "#shared/base/assert.ts";
import type { RowsFormat } from "#shared/contracts/rpc.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { ByteWindow } from "./byte-window.ts";
import { decodeArrowRows } from "./decode-arrow.ts";
import { CsvParser } from "./decode-csv.ts";
import { JsonParser } from "./decode-json.ts";
import { RowErrors } from "./row-errors.ts";
import { RowWriter } from "./row-writer.ts";
import type { TextParser } from "./text-parser.ts";

export interface DecodeOptions {
	schema: TableSchema;
	engine: Engine;
	/** Holds the batches' memory; the caller releases it. */
	lease: Lease;
	/** What `DEFAULT now()` gives. */
	nowMicroseconds: bigint;
	signal?: AbortSignal;
}

/** Formats that are read from the front; Parquet is read through its footer: see `decodeParquetRows`. */
export type StreamedRowsFormat = Exclude<RowsFormat, "parquet">;

/**
 * Batches of every schema column in order, defaults filled in, NOT NULL checked; each is valid until the next is asked for. Nothing may be committed before
 * the last one: a body that is wrong anywhere ends with an error, after the first bad row without further batches.
 *
 * @param options.body decoded (not gzip), whole or a stream; a stream is read with backpressure and cancelled when the caller stops early
 * @throws malformed_body (with `line` in text formats), body_too_large, invalid_rows with `rowErrors` and `rowErrorCount`; the body's own error
 */
export async function* decodeRows(
	options: DecodeOptions & { format: StreamedRowsFormat; body: ReadableStream<Uint8Array> | Uint8Array },
): AsyncGenerator<Batch, void, undefined> {
	const { format } = options;
	if (format === "arrow") {
		yield* decodeArrowRows(options);
		return;
	}
	const window = new ByteWindow(options.body, options.signal);
	const errors = new RowErrors();
	const writer = new RowWriter({ ...options, errors });
	try {
		const parser = createParser(format, window, writer, options);
		for (;;) {
			const state = parser.run();
			if (state === "more") {
				await window.refill();
				continue;
			}
			if (writer.rowCount > 0) {
				if (errors.count === 0) yield writer.finish();
				writer.reset();
			}
			if (state === "end") break;
		}
		errors.throwIfAny();
	} finally {
		await window.close();
	}
}

function createParser(
	format: Exclude<StreamedRowsFormat, "arrow">,
	window: ByteWindow,
	writer: RowWriter,
	memory: Pick<DecodeOptions, "engine" | "lease">,
): TextParser {
	switch (format) {
		case "json":
		case "ndjson":
			return new JsonParser(window, writer, { ndjson: format === "ndjson" });
		case "csv":
			return new CsvParser(window, writer, memory);
		default:
			return unreachable(format);
	}
}
