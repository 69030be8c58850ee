/** Rows on their way in, batch by batch: what appends, bulk files and INSERT pass along. */
import { type AppendId, newAppendId, type TenantId } from "#shared/base/ids.ts";
import { PHYSICAL_BYTES } from "#shared/contracts/data-type.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { encodeBatch } from "#shared/engine/codec/encode.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import type { Vector } from "#shared/engine/vector/vector.ts";
import type { Birth } from "../shard/contract.ts";

/** As native codec bytes: they may wait. */
export interface EncodedBatch {
	bytes: Uint8Array;
	rowCount: number;
}

/** As vectors in the arena, until the next batch is pulled: what goes straight to a file is never encoded. */
export interface LiveBatch {
	/** All columns of the schema, in order. */
	batch: Batch;
	rowCount: number;
	/** Of the vectors, about what it takes encoded. */
	byteCount: number;
	encoded(): EncodedBatch;
}

export type IncomingBatch = EncodedBatch | LiveBatch;

/** The id of an append: the client's key, or one minted once a request. */
export interface AppendName {
	appendId: AppendId;
	/** Null for a client's key, which may have been sent at any time. */
	birth: Birth | null;
}

export function nameAppend(idempotencyKey: string | null): AppendName {
	return idempotencyKey === null
		? { appendId: newAppendId(), birth: { epoch: null } }
		: { appendId: idempotencyKey as AppendId, birth: null };
}

/** One append: its rows in schema column order, validated as they are pulled. */
export interface IncomingRows {
	tenantId: TenantId;
	schema: TableSchema;
	appendId: AppendId;
	/** Of a minted id. */
	birth?: Birth | null;
	batches: AsyncIterator<IncomingBatch>;
	/** Of what makes two appends the same; asked once the batches have ended. */
	hash: () => Promise<string>;
}

/** @param batch all columns of the schema, in order */
export function encodeRows(engine: Engine, batch: Batch, schema: TableSchema): EncodedBatch {
	const fieldIds = schema.columns.map((column) => column.fieldId);
	return { bytes: encodeBatch(engine, batch, { schemaVersion: schema.schemaVersion, fieldIds }), rowCount: batch.selectedCount };
}

export function encodedOf(batch: IncomingBatch): EncodedBatch {
	return "bytes" in batch ? batch : batch.encoded();
}

/** @param check of each batch, before anybody gets it */
export async function* liveBatches(
	batches: AsyncIterable<Batch>,
	engine: Engine,
	schema: TableSchema,
	check: (batch: LiveBatch) => void,
): AsyncGenerator<LiveBatch, void, undefined> {
	for await (const batch of batches) {
		const live: LiveBatch = {
			batch,
			rowCount: batch.selectedCount,
			byteCount: batch.columns.reduce((sum, column) => sum + vectorBytes(engine, column, batch), 0),
			encoded: () => encodeRows(engine, batch, schema),
		};
		check(live);
		yield live;
	}
}

/** A dictionary's entries are left out: many batches share them. */
function vectorBytes(engine: Engine, vector: Vector, { rowCount, selectedCount }: Batch): number {
	if (vector.kind === "constant") return 0;
	if (vector.kind === "dictionary") return selectedCount * 4;
	if (vector.physical !== "bytes") return selectedCount * PHYSICAL_BYTES[vector.physical];
	const { i32 } = engine.arena.views;
	const offsets = vector.offsets / 4;
	const textBytes = (i32[offsets + rowCount] as number) - (i32[offsets] as number);
	return selectedCount * 4 + Math.ceil((textBytes * selectedCount) / Math.max(1, rowCount));
}
