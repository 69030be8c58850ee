/** Littoral without its Workers: optimizer and engine in Node over tables in memory, for speed and for modes that no deployment can be put into. */
import { isDeepStrictEqual } from "node:util";
import { deserialize, serialize } from "node:v8";
import { assert } from "#shared/base/assert.ts";
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { typeName } from "#shared/contracts/data-type.ts";
import { buildFilePage } from "#shared/contracts/file-page.ts";
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import type { PlannedStatement } from "#shared/contracts/rpc.ts";
import type { DataFile, TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { IntervalValue } from "#shared/contracts/value.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { formatIntervalIso } from "#shared/contracts/values/interval-text.ts";
import { encodeBatch } from "#shared/engine/codec/encode.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { GuardedArena } from "#shared/engine/memory/guarded-arena.fixture.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import type { RunningPlan } from "#shared/engine/operators/build.ts";
import { run } from "#shared/engine/operators/driver.ts";
import { ExecutionContext, type TestModes } from "#shared/engine/operators/execution-context.ts";
import { MemorySpillStore } from "#shared/engine/operators/operators.fixture.ts";
import type { BatchSource } from "#shared/engine/operators/source.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { ParquetWriter } from "#shared/parquet/write/writer.ts";
import type { Ports } from "../../workers/tenant/src/ports.ts";
import { filePorts } from "../sql/file-ports.ts";
import { AnswerThenRows } from "../../workers/tenant/src/query/insert-returning.ts";
import { checkNotNull } from "../../workers/tenant/src/query/not-null.ts";
import { filesOf, openPlan } from "../../workers/tenant/src/query/run-plan.ts";
import type { OpenedTail } from "../../workers/tenant/src/query/tail-source.ts";
import { blockOf, concatenateBlocks } from "../../workers/tenant/src/shard/tail-format.ts";
import { TestPlanner } from "../sql/bind/planner.ts";
import type { TextAnswer } from "../sql/oracle.ts";

/** Where inserted rows lie: `mixed` puts every other INSERT into a file. */
export type Placement = "tail" | "files" | "mixed";

/** How a run went, from what its operators counted, over all of its queries. */
export interface Evidence {
	rowsScanned: number;
	filesScanned: number;
	/** Operators that gave a batch of more than one row. */
	manyRowBatches: number;
	/** By kind of operator. */
	spilledBytes: Map<string, number>;
	/** Plans whose bytes were decoded and run again, with the same rows. */
	replayCount: number;
	/** Plans that differ from the plan of all rules, by the rule left out, and were run. */
	planCounts: Map<string, number>;
	dictionaryOverflowCount: number;
}

interface StoredRows {
	files: DataFile[];
	/** Encoded batches of each INSERT that is not in a file. */
	appends: { rowCount: number; batches: Uint8Array[] }[];
	insertCount: number;
}

export class DirectLittoral {
	readonly #placement: Placement;
	readonly #planner = new TestPlanner();
	/** Finds what a statement writes to memory that is not its own, or not any more. */
	readonly #arena = new GuardedArena();
	readonly #engine = createEngine({ arena: this.#arena });
	readonly #rows = new Map<string, StoredRows>();
	readonly #objects = new Map<string, Uint8Array>();
	readonly #testModes: TestModes;
	readonly #replays: boolean;
	readonly evidence: Evidence = {
		rowsScanned: 0,
		filesScanned: 0,
		manyRowBatches: 0,
		spilledBytes: new Map(),
		replayCount: 0,
		planCounts: new Map(),
		dictionaryOverflowCount: 0,
	};

	/** @param replays runs each query's plan a second time, from its bytes */
	constructor(placement: Placement, testModes: TestModes = {}, replays = false) {
		this.#replays = replays;
		this.#placement = placement;
		this.#testModes = testModes;
	}

	/** Pages still leased: zero between statements. */
	get leasedPageCount(): number {
		return this.#arena.leasedPageCount;
	}

	/** Any statement. Values are in PostgreSQL's text, as {@link TextAnswer} has them. */
	async execute(sql: string): Promise<TextAnswer> {
		// As a plan crosses to the Worker that runs it.
		return await this.#answer(async () => await this.#run(structuredClone(await this.#planner.plan(sql))));
	}

	async #answer(run: () => Promise<TextAnswer>): Promise<TextAnswer> {
		try {
			return await run();
		} catch (error) {
			if (!isLittoralError(error)) throw error;
			const { sqlstate, position = null } = error.details;
			return { columns: [], rows: [], error: { sqlstate: sqlstate ?? error.code, message: error.message, position } };
		}
	}

	/**
	 * A query with every rule wherever it may apply, and so without each of these sets of rules. A plan that came up before is not run again: it is the same plan.
	 *
	 * @returns the answers of the others, by the name of the set
	 */
	async executeWithout(sql: string, sets: ReadonlyMap<string, ReadonlySet<string>>): Promise<Map<string, TextAnswer>> {
		const answers = new Map<string, TextAnswer>();
		const whole = await this.#planner.plan(sql).catch(() => null);
		if (whole?.kind !== "query") return answers;
		const seen = new Set([serialize(whole).toString("latin1")]);
		let everywhere: string | null = null;
		for (const [name, disabled] of [["whatever it costs", new Set<string>()] as const, ...sets]) {
			const planned = await this.#planner.plan(sql, [], { disabled, regardlessOfCost: true });
			const key = serialize(planned).toString("latin1");
			everywhere ??= key;
			// One that weighs costs may be all that the two first plans differ by.
			if (key !== everywhere || !seen.has(key)) this.evidence.planCounts.set(name, (this.evidence.planCounts.get(name) ?? 0) + 1);
			if (seen.has(key)) continue;
			seen.add(key);
			answers.set(name, await this.#answer(async () => await this.#run(planned)));
		}
		return answers;
	}

	async #run(planned: PlannedStatement): Promise<TextAnswer> {
		const nothing: TextAnswer = { columns: [], rows: [] };
		switch (planned.kind) {
			case "query": {
				const bytes = this.#replays ? serialize(planned.plan) : null;
				const answer = await this.#query(planned.plan);
				if (bytes === null) return answer;
				const again = await this.#query(deserialize(bytes) as PhysicalPlan);
				if (!isDeepStrictEqual(again, answer)) throw new Error("a plan that was decoded gives other rows");
				this.evidence.replayCount++;
				return answer;
			}
			case "insert":
				return (await this.#insert(planned)) ?? nothing;
			case "create_table": {
				const { name, ifNotExists } = planned.definition;
				const isThere = this.#planner.tables.has(name);
				if (isThere && !ifNotExists) throw new LittoralError("duplicate_table", `relation "${name}" already exists`);
				if (isThere) return nothing;
				this.#planner.define(planned.definition);
				this.#rows.set(name, { files: [], appends: [], insertCount: 0 });
				return nothing;
			}
			case "create_table_as": {
				const { definition, plan, isEmpty } = planned;
				if (this.#planner.tables.has(definition.name)) {
					if (definition.ifNotExists) return nothing;
					throw new LittoralError("duplicate_table", `relation "${definition.name}" already exists`);
				}
				this.#planner.define(definition);
				this.#rows.set(definition.name, { files: [], appends: [], insertCount: 0 });
				const { schema } = this.#planner.tables.get(definition.name) as TableSnapshot;
				if (!isEmpty) {
					await this.#insert({ kind: "insert", table: schema, plan, stored: null }).catch((error: unknown) => {
						this.#planner.tables.delete(definition.name);
						throw error;
					});
				}
				return nothing;
			}
			case "create_view":
				this.#planner.defineView(planned.definition);
				return nothing;
			case "drop_table":
			case "drop_view":
				this.#planner.drop(planned);
				return nothing;
			default:
				throw new LittoralError("feature_not_supported", `${planned.kind} does not run here`);
		}
	}

	async #query(plan: PhysicalPlan): Promise<TextAnswer> {
		const answer = emptyAnswer(plan);
		await this.#batches(plan, (batch) => this.#addRows(plan, answer, batch));
		return answer;
	}

	#addRows(plan: PhysicalPlan, { rows }: TextAnswer, batch: Batch): void {
		for (const row of readRows(this.#engine, batch)) {
			rows.push(row.map((value, column) => (value === null ? null : textOf(plan, column, value))));
		}
	}

	/** @returns what it returns; null without RETURNING */
	async #insert({ table, plan, stored: storedRows }: Extract<PlannedStatement, { kind: "insert" }>): Promise<TextAnswer | null> {
		const answer = storedRows === null ? null : emptyAnswer(plan);
		const stored = this.#rows.get(table.name) as StoredRows;
		const batches: Uint8Array[] = [];
		let rowCount = 0;
		const parts: Uint8Array[] = [];
		const toFile = this.#placement === "files" || (this.#placement === "mixed" && stored.insertCount % 2 === 0);
		const writer = new ParquetWriter({ columns: table.columns, engine: this.#engine, sink: (bytes) => void parts.push(bytes) });
		const fieldIds = table.columns.map(({ fieldId }) => fieldId);
		try {
			await this.#batches(
				plan,
				async (batch, running) => {
					if (answer !== null && running instanceof AnswerThenRows && !running.isStored) return this.#addRows(plan, answer, batch);
					checkNotNull(this.#engine, batch, table);
					rowCount += batch.selectedCount;
					if (toFile) await writer.write(batch);
					else batches.push(encodeBatch(this.#engine, batch, { schemaVersion: 1, fieldIds }));
				},
				storedRows,
			);
		} catch (error) {
			writer.close();
			throw error;
		}
		stored.insertCount++;
		if (rowCount === 0) return answer;
		if (toFile) {
			const { columns } = await writer.finish();
			const path = `${table.tableId}/${stored.files.length}.parquet`;
			const bytes = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
			this.#objects.set(path, bytes);
			stored.files.push({ path, rowCount, byteCount: bytes.byteLength, schemaVersion: 1, columns });
		} else stored.appends.push({ rowCount, batches });
		this.#refresh(table.name, stored);
		return answer;
	}

	#refresh(name: string, { files }: StoredRows): void {
		const snapshot = this.#planner.tables.get(name) as TableSnapshot;
		this.#planner.tables.set(name, {
			...snapshot,
			rowCount: files.reduce((sum, file) => sum + file.rowCount, 0),
			byteCount: files.reduce((sum, file) => sum + file.byteCount, 0),
			pages: files.length === 0 ? [] : [buildFilePage(files)],
		});
	}

	async #batches(
		plan: PhysicalPlan,
		take: (batch: Batch, running: BatchSource) => void | Promise<void>,
		stored: number | null = null,
	): Promise<void> {
		const lease = new Lease(this.#arena, { owner: "direct" });
		const { signal } = new AbortController();
		try {
			const context = new ExecutionContext({
				engine: this.#engine,
				lease,
				statement: plan.statement,
				tables: plan.tables,
				signal,
				spill: new MemorySpillStore(),
				testModes: this.#testModes,
			});
			const tails = plan.tables.map(({ schema }) => [this.#tailOf(schema.name)]);
			const running = openPlan(this.#ports(), plan, tails, context);
			const source = stored === null ? running : new AnswerThenRows(running, stored);
			for await (const batch of run(source, context)) await take(batch, source);
			this.#note(plan, running, context);
		} finally {
			lease.release();
			assert(this.#arena.violations.length === 0, this.#arena.violations.join("; "));
		}
	}

	#note(plan: PhysicalPlan, running: RunningPlan, { statistics }: ExecutionContext): void {
		const { evidence } = this;
		evidence.rowsScanned += statistics.rowsScanned;
		evidence.dictionaryOverflowCount += statistics.dictionaryOverflowCount;
		evidence.filesScanned += filesOf(plan).filesScanned;
		for (const { node, statistics: counted } of running.statistics) {
			if (counted.rows > counted.batches) evidence.manyRowBatches++;
			if (counted.spilledBytes > 0)
				evidence.spilledBytes.set(node.kind, (evidence.spilledBytes.get(node.kind) ?? 0) + counted.spilledBytes);
		}
	}

	#tailOf(name: string): OpenedTail {
		const appends = this.#rows.get(name)?.appends ?? [];
		const blocks = appends.map(({ rowCount, batches }, index) => blockOf({ sequence: index + 1, rowCount, batches }));
		return {
			first: { blocks: blocks.length === 0 ? [] : [concatenateBlocks(blocks)], upTo: blocks.length, next: null },
			above: 0,
			fetch: () => Promise.reject(new Error("a tail of one page")),
		};
	}

	#ports(): Ports {
		return filePorts(async (path, offset, byteCount) => (this.#objects.get(path) as Uint8Array).slice(offset, offset + byteCount));
	}
}

function emptyAnswer({ output }: PhysicalPlan): TextAnswer {
	return { columns: output.map(({ name, type }) => ({ name, type: typeName(type).replace(/\(.*\)/, "") })), rows: [] };
}

function textOf(plan: PhysicalPlan, column: number, value: NonNullable<Parameters<typeof formatValue>[1]>): string {
	const type = (plan.output[column] as PhysicalPlan["output"][number]).type;
	if (type.kind === "boolean") return value === true ? "t" : "f";
	return type.kind === "interval" ? formatIntervalIso(value as IntervalValue) : formatValue(type, value);
}
