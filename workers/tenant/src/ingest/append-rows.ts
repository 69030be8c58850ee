/** One append of any size: up to APPEND_BYTES_MAX one call of one shard, above it the bulk path (design, section 6; invariant W2). */
import { APPEND_BYTES_MAX } from "#shared/base/limits.ts";
import type { Directory } from "#shared/contracts/directory.ts";
import { recentDirectory } from "../directory/directory-cache.ts";
import { raiseSnapshotMinimum } from "../directory/minimums.ts";
import type { Ports } from "../ports.ts";
import type { AppendResult } from "../shard/contract.ts";
import { appendThroughDirectory } from "./append-router.ts";
import { type EncodedBatch, encodedOf, type IncomingRows } from "./batches.ts";
import { appendBulk } from "./bulk.ts";

export interface Appended {
	result: AppendResult;
	duplicate: boolean;
}

/** @throws what the batches throw; schema_changed when the rows are of an older schema than the table's minimum; idempotency_key_reused, in_progress, overloaded */
export async function appendRows(ports: Ports, rows: IncomingRows): Promise<Appended> {
	const head: EncodedBatch[] = [];
	let byteCount = 0;
	for (;;) {
		const next = await rows.batches.next();
		if (next.done === true) break;
		if (next.value.rowCount === 0) continue;
		const encoded = encodedOf(next.value);
		head.push(encoded);
		byteCount += encoded.bytes.byteLength;
		if (byteCount > APPEND_BYTES_MAX) return appendBulk(ports, rows, head);
	}
	return appendSmall(ports, rows, head, await recentDirectory(ports, rows.tenantId));
}

async function appendSmall(ports: Ports, rows: IncomingRows, head: EncodedBatch[], hint: Directory): Promise<Appended> {
	const { tenantId, schema, appendId, birth = null } = rows;
	const outcome = await appendThroughDirectory(ports, tenantId, hint, {
		tableId: schema.tableId,
		appendId,
		birth,
		hash: await rows.hash(),
		schemaVersion: schema.schemaVersion,
		rowCount: head.reduce((sum, batch) => sum + batch.rowCount, 0),
		batches: head.map((batch) => batch.bytes),
	});
	// A bulk claim of the same rows has expired: only the path that repeats its commit id cannot double them.
	if (outcome.kind === "claimed") return appendBulk(ports, rows, head);
	const { result, duplicate } = outcome;
	if (result.snapshotVersion !== null) {
		await raiseSnapshotMinimum(ports, tenantId, { tableId: schema.tableId, snapshotVersion: result.snapshotVersion });
	}
	return { result, duplicate };
}
