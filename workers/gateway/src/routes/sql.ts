/** `POST /v1/sql`: one statement. Its rows are passed through as they come; the client's going away cancels the stream, and with it the query. */
import { z } from "@hono/zod-openapi";
import { LittoralError } from "#shared/base/errors.ts";
import { QUERY_LIFETIME_MS_MAX, SQL_BYTES_MAX, SQL_PARAMETER_COUNT_MAX } from "#shared/base/limits.ts";
import type { QueryRequest } from "#shared/contracts/rpc.ts";
import { relayed, seenThrough } from "../middleware/orderly-end.ts";
import { checked, readText } from "../request/body.ts";
import { contentType, MEDIA_TYPES, resultFormat } from "../request/formats.ts";
import { idempotencyKey } from "../request/idempotency-key.ts";
import { isUtf8, mediaType } from "../request/media-type.ts";
import { parseExactJson, plainNumber, plainParameter } from "../request/parameters.ts";
import { NUMBER_SETTINGS, querySettings } from "../request/settings.ts";
import { type App, callContext, json, serve } from "./define.ts";

/** Not a zod record, which would pass over a member named `__proto__`. */
function isPlainObject(value: unknown): boolean {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SqlBody = z
	.strictObject({
		sql: z
			.string()
			.openapi({ description: "One statement; one trailing `;` is allowed.", example: "SELECT count(*) FROM flights WHERE delay > $1" }),
		params: z
			.array(z.unknown())
			.max(SQL_PARAMETER_COUNT_MAX)
			.optional()
			.openapi({ description: "`params[0]` is `$1`; types come from context, strings are read as that type's text.", example: [15] }),
		settings: z
			.custom<Record<string, unknown>>(isPlainObject, "Invalid input: expected object")
			.optional()
			.openapi({
				description: "Only downwards from the limits.",
				type: "object",
				properties: {
					...Object.fromEntries(
						Object.entries(NUMBER_SETTINGS).map(([name, { maximum }]) => [name, { type: "integer" as const, minimum: 1, maximum }]),
					),
					time_zone: { type: "string", example: "Europe/Paris" },
					bigint: { type: "string", enum: ["string"] },
				},
				additionalProperties: false,
			}),
	})
	.openapi("SqlRequest");

const Value = z.unknown().openapi({ description: "The value in its column's JSON form." });

const ResultSchema = z
	.object({
		query_id: z.string(),
		columns: z.array(z.object({ name: z.string(), type: z.string().openapi({ example: "bigint" }), nullable: z.boolean() })),
		rows: z.array(z.array(Value)),
		row_count: z.int(),
		statistics: z.object({
			elapsed_ms: z.number(),
			rows_scanned: z.int(),
			bytes_scanned: z.int(),
			files_scanned: z.int(),
			files_pruned: z.int(),
			estimated_cost_usd: z.number(),
			arena_peak_bytes: z.int(),
			spilled_bytes: z.int(),
		}),
		error: z
			.object({ code: z.string(), detail: z.string() })
			.loose()
			.optional()
			.openapi({ description: "Only where the query failed after the first 1 MiB had been sent: the result is not whole." }),
	})
	.openapi("Result");

const CommandSchema = z
	.object({
		query_id: z.string(),
		command: z.string().openapi({ example: "INSERT" }),
		row_count: z.int(),
		bookmark: z.string(),
		duplicate: z.boolean().optional().openapi({ description: "With an Idempotency-Key: true where this is the first answer again." }),
	})
	.openapi("CommandResult");

const binary = z.string().openapi({ format: "binary" });

interface Statement {
	sql: string;
	params: unknown[];
	settings: Record<string, unknown>;
}

/** @throws unsupported_media_type, malformed_request, body_too_large */
async function readStatement(request: Request): Promise<Statement> {
	const type = mediaType(request.headers.get("Content-Type"));
	const isText = type?.essence === "text/plain";
	if (type === null || !(isText || type.essence === "application/json") || !isUtf8(type)) {
		throw new LittoralError("unsupported_media_type", "SQL comes as application/json or text/plain, in UTF-8");
	}
	const text = await readText(request);
	if (isText) return { sql: text, params: [], settings: {} };
	const { sql, params = [], settings = {} } = checked(SqlBody, parseExactJson(text), "the body");
	return {
		sql,
		params: params.map(plainParameter),
		settings: Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, plainNumber(value)])),
	};
}

/** @throws body_too_large, malformed_request, character_not_in_repertoire */
function checkSql(sql: string): void {
	if (!sql.isWellFormed()) throw new LittoralError("malformed_request", "sql: a surrogate stands alone");
	if (new TextEncoder().encode(sql).byteLength > SQL_BYTES_MAX)
		throw new LittoralError("body_too_large", `the SQL is above ${SQL_BYTES_MAX} bytes`);
	// The parser is C: a NUL would end the text for it, and hide the rest.
	const nul = sql.indexOf("\0");
	if (nul >= 0) {
		const position = Array.from(sql.slice(0, nul)).length + 1;
		throw new LittoralError("character_not_in_repertoire", "the SQL has a NUL character", { position });
	}
}

export function sqlRoutes(app: App): void {
	serve(
		app,
		{
			method: "post",
			path: "/v1/sql",
			access: "select",
			tag: "SQL",
			summary: "Run one SQL statement",
			description:
				'A query\'s rows come in the format that `Accept` asks for; a statement that changes something answers JSON. The first 1 MiB is held back so that errors have a status; after it, JSON ends with an `error` member, NDJSON with a line `{"error": ...}`, the others reset the connection.',
			request: {
				headers: z.object({
					Accept: z
						.string()
						.optional()
						.openapi({ description: "One of the result's media types; q-values are honoured.", example: "text/csv" }),
					"Idempotency-Key": z
						.string()
						.min(1)
						.max(255)
						.optional()
						.openapi({ description: "On INSERT: a repeat within 24 h is the first answer again." }),
					Bookmark: z.string().optional().openapi({ description: "From a write: this read sees at least that write." }),
				}),
				body: {
					required: true,
					content: {
						"application/json": { schema: SqlBody },
						"text/plain": { schema: z.string().openapi({ example: "SELECT 1" }) },
					},
				},
			},
			answers: {
				200: {
					description: "Rows, or what a statement changed.",
					headers: {
						"Query-Id": { description: "Names this query.", schema: { type: "string" } },
						Bookmark: { description: "On a statement that changed something.", schema: { type: "string" } },
					},
					content: {
						"application/json": { schema: z.union([ResultSchema, CommandSchema]) },
						[MEDIA_TYPES.ndjson]: { schema: z.string().openapi({ description: "One object a line." }) },
						[MEDIA_TYPES.csv]: { schema: z.string() },
						[MEDIA_TYPES.arrow]: { schema: binary },
						[MEDIA_TYPES.parquet]: { schema: binary },
					},
				},
			},
			errors: [
				"malformed_request",
				"unknown_setting",
				"invalid_setting",
				"invalid_bookmark",
				"multiple_statements",
				"not_acceptable",
				"idempotency_key_reused",
				"in_progress",
				"conflict",
				"body_too_large",
				"unsupported_media_type",
				"unsupported_encoding",
				"invalid_rows",
				"resource_exhausted",
				"query_timeout",
				"overloaded",
			],
			sql: true,
		},
		async (context) => {
			const queryId = crypto.randomUUID();
			context.set("queryId", queryId);
			const { headers } = context.req.raw;
			const format = resultFormat(headers.get("Accept"));
			const key = idempotencyKey(headers);
			const { sql, params, settings } = await readStatement(context.req.raw);
			checkSql(sql);
			const request: QueryRequest = {
				queryId,
				sql,
				parameters: params,
				settings: querySettings(settings),
				format,
				idempotencyKey: key,
				bookmark: headers.get("Bookmark"),
			};
			const answer = await seenThrough(context, QUERY_LIFETIME_MS_MAX, context.env.TENANT.query(callContext(context), request));
			if (answer.kind === "rows") return new Response(relayed(context, answer.body), { headers: { "Content-Type": contentType(format) } });
			const { command, rowCount, bookmark, duplicate } = answer;
			const body: z.infer<typeof CommandSchema> = {
				query_id: queryId,
				command,
				row_count: rowCount,
				bookmark,
				...(duplicate === undefined ? {} : { duplicate }),
			};
			return json(body, 200, { Bookmark: bookmark });
		},
	);
}
