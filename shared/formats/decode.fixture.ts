/** Bodies, tables and collected rows for the tests of this room. */
import type { TableId } from "#shared/base/ids.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { ColumnSchema, TableSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { parseValue } from "#shared/contracts/values/parse.ts";
import { createEngine, type Engine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { decodeRows, type StreamedRowsFormat } from "./decode.ts";

export const engine: Engine = createEngine({ pageCount: 512 });

const encoder = new TextEncoder();

/** A body that arrives in pieces of at most `chunkBytes`. */
export function bodyOf(content: string | Uint8Array, chunkBytes = Number.POSITIVE_INFINITY): ReadableStream<Uint8Array> {
	const bytes = typeof content === "string" ? encoder.encode(content) : content;
	let at = 0;
	return new ReadableStream({
		pull(controller) {
			if (at >= bytes.length) {
				controller.close();
				return;
			}
			const end = Math.min(bytes.length, at + chunkBytes);
			controller.enqueue(bytes.slice(at, end));
			at = end;
		},
	});
}

/** As {@link bodyOf}, or the bytes themselves. */
export function bodyIn(content: string | Uint8Array, chunkBytes: number | "whole"): ReadableStream<Uint8Array> | Uint8Array {
	if (chunkBytes !== "whole") return bodyOf(content, chunkBytes);
	return typeof content === "string" ? encoder.encode(content) : content;
}

export interface ColumnSpec {
	type: DataType;
	notNull?: boolean;
	/** Text of a constant DEFAULT, or `now()`. */
	default?: string;
}

export function tableOf(columns: Record<string, ColumnSpec>): TableSchema {
	return {
		tableId: "t" as TableId,
		name: "events",
		schemaVersion: 1,
		columns: Object.entries(columns).map(
			([name, column], index): ColumnSchema => ({
				fieldId: index + 1,
				name,
				type: column.type,
				nullable: !column.notNull,
				default:
					column.default === undefined
						? null
						: {
								sql: column.default,
								value: column.default === "now()" ? { kind: "now" } : { kind: "constant", value: parseValue(column.type, column.default) },
							},
			}),
		),
		primaryKey: null,
		sortKey: [],
	};
}

export interface Decoded {
	rows: SqlValue[][];
	batchRowCounts: number[];
}

/** Everything the body holds; the lease is released. */
export async function decodeAll(
	format: StreamedRowsFormat,
	schema: TableSchema,
	body: ReadableStream<Uint8Array> | Uint8Array,
	options: { signal?: AbortSignal; nowMicroseconds?: bigint } = {},
): Promise<Decoded> {
	const lease = new Lease(engine.arena, { owner: "test" });
	try {
		const decoded: Decoded = { rows: [], batchRowCounts: [] };
		const batches = decodeRows({ format, body, schema, engine, lease, nowMicroseconds: 0n, ...options });
		for await (const batch of batches) {
			decoded.rows.push(...readRows(engine, batch));
			decoded.batchRowCounts.push(batch.rowCount);
		}
		return decoded;
	} finally {
		lease.release();
	}
}

/** Collects copies of batches' rows. */
export async function collectRows(batches: AsyncIterable<Batch>): Promise<SqlValue[][]> {
	const rows: SqlValue[][] = [];
	for await (const batch of batches) rows.push(...readRows(engine, batch));
	return rows;
}
