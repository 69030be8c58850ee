/** Optimizer and engine in this process, over the Parquet files of a data set: what the Workers run, without the Workers. */
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ARENA_PAGE_BYTES } from "#shared/base/limits.ts";
import type { PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { createEngine, type Engine, type Kernels } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { ExecutionContext, type ExecutionStatistics } from "#shared/engine/operators/execution-context.ts";
import type { SpillStore } from "#shared/engine/operators/spill/spill-space.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { TestPlanner } from "../../tests/sql/bind/planner.ts";
import { filePorts } from "../../tests/sql/file-ports.ts";
import type { Ports } from "../../workers/tenant/src/ports.ts";
import { runPlan } from "../../workers/tenant/src/query/run-plan.ts";
import type { OpenedTail } from "../../workers/tenant/src/query/tail-source.ts";
import type { StoredTable } from "../data/dataset.ts";
import { type Instruments, instrument } from "./instrument.ts";
import { StageClock } from "./stage-clock.ts";

export interface NodeEngineOptions {
	tables: StoredTable[];
	/** Of the arena; a query may hold three quarters of it, as in production. */
	arenaBytes: number;
	spillDirectory: string;
	/** Measures stages, which costs a few percent. */
	stages: boolean;
	/** Watches the kernels, where stages are not measured. */
	wrapKernels?: (kernels: Kernels) => Kernels;
}

export interface EngineAnswer {
	rows: (string | null)[][];
	statistics: ExecutionStatistics;
	/** Milliseconds by stage and by piece of code; null when they are not measured. */
	stages: Record<string, number> | null;
	pieces: Record<string, number> | null;
}

const QUERY_PART_OF_ARENA = 0.75;

export class NodeEngine {
	readonly #planner = new TestPlanner();
	readonly #engine: Engine;
	readonly #options: NodeEngineOptions;
	readonly #clock: StageClock | null;
	readonly #instruments: Instruments | null;
	readonly #descriptors = new Map<string, number>();

	constructor(options: NodeEngineOptions) {
		this.#options = options;
		this.#clock = options.stages ? new StageClock() : null;
		this.#instruments = this.#clock === null ? null : instrument(this.#clock);
		const pageCount = options.arenaBytes / ARENA_PAGE_BYTES;
		const wrap = this.#instruments?.wrapKernels ?? options.wrapKernels;
		this.#engine = createEngine({ pageCount, ...(wrap === undefined ? {} : { wrap }) });
		for (const { definition, files, sketches } of options.tables) this.#planner.define(definition, files, sketches);
		rmSync(options.spillDirectory, { recursive: true, force: true });
		mkdirSync(options.spillDirectory, { recursive: true });
	}

	/** @throws LittoralError */
	async query(sql: string): Promise<EngineAnswer> {
		this.#clock?.start();
		const planned = await this.#planner.plan(sql);
		if (planned.kind !== "query") throw new Error(`not a query: ${sql}`);
		const planMs = this.#clock === null ? 0 : this.#sincePlanning();
		const { plan } = planned;
		const rows: (string | null)[][] = [];
		const lease = new Lease(this.#engine.arena, { owner: "bench", byteCountMax: this.#options.arenaBytes * QUERY_PART_OF_ARENA });
		const spill = this.#openSpill();
		try {
			const context = new ExecutionContext({
				engine: this.#engine,
				lease,
				statement: plan.statement,
				tables: plan.tables,
				signal: new AbortController().signal,
				spill: spill.store,
				...(this.#instruments === null ? {} : { evaluator: this.#instruments.evaluator }),
			});
			const tails = plan.tables.map(() => [NO_TAIL]);
			for await (const batch of runPlan(this.#ports(), plan, tails, context)) {
				for (const row of readRows(this.#engine, batch)) rows.push(row.map((value, column) => textOf(plan, column, value)));
			}
			this.#clock?.stop();
			const stages = this.#clock === null ? null : { ...this.#clock.stages, plan: planMs };
			const pieces = this.#clock === null ? null : Object.fromEntries(this.#clock.pieces);
			return { rows, statistics: context.statistics, stages, pieces };
		} finally {
			spill.close();
			lease.release();
		}
	}

	#sincePlanning(): number {
		this.#clock?.stop();
		const planMs = this.#clock?.pieces.get("driver") ?? 0;
		this.#clock?.start();
		return planMs;
	}

	#ports(): Ports {
		return filePorts(async (...input) =>
			this.#clock === null ? this.#read(...input) : this.#clock.within("read", "io", () => this.#read(...input)),
		);
	}

	#read(...[path, offset, byteCount, into]: Parameters<Ports["objects"]["read"]>): Uint8Array {
		let file = this.#descriptors.get(path);
		if (file === undefined) this.#descriptors.set(path, (file = openSync(path, "r")));
		const bytes = into === undefined ? new Uint8Array(byteCount) : new Uint8Array(into, 0, byteCount);
		const readCount = readSync(file, bytes, 0, byteCount, offset);
		if (readCount !== byteCount) throw new Error(`${path}: asked for ${byteCount} bytes, got ${readCount}`);
		return bytes;
	}

	/** Blocks one after the other in one file without a name: where a Worker has objects, this has what DuckDB has. */
	#openSpill(): { store: SpillStore; close: () => void } {
		let file: number | null = null;
		let end = 0;
		const open = (): number => {
			const path = join(this.#options.spillDirectory, "spilled");
			const descriptor = openSync(path, "w+");
			rmSync(path);
			return descriptor;
		};
		const timed = <Result>(work: () => Result): Result => (this.#clock === null ? work() : this.#clock.within("spill", "io", work));
		const store: SpillStore = {
			write: async (_, bytes) => {
				const handle = { path: String(end), byteCount: bytes.byteLength };
				timed(() => writeSync((file ??= open()), bytes, 0, bytes.byteLength, end));
				end += bytes.byteLength;
				return handle;
			},
			read: async ({ path, byteCount }) => {
				const bytes = Buffer.allocUnsafeSlow(byteCount);
				timed(() => readSync(file as number, bytes, 0, byteCount, Number(path)));
				return bytes;
			},
			drop: async () => undefined,
		};
		return { store, close: () => (file === null ? undefined : closeSync(file)) };
	}
}

const NO_TAIL: OpenedTail = {
	first: { blocks: [], upTo: 0, next: null },
	above: 0,
	fetch: () => Promise.reject(new Error("a tail of no page")),
};

function textOf(plan: PhysicalPlan, column: number, value: Parameters<typeof formatValue>[1] | null): string | null {
	return value === null ? null : formatValue((plan.output[column] as PhysicalPlan["output"][number]).type, value);
}
