/** `/v1/keys`: a tenant's API keys. Nobody makes or revokes a key above their own role. */
import { z } from "@hono/zod-openapi";
import { LittoralError } from "#shared/base/errors.ts";
import { KEY_NAME_LENGTH_MAX } from "#shared/base/limits.ts";
import { ROLES, type Role } from "#shared/contracts/principal.ts";
import { type ApiKeyRow, createKey, findKey, listKeys, revokeKey } from "../identity/key-store.ts";
import { forgetKey, roleAtMost } from "../identity/principal.ts";
import { readJson } from "../request/body.ts";
import { invalidCursor, page } from "../request/page.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";
import { PageQuery } from "./page-query.ts";

const NewKeySchema = z
	.strictObject({
		name: z.string().min(1).max(KEY_NAME_LENGTH_MAX).openapi({ example: "ingest" }),
		role: z.enum(ROLES),
		expires_at: z.iso
			.datetime({ offset: true })
			.nullable()
			.optional()
			.openapi({ description: "RFC 3339; the key is refused from then on.", example: "2027-01-01T00:00:00Z" }),
	})
	.openapi("NewKey");

const CreatedKeySchema = z
	.object({ id: z.string(), api_key: z.string().openapi({ description: "Shown this once." }), role: z.enum(ROLES) })
	.openapi("CreatedKey");

const KeySchema = z
	.object({
		id: z.string(),
		name: z.string(),
		role: z.enum(ROLES),
		created_at: z.iso.datetime(),
		expires_at: z.iso.datetime().nullable(),
	})
	.openapi("Key");

const KeyListSchema = z.object({ keys: z.array(KeySchema), next_cursor: z.string().nullable() }).openapi("KeyList");

/** @throws permission_denied where the role acted on is above the caller's */
function checkRank(own: Role, other: Role): void {
	if (!roleAtMost(other, own)) throw new LittoralError("permission_denied", `a ${own} may not manage keys of role ${other}`);
}

function shown(row: ApiKeyRow): z.infer<typeof KeySchema> {
	return {
		id: row.id,
		name: row.name,
		role: row.role,
		created_at: new Date(row.createdAt).toISOString(),
		expires_at: row.expiresAt === null ? null : new Date(row.expiresAt).toISOString(),
	};
}

type Position = { createdAt: number; id: string };

function encodeCursor({ createdAt, id }: Position): string {
	return `${createdAt.toString(36)}-${id}`;
}

/** @throws malformed_request */
function decodeCursor(cursor: string | null): Position | null {
	if (cursor === null) return null;
	const match = /^([0-9a-z]{1,10})-([0-9a-z]{16})$/.exec(cursor);
	if (match === null) throw invalidCursor();
	return { createdAt: Number.parseInt(match[1] as string, 36), id: match[2] as string };
}

export function keyRoutes(app: App): void {
	serve(
		app,
		{
			method: "post",
			path: "/v1/keys",
			access: "manage_keys",
			tag: "Keys and tokens",
			summary: "Make an API key",
			description: "An admin makes admins, writers and readers; an owner also owners.",
			request: { body: { required: true, content: { "application/json": { schema: NewKeySchema } } } },
			answers: { 201: jsonAnswer("The key, shown this once.", CreatedKeySchema) },
			errors: ["malformed_request", "unsupported_media_type", "unsupported_encoding", "body_too_large", "conflict"],
		},
		async (context) => {
			const { tenantId, keyId, role: own } = context.get("principal");
			const { name, role, expires_at } = await readJson(context.req.raw, NewKeySchema);
			checkRank(own, role);
			const expiresAt = expires_at === undefined || expires_at === null ? null : Date.parse(expires_at);
			const by = { actor: keyId, requestId: context.get("requestId") };
			const { id, apiKey } = await createKey(context.env.IDENTITY, { tenantId, name, role, expiresAt }, by);
			const answer: z.infer<typeof CreatedKeySchema> = { id, api_key: apiKey, role };
			return json(answer, 201, { "Cache-Control": "no-store" });
		},
	);
	serve(
		app,
		{
			method: "get",
			path: "/v1/keys",
			access: "manage_keys",
			tag: "Keys and tokens",
			summary: "List API keys",
			description: "Those not revoked, oldest first; never a secret.",
			request: { query: PageQuery },
			answers: { 200: jsonAnswer("A page of keys.", KeyListSchema) },
			errors: ["malformed_request"],
		},
		async (context) => {
			const { limit, cursor } = page(context.req.url);
			const { tenantId } = context.get("principal");
			const rows = await listKeys(context.env.IDENTITY, { tenantId, after: decodeCursor(cursor), limit: limit + 1 });
			const last = rows[limit - 1];
			const answer: z.infer<typeof KeyListSchema> = {
				keys: rows.slice(0, limit).map(shown),
				next_cursor: rows.length > limit && last !== undefined ? encodeCursor(last) : null,
			};
			return json(answer);
		},
	);
	serve(
		app,
		{
			method: "delete",
			path: "/v1/keys/{id}",
			access: "manage_keys",
			tag: "Keys and tokens",
			summary: "Revoke an API key",
			description: "For good, and its tokens with it; takes effect within 5 s everywhere.",
			request: { params: z.object({ id: z.string().openapi({ example: "0123456789abcdef" }) }) },
			answers: { 204: { description: "Revoked." } },
			errors: ["not_found"],
		},
		async (context) => {
			const { tenantId, keyId, role: own } = context.get("principal");
			const id = context.req.param("id") ?? "";
			const key = await findKey(context.env.IDENTITY, id);
			// Another tenant's key is answered as one that does not exist.
			if (key === null || key.tenantId !== tenantId || key.revokedAt !== null) throw new LittoralError("not_found", "no such key");
			checkRank(own, key.role);
			await revokeKey(context.env.IDENTITY, { tenantId, id }, { actor: keyId, requestId: context.get("requestId") });
			forgetKey(id);
			return new Response(null, { status: 204 });
		},
	);
}
