/**
 * The EdDSA keys that sign tokens. The first use makes one; the unique index on `current` admits one of several isolates that try at once, and
 * all go on with the one that won. A key that no longer opens (TOKEN_KEY was changed) is retired and replaced; its public half stays published
 * until the last token signed with it has run out.
 */
import { randomHex } from "#shared/base/ids.ts";
import { PRINCIPAL_CACHE_MS, TOKEN_TTL_SECONDS } from "#shared/base/limits.ts";
import { and, eq, gt, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { errors, exportJWK, generateKeyPair, importJWK, type JWK, type JWTVerifyGetKey } from "jose";
import type { Env } from "../env.ts";
import { signingKeys } from "./schema.ts";
import { seal, sealingSecret, unseal } from "./seal.ts";

const ALGORITHM = "EdDSA";

interface SigningKey {
	id: string;
	privateKey: CryptoKey;
}

type SigningKeyRow = typeof signingKeys.$inferSelect;

async function currentRow(identity: D1Database): Promise<SigningKeyRow | null> {
	const rows = await drizzle(identity).select().from(signingKeys).where(eq(signingKeys.current, 1)).limit(1);
	return rows[0] ?? null;
}

/** Puts a new key in the place of `replaced`; does nothing where another isolate was first. */
async function addKey(env: Env, replaced: SigningKeyRow | null): Promise<void> {
	const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { crv: "Ed25519", extractable: true });
	const id = randomHex(8);
	const nowMs = Date.now();
	const row = {
		id,
		publicKey: JSON.stringify({ ...(await exportJWK(publicKey)), kid: id, alg: ALGORITHM, use: "sig" }),
		sealedPrivateKey: await seal(sealingSecret(env), id, JSON.stringify(await exportJWK(privateKey))),
		createdAt: nowMs,
		retiredAt: null,
		current: 1,
	};
	const database = drizzle(env.IDENTITY);
	const insert = database.insert(signingKeys).values(row).onConflictDoNothing();
	if (replaced === null) {
		await insert;
		return;
	}
	const retire = database
		.update(signingKeys)
		.set({ current: sql`NULL`, retiredAt: nowMs })
		.where(and(eq(signingKeys.id, replaced.id), eq(signingKeys.current, 1)));
	await database.batch([retire, insert]);
}

/** Tries of {@link currentSigningKey}: one to find, one to make or replace, one for a lost race. */
const ATTEMPT_COUNT_MAX = 3;

/** The key to sign with, made when there is none. */
export async function currentSigningKey(env: Env): Promise<SigningKey> {
	for (let attempt = 0; attempt < ATTEMPT_COUNT_MAX; attempt++) {
		const row = await currentRow(env.IDENTITY);
		const opened = row === null ? null : await unseal(sealingSecret(env), row.id, row.sealedPrivateKey);
		if (row !== null && opened !== null) {
			return { id: row.id, privateKey: (await importJWK(JSON.parse(opened) as JWK, ALGORITHM)) as CryptoKey };
		}
		await addKey(env, row);
	}
	throw new Error("no signing key could be made");
}

/** JWKS of the key in use and of those whose tokens may still live. */
export async function publicKeys(identity: D1Database): Promise<{ keys: JWK[] }> {
	const oldestMs = Date.now() - 1000 * TOKEN_TTL_SECONDS - PRINCIPAL_CACHE_MS;
	const rows = await drizzle(identity)
		.select({ publicKey: signingKeys.publicKey })
		.from(signingKeys)
		.where(or(eq(signingKeys.current, 1), gt(signingKeys.retiredAt, oldestMs)));
	return { keys: rows.map((row) => JSON.parse(row.publicKey) as JWK) };
}

/** Public keys by id, as this isolate last read them. A key never changes under its id, so only an unknown id asks again. */
let knownKeys = new Map<string, CryptoKey>();

/** jose's key lookup. An unknown `kid` costs one read of D1, as an unknown API key does. */
export function verificationKeys(identity: D1Database): JWTVerifyGetKey {
	return async ({ kid }) => {
		if (kid === undefined) throw new errors.JWKSNoMatchingKey();
		if (!knownKeys.has(kid)) {
			const { keys } = await publicKeys(identity);
			const imported = await Promise.all(
				keys.map(async (key): Promise<[string, CryptoKey]> => [key.kid as string, (await importJWK(key, ALGORITHM)) as CryptoKey]),
			);
			knownKeys = new Map(imported);
		}
		const key = knownKeys.get(kid);
		if (key === undefined) throw new errors.JWKSNoMatchingKey();
		return key;
	};
}
