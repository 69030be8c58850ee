/** SHA-256 of a body as it is read; with the media type it says whether two appends under one key are the same. */
import type { RowsFormat } from "#shared/contracts/rpc.ts";

export interface HashedBody {
	body: ReadableStream<Uint8Array>;
	/** Once `body` was read to its end. */
	hash: () => Promise<string>;
}

export function hashedBody(body: ReadableStream<Uint8Array>, format: RowsFormat): HashedBody {
	const digest = new crypto.DigestStream("SHA-256");
	const writer = digest.getWriter();
	// A body that fails leaves the digest unfinished; nobody asks for it then.
	digest.digest.catch(() => {});
	const reader = body.getReader();
	const hashed = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				const { done, value } = await reader.read();
				if (done) {
					await writer.close();
					controller.close();
					return;
				}
				await writer.write(value);
				controller.enqueue(value);
			},
			async cancel(reason) {
				await writer.abort(reason).catch(() => {});
				await reader.cancel(reason);
			},
		},
		{ highWaterMark: 0 },
	);
	return { body: hashed, hash: async () => `${format}:${hex(await digest.digest)}` };
}

/** Of a statement: its SQL, parameters and settings. */
export async function statementHash(statement: { sql: string; parameters: unknown[]; settings: unknown }): Promise<string> {
	const text = JSON.stringify([statement.sql, statement.parameters, statement.settings]);
	return `sql:${hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))}`;
}

function hex(digest: ArrayBuffer): string {
	return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
