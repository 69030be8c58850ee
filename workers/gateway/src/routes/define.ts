/**
 * One way to define a route: its description for OpenAPI, its access, and its handler stand together, so that none can be forgotten. The
 * description is the source: credentials, error answers and `Allow` are all derived from it.
 */
import { OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { ApiErrorCode } from "#shared/base/errors.ts";
import type { Action, CallContext } from "#shared/contracts/principal.ts";
import type { Context } from "hono";
import type { AppEnv } from "../env.ts";
import { requirePlatform, requireTenant } from "../middleware/authenticate.ts";
import { API_ERRORS, type ProblemStatus } from "../problem.ts";

export type App = OpenAPIHono<AppEnv>;

/** Who may call: everybody, the platform's administrator, or a tenant's credential whose role permits the action. */
export type Access = "public" | "platform" | Action;

/** An answer that goes well, as OpenAPI describes it. */
export interface Answer {
	description: string;
	headers?: Record<string, { description: string; schema: { type: "string" } }>;
	content?: Record<string, { schema: z.ZodType }>;
}

interface RouteDescription {
	method: "get" | "post" | "delete";
	/** OpenAPI's form: `/v1/tables/{table}`. */
	path: string;
	access: Access;
	tag: string;
	summary: string;
	description?: string;
	request?: RouteConfig["request"];
	/** What it answers when it goes well. */
	answers: Record<number, Answer>;
	/** Error codes beyond those that its access brings. */
	errors?: readonly ApiErrorCode[];
	/** Also answers PostgreSQL's conditions. */
	sql?: boolean;
	/** Overrides what `access` would say of credentials. */
	security?: RouteConfig["security"];
}

const RowErrorSchema = z.object({
	row: z.int().openapi({ description: "Counts from 1; a header is not a row." }),
	line: z.int().optional().openapi({ description: "Line of the body, from 1, in formats that have lines." }),
	column: z.string().nullable(),
	code: z.string(),
	detail: z.string(),
});

const ProblemSchema = z
	.object({
		type: z.string().openapi({ example: "/docs/errors#undefined_column" }),
		title: z.string(),
		status: z.int(),
		code: z.string().openapi({ description: "Stable; /docs/errors lists all.", example: "undefined_column" }),
		detail: z.string(),
		request_id: z.string(),
		sqlstate: z.string().length(5).optional().openapi({ example: "42703" }),
		position: z.int().min(1).optional().openapi({ description: "Code point of the SQL text, from 1." }),
		hint: z.string().optional(),
		line: z.int().min(1).optional().openapi({ description: "Line of a malformed body, from 1." }),
		errors: z.array(RowErrorSchema).max(100).optional(),
		error_count: z.int().optional(),
	})
	.openapi("Problem", { description: "RFC 9457." });

const RequestId = { "Request-Id": { description: "Names this request in logs and errors.", schema: { type: "string" } } } as const;
const RETRIED: readonly ProblemStatus[] = [429, 503];

function accessErrors(access: Access): ApiErrorCode[] {
	switch (access) {
		case "public":
			return [];
		case "platform":
			return ["unauthenticated", "permission_denied"];
		default:
			return ["unauthenticated", "permission_denied", "tenant_suspended", "rate_limited", "unavailable"];
	}
}

function security(access: Access): NonNullable<RouteConfig["security"]> {
	switch (access) {
		case "public":
			return [];
		case "platform":
			return [{ adminKey: [] }];
		default:
			return [{ apiKey: [] }, { accessToken: [] }];
	}
}

function errorAnswers(description: RouteDescription): RouteConfig["responses"] {
	const byStatus = new Map<ProblemStatus, string[]>();
	const add = (status: ProblemStatus, text: string): void => void byStatus.set(status, [...(byStatus.get(status) ?? []), text]);
	for (const code of [...accessErrors(description.access), ...(description.errors ?? []), "internal_error" as const]) {
		add(API_ERRORS[code].status, `\`${code}\``);
	}
	if (description.sql) {
		add(409, "`serialization_failure`");
		add(422, "any other of PostgreSQL's conditions, `code` its name");
	}
	return Object.fromEntries(
		[...byStatus].map(([status, texts]) => [
			status,
			{
				description: [...new Set(texts)].join(", "),
				headers: RETRIED.includes(status)
					? { ...RequestId, "Retry-After": { description: "Seconds.", schema: { type: "integer" } } }
					: RequestId,
				content: { "application/problem+json": { schema: ProblemSchema } },
			},
		]),
	);
}

/** Describes and serves a route. */
export function serve(app: App, description: RouteDescription, handler: (context: Context<AppEnv>) => Response | Promise<Response>): void {
	const { method, path, access } = description;
	const answers = Object.fromEntries(
		Object.entries(description.answers).map(([status, answer]) => [status, { ...answer, headers: { ...RequestId, ...answer.headers } }]),
	) as RouteConfig["responses"];
	app.openAPIRegistry.registerPath({
		method,
		path,
		tags: [description.tag],
		summary: description.summary,
		...(description.description === undefined ? {} : { description: description.description }),
		...(description.request === undefined ? {} : { request: description.request }),
		security: description.security ?? security(access),
		responses: { ...answers, ...errorAnswers(description) },
	});
	app.on(
		method.toUpperCase(),
		path.replaceAll(/{(\w+)}/g, ":$1"),
		async (context, next) => {
			context.set("route", path);
			await next();
		},
		...(access === "public" ? [] : [access === "platform" ? requirePlatform() : requireTenant(access)]),
		handler,
	);
}

/** What travels with a call made for the request's tenant. */
export function callContext(context: Context<AppEnv>): CallContext {
	const { tenantId, role } = context.get("principal");
	return { tenantId, role, requestId: context.get("requestId"), traceparent: context.get("span").traceparent };
}

/** JSON answers, typed by the schema that describes them. */
export function json<Body>(body: Body, status = 200, headers: Record<string, string> = {}): Response {
	return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}

/** The description of an answer in JSON. */
export function jsonAnswer(description: string, schema: z.ZodType): Answer {
	return { description, content: { "application/json": { schema } } };
}
