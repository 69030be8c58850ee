/** `POST /v1/tables/{table}/rows`: one append. The body goes through to the tenant as a stream. */
import { z } from "@hono/zod-openapi";
import { BODY_COMPRESSED_BYTES_MAX, BULK_CLAIM_MS, WORKER_ANSWER_MS_MAX } from "#shared/base/limits.ts";
import type { IngestRequest } from "#shared/contracts/rpc.ts";
import { seenThrough } from "../middleware/orderly-end.ts";
import { bodyTooLarge, countedBody } from "../request/counted-body.ts";
import { isGzip, MEDIA_TYPES, rowsFormat } from "../request/formats.ts";
import { idempotencyKey } from "../request/idempotency-key.ts";
import { type App, callContext, json, jsonAnswer, serve } from "./define.ts";
import { asTableNotFound, tableName } from "./table-path.ts";

const AppendSchema = z
	.object({
		accepted: z.int().openapi({ description: "Rows." }),
		bookmark: z.string(),
		duplicate: z.boolean().openapi({ description: "True where the Idempotency-Key was known: this is the first answer again." }),
	})
	.openapi("AppendResult");

const binary = z.string().openapi({ format: "binary" });

export function rowsRoutes(app: App): void {
	serve(
		app,
		{
			method: "post",
			path: "/v1/tables/{table}/rows",
			access: "append",
			tag: "Tables",
			summary: "Append rows",
			description: `One atomic append: acknowledged means durable, and visible to every query that starts later. At most ${BODY_COMPRESSED_BYTES_MAX / 1024 ** 2} MiB as sent, 1 GiB decoded. A bad row rejects the request: nothing is stored.`,
			request: {
				params: z.object({ table: z.string().openapi({ description: "The stored name, percent-encoded.", example: "flights" }) }),
				headers: z.object({
					"Content-Encoding": z.enum(["gzip", "identity"]).optional(),
					"Idempotency-Key": z
						.string()
						.min(1)
						.max(255)
						.optional()
						.openapi({ description: "Scoped to tenant and table; a repeat within 24 h is one append." }),
				}),
				body: {
					required: true,
					content: {
						[MEDIA_TYPES.json]: {
							schema: z.array(z.record(z.string(), z.unknown())).openapi({ example: [{ origin: "ABQ", delay: 12 }] }),
						},
						[MEDIA_TYPES.ndjson]: { schema: z.string().openapi({ example: '{"origin":"ABQ","delay":12}\n' }) },
						[MEDIA_TYPES.csv]: { schema: z.string().openapi({ example: "origin,delay\nABQ,12\n" }) },
						[MEDIA_TYPES.arrow]: { schema: binary },
						[MEDIA_TYPES.parquet]: { schema: binary },
					},
				},
			},
			answers: {
				200: {
					...jsonAnswer("Stored.", AppendSchema),
					headers: { Bookmark: { description: "The same as in the body.", schema: { type: "string" } } },
				},
			},
			errors: [
				"malformed_request",
				"malformed_body",
				"table_not_found",
				"idempotency_key_reused",
				"in_progress",
				"conflict",
				"body_too_large",
				"unsupported_media_type",
				"unsupported_encoding",
				"invalid_rows",
				"overloaded",
			],
		},
		async (context) => {
			const request = context.req.raw;
			const { headers } = request;
			const table = tableName(request.url);
			const format = rowsFormat(headers.get("Content-Type"));
			const gzip = isGzip(headers.get("Content-Encoding"));
			const key = idempotencyKey(headers);
			const body = await countedBody(request);
			const ingest: IngestRequest = { table, format, gzip, idempotencyKey: key, body: body.body };
			try {
				// A body that is a stream takes as long as its client, and no longer than its claim.
				const limitMs = body.body instanceof Uint8Array ? WORKER_ANSWER_MS_MAX : BULK_CLAIM_MS;
				const call = context.env.TENANT.ingest(callContext(context), ingest);
				const { accepted, bookmark, duplicate } = await seenThrough(context, limitMs, call);
				const answer: z.infer<typeof AppendSchema> = { accepted, bookmark, duplicate };
				return json(answer, 200, { Bookmark: bookmark });
			} catch (error) {
				throw body.tooLarge() ? bodyTooLarge() : asTableNotFound(error);
			}
		},
	);
}
