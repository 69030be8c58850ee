/** Rows of the model's tables: (append, part). Encoded as the tail has them, and read back from tails and data files. */
import type { TableDefinition, TableSchema } from "#shared/contracts/table.ts";
import { decodeBatch } from "#shared/engine/codec/decode.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { loadFile } from "../../workers/catalog/test/data-files.ts";
import { type EncodedBatch, encodeRows } from "../../workers/tenant/src/ingest/batches.ts";
import type { OpenedTail } from "../../workers/tenant/src/query/tail-source.ts";
import { batchesOf, rowRange } from "../../workers/tenant/src/shard/tail-format.ts";

const engine = createEngine({ pageCount: 64 });

export function definition(name: string): TableDefinition {
	return {
		name,
		ifNotExists: false,
		columns: [
			{ name: "append", type: { kind: "text" }, nullable: false, default: null },
			{ name: "part", type: { kind: "integer" }, nullable: false, default: null },
		],
		primaryKey: null,
		sortKey: [],
	};
}

/** As text: what a table's rows are compared by. */
export const rowText = (append: string, part: number) => `${append}/${part}`;

export function encode(schema: TableSchema, append: string, rowCount: number): EncodedBatch {
	const lease = new Lease(engine.arena, { owner: "model" });
	try {
		const types = schema.columns.map((column) => column.type);
		const builder = new BatchBuilder(engine, lease.region(), types);
		for (let part = 0; part < rowCount; part++) builder.appendRow([append, part]);
		return encodeRows(engine, builder.finish(), schema);
	} finally {
		lease.release();
	}
}

function decode(bytes: Uint8Array): string[] {
	const lease = new Lease(engine.arena, { owner: "model" });
	try {
		const { batch } = decodeBatch(engine, bytes, lease.region());
		return Array.from(readRows(engine, batch), ([append, part]) => rowText(append as string, part as number));
	} finally {
		lease.release();
	}
}

/** The first page: tails of the model are small. */
export function tailRows({ first, above }: OpenedTail): string[] {
	if (first.next !== null) throw new Error("a tail of the model is one page");
	return first.blocks.flatMap((block) => {
		const { start, end } = rowRange(block.runs, above, first.upTo);
		return batchesOf(block.bytes).flatMap(decode).slice(start, end);
	});
}

const files = new Map<string, string[]>();

/** Files are immutable: each is read once. */
export async function fileRows(schema: TableSchema, path: string): Promise<string[]> {
	let rows = files.get(path);
	if (rows === undefined) {
		rows = (await loadFile(schema, path)).map(([append, part]) => rowText(append as string, part as number));
		files.set(path, rows);
	}
	return rows;
}
