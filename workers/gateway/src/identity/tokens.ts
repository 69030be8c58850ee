/**
 * Access tokens (RFC 9068): EdDSA, `typ` `at+jwt`, 15 minutes. A token names the key it was made with and a role; tenant and state come from the
 * key at every use, so revoking the key, or the tenant's end, ends its tokens as well.
 */
import { TOKEN_TTL_SECONDS } from "#shared/base/limits.ts";
import { ROLES, type Role } from "#shared/contracts/principal.ts";
import { errors, jwtVerify, SignJWT } from "jose";
import type { Env } from "../env.ts";
import { currentSigningKey, verificationKeys } from "./signing-keys.ts";

const AUDIENCE = "littoral";
const TYPE = "at+jwt";

interface TokenClaims {
	keyId: string;
	role: Role;
}

export async function issueToken(env: Env, claims: TokenClaims): Promise<string> {
	const key = await currentSigningKey(env);
	return await new SignJWT({ client_id: claims.keyId, scope: claims.role })
		.setProtectedHeader({ alg: "EdDSA", typ: TYPE, kid: key.id })
		.setIssuer(env.TOKEN_ISSUER)
		.setAudience(AUDIENCE)
		.setSubject(claims.keyId)
		.setJti(crypto.randomUUID())
		.setIssuedAt()
		.setExpirationTime(`${TOKEN_TTL_SECONDS} s`)
		.sign(key.privateKey);
}

/** @returns null for a token that is malformed, wrongly signed, expired, or for somebody else */
export async function verifyToken(env: Env, token: string): Promise<TokenClaims | null> {
	try {
		const { payload } = await jwtVerify(token, verificationKeys(env.IDENTITY), {
			algorithms: ["EdDSA"],
			typ: TYPE,
			issuer: env.TOKEN_ISSUER,
			audience: AUDIENCE,
			requiredClaims: ["exp", "iat", "sub", "jti"],
		});
		const role = ROLES.find((known) => known === payload["scope"]);
		return role === undefined || payload.sub === undefined ? null : { keyId: payload.sub, role };
	} catch (error) {
		// jose's own errors judge the token; anything else (D1) is ours, and must not look like a wrong credential.
		if (error instanceof errors.JOSEError) return null;
		throw error;
	}
}
