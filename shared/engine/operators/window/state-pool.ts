/** States of one aggregate, in pages of their own, that many rows or other states are put into by few calls: additions wait until there is a batch of them. */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import type { Aggregate } from "../../functions/aggregates/aggregate.ts";
import { aggregateFunction } from "../../functions/aggregates/registry.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import { StateHeap } from "../aggregate/state-heap.ts";
import type { WindowRows } from "./window-rows.ts";

/** Columns of the stored rows that the aggregate reads; `filter` a boolean one. */
export interface AggregateColumns {
	arguments: number[];
	filter: number | null;
}

export class StatePool {
	readonly #context: ExecutionContext;
	readonly #columns: AggregateColumns;
	readonly #aggregate: Aggregate;
	readonly #stateBytes: number;
	readonly #heap: StateHeap;
	readonly #states: Region;
	readonly #scratch: Region;
	/** Additions that wait: what is added (addresses of rows, or of states) and to which state. */
	readonly #from: Pointer;
	readonly #to: Pointer;
	#kind: "rows" | "states" = "rows";
	#count = 0;
	#rows: WindowRows | null = null;

	constructor(context: ExecutionContext, call: Pick<AggregateCall, "functionId" | "arguments" | "type">, columns: AggregateColumns) {
		this.#context = context;
		this.#columns = columns;
		this.#heap = new StateHeap(context);
		const bound = aggregateFunction(call.functionId);
		this.#stateBytes = Math.max(8, bound.stateBytes);
		this.#aggregate = bound.bind({
			engine: context.engine,
			argumentTypes: call.arguments.map(({ type }) => type),
			type: call.type,
			offset: 0,
			heap: this.#heap,
		});
		this.#states = context.lease.region();
		this.#scratch = context.lease.region();
		const own = context.lease.region();
		this.#from = own.allocate(BATCH_ROW_COUNT_MAX * 4);
		this.#to = own.allocate(BATCH_ROW_COUNT_MAX * 4);
	}

	/** A new, empty state. */
	allocate(): Pointer {
		return this.#states.allocateZeroed(this.#stateBytes);
	}

	/** Forgets every state. */
	reset(): void {
		this.#count = 0;
		this.#states.reset();
		this.#heap.reset();
	}

	/** Adds rows [start, end) to a state, after what was added before. */
	addRows(rows: WindowRows, start: number, end: number, state: Pointer): void {
		if (this.#kind !== "rows") this.flush();
		this.#kind = "rows";
		this.#rows = rows;
		for (let row = start; row < end; row++) this.#add(rows.address(row), state);
	}

	/** Adds another state of the same aggregate, of this pool or another. */
	addState(from: Pointer, state: Pointer): void {
		if (this.#kind !== "states") this.flush();
		this.#kind = "states";
		this.#add(from, state);
	}

	/** Carries out the additions that wait. */
	flush(): void {
		if (this.#count === 0) return;
		const { engine } = this.#context;
		const region = this.#scratch;
		region.reset();
		const from: RowPointers = { rows: this.#from, count: this.#count };
		let rows = { rowCount: this.#count, selection: 0, selectedCount: this.#count };
		const groups = this.#to;
		this.#count = 0;
		if (this.#kind === "states") {
			this.#context.spend(from.count * 4);
			this.#aggregate.merge({ columns: this.#aggregate.partial(from, region), rows, groups, region });
			return;
		}
		const source = this.#rows as WindowRows;
		const columns = this.#columns.arguments.map((column) => source.gather(column, from, region));
		this.#context.spend(from.count * (2 + columns.length));
		if (this.#columns.filter !== null) {
			const { values, validity } = source.gather(this.#columns.filter, from, region);
			const selection = region.allocate(from.count * 2);
			rows = { ...rows, selection, selectedCount: engine.kernels.select_true(from.count, 0, values, validity, selection) };
			if (rows.selectedCount === 0) return;
		}
		this.#aggregate.update({ columns, rows, groups, region });
	}

	/** The results of states, in `region`. */
	finish(states: RowPointers, region: Region): Vector {
		this.flush();
		return this.#aggregate.finish(states, region);
	}

	#add(from: Pointer, to: Pointer): void {
		const { u32 } = this.#context.engine.arena.views;
		u32[this.#from / 4 + this.#count] = from;
		u32[this.#to / 4 + this.#count] = to;
		this.#count++;
		if (this.#count === BATCH_ROW_COUNT_MAX) this.flush();
	}
}
