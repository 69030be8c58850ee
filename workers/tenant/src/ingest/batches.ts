/** Rows on their way in, as native codec bytes: what appends, bulk files and INSERT pass along. */
import type { AppendId, TenantId } from "#shared/base/ids.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { encodeBatch } from "#shared/engine/codec/encode.ts";
import type { Engine } from "#shared/engine/kernels/kernels.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";

export interface EncodedBatch {
	bytes: Uint8Array;
	rowCount: number;
}

/** One append: its rows in schema column order, validated as they are pulled. */
export interface IncomingRows {
	tenantId: TenantId;
	schema: TableSchema;
	appendId: AppendId;
	batches: AsyncIterator<EncodedBatch>;
	/** Of what makes two appends the same; asked once the batches have ended. */
	hash: () => Promise<string>;
}

/** @param batch all columns of the schema, in order */
export function encodeRows(engine: Engine, batch: Batch, schema: TableSchema): EncodedBatch {
	const fieldIds = schema.columns.map((column) => column.fieldId);
	return { bytes: encodeBatch(engine, batch, { schemaVersion: schema.schemaVersion, fieldIds }), rowCount: batch.selectedCount };
}
