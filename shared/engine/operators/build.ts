/** From a physical plan to running operators. */
import { assert, unreachable } from "#shared/base/assert.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import { inputsOf } from "#shared/contracts/plan/inputs.ts";
import type {
	PhysicalHashAggregate,
	PhysicalHashJoin,
	PhysicalNestedLoopJoin,
	PhysicalOperator,
	PhysicalPlan,
	PhysicalScan,
} from "#shared/contracts/plan/physical.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { ExpandOperator } from "./expand.ts";
import { FilterOperator } from "./filter.ts";
import { HashAggregateOperator } from "./aggregate/hash-aggregate.ts";
import { HashJoinOperator } from "./join/hash-join.ts";
import type { JoinSides } from "./join/join.ts";
import type { ScanKeyFilter } from "./key-filter/key-filter.ts";
import { KeyFilters } from "./key-filter/key-filters.ts";
import { flooredScan, type KeyFloor } from "./key-filter/key-floor.ts";
import { type LateColumns, lateColumns, lateKey } from "./late-columns.ts";
import { LimitOperator } from "./limit.ts";
import { type JoinColumns, joinColumns } from "./live-columns.ts";
import { MaterialisedRows } from "./rows/materialised-rows.ts";
import { MeasuredOperator, OperatorMeter, type OperatorStatistics } from "./measured.ts";
import { NestedLoopJoinOperator } from "./join/nested-loop-join.ts";
import { outputTypes } from "./output-types.ts";
import { ProjectOperator } from "./project.ts";
import { RecursiveUnionOperator, Worktable, WorktableScanOperator } from "./recursive-union.ts";
import { SetOperationOperator } from "./set-operation.ts";
import { SortOperator } from "./sort/sort.ts";
import type { BatchSource } from "./source.ts";
import { Subplan, SubplanScanOperator } from "./subplan.ts";
import { TableFunctionOperator } from "./table-function.ts";
import { TopNOperator } from "./sort/top-n.ts";
import { UnionAllOperator } from "./union-all.ts";
import { ValuesOperator } from "./values.ts";
import { takesExtremes, wideRowCount, wideScan } from "./wide-scan.ts";
import { WindowOperator } from "./window/window.ts";
import { YieldingSource } from "./yielding-source.ts";

/** What those above a scan want of it, or can do without. */
export interface ScanNeeds {
	/** Rows that they do not want may be dropped. */
	keyFilters: readonly ScanKeyFilter[];
	/** Is told which keys are still to come. */
	floor: KeyFloor | null;
	late: LateColumns | null;
	/** Of a batch. */
	rowCountMax: number;
	/** Only the least and the greatest values of its columns are asked for: rows in between may be left out, and two columns' values need not be of one row. */
	extremesOnly: boolean;
}

/** Gives a scan's columns in order and applies its predicate in full. */
export type OpenScan = (scan: PhysicalScan, needs: ScanNeeds) => BatchSource;

/** One operator's statistics, by its place in the tree. */
export interface MeasuredNode {
	node: PhysicalOperator;
	depth: number;
	/** Of the subplan that the node is of; null in the plan itself. */
	subplan: number | null;
	statistics: OperatorStatistics;
	/** Of a scan: rows that filters by the keys of joins dropped behind its predicate. */
	droppedByKeysCount: number;
	/** A join above it dropped rows of scans below it: it had fewer than it stands for. */
	isKeyFiltered: boolean;
}

/** A plan's operators. As a source it is the root; nothing is read before its first `next()`. */
export class RunningPlan implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #plan: Pick<PhysicalPlan, "subplans" | "root">;
	readonly #openScan: OpenScan;
	readonly #subplans: Subplan[] = [];
	readonly #worktables = new Map<number, Worktable>();
	readonly #meters = new Map<PhysicalOperator, OperatorMeter>();
	/** Of scans and group-bys under a top-N, and of scans under group-bys of which the first groups are wanted. */
	readonly #lateColumns = new Map<PhysicalOperator, LateColumns>();
	readonly #joinColumns: JoinColumns;
	readonly #keyFilters: KeyFilters;
	/** What aggregations want to know of the scans below them. */
	readonly #floors = new Map<PhysicalScan, KeyFloor>();
	/** Rows of a batch, of scans that may give more than others. */
	readonly #wideScans = new Map<PhysicalScan, number>();
	readonly #extremeScans = new Set<PhysicalScan>();
	readonly #root: BatchSource;

	constructor(context: ExecutionContext, plan: Pick<PhysicalPlan, "subplans" | "root">, openScan: OpenScan) {
		this.#context = context;
		this.#plan = plan;
		this.#openScan = openScan;
		const widthOf = (node: PhysicalOperator): number => this.#typesOf(node).length;
		this.#joinColumns = joinColumns([plan.root, ...plan.subplans], widthOf);
		this.#keyFilters = new KeyFilters(context, widthOf);
		for (const subplan of plan.subplans) this.#subplans.push(new Subplan(context, this.#build(subplan)));
		this.#root = this.#build(plan.root);
	}

	next(): ReturnType<BatchSource["next"]> {
		return this.#root.next();
	}

	close(): void {
		this.#root.close();
		for (const subplan of this.#subplans) subplan.close();
	}

	/** The rows of a subplan, whoever else reads it. */
	subplanRows(subplan: number): BatchSource {
		const found = this.#subplans[subplan];
		assert(found !== undefined, "the plan has the subplan");
		return new SubplanScanOperator(this.#context, found);
	}

	/** Every operator, the root first, inputs behind their operator (as `inputsOf` orders them), the subplans last. */
	get statistics(): MeasuredNode[] {
		const nodes: MeasuredNode[] = [];
		/** @returns the joins that dropped rows of the node's scans */
		const measure = (node: PhysicalOperator, depth: number, subplan: number | null): Set<PhysicalOperator> => {
			const { statistics } = this.#meters.get(node) ?? new OperatorMeter();
			const filters = node.kind === "scan" ? this.#keyFilters.of(node) : [];
			const droppedByKeysCount = filters.reduce((sum, { droppedCount }) => sum + droppedCount, 0);
			const measured: MeasuredNode = { node, depth, subplan, statistics, droppedByKeysCount, isKeyFiltered: false };
			nodes.push(measured);
			const droppers = new Set<PhysicalOperator>(node.kind === "scan" ? this.#keyFilters.droppersOf(node) : []);
			for (const input of inputsOf(node)) for (const join of measure(input, depth + 1, subplan)) droppers.add(join);
			droppers.delete(node);
			measured.isKeyFiltered = node.kind !== "scan" && droppers.size > 0;
			return droppers;
		};
		measure(this.#plan.root, 0, null);
		for (const [index, node] of this.#plan.subplans.entries()) measure(node, 0, index);
		return nodes;
	}

	/** A new one, which the scan below is given when it is built. A scan's batch that comes in pieces is given out before its last rows are. */
	#floorOf(node: PhysicalHashAggregate): KeyFloor | null {
		const found = this.#context.batchRowCountMax < BATCH_ROW_COUNT_MAX ? null : flooredScan(node);
		if (found === null) return null;
		this.#floors.set(found.scan, found.floor);
		return found.floor;
	}

	/** Tells the scan below that it may give wide batches, where the aggregation takes them. */
	#widen(node: PhysicalHashAggregate): void {
		const scan = this.#context.batchRowCountMax < BATCH_ROW_COUNT_MAX ? null : wideScan(node);
		if (scan === null) return;
		this.#wideScans.set(scan, wideRowCount(this.#typesOf(scan)));
		if (takesExtremes(node, scan)) this.#extremeScans.add(scan);
	}

	#scan(node: PhysicalScan): BatchSource {
		const rowCountMax = this.#wideScans.get(node) ?? this.#context.batchRowCountMax;
		const [floor, late] = [this.#floors.get(node) ?? null, this.#lateColumns.get(node) ?? null];
		const needs: ScanNeeds = {
			keyFilters: this.#keyFilters.of(node),
			floor,
			late,
			rowCountMax: Math.max(BATCH_ROW_COUNT_MAX, rowCountMax),
			extremesOnly: this.#extremeScans.has(node),
		};
		return new YieldingSource(this.#context, this.#openScan(node, needs), rowCountMax);
	}

	#typesOf(node: PhysicalOperator): DataType[] {
		return outputTypes(node, (scan) => this.#context.scanTypes(scan));
	}

	#build(node: PhysicalOperator): BatchSource {
		let meter = this.#meters.get(node);
		if (meter === undefined) this.#meters.set(node, (meter = new OperatorMeter()));
		meter.loops++;
		return new MeasuredOperator(this.#context, meter, () => this.#operator(node));
	}

	#operator(node: PhysicalOperator): BatchSource {
		const context = this.#context;
		const build = (child: PhysicalOperator): BatchSource => this.#build(child);
		const typesOf = (child: PhysicalOperator): DataType[] => this.#typesOf(child);
		const sidesOf = (join: PhysicalHashJoin | PhysicalNestedLoopJoin): JoinSides => {
			const types = { probeTypes: typesOf(join.probe), buildTypes: typesOf(join.build) };
			const columns = this.#joinColumns.get(join) ?? null;
			const isRead = (column: number): boolean => columns === null || columns.has(column);
			const read = {
				probe: types.probeTypes.map((_, index) => isRead(index)),
				build: types.buildTypes.map((_, index) => isRead(types.probeTypes.length + index)),
			};
			return { probe: build(join.probe), build: build(join.build), ...types, read };
		};
		switch (node.kind) {
			case "scan":
				return this.#scan(node);
			case "values":
				return new ValuesOperator(context, node);
			case "filter":
				return new FilterOperator(context, node, build(node.input));
			case "project":
				return new ProjectOperator(context, node, build(node.input));
			case "limit":
				return new LimitOperator(context, node, build(node.input));
			case "hash_aggregate": {
				this.#widen(node);
				const lateInput = lateKey(node);
				if (lateInput !== null) this.#lateColumns.set(node.input, lateInput);
				// Groups that are given out early could not be told from those that are wanted.
				const floor = node.wanted === undefined ? this.#floorOf(node) : null;
				return new HashAggregateOperator(context, { ...node, late: this.#lateColumns.get(node), lateInput, floor }, build(node.input));
			}
			case "hash_join":
				return new HashJoinOperator(context, node, { keyFilters: this.#keyFilters.make(node), ...sidesOf(node) });
			case "nested_loop_join":
				return new NestedLoopJoinOperator(context, node, sidesOf(node));
			case "sort":
				return new SortOperator(context, node, build(node.input), typesOf(node.input));
			case "top_n": {
				const found = lateColumns(node);
				if (found !== null) this.#lateColumns.set(found.source, found.late);
				return new TopNOperator(context, node, build(node.input), typesOf(node.input), found?.late ?? null);
			}
			case "exchange":
				// One executor: there is nobody to exchange with.
				return build(node.input);
			case "union_all":
				return new UnionAllOperator(node.inputs.map(build));
			case "set_operation":
				return new SetOperationOperator(context, node, { left: build(node.left), right: build(node.right) }, typesOf(node.left));
			case "expand":
				return new ExpandOperator(context, node, build(node.input));
			case "window":
				return new WindowOperator(context, node, build(node.input), typesOf(node.input));
			case "table_function":
				return new TableFunctionOperator(context, node, build(node.input));
			case "subplan_scan": {
				const subplan = this.#subplans[node.subplan];
				assert(subplan !== undefined, "a subplan is read only by those behind it");
				return new SubplanScanOperator(context, subplan);
			}
			case "recursive_union": {
				const worktable = new Worktable(new MaterialisedRows(context, context.lease));
				const buildStep = (): BatchSource => {
					// A recursion that the plan has twice has one number: its step reads its own rows.
					this.#worktables.set(node.worktable, worktable);
					return build(node.step);
				};
				return new RecursiveUnionOperator(context, node, { seed: build(node.seed), worktable, buildStep });
			}
			case "worktable_scan": {
				const worktable = this.#worktables.get(node.worktable);
				assert(worktable !== undefined, "a worktable is scanned by its recursion's step");
				return new WorktableScanOperator(context, worktable);
			}
			default:
				return unreachable(node);
		}
	}
}

/** A single tree without subplans. */
export function buildOperator(root: PhysicalOperator, context: ExecutionContext, openScan: OpenScan): BatchSource {
	return new RunningPlan(context, { root, subplans: [] }, openScan);
}
