/** Signatures by Standard Webhooks 1.0: HMAC-SHA256 over id, time and body. @see https://www.standardwebhooks.com */

const SECRET_PREFIX = "whsec_";

/** The key's bytes: base64 after `whsec_`, else the text's own. */
function keyBytes(secret: string): ArrayBufferView {
	return secret.startsWith(SECRET_PREFIX) ? bytesOf(atob(secret.slice(SECRET_PREFIX.length))) : new TextEncoder().encode(secret);
}

function bytesOf(binary: string): ArrayBufferView {
	const bytes = new Uint8Array(binary.length);
	for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
	return bytes;
}

/** The three headers of one attempt. @param nowMs the receiver refuses an old time: each attempt is signed anew */
export async function signedHeaders(message: { id: string; body: string }, secret: string, nowMs: number): Promise<Record<string, string>> {
	const timestamp = String(Math.floor(nowMs / 1000));
	const key = await crypto.subtle.importKey("raw", keyBytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${message.id}.${timestamp}.${message.body}`));
	return {
		"webhook-id": message.id,
		"webhook-timestamp": timestamp,
		"webhook-signature": `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`,
	};
}
