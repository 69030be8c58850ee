/** The rows of an aggregate with ORDER BY: kept until the input's end, then fed to the aggregate in that order. Groups need not be sorted apart: each row knows its own. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SortKey } from "#shared/contracts/plan/expression.ts";
import type { Aggregate } from "../../functions/aggregates/aggregate.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import type { FlatVector } from "../../vector/vector.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { RowStore } from "../rows/row-store.ts";
import { SortInput } from "./sort-input.ts";
import type { SortedRows } from "./sorted-rows.ts";

export class OrderedRows {
	readonly #context: ExecutionContext;
	readonly #sortInput: SortInput;
	readonly #store: RowStore;
	readonly #argumentCount: number;
	#sorted: SortedRows | null = null;

	/** @param types of the group's address, the arguments, and the order keys, which are the last columns */
	constructor(context: ExecutionContext, types: { group: DataType; arguments: DataType[] }, orderBy: SortKey[]) {
		this.#context = context;
		this.#argumentCount = types.arguments.length;
		const columns = [types.group, ...types.arguments, ...orderBy.map(({ expression }) => expression.type)];
		const first = columns.length - orderBy.length;
		const keys = orderBy.map(({ expression: { type }, ...order }, index) => ({
			expression: { kind: "column" as const, index: first + index, type },
			...order,
		}));
		this.#sortInput = new SortInput(context, columns, keys);
		this.#store = this.#sortInput.newStore();
	}

	/** Keeps the live rows of a batch of those columns. */
	append(batch: Batch, region: Region): void {
		const { columns, selection, selectedCount } = this.#sortInput.prepare(batch, region);
		this.#store.append(columns, { selection, count: selectedCount, hashes: 0 });
	}

	/** One step of sorting or of feeding. @returns true when every row was fed */
	step(aggregate: Aggregate, region: Region): boolean {
		this.#sorted ??= this.#sortInput.sort(this.#store);
		const handled = this.#sorted.step();
		this.#context.spend(handled);
		if (handled > 0) return false;
		region.reset();
		const rows = this.#sorted.next(this.#context.batchRowCountMax, region);
		if (rows.count === 0) {
			this.#sorted.free();
			this.#store.free();
			return true;
		}
		this.#context.spend(rows.count * (this.#argumentCount + 1));
		const { columns, ...space } = this.#sortInput.gather(this.#store, rows, region);
		const [group, ...rest] = columns as FlatVector[];
		aggregate.update({ columns: rest.slice(0, this.#argumentCount), rows: space, groups: (group as FlatVector).values, region });
		return false;
	}
}
