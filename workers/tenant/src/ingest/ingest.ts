/** An append request: body to batches to one append (design, section 6). */
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { randomHex } from "#shared/base/ids.ts";
import { INGEST_ARENA_BYTES_MAX } from "#shared/base/limits.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { AppendAnswer, IngestRequest, RowsFormat } from "#shared/contracts/rpc.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { isolateEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { decodeRows } from "#shared/formats/decode.ts";
import { decodeParquetRows } from "#shared/formats/decode-parquet.ts";
import { boundBytes, gunzip } from "#shared/formats/gzip.ts";
import { increment, observe } from "#shared/observability/metrics.ts";
import { BODY_COMPRESSED_BYTES_MAX, BODY_DECODED_BYTES_MAX } from "#shared/base/limits.ts";
import { requireActive, requireRole } from "../access.ts";
import { makeBookmark } from "../bookmark.ts";
import { recentDirectory } from "../directory/directory-cache.ts";
import type { Ports } from "../ports.ts";
import { type Appended, appendRows } from "./append-rows.ts";
import { type AppendName, type LiveBatch, liveBatches, nameAppend } from "./batches.ts";
import { type HashedBody, hashedBody, hashedBytes } from "./hashed-body.ts";
import { type Body, retainBody, streamOf } from "./retained-body.ts";
import { schemaOf } from "./schema-cache.ts";
import { spoolBody } from "./spool.ts";

export async function ingest(ports: Ports, context: CallContext, request: IngestRequest): Promise<AppendAnswer> {
	requireRole(context, "append");
	const { tenantId } = context;
	requireActive((await recentDirectory(ports, tenantId)).state);
	const name = nameAppend(request.idempotencyKey);
	let schema = await schemaOf(ports, tenantId, request.table, { fresh: false });
	const retained = await retainBody(request.body);
	let appended: Appended;
	try {
		appended = await appendBody(ports, context, { ...request, body: retained.body }, { schema, ...name });
	} catch (error) {
		if (!hasCode(error, "schema_changed")) throw error;
		schema = await schemaOf(ports, tenantId, request.table, { fresh: true });
		const body = retained.again();
		if (body === null) {
			throw new LittoralError("unavailable", "the table's schema changed while its rows were read; send them again", {
				retryAfterSeconds: 1,
			});
		}
		appended = await appendBody(ports, context, { ...request, body }, { schema, ...name });
	}
	const { result, duplicate } = appended;
	return { accepted: result.rowCount, bookmark: makeBookmark(tenantId, { table: schema.tableId, ...result }), duplicate };
}

async function appendBody(
	ports: Ports,
	{ tenantId }: CallContext,
	request: Omit<IngestRequest, "body"> & { body: Body },
	target: AppendName & { schema: TableSchema },
): Promise<Appended> {
	const { body, hash } = decodedBody(request);
	const engine = isolateEngine();
	const lease = new Lease(engine.arena, { owner: tenantId, byteCountMax: INGEST_ARENA_BYTES_MAX });
	const options = { schema: target.schema, engine, lease, nowMicroseconds: BigInt(ports.now()) * 1000n };
	let drop = async (): Promise<void> => {};
	let batches: AsyncGenerator<LiveBatch, void, undefined> | null = null;
	try {
		let rows: AsyncGenerator<Batch, void, undefined>;
		if (request.format === "parquet") {
			const spooled = await spoolBody(ports, { tenantId, id: randomHex(12) }, streamOf(body));
			drop = spooled.drop;
			rows = decodeParquetRows({ ...options, source: spooled.source });
		} else rows = decodeRows({ ...options, format: request.format, body });
		let byteCount = 0;
		const { format } = request;
		batches = liveBatches(rows, engine, target.schema, (batch) => {
			byteCount += batch.byteCount;
			increment("littoral_decoded_rows_total", { service: "tenant", format }, batch.rowCount);
		});
		const appended = await appendRows(ports, { tenantId, ...target, batches, hash });
		if (!appended.duplicate) {
			increment("littoral_appended_rows_total", { service: "tenant", format }, appended.result.rowCount);
			increment("littoral_appended_bytes_total", { service: "tenant", format }, byteCount);
			observe("littoral_append_rows", { service: "tenant", format }, appended.result.rowCount);
			observe("littoral_append_bytes", { service: "tenant", format }, byteCount);
		}
		return appended;
	} finally {
		await batches?.return();
		lease.release();
		await drop().catch(() => {});
	}
}

/** Without its gzip, within its bounds, and hashed. */
function decodedBody({ body, gzip, format }: { body: Body; gzip: boolean; format: RowsFormat }): HashedBody<Body> {
	if (gzip) return hashedBody(gunzip(streamOf(body)), format);
	if (body instanceof Uint8Array) return hashedBytes(body, format);
	const compressed = boundBytes(body, { byteCountMax: BODY_COMPRESSED_BYTES_MAX, what: "compressed" });
	return hashedBody(boundBytes(compressed, { byteCountMax: BODY_DECODED_BYTES_MAX, what: "decoded" }), format);
}
