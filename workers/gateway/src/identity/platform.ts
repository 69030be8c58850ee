/** The platform's administrator: whoever bears the secret ADMIN_KEY. */
import { secretMatches, sha256Hex } from "./api-key.ts";

/** Constant time; false where the deployment has no ADMIN_KEY. */
export async function isAdminKey(env: { ADMIN_KEY?: string }, credential: string): Promise<boolean> {
	if (!env.ADMIN_KEY) return false;
	return await secretMatches(credential, await sha256Hex(env.ADMIN_KEY));
}
