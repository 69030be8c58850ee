/** Tables for plans that run in Node: the first batches of rows in a Parquet file, the rest in a tail, read through the tenant's own sources. */
import { buildFilePage } from "#shared/contracts/file-page.ts";
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import { encodeBatch } from "#shared/engine/codec/encode.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { decodeRows } from "#shared/formats/decode.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import { encodeSketches } from "#shared/sketches/table-sketches.ts";
import type { Ports } from "../../../workers/tenant/src/ports.ts";
import { filePorts } from "../file-ports.ts";
import type { OpenedTail } from "../../../workers/tenant/src/query/tail-source.ts";
import { blockOf } from "../../../workers/tenant/src/shard/tail-format.ts";
import type { TestPlanner } from "../bind/planner.ts";

const FILE_BATCH_COUNT = 2;

export class StoredTables {
	readonly planner: TestPlanner;
	readonly #files = new Map<string, Uint8Array>();
	readonly #tails = new Map<string, OpenedTail>();

	constructor(planner: TestPlanner) {
		this.planner = planner;
	}

	/** Creates a table and fills it. @param csv with a header */
	async load(ddl: string, csv: string, fileBatchCount = FILE_BATCH_COUNT): Promise<void> {
		await this.planner.create(ddl);
		const [name, snapshot] = [...this.planner.tables].at(-1) as [string, NonNullable<ReturnType<TestPlanner["tables"]["get"]>>];
		const { schema } = snapshot;
		const engine = createEngine();
		const lease = new Lease(engine.arena, { owner: "load" });
		const parts: Uint8Array[] = [];
		const writer = new ParquetWriter({ columns: schema.columns, engine, sketches: true, sink: (bytes) => void parts.push(bytes) });
		const batches: Uint8Array[] = [];
		let tailRowCount = 0;
		let writtenCount = 0;
		const body = new Blob([csv]).stream();
		for await (const batch of decodeRows({ schema, engine, lease, nowMicroseconds: 0n, format: "csv", body })) {
			if (writtenCount < fileBatchCount) {
				await writer.write(batch);
				writtenCount++;
				continue;
			}
			batches.push(encodeBatch(engine, batch, { schemaVersion: 1, fieldIds: schema.columns.map(({ fieldId }) => fieldId) }));
			tailRowCount += batch.selectedCount;
		}
		const { rowCount, columns, sketches } = await writer.finish();
		lease.release();
		const file = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
		const path = `${schema.tableId}.parquet`;
		this.#files.set(path, file);
		const block = blockOf({ sequence: 1, rowCount: tailRowCount, batches });
		this.#tails.set(name, {
			first: { blocks: tailRowCount > 0 ? [block] : [], upTo: 1, next: null },
			above: 0,
			fetch: () => Promise.reject(new Error("a tail of one page")),
		});
		this.planner.tables.set(name, {
			...snapshot,
			rowCount,
			byteCount: file.byteLength,
			pages: [buildFilePage([{ path, rowCount, byteCount: file.byteLength, schemaVersion: 1, columns }])],
			sketches: encodeSketches(sketches ?? new Map()),
		});
	}

	/** Every tail that the plan reads, in the order of its tables. */
	tailsOf(plan: PhysicalPlan): OpenedTail[][] {
		return plan.tables.map(({ schema }) => [this.tailOf(schema.name)]);
	}

	/** Of one page. */
	tailOf(table: string): OpenedTail {
		return this.#tails.get(table) as OpenedTail;
	}

	/** Ports over the files; a plan needs no others. */
	ports(): Ports {
		return filePorts(async (path, offset, byteCount) => (this.#files.get(path) as Uint8Array).slice(offset, offset + byteCount));
	}
}
