/** `GET /.well-known/jwks.json`: the public keys that verify access tokens. */
import { z } from "@hono/zod-openapi";
import { currentSigningKey, publicKeys } from "../identity/signing-keys.ts";
import { type App, json, jsonAnswer, serve } from "./define.ts";

const JwksSchema = z
	.object({
		keys: z.array(
			z.object({
				kty: z.literal("OKP"),
				crv: z.literal("Ed25519"),
				x: z.string(),
				kid: z.string(),
				alg: z.literal("EdDSA"),
				use: z.literal("sig"),
			}),
		),
	})
	.openapi("Jwks");

/** Shorter than a retired key stays published. */
const CACHE_SECONDS = 60;

export function jwksRoutes(app: App): void {
	serve(
		app,
		{
			method: "get",
			path: "/.well-known/jwks.json",
			access: "public",
			tag: "Keys and tokens",
			summary: "Public keys of access tokens",
			answers: { 200: jsonAnswer("A JSON Web Key Set (RFC 7517).", JwksSchema) },
			errors: ["unavailable"],
		},
		async ({ env }) => {
			let keys = await publicKeys(env.IDENTITY);
			if (keys.keys.length === 0) {
				await currentSigningKey(env);
				keys = await publicKeys(env.IDENTITY);
			}
			return json(keys, 200, { "Cache-Control": `public, max-age=${CACHE_SECONDS}` });
		},
	);
}
