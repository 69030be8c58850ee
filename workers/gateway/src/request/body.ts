/** Bodies that fit in memory, read under their bound, and the JSON in them. */
import { LittoralError } from "#shared/base/errors.ts";
import { REQUEST_BODY_BYTES_MAX } from "#shared/base/limits.ts";
import type { z } from "zod";
import { isUtf8, mediaType } from "./media-type.ts";

const TOO_LARGE = `the body is above ${REQUEST_BODY_BYTES_MAX} bytes`;

/**
 * The whole body as text.
 * @throws body_too_large, unsupported_encoding, malformed_request (not UTF-8)
 */
export async function readText(request: Request): Promise<string> {
	const encoding = request.headers.get("Content-Encoding");
	if (encoding !== null && encoding.trim().toLowerCase() !== "identity") {
		throw new LittoralError("unsupported_encoding", "this route takes plain bodies only");
	}
	if (Number(request.headers.get("Content-Length") ?? 0) > REQUEST_BODY_BYTES_MAX) throw new LittoralError("body_too_large", TOO_LARGE);
	const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
	let text = "";
	let byteCount = 0;
	try {
		// Leaving the loop early cancels the rest of the body.
		for await (const chunk of request.body ?? []) {
			byteCount += chunk.byteLength;
			if (byteCount > REQUEST_BODY_BYTES_MAX) throw new LittoralError("body_too_large", TOO_LARGE);
			text += decoder.decode(chunk, { stream: true });
		}
		return text + decoder.decode();
	} catch (error) {
		if (error instanceof TypeError) throw new LittoralError("malformed_request", "the body is not UTF-8");
		throw error;
	}
}

/** @throws malformed_request with the parser's words */
export function parseJson(text: string, reviver?: Parameters<typeof JSON.parse>[1]): unknown {
	try {
		return JSON.parse(text, reviver);
	} catch (error) {
		throw new LittoralError("malformed_request", `the body is not JSON: ${(error as SyntaxError).message}`);
	}
}

/**
 * Checks a parsed value against its schema.
 * @param what names the value in the error: `the body`, `the query string`
 * @throws malformed_request, naming each member that is wrong
 */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.infer<Schema> {
	const outcome = schema.safeParse(value);
	if (outcome.success) return outcome.data;
	const faults = outcome.error.issues.map((issue) => `${issue.path.length === 0 ? what : issue.path.join(".")}: ${issue.message}`);
	throw new LittoralError("malformed_request", faults.join("; "));
}

/** @throws unsupported_media_type unless the request says that it carries JSON */
function requireJson(request: Request): void {
	const type = mediaType(request.headers.get("Content-Type"));
	if (type?.essence !== "application/json" || !isUtf8(type)) {
		throw new LittoralError("unsupported_media_type", "this route takes Content-Type: application/json in UTF-8");
	}
}

/** The JSON body of a request, checked. @throws what {@link readText} and {@link checked} throw, unsupported_media_type */
export async function readJson<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.infer<Schema>> {
	requireJson(request);
	return checked(schema, parseJson(await readText(request)), "the body");
}
