/** The aggregates of one hash aggregation: their states' places behind the keys, FILTER, DISTINCT, and what each is fed from a batch. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { AggregateCall } from "#shared/contracts/plan/expression.ts";
import { aggregateFunction } from "../functions/aggregates/registry.ts";
import type { Aggregate } from "../functions/aggregates/aggregate.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten } from "../vector/copy.ts";
import type { RowPointers } from "../vector/row-gather.ts";
import type { FlatVector, Vector } from "../vector/vector.ts";
import type { CompiledExpression, CompiledPredicate } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { GroupTable } from "./group-table.ts";
import { OrderedRows } from "./ordered-rows.ts";

const GROUP_ADDRESS: DataType = { kind: "integer" };

interface BoundCall {
	aggregate: Aggregate;
	arguments: CompiledExpression[];
	filter: CompiledPredicate | null;
	/** Combinations of group and arguments already seen; null without DISTINCT. */
	seen: GroupTable | null;
	/** With ORDER BY: its keys, and the rows that wait for the input's end. */
	ordered: { keys: CompiledExpression[]; rows: OrderedRows } | null;
	costPerRow: number;
}

/** Bytes of all states, and each one's place from the first. */
export function stateLayout(calls: AggregateCall[]): { stateBytes: number; offsets: number[] } {
	let stateBytes = 0;
	const offsets = calls.map((call) => {
		const offset = stateBytes;
		stateBytes += aggregateFunction(call.functionId).stateBytes;
		return offset;
	});
	return { stateBytes, offsets };
}

export class AggregateCalls {
	readonly #context: ExecutionContext;
	readonly #calls: BoundCall[];

	/** @param offsets of each state in a group's row */
	constructor(context: ExecutionContext, calls: AggregateCall[], groups: GroupTable, offsets: number[]) {
		this.#context = context;
		const heap = { state: groups.heapState, grow: () => groups.growHeap() };
		this.#calls = calls.map((call, index) => {
			const argumentTypes = call.arguments.map(({ type }) => type);
			const compiled = call.arguments.map((argument) => context.compileExpression(argument));
			const filter = call.filter === null ? null : context.compilePredicate(call.filter);
			const distinct = call.distinct && call.arguments.length > 0;
			const orderBy = call.orderBy ?? [];
			const keys = orderBy.map(({ expression }) => context.compileExpression(expression));
			const types = { group: GROUP_ADDRESS, arguments: argumentTypes };
			return {
				aggregate: aggregateFunction(call.functionId).bind({
					engine: context.engine,
					argumentTypes,
					type: call.type,
					offset: offsets[index] as number,
					heap,
				}),
				arguments: compiled,
				filter,
				seen: distinct ? new GroupTable(context, [GROUP_ADDRESS, ...argumentTypes], 0) : null,
				ordered: orderBy.length === 0 ? null : { keys, rows: new OrderedRows(context, types, orderBy) },
				costPerRow: [...compiled, ...keys].reduce(
					(cost, { costPerRow }) => cost + costPerRow,
					(filter?.costPerRow ?? 0) + (distinct ? 10 : 2),
				),
			};
		});
	}

	/** @param groups u32 by row position: the group of each live row */
	update(batch: Batch, groups: Pointer, region: Region): void {
		for (const call of this.#calls) {
			this.#context.spend(batch.selectedCount * call.costPerRow);
			let rows = call.filter === null ? batch : call.filter.select(batch, region);
			if (rows.selectedCount === 0) continue;
			let columns: Vector[] = call.arguments.map((argument) => argument.evaluate(rows, region));
			if (call.seen !== null) {
				const flat = columns.map((column) => flatten(this.#context.engine, column, rows, region));
				const { created, createdCount } = call.seen.find([groupColumn(groups), ...flat], rows, region);
				if (createdCount === 0) continue;
				rows = { ...rows, selection: created, selectedCount: createdCount };
				columns = flat;
			}
			if (call.ordered === null) call.aggregate.update({ columns, rows, groups, region });
			else {
				const keys = call.ordered.keys.map((key) => key.evaluate(rows, region));
				call.ordered.rows.append({ ...rows, columns: [groupColumn(groups), ...columns, ...keys] }, region);
			}
		}
	}

	/** After the last update, until it returns true: a step of what waited for the input's end. */
	settle(region: Region): boolean {
		const call = this.#calls.find(({ ordered }) => ordered !== null);
		if (call === undefined || call.ordered === null) return true;
		if (call.ordered.rows.step(call.aggregate, region)) call.ordered = null;
		return false;
	}

	finish(groups: RowPointers, region: Region): Vector[] {
		return this.#calls.map(({ aggregate }) => aggregate.finish(groups, region));
	}
}

/** Groups' addresses as a column of integers. */
function groupColumn(groups: Pointer): FlatVector {
	return { kind: "flat", type: GROUP_ADDRESS, physical: "i32", values: groups, validity: 0, offsets: 0 };
}
