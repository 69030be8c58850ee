/** An append request: body to batches to one append (design, section 6). */
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { type AppendId, newAppendId, randomHex } from "#shared/base/ids.ts";
import { INGEST_ARENA_BYTES_MAX, RETAINED_BODY_BYTES_MAX } from "#shared/base/limits.ts";
import type { CallContext } from "#shared/contracts/principal.ts";
import type { AppendAnswer, IngestRequest } from "#shared/contracts/rpc.ts";
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
import { encodeRows, type EncodedBatch } from "./batches.ts";
import { hashedBody } from "./hashed-body.ts";
import { schemaOf } from "./schema-cache.ts";
import { spoolBody } from "./spool.ts";

export async function ingest(ports: Ports, context: CallContext, request: IngestRequest): Promise<AppendAnswer> {
	requireRole(context, "append");
	const { tenantId } = context;
	requireActive((await recentDirectory(ports, tenantId)).state);
	const appendId = (request.idempotencyKey as AppendId | null) ?? newAppendId();
	const retained = new RetainedBody(request.body);
	let schema = await schemaOf(ports, tenantId, request.table, { fresh: false });
	let appended: Appended;
	try {
		appended = await appendBody(ports, context, { ...request, body: retained.body }, { schema, appendId });
	} catch (error) {
		if (!hasCode(error, "schema_changed")) throw error;
		schema = await schemaOf(ports, tenantId, request.table, { fresh: true });
		const body = retained.again();
		if (body === null) {
			throw new LittoralError("unavailable", "the table's schema changed while its rows were read; send them again", {
				retryAfterSeconds: 1,
			});
		}
		appended = await appendBody(ports, context, { ...request, body }, { schema, appendId });
	}
	const { result, duplicate } = appended;
	return { accepted: result.rowCount, bookmark: await makeBookmark(tenantId, { table: schema.tableId, ...result }), duplicate };
}

async function appendBody(
	ports: Ports,
	{ tenantId }: CallContext,
	request: IngestRequest,
	target: { schema: TableSchema; appendId: AppendId },
): Promise<Appended> {
	const decoded = request.gzip
		? gunzip(request.body)
		: boundBytes(boundBytes(request.body, { byteCountMax: BODY_COMPRESSED_BYTES_MAX, what: "compressed" }), {
				byteCountMax: BODY_DECODED_BYTES_MAX,
				what: "decoded",
			});
	const { body, hash } = hashedBody(decoded, request.format);
	const engine = isolateEngine();
	const lease = new Lease(engine.arena, { owner: tenantId, byteCountMax: INGEST_ARENA_BYTES_MAX });
	const options = { schema: target.schema, engine, lease, nowMicroseconds: BigInt(ports.now()) * 1000n };
	let drop = async (): Promise<void> => {};
	let batches: AsyncGenerator<EncodedBatch, void, undefined> | null = null;
	try {
		let rows: AsyncGenerator<Batch, void, undefined>;
		if (request.format === "parquet") {
			const spooled = await spoolBody(ports, { tenantId, id: randomHex(12) }, body);
			drop = spooled.drop;
			rows = decodeParquetRows({ ...options, source: spooled.source });
		} else rows = decodeRows({ ...options, format: request.format, body });
		let byteCount = 0;
		const { format } = request;
		batches = encodeAll(rows, (batch) => {
			const encoded = encodeRows(engine, batch, target.schema);
			byteCount += encoded.bytes.byteLength;
			increment("littoral_decoded_rows_total", { service: "tenant", format }, encoded.rowCount);
			return encoded;
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

async function* encodeAll(
	rows: AsyncGenerator<Batch, void, undefined>,
	encode: (batch: Batch) => EncodedBatch,
): AsyncGenerator<EncodedBatch, void, undefined> {
	for await (const batch of rows) yield encode(batch);
}

/** Keeps what was read of a body while it is small, so that its rows can be validated anew. */
class RetainedBody {
	readonly body: ReadableStream<Uint8Array>;
	#chunks: Uint8Array[] | null = [];
	#byteCount = 0;
	#ended = false;

	constructor(source: ReadableStream<Uint8Array>) {
		const reader = source.getReader();
		this.body = new ReadableStream<Uint8Array>(
			{
				pull: async (controller) => {
					const { done, value } = await reader.read();
					if (done) {
						this.#ended = true;
						controller.close();
						return;
					}
					this.#keep(value);
					controller.enqueue(value);
				},
				cancel: (reason) => reader.cancel(reason),
			},
			{ highWaterMark: 0 },
		);
	}

	#keep(chunk: Uint8Array): void {
		this.#byteCount += chunk.byteLength;
		if (this.#byteCount > RETAINED_BODY_BYTES_MAX) this.#chunks = null;
		else this.#chunks?.push(chunk.slice());
	}

	/** @returns the whole body once more, or null when it is not all here */
	again(): ReadableStream<Uint8Array> | null {
		const chunks = this.#ended ? this.#chunks : null;
		if (chunks === null) return null;
		return new ReadableStream<Uint8Array>({
			start(controller) {
				for (const chunk of chunks) controller.enqueue(chunk);
				controller.close();
			},
		});
	}
}
