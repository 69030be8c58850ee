/** Cuts incoming batches into runs that fit the arena, and writes each run as one sorted data file; nothing is committed here. */
import { dataFilePath, randomHex, type TenantId } from "#shared/base/ids.ts";
import { ACTIVITY_NOTE_MS, FLUSH_RANGE_BYTES } from "#shared/base/limits.ts";
import type { DataFile } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";
import type { EncodedBatch } from "./batches.ts";

export class DataFileRuns {
	readonly #ports: Ports;
	readonly #tenantId: TenantId;
	readonly #schema: TableSchema;
	/** Random: two claimants of one append never write the same path. */
	readonly #runId = `bulk-${randomHex(12)}`;
	readonly #files: DataFile[] = [];
	#batches: Uint8Array[] = [];
	#byteCount = 0;
	#rowCount = 0;
	#announcedAtMs = Number.NEGATIVE_INFINITY;

	constructor(ports: Ports, tenantId: TenantId, schema: TableSchema) {
		this.#ports = ports;
		this.#tenantId = tenantId;
		this.#schema = schema;
	}

	async add(batch: EncodedBatch): Promise<void> {
		if (batch.rowCount === 0) return;
		this.#batches.push(batch.bytes);
		this.#byteCount += batch.bytes.byteLength;
		this.#rowCount += batch.rowCount;
		if (this.#byteCount >= FLUSH_RANGE_BYTES) await this.#write();
	}

	async finish(): Promise<{ files: DataFile[]; rowCount: number }> {
		if (this.#batches.length > 0) await this.#write();
		return { files: this.#files, rowCount: this.#rowCount };
	}

	/** Until they are committed, nobody else knows that these files are there. */
	async #announce(): Promise<void> {
		const nowMs = this.#ports.now();
		if (nowMs - this.#announcedAtMs < ACTIVITY_NOTE_MS) return;
		await untilKnown(() => this.#ports.catalog.announceObjects(this.#tenantId, this.#schema.tableId));
		this.#announcedAtMs = nowMs;
	}

	async #write(): Promise<void> {
		const batches = this.#batches;
		this.#batches = [];
		this.#byteCount = 0;
		const encoded = await this.#ports.encodeDataFile({ tenantId: this.#tenantId, schema: this.#schema, batches });
		await this.#announce();
		const path = dataFilePath({
			tenantId: this.#tenantId,
			tableId: this.#schema.tableId,
			intentId: this.#runId,
			attempt: this.#files.length + 1,
		});
		await untilKnown(() => this.#ports.objects.putNew(path, encoded.bytes));
		this.#files.push({
			path,
			rowCount: encoded.rowCount,
			byteCount: encoded.bytes.byteLength,
			schemaVersion: this.#schema.schemaVersion,
			columns: encoded.columns,
		});
	}
}
