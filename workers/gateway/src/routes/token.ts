/**
 * `POST /v1/auth/token`: OAuth 2 client credentials (RFC 6749, sections 2.3.1, 4.4 and 5). A key's id and secret buy an access token of 15
 * minutes. Its errors have RFC 6749's form; they are the one exception to problem+json.
 */
import { z } from "@hono/zod-openapi";
import { hasCode, isLittoralError } from "#shared/base/errors.ts";
import { TOKEN_TTL_SECONDS } from "#shared/base/limits.ts";
import { ROLES, type Role } from "#shared/contracts/principal.ts";
import type { Context } from "hono";
import type { AppEnv } from "../env.ts";
import type { ApiKeyRow } from "../identity/key-store.ts";
import { activeTenant, roleAtMost, verifyApiKey } from "../identity/principal.ts";
import { issueToken } from "../identity/tokens.ts";
import { countRequest } from "../middleware/authenticate.ts";
import { readText } from "../request/body.ts";
import { mediaType } from "../request/media-type.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";

const TokenSchema = z
	.object({ access_token: z.string(), token_type: z.literal("Bearer"), expires_in: z.int(), scope: z.enum(ROLES) })
	.openapi("Token");

const OAUTH_ERRORS = [
	"invalid_request",
	"invalid_client",
	"unauthorized_client",
	"unsupported_grant_type",
	"invalid_scope",
	"temporarily_unavailable",
] as const;
const OAuthErrorSchema = z.object({ error: z.enum(OAUTH_ERRORS), error_description: z.string() }).openapi("OAuthError");

const TokenRequestSchema = z
	.object({
		grant_type: z.literal("client_credentials"),
		client_id: z.string().optional().openapi({ description: "The key's id, unless it comes by Basic." }),
		client_secret: z.string().optional().openapi({ description: "The key's secret, the part behind the last `_`." }),
		scope: z.enum(ROLES).optional().openapi({ description: "A role not above the key's own, which is the default." }),
	})
	.openapi("TokenRequest");

/** An answer of the token endpoint that is not a token. */
class OAuthError extends Error {
	readonly error: (typeof OAUTH_ERRORS)[number];
	readonly status: 400 | 401 | 429 | 503;
	readonly headers: Record<string, string>;

	constructor(error: OAuthError["error"], description: string, status: OAuthError["status"] = 400, headers: Record<string, string> = {}) {
		super(description);
		this.error = error;
		this.status = status;
		this.headers = headers;
	}
}

/** Section 5.2: 401, and the scheme that the client used, or could use. */
function invalidClient(): OAuthError {
	return new OAuthError("invalid_client", "the client's id or secret is not valid", 401, { "WWW-Authenticate": 'Basic realm="littoral"' });
}

interface ClientCredentials {
	id: string;
	secret: string;
}

/** Section 2.3.1: id and secret are form-encoded, then joined and written in base64. @returns null without the header */
function basicCredentials(header: string | undefined): ClientCredentials | null {
	if (header === undefined) return null;
	const match = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header);
	if (match === null) throw invalidClient();
	const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
	try {
		const text = atob(match[1] as string);
		const colon = text.indexOf(":");
		if (colon < 0) throw invalidClient();
		return { id: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) };
	} catch {
		throw invalidClient();
	}
}

/** The form, each parameter at most once; an empty one counts as absent (section 3.2). */
async function formParameters(request: Request): Promise<Map<string, string>> {
	if (mediaType(request.headers.get("Content-Type"))?.essence !== "application/x-www-form-urlencoded") {
		throw new OAuthError("invalid_request", "the body is application/x-www-form-urlencoded");
	}
	const parameters = new Map<string, string>();
	for (const [name, value] of new URLSearchParams(await readText(request))) {
		if (parameters.has(name)) throw new OAuthError("invalid_request", `${name} is given twice`);
		parameters.set(name, value);
	}
	for (const [name, value] of parameters) if (value === "") parameters.delete(name);
	return parameters;
}

function clientCredentials(form: Map<string, string>, header: string | undefined): ClientCredentials {
	const basic = basicCredentials(header);
	const id = form.get("client_id");
	const secret = form.get("client_secret");
	if (basic !== null) {
		if (secret !== undefined) throw new OAuthError("invalid_request", "the client authenticates in one way only");
		if (id !== undefined && id !== basic.id) throw new OAuthError("invalid_request", "client_id differs from the Authorization header's");
		return basic;
	}
	if (id === undefined || secret === undefined) throw invalidClient();
	return { id, secret };
}

function grantedRole(key: ApiKeyRow, scope: string | undefined): Role {
	if (scope === undefined) return key.role;
	const role = ROLES.find((known) => known === scope);
	if (role === undefined) throw new OAuthError("invalid_scope", `scope is one of ${ROLES.join(", ")}`);
	if (!roleAtMost(role, key.role)) throw new OAuthError("invalid_scope", "scope is above the key's own role");
	return role;
}

async function grant(context: Context<AppEnv>): Promise<Response> {
	const { env } = context;
	const form = await formParameters(context.req.raw);
	const grantType = form.get("grant_type");
	if (grantType === undefined) throw new OAuthError("invalid_request", "grant_type is missing");
	if (grantType !== "client_credentials") throw new OAuthError("unsupported_grant_type", "grant_type is client_credentials");
	const key = await verifyApiKey(env, clientCredentials(form, context.req.header("Authorization")));
	if (key === null) throw invalidClient();
	await countRequest(env, key.id);
	await activeTenant(env, key.tenantId);
	const role = grantedRole(key, form.get("scope"));
	const token: z.infer<typeof TokenSchema> = {
		access_token: await issueToken(env, { keyId: key.id, role }),
		token_type: "Bearer",
		expires_in: TOKEN_TTL_SECONDS,
		scope: role,
	};
	return json(token, 200, { "Cache-Control": "no-store", Pragma: "no-cache" });
}

/** What our own errors are in RFC 6749's words; those it has no word for pass through. */
function asOAuthError(error: unknown): OAuthError | null {
	if (error instanceof OAuthError) return error;
	if (!isLittoralError(error)) return null;
	const retry = { "Retry-After": String(error.details.retryAfterSeconds ?? 1) };
	if (hasCode(error, "unauthenticated")) return invalidClient();
	if (hasCode(error, "tenant_suspended")) return new OAuthError("unauthorized_client", error.message);
	if (hasCode(error, "rate_limited")) return new OAuthError("temporarily_unavailable", error.message, 429, retry);
	if (hasCode(error, "unavailable")) return new OAuthError("temporarily_unavailable", error.message, 503, retry);
	return new OAuthError("invalid_request", error.message);
}

export function tokenRoutes(app: App): void {
	const errorAnswer = (description: string) => jsonAnswer(description, OAuthErrorSchema);
	serve(
		app,
		{
			method: "post",
			path: "/v1/auth/token",
			access: "public",
			tag: "Keys and tokens",
			summary: "Exchange an API key for an access token",
			description: "OAuth 2 client credentials, by form or by Basic. Errors have RFC 6749's form.",
			security: [{ client: [] }, {}],
			request: { body: { required: true, content: { "application/x-www-form-urlencoded": { schema: TokenRequestSchema } } } },
			answers: {
				200: jsonAnswer("A token of 15 minutes.", TokenSchema),
				400: errorAnswer("`invalid_request`, `unsupported_grant_type`, `invalid_scope`, `unauthorized_client` (the tenant is suspended)"),
				401: errorAnswer("`invalid_client`"),
				429: errorAnswer("`temporarily_unavailable`: too many requests with this key"),
				503: errorAnswer("`temporarily_unavailable`"),
			},
		},
		async (context) => {
			try {
				return await grant(context);
			} catch (error) {
				const known = asOAuthError(error);
				if (known === null) throw error;
				context.set("outcome", known.error);
				const answer: z.infer<typeof OAuthErrorSchema> = { error: known.error, error_description: known.message };
				return json(answer, known.status, { "Cache-Control": "no-store", Pragma: "no-cache", ...known.headers });
			}
		},
	);
}
