/**
 * Window functions over an input sorted by partition and order. Rows are stored as they come and leave as soon as every call knows its result; a row is let go when no
 * call needs it any more. So memory is bounded by the frames that look a bounded way, and by the largest partition where one looks over it. What no call reads waits apart, and spills.
 */
import { unreachable } from "#shared/base/assert.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { PhysicalWindow } from "#shared/contracts/plan/physical.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import type { Vector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { BatchSource } from "../source.ts";
import { StoredColumns } from "../rows/stored-columns.ts";
import { bindWindow, columnsRead } from "./window-calls.ts";
import type { Lookahead, WindowFunction } from "./window-function.ts";
import { WindowPayload } from "./window-payload.ts";
import { WindowRows } from "./window-rows.ts";
import { windowView } from "./window-view.ts";

const CALL_COST = 4;

export class WindowOperator implements BatchSource {
	readonly #context: ExecutionContext;
	readonly #input: BatchSource;
	readonly #columns: StoredColumns;
	readonly #rows: WindowRows;
	readonly #functions: WindowFunction[];
	readonly #payload: WindowPayload;
	/** Where each input column is: among the stored ones, or the payload's. */
	readonly #placed: { stored: boolean; index: number }[];
	readonly #region: Region;
	#emitted = 0;

	/** @param types of the input's columns */
	constructor(context: ExecutionContext, node: PhysicalWindow, input: BatchSource, types: DataType[]) {
		this.#context = context;
		this.#input = input;
		const kept = columnsRead(node);
		const others = types.flatMap((_, column) => (kept.includes(column) ? [] : [column]));
		this.#placed = types.map((_, column) => {
			const stored = kept.includes(column);
			return { stored, index: (stored ? kept : others).indexOf(column) };
		});
		this.#payload = new WindowPayload(context, others);
		this.#columns = new StoredColumns(context, types, kept);
		const { keys, functions } = bindWindow(context, node, this.#columns);
		this.#functions = functions;
		this.#rows = new WindowRows(context, this.#columns.types, keys);
		this.#region = context.lease.region();
	}

	next(): Batch | "blocked" | null {
		for (;;) {
			if (this.#context.yieldDue || this.#context.spillBlocked) return "blocked";
			const ready = this.#readyRowCount() - this.#emitted;
			// Small pieces wait for more, so that partitions of a row do not make batches of a row.
			if (ready >= this.#context.batchRowCountMax || (this.#rows.ended && ready > 0)) {
				const there = this.#payload.isEmpty ? ready : this.#payload.ready;
				return there === "blocked" ? there : this.#emit(Math.min(ready, there, this.#context.batchRowCountMax));
			}
			if (this.#rows.ended) return null;
			const batch = this.#input.next();
			if (batch === "blocked") return batch;
			if (batch === null) {
				this.#rows.ended = true;
				this.#payload.finish();
			} else if (batch.selectedCount > 0) {
				this.#region.reset();
				this.#payload.append(batch);
				this.#rows.append(this.#columns.prepare(batch, this.#region), this.#region);
			}
		}
	}

	close(): void {
		this.#input.close();
	}

	/** Rows before this one may be computed. */
	#readyRowCount(): number {
		return Math.min(this.#rows.arrived, ...this.#functions.flatMap(({ lookahead }) => lookahead.map((one) => this.#readyFor(one))));
	}

	#readyFor(lookahead: Lookahead): number {
		switch (lookahead.kind) {
			case "rows":
				return Math.max(this.#rows.closedRowCount, this.#rows.arrived - lookahead.count);
			case "peers":
				return this.#rows.closedPeersRowCount;
			case "partition":
				return this.#rows.closedRowCount;
			default:
				return unreachable(lookahead);
		}
	}

	#emit(count: number): Batch {
		this.#release();
		const region = this.#region;
		region.reset();
		const first = this.#emitted;
		const view = windowView(this.#rows, { first, count }, region);
		const addresses = this.#rows.addresses(first, count, region);
		const payload = this.#payload.isEmpty ? [] : this.#payload.take(count, region);
		const columns = this.#placed.map(({ stored, index }) =>
			stored ? this.#rows.gather(index, addresses, region) : (payload[index] as Vector),
		);
		const results = this.#functions.map((one) => one.compute(view, region));
		this.#context.spend(count * (columns.length + results.length * CALL_COST));
		this.#emitted += count;
		return { rowCount: count, columns: [...columns, ...results], selection: 0, selectedCount: count };
	}

	/** Lets go of rows that were emitted by the calls before and are not needed any more. */
	#release(): void {
		const next = this.#emitted;
		this.#rows.forgetPartitions(next);
		this.#rows.release((rows) => rows.end > next || this.#functions.some((one) => one.needs(rows, next)));
	}
}
