/** One tenant of the real system, by what a client and the platform do to it. Each operation may be cut off; `untilDone` does it again as its caller would. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { hasCode, isLittoralError, LittoralError } from "#shared/base/errors.ts";
import {
	type AppendId,
	type CommitId,
	dataFilePath,
	newTenantId,
	randomHex,
	shardName,
	type TableId,
	type TenantId,
} from "#shared/base/ids.ts";
import { BULK_CLAIM_MS, FLUSH_AGE_MS } from "#shared/base/limits.ts";
import { filePaths } from "#shared/contracts/file-page.ts";
import type { CommitRequest, TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import { fold } from "../../workers/catalog/src/manifest/fold.ts";
import { encodeFile, loadFile } from "../../workers/catalog/test/data-files.ts";
import { raiseSnapshotMinimum } from "../../workers/tenant/src/directory/minimums.ts";
import { appendBulk } from "../../workers/tenant/src/ingest/bulk.ts";
import { appendRows } from "../../workers/tenant/src/ingest/append-rows.ts";
import type { IncomingRows } from "../../workers/tenant/src/ingest/batches.ts";
import { schemaOf } from "../../workers/tenant/src/ingest/schema-cache.ts";
import { createTable, dropRelations } from "../../workers/tenant/src/query/define-table.ts";
import { planAndDirectory, readTails } from "../../workers/tenant/src/query/read-set.ts";
import type { TenantShard } from "../../workers/tenant/src/shard/tenant-shard.ts";
import type { ShardRpc } from "../../workers/tenant/src/shard/contract.ts";
import { definition, encode, fileRows, tailRows } from "./rows.ts";
import { ports, tenantEnv, world } from "./world.ts";

const SHARD_ORDINAL_MAX = 24;
const ALARM_ROUND_MAX = 20;

export interface Append {
	id: string;
	rowCount: number;
	bulk: boolean;
}

/** What a query reads of one table. */
export interface TableRead {
	snapshot: TableSnapshot;
	paths: string[];
	rows: string[];
}

export class System {
	readonly id: TenantId = newTenantId();

	static async open(): Promise<System> {
		world.restart();
		const system = new System();
		await system.stub(0).openTenant({ tenantId: system.id, ordinal: 0 }, null);
		return system;
	}

	stub(ordinal: number): DurableObjectStub<TenantShard> & ShardRpc {
		return tenantEnv.SHARDS.get(tenantEnv.SHARDS.idFromName(shardName(this.id, ordinal))) as DurableObjectStub<TenantShard> & ShardRpc;
	}

	/** Repeats what a crash has cut off, or what another attempt still holds, as a client does: with the same ids. */
	async untilDone(operation: () => Promise<unknown>): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			try {
				await operation();
				return;
			} catch (error) {
				if (!isLittoralError(error) || attempt === 5) throw error;
				if (hasCode(error, "in_progress")) world.clockMs += BULK_CLAIM_MS + 1;
				else if (!hasCode(error, "unavailable")) throw error;
			} finally {
				await world.settle();
				if (world.isDown) world.restart();
			}
		}
	}

	async createTable(name: string): Promise<void> {
		await createTable(ports, this.id, { kind: "create_table", definition: definition(name) }).catch((error: unknown) => {
			// An attempt that was cut off had done it.
			if (!hasCode(error, "duplicate_table")) throw error;
		});
	}

	async dropTable(name: string): Promise<void> {
		await dropRelations(ports, this.id, { kind: "drop_table", names: [name], ifExists: true });
	}

	async append(table: string, append: Append): Promise<void> {
		for (const fresh of [false, true]) {
			const schema = await schemaOf(ports, this.id, table, { fresh });
			try {
				const rows = this.#incoming(schema, append);
				if (append.bulk) await appendBulk(ports, rows, []);
				else await appendRows(ports, rows);
				return;
			} catch (error) {
				if (fresh || !hasCode(error, "schema_changed")) throw error;
			}
		}
	}

	#incoming(schema: TableSchema, { id, rowCount }: Append): IncomingRows {
		const batch = encode(schema, id, rowCount);
		async function* batches() {
			yield batch;
		}
		return { tenantId: this.id, schema, appendId: id as AppendId, batches: batches(), hash: async () => `hash of ${id}` };
	}

	/** Everything that is due in any shard: flushes, merges, purges, drains. */
	async work(): Promise<void> {
		for (let round = 0; round < ALARM_ROUND_MAX; round++) {
			let ran = false;
			for (let ordinal = 0; ordinal < SHARD_ORDINAL_MAX; ordinal++) {
				const dueMs = this.#ordinals.has(ordinal) ? await this.#alarmMs(ordinal) : null;
				if (dueMs === null || dueMs > world.clockMs) continue;
				ran = (await runDurableObjectAlarm(this.stub(ordinal))) || ran;
			}
			if (!ran || world.isDown) return;
		}
	}

	/** Shards that may have something to do. */
	readonly #ordinals = new Set([0]);

	async #alarmMs(ordinal: number): Promise<number | null> {
		return runInDurableObject(this.stub(ordinal), (_, state) => state.storage.getAlarm());
	}

	async flush(): Promise<void> {
		world.clockMs += FLUSH_AGE_MS + 1;
		await this.work();
	}

	async changeShards(count: number): Promise<void> {
		const { directory } = await this.stub(0).readDirectory({ withTails: false });
		const last = Math.max(...directory.history.flatMap((set) => set.active), ...directory.draining);
		for (let ordinal = 0; ordinal <= last + count; ordinal++) this.#ordinals.add(ordinal);
		for (let step = 0; step < 8 && !world.isDown; step++) if ((await this.stub(0).changeShards(count)).settled) return;
		throw new LittoralError("unavailable", "the shard set is still changing");
	}

	async fold(tableId: TableId): Promise<void> {
		const [database] = world.catalogPorts.databases;
		if (database)
			await fold(world.catalogPorts, database, { tenantId: this.id, tableId }, { inlineFileCountMax: 1, manifestFileCountMax: 3 });
	}

	/** What the policy finds, and all its messages. */
	async compact(): Promise<void> {
		const compaction = world.catalog.compaction();
		await compaction.tick(await compaction.due());
		for (const message of world.messages.splice(0)) await compaction.handle(message);
	}

	/** Merges two files by a commit of the same kind as compaction's, which needs more files than a short run has. */
	async merge(table: string, pick: number): Promise<void> {
		const snapshot = await this.#snapshot(table);
		const paths = snapshot.pages.flatMap(filePaths);
		if (paths.length < 2) return;
		const removed = [paths[pick % paths.length], paths[(pick + 1) % paths.length]] as string[];
		const { schema } = snapshot;
		const rows = (await Promise.all(removed.map((path) => loadFile(schema, path)))).flat();
		const intentId = `compact-${randomHex(8)}`;
		const path = dataFilePath({ tenantId: this.id, tableId: schema.tableId, intentId, attempt: 1 });
		const { bytes, file } = await encodeFile(schema, rows);
		const { catalog, objects } = ports;
		await catalog.announceObjects(this.id, schema.tableId);
		await objects.putNew(path, bytes);
		const change = { kind: "replace" as const, removed, files: [{ path, ...file }] };
		await catalog.commit({ tenantId: this.id, tableId: schema.tableId, commitId: intentId as CommitId, change }).catch((error: unknown) => {
			// Another merge, or a drop, was first.
			if (!hasCode(error, "conflict") && !hasCode(error, "undefined_table")) throw error;
		});
	}

	/** A bulk append's file, by an author who takes his time. */
	async writeLate(table: string, { id, rowCount }: Append): Promise<CommitRequest> {
		const { schema } = await this.#snapshot(table, { fresh: true });
		const { tenantId, tableId } = { tenantId: this.id, tableId: schema.tableId };
		const path = dataFilePath({ tenantId, tableId, intentId: `bulk-${id}`, attempt: 1 });
		const { bytes, file } = await encodeFile(
			schema,
			Array.from({ length: rowCount }, (_, part) => [id, part]),
		);
		await ports.catalog.announceObjects(tenantId, tableId);
		await ports.objects.putNew(path, bytes);
		return { tenantId, tableId, commitId: `late-${id}` as CommitId, change: { kind: "bulk", files: [{ path, ...file }] } };
	}

	/** @returns whether the rows are in: not where their file was condemned meanwhile, or their table dropped */
	async commitLate(request: CommitRequest): Promise<boolean> {
		try {
			const { version } = await ports.catalog.commit(request);
			await raiseSnapshotMinimum(ports, this.id, { tableId: request.tableId, snapshotVersion: version });
			return true;
		} catch (error) {
			if (hasCode(error, "commit_object_condemned") || hasCode(error, "undefined_table")) return false;
			throw error;
		}
	}

	async collect(): Promise<void> {
		await world.catalog.collectGarbage();
	}

	async #snapshot(table: string, minimums: Parameters<typeof world.catalog.readSnapshots>[1][0] | object = {}): Promise<TableSnapshot> {
		const [snapshot] = await world.reader.readSnapshots(this.id, [{ table: { name: table }, ...minimums }]);
		if (!snapshot) throw new LittoralError("undefined_table", `relation "${table}" does not exist`);
		return snapshot;
	}

	/** As a query does: plan and directory, tails, then files (invariants Q1, Q2). The snapshot may be a cached one. */
	async read(table: string): Promise<TableRead> {
		let used: TableSnapshot | null = null;
		world.plan = async ({ minimums, fresh }) => {
			const known = await this.#snapshot(table, fresh === true ? { fresh } : {});
			const minimum = minimums?.[known.schema.tableId];
			const snapshot =
				minimum === undefined
					? known
					: await this.#snapshot(table, {
							minimumSchemaVersion: minimum.schemaVersion,
							minimumSnapshotVersion: minimum.snapshotVersion,
							...(fresh === true ? { fresh } : {}),
						});
			used = snapshot;
			return {
				kind: "query",
				plan: {
					version: 1,
					statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] },
					subplans: [],
					tables: [
						{ schema: snapshot.schema, snapshotVersion: snapshot.version, watermarks: snapshot.watermarks, pages: [], filesPruned: 0 },
					],
					root: { kind: "scan", table: 0, columns: [], predicate: null, estimate: { rowCount: 0, byteCount: 0, milliseconds: 0 } },
					output: [],
					estimate: { rowCount: 0, byteCount: 0, milliseconds: 0, dollars: 0 },
				},
			};
		};
		const context = { tenantId: this.id, role: "reader" as const, requestId: "model", traceparent: "" };
		const request = { sql: "", parameters: [], settings: {}, nowMicroseconds: 0n };
		const { tails } = await readTails(ports, context, request, await planAndDirectory(ports, context, request));
		if (used === null) throw new Error("a query was planned");
		const snapshot = used as TableSnapshot;
		const paths = snapshot.pages.flatMap(filePaths);
		const rows = (tails[0] ?? []).flatMap(tailRows);
		for (const path of paths) rows.push(...(await fileRows(snapshot.schema, path)));
		return { snapshot, paths, rows: rows.toSorted() };
	}

	async delete(): Promise<void> {
		await this.stub(0).setTenantState("deleting");
		while (!(await this.stub(0).deleteTenant()).done);
		while (!(await world.catalog.deleteTenant(this.id)).done);
	}
}
