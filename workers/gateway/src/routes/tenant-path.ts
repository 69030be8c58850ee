/** `{id}` of the routes of platform administration that act on one tenant. */
import { z } from "@hono/zod-openapi";
import { LittoralError } from "#shared/base/errors.ts";
import type { Context } from "hono";
import type { AppEnv } from "../env.ts";

export const TENANT_ID = /^[a-z][a-z0-9-]{0,62}$/;

export const idParameter = { params: z.object({ id: z.string().openapi({ example: "acme" }) }) };
/** Of a route that reads a JSON body. */
export const BODY_ERRORS = ["malformed_request", "unsupported_media_type", "unsupported_encoding", "body_too_large"] as const;

/** @throws tenant_not_found where no tenant can have it */
export function tenantId(context: Context<AppEnv>): string {
	const id = context.req.param("id") ?? "";
	if (!TENANT_ID.test(id)) throw new LittoralError("tenant_not_found", "no such tenant");
	return id;
}
