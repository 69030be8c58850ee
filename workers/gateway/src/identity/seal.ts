/**
 * Seals the private signing keys that lie in D1: AES-256-GCM under a key derived (HKDF-SHA-256) from the secret TOKEN_KEY, or ADMIN_KEY where
 * that is absent, so that a copy of the database signs nothing.
 */
import { LittoralError } from "#shared/base/errors.ts";

const NONCE_BYTES = 12;

async function sealingKey(secret: string): Promise<CryptoKey> {
	const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), "HKDF", false, ["deriveKey"]);
	return await crypto.subtle.deriveKey(
		{ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: new TextEncoder().encode("littoral signing keys v1") },
		material,
		{ name: "AES-GCM", length: 256 },
		false,
		["encrypt", "decrypt"],
	);
}

/** The secret to derive from. @throws unavailable where the deployment has none */
export function sealingSecret(env: { TOKEN_KEY?: string; ADMIN_KEY?: string }): string {
	const secret = env.TOKEN_KEY ?? env.ADMIN_KEY;
	if (!secret) throw new LittoralError("unavailable", "tokens need the secret TOKEN_KEY or ADMIN_KEY");
	return secret;
}

/** @param label bound into the seal: a sealed text opens under its own label only */
export async function seal(secret: string, label: string, text: string): Promise<string> {
	const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
	const encoder = new TextEncoder();
	const sealed = await crypto.subtle.encrypt(
		{ name: "AES-GCM", iv: nonce, additionalData: encoder.encode(label) },
		await sealingKey(secret),
		encoder.encode(text),
	);
	return Buffer.concat([nonce, new Uint8Array(sealed)]).toString("base64url");
}

/** @returns null where the secret or the label is another, or the text was changed */
export async function unseal(secret: string, label: string, sealed: string): Promise<string | null> {
	const bytes = new Uint8Array(Buffer.from(sealed, "base64url"));
	try {
		const text = await crypto.subtle.decrypt(
			{ name: "AES-GCM", iv: bytes.subarray(0, NONCE_BYTES), additionalData: new TextEncoder().encode(label) },
			await sealingKey(secret),
			bytes.subarray(NONCE_BYTES),
		);
		return new TextDecoder().decode(text);
	} catch {
		return null;
	}
}
