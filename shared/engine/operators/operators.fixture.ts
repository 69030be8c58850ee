/** Runs plans over made-up tables: sources that overwrite what they gave at every `next()`, block now and then, and count what is closed. */
import fc from "fast-check";
import type { TableId } from "#shared/base/ids.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PhysicalOperator, PhysicalScan, PlanTable } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { createEngine, type Engine } from "../kernels/kernels.ts";
import { Lease } from "../memory/lease.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { VectorBuilder } from "../vector/builder.ts";
import { readRows, readValue } from "../vector/read.ts";
import { type BatchSpec, batchesOf, buildBatch, liveRows } from "../vector/vectors.fixture.ts";
import { type MeasuredNode, RunningPlan } from "./build.ts";
import { run } from "./driver.ts";
import type { Evaluator } from "./evaluator.ts";
import { ExecutionContext, type ExecutionOptions, type ExecutionStatistics } from "./execution-context.ts";
import type { ScanKeyFilter } from "./key-filter/key-filter.ts";
import type { KeyFloor } from "./key-filter/key-floor.ts";
import type { LateColumns } from "./late-columns.ts";
import type { BatchSource } from "./source.ts";
import type { SpillHandle, SpillStore } from "./spill/spill-space.ts";

const engine = createEngine({ pageCount: 1000 });

export const ESTIMATE = { rowCount: 0, byteCount: 0, milliseconds: 0 };

export const column = (index: number, type: DataType): Expression => ({ kind: "column", index, type });
export const integer = (value: number): Expression => ({ kind: "constant", value, type: { kind: "integer" } });
export const call = (functionId: string, args: Expression[], type: DataType = { kind: "boolean" }): Expression => ({
	kind: "call",
	functionId,
	arguments: args,
	type,
});

export interface TestTable {
	types: DataType[];
	batches: BatchSpec[];
}

/** A scan of all columns of `tables[table]`. */
export function scan(table: number, types: DataType[]): PhysicalScan {
	return { kind: "scan", table, columns: types.map((_, index) => index + 1), predicate: null, estimate: ESTIMATE };
}

export function tableRows(table: TestTable): SqlValue[][] {
	return table.batches.flatMap(liveRows);
}

/** Tables of some batches of at most `rowCountMax` rows. */
export function tablesOf(types: DataType[], rowCountMax: number, batchCountMax = 6): fc.Arbitrary<TestTable> {
	const batch = batchesOf(types, fc.integer({ min: rowCountMax === 1000 ? 0 : 1, max: rowCountMax }));
	return fc.array(batch, { maxLength: rowCountMax > 2 ? 3 : batchCountMax * 3 }).map((batches) => ({ types, batches }));
}

/** Gives its batches one after the other, blocks before every third, and scribbles over the batch before. */
export class ScribblingSource implements BatchSource {
	readonly #engine: Engine;
	readonly #context: ExecutionContext;
	readonly #batches: BatchSpec[];
	readonly #regions: [Region, Region];
	#calls = 0;
	#next = 0;
	closed = 0;

	constructor(context: ExecutionContext, batches: BatchSpec[]) {
		this.#engine = context.engine;
		this.#context = context;
		this.#batches = batches;
		this.#regions = [context.lease.region(), context.lease.region()];
	}

	next(): Batch | "blocked" | null {
		if (this.#calls++ % 3 === 2) {
			this.#context.blockOn(Promise.resolve());
			return "blocked";
		}
		const region = this.#regions[this.#next % 2] as Region;
		const other = this.#regions[(this.#next + 1) % 2] as Region;
		other.reset();
		const scribble = other.allocate(60_000);
		this.#engine.arena.views.u8.fill(0xaa, scribble, scribble + 60_000);
		const spec = this.#batches[this.#next++];
		if (spec === undefined) return null;
		region.reset();
		return buildBatch(this.#engine, region, spec);
	}

	close(): void {
		this.closed++;
	}
}

interface Asked {
	keyFilters: readonly ScanKeyFilter[];
	late: LateColumns | null;
}

/** Asks the filters of joins above, and a top-N, as scans of files do. */
function asking(context: ExecutionContext, source: BatchSource, { keyFilters, late }: Asked): BatchSource {
	const region = context.lease.region();
	return {
		next() {
			const batch = source.next();
			if (batch === null || batch === "blocked") return batch;
			region.reset();
			const kept = keyFilters.reduce((rows, filter) => filter.select(rows, region), batch);
			return late === null || kept.selectedCount === 0 ? kept : late.wanted(kept, context);
		},
		close: () => source.close(),
	};
}

/** Says after each batch which is the least key of those behind it. */
function floored(source: BatchSource, { batches }: TestTable, floor: KeyFloor): BatchSource {
	let given = 0;
	return {
		next() {
			const batch = source.next();
			if (batch === null || batch === "blocked") return batch;
			const keys = batches
				.slice(++given)
				.flatMap(liveRows)
				.flatMap((row) => (row[floor.column] === null ? [] : [BigInt(row[floor.column] as bigint | number)]));
			floor.leastToCome = keys.reduce<bigint | null>((least, key) => (least === null || key < least ? key : least), null);
			return batch;
		},
		close: () => source.close(),
	};
}

/** Spilled blocks on the heap; each call may be made to fail. */
export class MemorySpillStore implements SpillStore {
	readonly blocks = new Map<string, Uint8Array>();
	readonly calls = { write: 0, read: 0, drop: 0 };
	readonly #beforeCall: (call: keyof MemorySpillStore["calls"], number: number) => void;

	/** @param beforeCall counts each kind from 1; what it throws, the call fails with */
	constructor(beforeCall: (call: keyof MemorySpillStore["calls"], number: number) => void = () => undefined) {
		this.#beforeCall = beforeCall;
	}

	async write(partition: string, bytes: Uint8Array): Promise<SpillHandle> {
		await this.#count("write");
		const path = `${partition}/${this.calls.write}`;
		this.blocks.set(path, bytes);
		return { path, byteCount: bytes.byteLength };
	}

	async read({ path }: SpillHandle): Promise<Uint8Array> {
		await this.#count("read");
		const bytes = this.blocks.get(path);
		if (bytes === undefined) throw new Error(`${path} is not there`);
		return bytes;
	}

	async drop(handles: SpillHandle[]): Promise<void> {
		await this.#count("drop");
		for (const { path } of handles) if (!this.blocks.delete(path)) throw new Error(`${path} is not there`);
	}

	async #count(call: keyof MemorySpillStore["calls"]): Promise<void> {
		// Late enough for others to run meanwhile.
		await new Promise((resolve) => setImmediate(resolve));
		this.#beforeCall(call, ++this.calls[call]);
	}
}

export interface RunResult {
	rows: SqlValue[][];
	batchRowCounts: number[];
	statistics: ExecutionStatistics;
	closeCounts: number[];
	operators: MeasuredNode[];
}

export interface RunOptions {
	signal?: AbortSignal;
	engine?: Engine;
	limits?: ExecutionOptions["limits"];
	byteCountMax?: number;
	subplans?: PhysicalOperator[];
	testModes?: ExecutionOptions["testModes"];
	spill?: SpillStore;
	nowMs?: () => number;
	/** Scans say which keys are still to come, where somebody asks. */
	tellsFloors?: boolean;
	/** Called after every batch. */
	onBatch?: (batch: Batch) => void;
}

/** Runs a plan to its end and checks that no page stays leased, whatever happened. */
export async function runPlan(root: PhysicalOperator, tables: TestTable[], options: RunOptions = {}): Promise<RunResult> {
	const { arena } = options.engine ?? engine;
	const result = await runLeased(root, tables, options).catch((error: unknown) => {
		if (arena.leasedPageCount !== 0) throw new Error("pages stayed leased", { cause: error });
		throw error;
	});
	if (arena.leasedPageCount !== 0) throw new Error("pages stayed leased");
	return result;
}

async function runLeased(root: PhysicalOperator, tables: TestTable[], options: RunOptions): Promise<RunResult> {
	const ownEngine = options.engine ?? engine;
	const lease = new Lease(ownEngine.arena, { owner: "test", ...(options.byteCountMax ? { byteCountMax: options.byteCountMax } : {}) });
	const sources: ScribblingSource[] = [];
	try {
		const context = new ExecutionContext({
			engine: ownEngine,
			lease,
			statement: { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] },
			tables: tables.map(planTable),
			signal: options.signal ?? new AbortController().signal,
			evaluator: FIXTURE_EVALUATOR,
			...(options.limits ? { limits: options.limits } : {}),
			...(options.testModes ? { testModes: options.testModes } : {}),
			...(options.spill ? { spill: options.spill } : {}),
			...(options.nowMs ? { nowMs: options.nowMs } : {}),
		});
		const operator = new RunningPlan(context, { root, subplans: options.subplans ?? [] }, (node, { keyFilters, floor, late }) => {
			const table = tables[node.table] as TestTable;
			const source = new ScribblingSource(context, table.batches);
			sources.push(source);
			const filtered = asking(context, source, { keyFilters, late });
			return floor === null || options.tellsFloors !== true ? filtered : floored(filtered, table, floor);
		});
		const rows: SqlValue[][] = [];
		const batchRowCounts: number[] = [];
		for await (const batch of run(operator, context)) {
			batchRowCounts.push(batch.selectedCount);
			rows.push(...readRows(ownEngine, batch));
			options.onBatch?.(batch);
		}
		return {
			rows,
			batchRowCounts,
			statistics: context.statistics,
			closeCounts: sources.map(({ closed }) => closed),
			operators: operator.statistics,
		};
	} finally {
		lease.release();
	}
}

function planTable(table: TestTable): PlanTable {
	return {
		schema: {
			tableId: "t" as TableId,
			name: "t",
			schemaVersion: 1,
			columns: table.types.map((type, index) => ({ fieldId: index + 1, name: `c${index}`, type, nullable: true, default: null })),
			primaryKey: null,
			sortKey: [],
		},
		snapshotVersion: 1,
		watermarks: [],
		pages: [],
		filesPruned: 0,
	};
}

type Row = (index: number) => SqlValue;

/** Row by row: columns, constants, and the few calls that these tests use. NULL in, NULL out. */
export function evaluateRow(expression: Expression, row: Row): SqlValue {
	if (expression.kind === "column") return row(expression.index);
	if (expression.kind === "constant") return expression.value;
	if (expression.kind !== "call") throw new Error(`the fixture has no ${expression.kind}`);
	const [left, right] = expression.arguments.map((argument) => evaluateRow(argument, row)) as [number | null, number | null];
	if (left === null || right === null) return null;
	switch (expression.functionId) {
		case "lt(integer,integer)":
			return left < right;
		case "add(integer,integer)":
			return (left + right) | 0;
		default:
			throw new Error(`the fixture has no ${expression.functionId}`);
	}
}

/** Enough for the expressions of these tests, one row at a time. */
export const FIXTURE_EVALUATOR: Evaluator = {
	compileExpression: (expression, { engine: ownEngine }) => ({
		costPerRow: 1,
		evaluate(batch, region) {
			if (expression.kind === "column") return batch.columns[expression.index]!;
			const builder = new VectorBuilder(ownEngine, region, expression.type, Math.max(1, batch.rowCount));
			for (let position = 0; position < batch.rowCount; position++) {
				builder.append(evaluateRow(expression, (index) => readValue(ownEngine, batch.columns[index]!, position)));
			}
			return builder.finish();
		},
	}),
	compilePredicate: (expression, { engine: ownEngine }) => ({
		costPerRow: 1,
		select(batch, region) {
			const { u16 } = ownEngine.arena.views;
			const live = Array.from({ length: batch.selectedCount }, (_, index) =>
				batch.selection === 0 ? index : u16[batch.selection / 2 + index]!,
			);
			const kept = live.filter(
				(position) => evaluateRow(expression, (index) => readValue(ownEngine, batch.columns[index]!, position)) === true,
			);
			const selection = region.allocate(kept.length * 2);
			u16.set(kept, selection / 2);
			return { ...batch, selection, selectedCount: kept.length };
		},
	}),
};
