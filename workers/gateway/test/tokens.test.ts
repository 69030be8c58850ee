/** Tokens in the place of keys: asked for, signed, verified, and dead with their key. */
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { TOKEN_TTL_SECONDS } from "#shared/base/limits.ts";
import { ROLES, type Role } from "#shared/contracts/principal.ts";
import { parseApiKey } from "../src/identity/api-key.ts";
import { currentSigningKey } from "../src/identity/signing-keys.ts";
import { call, type CreatedKey, fault, newKey, newTenant, postJson, testEnv } from "./world.ts";
import { clientForm, requestToken, tokenOf } from "./token-requests.ts";

let owner: string;
const keys = {} as Record<Role, CreatedKey>;
beforeAll(async () => {
	({ owner } = await newTenant());
	for (const role of ROLES) keys[role] = await newKey(owner, role);
});
describe("tokens", () => {
	test("by form: exactly RFC 6749's answer, RFC 9068's token", async () => {
		const response = await requestToken(clientForm(keys.writer));
		expect([response.status, response.headers.get("Cache-Control"), response.headers.get("Content-Type")]).toEqual([
			200,
			"no-store",
			"application/json",
		]);
		const { access_token, ...rest } = await response.json<{ access_token: string }>();
		expect(rest).toEqual({ token_type: "Bearer", expires_in: 900, scope: "writer" });
		expect(decodeProtectedHeader(access_token)).toEqual({ alg: "EdDSA", typ: "at+jwt", kid: expect.stringMatching(/^[0-9a-f]{16}$/) });
		const { iat, exp, jti, ...claims } = decodeJwt(access_token);
		expect(claims).toEqual({
			iss: "https://littoral.invalid",
			aud: "littoral",
			sub: keys.writer.id,
			client_id: keys.writer.id,
			scope: "writer",
		});
		expect([(exp ?? 0) - (iat ?? 0), typeof jti]).toEqual([TOKEN_TTL_SECONDS, "string"]);
	});

	test("by Basic, form-encoded as RFC 6749 says", async () => {
		const { id, secret } = parseApiKey(keys.reader.api_key) as { id: string; secret: string };
		const encoded = `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`;
		const response = await requestToken("grant_type=client_credentials", { Authorization: `Basic ${btoa(`${encoded}:${secret}`)}` });
		expect(response.status).toBe(200);
	});

	test("a scope lowers the role; a token never rises above its key", async () => {
		const token = await tokenOf(keys.admin, "reader");
		expect((await call("/v1/tables", { credential: token })).status).toBe(200);
		expect(await fault(await call("/v1/keys", { credential: token }))).toEqual([403, "permission_denied"]);
		const forged = await signed({ sub: keys.reader.id, scope: "owner" });
		expect(await fault(await call("/v1/keys", { credential: forged }))).toEqual([403, "permission_denied"]);
	});

	const secretOf = (key: CreatedKey): string => parseApiKey(key.api_key)?.secret ?? "";
	const faults: [string, () => Promise<Response>, number, string][] = [
		["no grant type", () => requestToken({ client_id: "a", client_secret: "b" }), 400, "invalid_request"],
		["another grant type", () => requestToken({ ...clientForm(keys.reader), grant_type: "password" }), 400, "unsupported_grant_type"],
		["no client", () => requestToken({ grant_type: "client_credentials" }), 401, "invalid_client"],
		["an unknown client", () => requestToken({ ...clientForm(keys.reader), client_id: "0".repeat(16) }), 401, "invalid_client"],
		["a wrong secret", () => requestToken({ ...clientForm(keys.reader), client_secret: "x" }), 401, "invalid_client"],
		["an unknown scope", () => requestToken(clientForm(keys.reader, { scope: "root" })), 400, "invalid_scope"],
		["a scope above the key", () => requestToken(clientForm(keys.reader, { scope: "writer" })), 400, "invalid_scope"],
		["a parameter twice", () => requestToken("grant_type=client_credentials&grant_type=client_credentials"), 400, "invalid_request"],
		[
			"two ways to authenticate",
			() => requestToken(clientForm(keys.reader), { Authorization: `Basic ${btoa(`${keys.reader.id}:${secretOf(keys.reader)}`)}` }),
			400,
			"invalid_request",
		],
		["Basic that is broken", () => requestToken("grant_type=client_credentials", { Authorization: "Basic !!" }), 401, "invalid_client"],
		[
			"Basic without a colon",
			() => requestToken("grant_type=client_credentials", { Authorization: `Basic ${btoa("ab")}` }),
			401,
			"invalid_client",
		],
		["JSON", () => postJson("/v1/auth/token", undefined, clientForm(keys.reader)), 400, "invalid_request"],
	];
	test.each(faults)("%s", async (_, ask, status, error) => {
		const response = await ask();
		expect([response.status, response.headers.get("Cache-Control")]).toEqual([status, "no-store"]);
		expect(response.headers.get("WWW-Authenticate")).toBe(status === 401 ? 'Basic realm="littoral"' : null);
		const body = await response.json<Record<string, string>>();
		expect(body["error"]).toBe(error);
		expect(Object.keys(body)).toEqual(["error", "error_description"]);
	});

	test("the public key is published, the private one nowhere in clear", async () => {
		await tokenOf(keys.reader);
		const { keys: published } = await (await call("/.well-known/jwks.json")).json<{ keys: Record<string, string>[] }>();
		expect(published).toEqual([
			{ kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid: expect.any(String), x: expect.stringMatching(/^[\w-]{43}$/) },
		]);
		const row = await testEnv.IDENTITY.prepare("SELECT * FROM signing_keys").first();
		expect(JSON.stringify(row)).not.toMatch(/"d\\?":/);
	});

	test("isolates that make the first key at once go on with one", async () => {
		await testEnv.IDENTITY.exec("DELETE FROM signing_keys");
		const ids = await Promise.all(Array.from({ length: 8 }, async () => (await currentSigningKey(testEnv)).id));
		expect(new Set(ids).size).toBe(1);
	});

	test("a changed TOKEN_KEY makes a new key; tokens of the old one live on", async () => {
		const token = await tokenOf(keys.reader);
		const before = await currentSigningKey(testEnv);
		const changed = { ...testEnv, TOKEN_KEY: "another secret" };
		const after = await Promise.all([currentSigningKey(changed), currentSigningKey(changed)]);
		expect(new Set([before.id, ...after.map(({ id }) => id)]).size).toBe(2);
		expect((await call("/v1/tables", { credential: token })).status).toBe(200);
		const { keys: published } = await (await call("/.well-known/jwks.json")).json<{ keys: { kid: string }[] }>();
		expect(published.map(({ kid }) => kid).toSorted()).toEqual([before.id, after[0]?.id].toSorted());
	});

	/** A token like ours, but for what is changed. */
	async function signed(
		claims: { sub: string; scope: string; iss?: string; aud?: string; exp?: number },
		options: { typ?: string; key?: CryptoKey; kid?: string } = {},
	): Promise<string> {
		const current = await currentSigningKey(testEnv);
		const { sub, scope, iss = testEnv.TOKEN_ISSUER, aud = "littoral", exp = Math.floor(Date.now() / 1000) + 60 } = claims;
		return await new SignJWT({ scope })
			.setProtectedHeader({ alg: "EdDSA", typ: options.typ ?? "at+jwt", kid: options.kid ?? current.id })
			.setSubject(sub)
			.setIssuer(iss)
			.setAudience(aud)
			.setIssuedAt()
			.setJti("j")
			.setExpirationTime(exp)
			.sign(options.key ?? current.privateKey);
	}

	const forgeries: [string, (own: { sub: string; scope: string }) => Promise<string>][] = [
		["expired", (own) => signed({ ...own, exp: Math.floor(Date.now() / 1000) - 1 })],
		["for another audience", (own) => signed({ ...own, aud: "other" })],
		["by another issuer", (own) => signed({ ...own, iss: "https://evil.invalid" })],
		["of another type", (own) => signed(own, { typ: "JWT" })],
		["of an unknown role", (own) => signed({ ...own, scope: "root" })],
		["of an unknown key", (own) => signed({ ...own, sub: "0".repeat(16) })],
		["with an unknown kid", (own) => signed(own, { kid: "f".repeat(16) })],
		["signed by somebody else", async (own) => signed(own, { key: (await generateKeyPair("EdDSA", { crv: "Ed25519" })).privateKey })],
		[
			"not signed",
			async ({ sub, scope }) =>
				new UnsecuredJWT({ scope }).setSubject(sub).setIssuer(testEnv.TOKEN_ISSUER).setAudience("littoral").encode(),
		],
		[
			"signed with the public key as a secret",
			async ({ sub, scope }) => {
				const { id } = await currentSigningKey(testEnv);
				const { x } = JSON.parse(
					(await testEnv.IDENTITY.prepare("SELECT public_key FROM signing_keys").first<string>("public_key")) ?? "{}",
				);
				return await new SignJWT({ scope })
					.setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: id })
					.setSubject(sub)
					.sign(new TextEncoder().encode(x));
			},
		],
		[
			"changed",
			async (own) => {
				const [header, payload, signature] = (await signed(own)).split(".") as [string, string, string];
				const changed = btoa(atob(payload).replace('"scope":"reader"', '"scope":"owner"')).replaceAll("=", "");
				return [header, changed, signature].join(".");
			},
		],
	];
	test("one like ours is taken, so that what follows fails for its own reason", async () => {
		const token = await signed({ sub: keys.reader.id, scope: "reader" });
		expect((await call("/v1/tables", { credential: token })).status).toBe(200);
	});
	test.each(forgeries)("%s", async (_, forge) => {
		const token = await forge({ sub: keys.reader.id, scope: "reader" });
		expect(await fault(await call("/v1/tables", { credential: token }))).toEqual([401, "unauthenticated"]);
	});
});
