/** `/v1/tenants`: platform administration. Operations decides; the gateway keeps the keys in step. */
import { z } from "@hono/zod-openapi";
import type { TenantDescription } from "#shared/contracts/rpc.ts";
import type { Context } from "hono";
import type { AppEnv, Env } from "../env.ts";
import type { Actor } from "../identity/key-store.ts";
import { forgetTenant } from "../identity/principal.ts";
import { auditTenant, createTenant, deleteTenant } from "../identity/tenant-changes.ts";
import { readJson } from "../request/body.ts";
import { page } from "../request/page.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";
import { PageQuery } from "./page-query.ts";
import { BODY_ERRORS, idParameter, TENANT_ID, tenantId } from "./tenant-path.ts";

/** Cloudflare's location hints for Durable Objects. */
const LOCATIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

const NewTenantSchema = z
	.strictObject({
		id: z.string().regex(TENANT_ID, `matches ${TENANT_ID.source}`).openapi({ example: "acme" }),
		location: z.enum(LOCATIONS).optional().openapi({ description: "Where its shards shall lie; by default near the first request." }),
	})
	.openapi("NewTenant");
const CreatedTenantSchema = z
	.object({ tenant: z.string(), api_key: z.string().openapi({ description: "An owner key, shown this once." }) })
	.openapi("CreatedTenant");
const TenantSchema = z
	.object({ tenant: z.string(), status: z.enum(["creating", "active", "suspended", "deleting"]), created_at: z.iso.datetime() })
	.openapi("Tenant");
const TenantListSchema = z.object({ tenants: z.array(TenantSchema), next_cursor: z.string().nullable() }).openapi("TenantList");

const TAG = "Platform";

function actor(context: Context<AppEnv>): Actor {
	return { actor: "platform", requestId: context.get("requestId") };
}

function shown({ id, status, createdAt }: TenantDescription): z.infer<typeof TenantSchema> {
	return { tenant: id, status, created_at: createdAt };
}

export function tenantRoutes(app: App): void {
	serve(
		app,
		{
			method: "post",
			path: "/v1/tenants",
			access: "platform",
			tag: TAG,
			summary: "Create a tenant",
			request: { body: { required: true, content: { "application/json": { schema: NewTenantSchema } } } },
			answers: { 201: jsonAnswer("The tenant and its first owner key, shown this once.", CreatedTenantSchema) },
			errors: [...BODY_ERRORS, "tenant_exists", "unavailable"],
		},
		async (context) => {
			const { id, location = null } = await readJson(context.req.raw, NewTenantSchema);
			const { tenant, key } = await createTenant(context.env, { id, location }, actor(context));
			const answer: z.infer<typeof CreatedTenantSchema> = { tenant: tenant.id, api_key: key.apiKey };
			return json(answer, 201, { "Cache-Control": "no-store" });
		},
	);
	serve(
		app,
		{
			method: "get",
			path: "/v1/tenants",
			access: "platform",
			tag: TAG,
			summary: "List tenants",
			request: { query: PageQuery },
			answers: { 200: jsonAnswer("A page of tenants.", TenantListSchema) },
			errors: ["malformed_request", "unavailable"],
		},
		async (context) => {
			const { tenants, nextCursor } = await context.env.OPERATIONS.listTenants(page(context.req.url));
			const answer: z.infer<typeof TenantListSchema> = { tenants: tenants.map(shown), next_cursor: nextCursor };
			return json(answer);
		},
	);
	serve(
		app,
		{
			method: "get",
			path: "/v1/tenants/{id}",
			access: "platform",
			tag: TAG,
			summary: "Describe a tenant",
			request: idParameter,
			answers: { 200: jsonAnswer("The tenant.", TenantSchema) },
			errors: ["tenant_not_found", "unavailable"],
		},
		async (context) => json(shown(await context.env.OPERATIONS.getTenant(tenantId(context)))),
	);
	serve(
		app,
		{
			method: "delete",
			path: "/v1/tenants/{id}",
			access: "platform",
			tag: TAG,
			summary: "Delete a tenant with all it has",
			description: "Goes on by itself; repeat it to learn whether it is done. Its keys stop working at once.",
			request: idParameter,
			answers: { 202: { description: "It goes on." }, 204: { description: "Nothing is left." } },
			errors: ["tenant_not_found", "unavailable"],
		},
		async (context) => {
			const done = await deleteTenant(context.env, tenantId(context), actor(context));
			return new Response(null, { status: done ? 204 : 202 });
		},
	);
	stateRoute(app, "suspend", (env, id) => env.OPERATIONS.suspendTenant(id));
	stateRoute(app, "resume", (env, id) => env.OPERATIONS.resumeTenant(id));
}

function stateRoute(app: App, verb: "suspend" | "resume", change: (env: Env, id: string) => Promise<TenantDescription>): void {
	serve(
		app,
		{
			method: "post",
			path: `/v1/tenants/{id}/${verb}`,
			access: "platform",
			tag: TAG,
			summary: verb === "suspend" ? "Suspend a tenant: its credentials get 403" : "Resume a suspended tenant",
			description: "Idempotent; takes effect within 5 s everywhere.",
			request: idParameter,
			answers: { 200: jsonAnswer("The tenant.", TenantSchema) },
			errors: ["tenant_not_found", "conflict", "unavailable"],
		},
		async (context) => {
			const tenant = await change(context.env, tenantId(context));
			forgetTenant(tenant.tenantId);
			await auditTenant(context.env, { tenantId: tenant.tenantId, action: `tenant.${verb}` }, actor(context));
			return json(shown(tenant));
		},
	);
}
