/** The form of an API key, `lit_<id>_<secret>`, and of its stored hash. */
import { toHex } from "#shared/base/hash.ts";

const ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";
const SECRET_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_LENGTH = 16;
/** 43 of 62 characters: 256 bits. */
const SECRET_LENGTH = 43;
const FORM = /^lit_([0-9a-z]{16})_([0-9A-Za-z]{43})$/;

export interface ApiKeyParts {
	id: string;
	secret: string;
}

/** @returns null where `text` has not the form of a key */
export function parseApiKey(text: string): ApiKeyParts | null {
	const match = FORM.exec(text);
	return match === null ? null : { id: match[1] as string, secret: match[2] as string };
}

export function formatApiKey({ id, secret }: ApiKeyParts): string {
	return `lit_${id}_${secret}`;
}

export function newApiKey(): ApiKeyParts {
	return { id: randomText(ID_ALPHABET, ID_LENGTH), secret: randomText(SECRET_ALPHABET, SECRET_LENGTH) };
}

/** Every character equally likely: bytes beyond the last whole multiple of the alphabet are thrown away. */
function randomText(alphabet: string, length: number): string {
	const bound = 256 - (256 % alphabet.length);
	let text = "";
	while (text.length < length) {
		for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
			if (byte < bound && text.length < length) text += alphabet[byte % alphabet.length];
		}
	}
	return text;
}

/** SHA-256 of UTF-8 text, lower-case hex. */
export async function sha256Hex(text: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
	return toHex(new Uint8Array(digest));
}

/** Compares a presented secret with a stored hash in constant time: both sides are digests, so their lengths say nothing. */
export async function secretMatches(secret: string, storedHash: string): Promise<boolean> {
	const encoder = new TextEncoder();
	const presented = encoder.encode(await sha256Hex(secret));
	const stored = encoder.encode(storedHash);
	return presented.byteLength === stored.byteLength && crypto.subtle.timingSafeEqual(presented, stored);
}
