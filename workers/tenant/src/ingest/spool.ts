/** Parquet is read through its footer: a body that must be read at random is held in memory when small, else laid down in R2 while it is read. */
import { concatBytes } from "#shared/base/bytes.ts";
import { spillPrefix, type TenantId } from "#shared/base/ids.ts";
import { SPOOL_MEMORY_BYTES_MAX, SPOOL_PART_BYTES } from "#shared/base/limits.ts";
import { type ByteSource, memorySource } from "#shared/parquet/read/byte-source.ts";
import type { Ports, UploadedPart } from "../ports.ts";
import { untilKnown } from "../retry.ts";

export interface SpooledBody {
	source: ByteSource;
	/** Removes what was laid down; called once the rows are read, also after an error. */
	drop: () => Promise<void>;
}

/** @param spool.id random, of this upload */
export async function spoolBody(
	ports: Ports,
	spool: { tenantId: TenantId; id: string },
	body: ReadableStream<Uint8Array>,
): Promise<SpooledBody> {
	const path = `${spillPrefix({ tenantId: spool.tenantId, queryId: spool.id })}body`;
	const upload = new Upload(ports, spool.tenantId, path);
	const reader = body.getReader();
	let held: Uint8Array[] = [];
	let heldBytes = 0;
	let byteCount = 0;
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			held.push(value);
			heldBytes += value.byteLength;
			byteCount += value.byteLength;
			if (byteCount <= SPOOL_MEMORY_BYTES_MAX) continue;
			while (heldBytes >= SPOOL_PART_BYTES) {
				const bytes = concatBytes(held);
				await upload.add(bytes.slice(0, SPOOL_PART_BYTES));
				held = [bytes.slice(SPOOL_PART_BYTES)];
				heldBytes -= SPOOL_PART_BYTES;
			}
		}
		const rest = concatBytes(held);
		if (!upload.begun) return { source: memorySource(rest), drop: async () => {} };
		await upload.finish(rest);
	} catch (error) {
		await upload.abort();
		await reader.cancel(error).catch(() => {});
		throw error;
	}
	const source: ByteSource = {
		byteCount,
		read: (ranges) => Promise.all(ranges.map((range) => untilKnown(() => ports.objects.read(path, range.offset, range.byteCount)))),
	};
	return { source, drop: () => untilKnown(() => ports.objects.remove([path])) };
}

/** Parts of SPOOL_PART_BYTES, the last shorter. */
class Upload {
	readonly #ports: Ports;
	readonly #tenantId: TenantId;
	readonly #path: string;
	readonly #parts: UploadedPart[] = [];
	#uploadId: string | null = null;

	constructor(ports: Ports, tenantId: TenantId, path: string) {
		this.#ports = ports;
		this.#tenantId = tenantId;
		this.#path = path;
	}

	get begun(): boolean {
		return this.#uploadId !== null;
	}

	async add(bytes: Uint8Array): Promise<void> {
		if (this.#uploadId === null) await untilKnown(() => this.#ports.catalog.announceObjects(this.#tenantId, null));
		this.#uploadId ??= await this.#ports.objects.beginUpload(this.#path);
		const part = { path: this.#path, uploadId: this.#uploadId, number: this.#parts.length + 1, bytes };
		this.#parts.push(await untilKnown(() => this.#ports.objects.uploadPart(part)));
	}

	async finish(rest: Uint8Array): Promise<void> {
		if (rest.byteLength > 0) await this.add(rest);
		const { objects } = this.#ports;
		await objects.completeUpload({ path: this.#path, uploadId: this.#uploadId as string, parts: this.#parts });
	}

	async abort(): Promise<void> {
		if (this.#uploadId === null) return;
		const upload = { path: this.#path, uploadId: this.#uploadId };
		await untilKnown(() => this.#ports.objects.abortUpload(upload)).catch(() => {});
		// It may have been completed, and only the answer lost.
		await untilKnown(() => this.#ports.objects.remove([this.#path])).catch(() => {});
	}
}
