/** Who calls, and may they: one middleware per kind of route, in front of everything that reads the request's body. */
import { LittoralError } from "#shared/base/errors.ts";
import { RATE_LIMIT_PERIOD_SECONDS } from "#shared/base/limits.ts";
import { type Action, may } from "#shared/contracts/principal.ts";
import type { MiddlewareHandler } from "hono";
import type { AppEnv, Env } from "../env.ts";
import { isAdminKey } from "../identity/platform.ts";
import { activeTenant, verifyBearer } from "../identity/principal.ts";

const BEARER = /^Bearer +(\S+) *$/i;

/** @throws unauthenticated where there is no `Authorization: Bearer <credential>` */
function bearer(header: string | undefined): string {
	if (header === undefined) throw new LittoralError("unauthenticated", "an Authorization: Bearer header is needed");
	const match = BEARER.exec(header);
	if (match === null) throw new LittoralError("unauthenticated", "the Authorization header is malformed; it is Bearer and a credential");
	return match[1] as string;
}

/** Counts a request against a key. @throws rate_limited */
export async function countRequest(env: Env, keyId: string): Promise<void> {
	const outcome = await env.RATE_LIMIT?.limit({ key: keyId });
	if (outcome?.success === false) {
		throw new LittoralError("rate_limited", "too many requests with this key", { retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS });
	}
}

/** For routes of a tenant: a live key or token whose role permits `action`. */
export function requireTenant(action: Action): MiddlewareHandler<AppEnv> {
	return async (context, next) => {
		const { env } = context;
		const verified = await verifyBearer(env, bearer(context.req.header("Authorization")));
		if (verified === null) throw new LittoralError("unauthenticated", "the credential is not valid");
		const { key, role } = verified;
		await countRequest(env, key.id);
		const tenant = await activeTenant(env, key.tenantId);
		context.set("principal", { tenantId: key.tenantId, tenant: tenant.id, keyId: key.id, role });
		if (!may(role, action)) throw new LittoralError("permission_denied", `a ${role} may not ${action.replaceAll("_", " ")}`);
		await next();
	};
}

/** For platform administration. A tenant's credential is known here, but permits nothing: 403, not 401. */
export function requirePlatform(): MiddlewareHandler<AppEnv> {
	return async (context, next) => {
		const credential = bearer(context.req.header("Authorization"));
		if (!(await isAdminKey(context.env, credential))) {
			const verified = await verifyBearer(context.env, credential);
			if (verified === null) throw new LittoralError("unauthenticated", "the credential is not valid");
			throw new LittoralError("permission_denied", "platform administration takes ADMIN_KEY");
		}
		await next();
	};
}
