/** The commit contract in memory (design, section 7): versions, watermarks, commit ids, object states. Every retained version is kept. */
import { LittoralError } from "#shared/base/errors.ts";
import { newTableId, type TableId, type TenantId } from "#shared/base/ids.ts";
import type { DropRequest, SnapshotRequest, TableDescription, TablePage } from "#shared/contracts/rpc.ts";
import type { CommitAnswer, CommitRequest, DataFile, FilePage, TableSnapshot, Watermarks } from "#shared/contracts/snapshot.ts";
import type { TableDefinition, TableSchema } from "#shared/contracts/table.ts";
import type { CatalogPort } from "../src/ports.ts";

interface Version {
	files: DataFile[];
	watermarks: Watermarks;
}

interface Table {
	schema: TableSchema;
	dropped: boolean;
	versions: Version[];
}

const NO_PAGE: FilePage = {
	fileCount: 0,
	paths: { bytes: new Uint8Array(), offsets: new Uint32Array(1) },
	rowCounts: new Float64Array(),
	byteCounts: new Float64Array(),
	schemaVersions: new Uint32Array(),
	columns: [],
};

export class MemoryCatalog implements CatalogPort {
	readonly tables = new Map<TableId, Table>();
	readonly commits = new Map<string, CommitAnswer>();
	/** By commit id. */
	readonly #created = new Map<string, TableSchema>();
	readonly objects = new Map<string, "live" | "condemned">();

	async createTable(
		_: TenantId,
		{ commitId, definition, raised }: { commitId: string; definition: TableDefinition; raised?: TableId | null },
	): ReturnType<CatalogPort["createTable"]> {
		const replaced = this.#lastDropped(definition.name);
		const made = this.#created.get(commitId);
		if (made !== undefined) return { schema: made, created: true, replaced };
		const known = this.#byName(definition.name);
		if (known !== undefined) {
			if (definition.ifNotExists) return { schema: known.schema, created: false, replaced };
			throw new LittoralError("duplicate_table", `relation "${definition.name}" already exists`);
		}
		if (raised !== undefined && raised !== (replaced?.tableId ?? null)) return { schema: null, created: false, replaced };
		const schema: TableSchema = {
			tableId: newTableId(),
			name: definition.name,
			schemaVersion: 1,
			columns: definition.columns.map((column, index) => ({ ...column, fieldId: index + 1 })),
			primaryKey: null,
			sortKey: definition.sortKey.map(({ column, ...key }) => ({ ...key, fieldId: column + 1 })),
		};
		this.tables.set(schema.tableId, { schema, dropped: false, versions: [{ files: [], watermarks: {} }] });
		this.#created.set(commitId, schema);
		return { schema, created: true, replaced };
	}

	async createView(): ReturnType<CatalogPort["createView"]> {
		throw new LittoralError("feature_not_supported", "this catalog has no views");
	}

	async dropRelations(_: TenantId, { names, ifExists }: DropRequest) {
		return names.flatMap((name) => {
			const table = this.#byName(name);
			if (table === undefined) {
				const before = this.#lastDropped(name);
				if (before === null && !ifExists) throw new LittoralError("undefined_table", `table "${name}" does not exist`);
				return before === null ? [] : [before];
			}
			table.dropped = true;
			return [{ tableId: table.schema.tableId, schemaVersion: table.schema.schemaVersion + 1 }];
		});
	}

	async listTables(): Promise<TablePage> {
		return { tables: [...this.tables.values()].filter((table) => !table.dropped).map((table) => table.schema), nextCursor: null };
	}

	async describeTable(_: TenantId, name: string): Promise<TableDescription> {
		const table = this.#byName(name);
		if (table === undefined) throw new LittoralError("undefined_table", `relation "${name}" does not exist`);
		const { files } = this.#newest(table);
		return {
			schema: table.schema,
			rowCount: files.reduce((sum, file) => sum + file.rowCount, 0),
			byteCount: files.reduce((sum, file) => sum + file.byteCount, 0),
			fileCount: files.length,
			snapshots: [],
			snapshotVersion: table.versions.length - 1,
		};
	}

	async readSnapshots(_: TenantId, requests: SnapshotRequest[]): Promise<(TableSnapshot | null)[]> {
		return requests.map(({ table: wanted }) => {
			const table = "name" in wanted ? this.#byName(wanted.name) : this.tables.get(wanted.tableId);
			if (table === undefined || table.dropped) return null;
			const { files, watermarks } = this.#newest(table);
			return {
				schema: table.schema,
				version: table.versions.length - 1,
				watermarks,
				rowCount: files.reduce((sum, file) => sum + file.rowCount, 0),
				byteCount: 0,
				pages: [NO_PAGE],
			};
		});
	}

	async commit({ tableId, commitId, change }: CommitRequest): Promise<CommitAnswer> {
		const known = this.commits.get(commitId);
		if (known !== undefined) return { ...known, repeated: true };
		const table = this.tables.get(tableId);
		if (table === undefined || table.dropped) throw new LittoralError("undefined_table", "the table is dropped");
		const newest = this.#newest(table);
		if (change.kind === "flush" && (newest.watermarks[change.shard] ?? 0) !== change.from) {
			throw new LittoralError("commit_precondition_failed", "the watermark has moved");
		}
		if (change.files.some((file) => this.objects.has(file.path))) throw new LittoralError("commit_object_condemned", "condemned");
		for (const { path } of change.files) this.objects.set(path, "live");
		const watermarks = { ...newest.watermarks };
		if (change.kind === "flush") watermarks[change.shard] = change.to;
		table.versions.push({ files: [...newest.files, ...change.files], watermarks });
		const answer = { version: table.versions.length - 1, paths: change.files.map((file) => file.path), repeated: false };
		this.commits.set(commitId, answer);
		return answer;
	}

	async announceObjects() {}

	async tableState(_: TenantId, tableId: TableId) {
		const table = this.tables.get(tableId);
		if (table === undefined) return "unknown" as const;
		return table.dropped ? ("dropped" as const) : ("live" as const);
	}

	async commitStatus(_: TenantId, commitId: string): Promise<CommitAnswer | null> {
		return this.commits.get(commitId) ?? null;
	}

	async shardWatermarks(_: TenantId, shard: number) {
		// As in D1: a table without a flush of this shard is not listed.
		return [...this.tables.values()].flatMap((table) => {
			const watermark = this.#newest(table).watermarks[shard];
			if (watermark === undefined) return [];
			return [{ tableId: table.schema.tableId, watermark, snapshotVersion: table.versions.length - 1, dropped: table.dropped }];
		});
	}

	#lastDropped(name: string): { tableId: TableId; schemaVersion: number } | null {
		const table = [...this.tables.values()].findLast((other) => other.schema.name === name && other.dropped);
		return table === undefined ? null : { tableId: table.schema.tableId, schemaVersion: table.schema.schemaVersion + 1 };
	}

	#newest(table: Table): Version {
		return table.versions.at(-1) as Version;
	}

	#byName(name: string): Table | undefined {
		return [...this.tables.values()].find((table) => table.schema.name === name && !table.dropped);
	}
}
