/**
 * A new object in R2, of any size, from bytes as they come: one PUT where they fit one part, else a multipart upload. One part is held at a time. An object that was
 * not finished is no object; an upload that nobody aborts ends by R2's own rule after seven days.
 */
import { COMPACTION_PART_BYTES } from "#shared/base/limits.ts";
import { repeated } from "../database/attempts.ts";
import type { CatalogPorts, UploadedPart } from "../ports.ts";

export class ObjectWriter {
	readonly #ports: CatalogPorts;
	readonly #path: string;
	readonly #part = new Uint8Array(COMPACTION_PART_BYTES);
	#partByteCount = 0;
	#byteCount = 0;
	#uploadId: string | null = null;
	readonly #parts: UploadedPart[] = [];

	/** @param path that nobody else ever writes */
	constructor(ports: CatalogPorts, path: string) {
		this.#ports = ports;
		this.#path = path;
	}

	async write(bytes: Uint8Array): Promise<void> {
		for (let start = 0; start < bytes.byteLength; ) {
			// Only now is it known that the full part is not the last.
			if (this.#partByteCount === COMPACTION_PART_BYTES) await this.#uploadPart();
			const end = Math.min(bytes.byteLength, start + COMPACTION_PART_BYTES - this.#partByteCount);
			this.#part.set(bytes.subarray(start, end), this.#partByteCount);
			this.#partByteCount += end - start;
			this.#byteCount += end - start;
			start = end;
		}
	}

	/** @throws LittoralError unavailable */
	async finish(): Promise<void> {
		const { objects } = this.#ports;
		const path = this.#path;
		if (this.#uploadId === null) {
			await repeated(this.#ports, () => objects.put("put_data", path, this.#part.subarray(0, this.#partByteCount)));
			return;
		}
		await this.#uploadPart();
		const upload = { path, uploadId: this.#uploadId, parts: this.#parts };
		// A repetition of a completion whose answer was lost fails: the upload is gone, and the object is there.
		await repeated(this.#ports, async () => {
			try {
				await objects.completeUpload("complete_upload", upload);
			} catch (error) {
				if ((await objects.head("head_data", path)) !== this.#byteCount) throw error;
			}
		});
	}

	/** Best effort: leaves nothing that is paid for. */
	async abort(): Promise<void> {
		if (this.#uploadId === null) return;
		const upload = { path: this.#path, uploadId: this.#uploadId };
		await this.#ports.objects.abortUpload("abort_upload", upload).catch(() => {});
	}

	async #uploadPart(): Promise<void> {
		const { objects } = this.#ports;
		const path = this.#path;
		const uploadId = (this.#uploadId ??= await repeated(this.#ports, () => objects.beginUpload("begin_upload", path)));
		const part = { path, uploadId, number: this.#parts.length + 1, bytes: this.#part.subarray(0, this.#partByteCount) };
		this.#parts.push(await repeated(this.#ports, () => objects.uploadPart("upload_part", part)));
		this.#partByteCount = 0;
	}
}
