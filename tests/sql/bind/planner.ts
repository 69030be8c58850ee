/** The optimizer without its Worker: plans statements in Node over tables that exist only here. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { newTableId, type TableId, type TenantId } from "#shared/base/ids.ts";
import { encodeBound } from "#shared/contracts/bound.ts";
import { buildFilePage } from "#shared/contracts/file-page.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import { checkPlan } from "#shared/contracts/plan/check.ts";
import type { PlannedStatement } from "#shared/contracts/rpc.ts";
import type { DataFile, TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { TableDefinition, TableSchema, ViewDefinition } from "#shared/contracts/table.ts";
import { replacedView } from "../../../workers/catalog/src/schema/create-view.ts";
import { ParsedStatementCache } from "../../../workers/optimizer/src/cache/parsed-statements.ts";
import { TableSnapshotCache } from "../../../workers/optimizer/src/cache/table-snapshots.ts";
import { evaluate } from "../../../workers/optimizer/src/evaluate.ts";
import type { Corrections } from "../../../workers/optimizer/src/learning/corrections.ts";
import type { PipelineOptions } from "../../../workers/optimizer/src/logical/pipeline.ts";
import { planStatement } from "../../../workers/optimizer/src/plan-statement.ts";
import { installParser } from "../../../workers/optimizer/src/sql/parse/parser.ts";

const TENANT = "0123456789abcdef01234567" as TenantId;
const wasmPath = createRequire(import.meta.url).resolve("libpg-query/wasm/libpg-query.wasm");
installParser(new WebAssembly.Module(readFileSync(wasmPath)));

export interface PlanAnswer {
	columns: { name: string; type: string }[];
	error?: { sqlstate: string; message: string; position: number | null; hint: string | null };
}

export class TestPlanner {
	readonly tables = new Map<string, TableSnapshot>();
	/** What earlier runs have taught; absent: learning is switched off. */
	corrections: (() => Promise<Corrections>) | null = null;
	nowMs = 0;
	readonly #parsed = new ParsedStatementCache();

	async plan(sql: string, parameters: unknown[] = [], pipeline: PipelineOptions = {}): Promise<PlannedStatement> {
		const catalog = {
			readSnapshots: async (_tenant: TenantId, requests: { table: object }[]) =>
				requests.map(({ table }) => this.tables.get((table as { name: string }).name) ?? null),
			tableNames: async () => [...this.tables.keys()],
			listTables: async () => ({ tables: [...this.tables.values()].map(({ schema }) => schema), nextCursor: null }),
		};
		const planned = await planStatement(
			{
				catalog,
				parsed: this.#parsed,
				snapshots: new TableSnapshotCache(),
				evaluate,
				nowMs: () => this.nowMs,
				pipeline,
				...(this.corrections === null ? {} : { corrections: this.corrections }),
			},
			TENANT,
			{ sql, parameters, settings: {}, nowMicroseconds: 1_767_225_600_000_000n },
		);
		if ("plan" in planned) checkPlan(planned.plan);
		return planned;
	}

	/** Runs a CREATE TABLE against this planner's own catalog; with statistics, the table has one data file of 100 bytes a row. */
	async create(sql: string, statistics?: { rowCount: number; bounds: Record<string, [number, number]> }): Promise<void> {
		const planned = await this.plan(sql);
		if (planned.kind !== "create_table") throw new Error(`not a CREATE TABLE: ${sql}`);
		const { name, columns } = planned.definition;
		const files: DataFile[] = [];
		if (statistics !== undefined) {
			const { rowCount, bounds } = statistics;
			files.push({
				path: `${name}.parquet`,
				rowCount,
				byteCount: rowCount * 100,
				schemaVersion: 1,
				columns: columns.map((column, index) => {
					const [minimum, maximum] = (bounds[column.name] ?? []).map((value) =>
						encodeBound(column.type, column.type.kind === "bigint" ? BigInt(value) : value),
					);
					return { fieldId: index + 1, nullCount: 0, minimum: minimum ?? null, maximum: maximum ?? null, hasNaN: false };
				}),
			});
		}
		this.define(planned.definition, files);
	}

	/** A table with these files, version 1. @param sketches of their rows */
	define({ name, columns, sortKey }: TableDefinition, files: DataFile[] = [], sketches?: Uint8Array): void {
		this.tables.set(name, {
			schema: {
				tableId: newTableId(),
				name,
				schemaVersion: 1,
				columns: columns.map((column, index) => ({ ...column, fieldId: index + 1 })),
				primaryKey: null,
				sortKey: sortKey.map(({ column, descending, nullsFirst }) => ({ fieldId: column + 1, descending, nullsFirst })),
			},
			version: 1,
			watermarks: {},
			rowCount: files.reduce((sum, file) => sum + file.rowCount, 0),
			byteCount: files.reduce((sum, file) => sum + file.byteCount, 0),
			pages: files.length === 0 ? [] : [buildFilePage(files)],
			...(sketches === undefined ? {} : { sketches }),
		});
	}

	/** A view, made or replaced by the catalog's own rules. */
	defineView(definition: ViewDefinition): void {
		const before = this.tables.get(definition.name)?.schema;
		const { name, columns, source } = definition;
		const made: TableSchema = {
			tableId: newTableId(),
			name,
			schemaVersion: 1,
			columns: columns.map((column, index) => ({ ...column, fieldId: index + 1, nullable: true, default: null })),
			primaryKey: null,
			sortKey: [],
			view: source,
		};
		const schema = before === undefined ? made : replacedView(before, definition);
		this.tables.set(name, { schema, version: 0, watermarks: {}, rowCount: 0, byteCount: 0, pages: [] });
	}

	/** DROP TABLE or VIEW by the rules of the catalog's statements. */
	drop({ kind, names, ifExists, cascade }: Extract<PlannedStatement, { kind: "drop_table" | "drop_view" }>): void {
		const wanted = kind === "drop_table" ? "table" : "view";
		const gone = new Map<TableId, string>();
		for (const name of names) {
			const found = this.tables.get(name)?.schema;
			if (found === undefined && !ifExists) throw new LittoralError("undefined_table", `${wanted} "${name}" does not exist`);
			if (found === undefined) continue;
			if ((found.view === undefined) !== (wanted === "table")) throw new LittoralError("wrong_object_type", `"${name}" is not a ${wanted}`);
			gone.set(found.tableId, name);
		}
		for (let before = -1; before !== gone.size; ) {
			before = gone.size;
			for (const { schema } of this.tables.values()) {
				if (gone.has(schema.tableId) || !schema.view?.uses.some(({ tableId }) => gone.has(tableId))) continue;
				if (!cascade) {
					throw new LittoralError(
						"dependent_objects_still_exist",
						`cannot drop ${wanted} ${names[0] ?? ""} because other objects depend on it`,
					);
				}
				gone.set(schema.tableId, schema.name);
			}
		}
		for (const name of gone.values()) this.tables.delete(name);
	}

	/** Names and types of a query's output without modifiers, or its error, as the oracle gives them. */
	async describe(sql: string, parameters: unknown[] = []): Promise<PlanAnswer> {
		try {
			const planned = await this.plan(sql, parameters);
			if (planned.kind !== "query") return { columns: [] };
			return {
				columns: planned.plan.output.map(({ name, type }) => ({ name, type: typeName(type).replace(/\(.*\)/, "") })),
			};
		} catch (error) {
			if (!isLittoralError(error)) throw error;
			const { sqlstate = "?????", position = null, hint = null } = error.details;
			return { columns: [], error: { sqlstate, message: error.message, position, hint } };
		}
	}
}
