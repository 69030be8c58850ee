/** How tests ask for tokens. */
import type { Role } from "#shared/contracts/principal.ts";
import { parseApiKey } from "../src/identity/api-key.ts";
import { call, type CreatedKey } from "./world.ts";

/** Asks for a token, by form. */
export async function requestToken(form: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Response> {
	return await call("/v1/auth/token", {
		headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
		body: typeof form === "string" ? form : new URLSearchParams(form).toString(),
	});
}

export function clientForm(key: CreatedKey, extra: Record<string, string> = {}): Record<string, string> {
	const { id, secret } = parseApiKey(key.api_key) as { id: string; secret: string };
	return { grant_type: "client_credentials", client_id: id, client_secret: secret, ...extra };
}

export async function tokenOf(key: CreatedKey, scope?: Role): Promise<string> {
	const response = await requestToken(clientForm(key, scope === undefined ? {} : { scope }));
	return (await response.json<{ access_token: string }>()).access_token;
}
