/** The aggregates of one hash aggregation: their states' places behind the keys, FILTER, DISTINCT, and what each is fed from a batch. */
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import { singleColumn } from "../expression/single-column.ts";
import { aggregateFunction } from "../functions/aggregates/registry.ts";
import type { Aggregate } from "../functions/aggregates/aggregate.ts";
import type { Pointer } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { Batch } from "../vector/batch.ts";
import { flatten } from "../vector/copy.ts";
import type { RowPointers } from "../vector/row-gather.ts";
import type { Vector } from "../vector/vector.ts";
import { DistinctRows, GROUP_ADDRESS, groupColumn } from "./distinct-rows.ts";
import type { CompiledExpression, CompiledPredicate } from "./evaluator.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { GroupTable } from "./group-table.ts";
import { OrderedRows } from "./ordered-rows.ts";

interface BoundCall {
	aggregate: Aggregate;
	arguments: SharedArgument[];
	filter: CompiledPredicate | null;
	/** Null without DISTINCT. */
	distinct: DistinctRows | null;
	/** With ORDER BY: its keys, and the rows that wait for the input's end. */
	ordered: { keys: CompiledExpression[]; rows: OrderedRows } | null;
	costPerRow: number;
}

/** An argument of one call, or of several that name the same: those without FILTER compute it once a batch. */
interface SharedArgument {
	expression: CompiledExpression;
	callCount: number;
	/** In the batch at hand; null before the first call that needs it. */
	vector: Vector | null;
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
		const shared = new Map<string, SharedArgument>();
		const share = (argument: Expression): SharedArgument => {
			// One that several columns make, or that differs at every call, is each call's own.
			const key = singleColumn(argument) === null ? null : keyOf(argument);
			const known = key === null ? undefined : shared.get(key);
			const own = known ?? { expression: context.compileExpression(argument), callCount: 0, vector: null };
			own.callCount++;
			if (key !== null) shared.set(key, own);
			return own;
		};
		const heap = { state: groups.heapState, grow: () => groups.growHeap() };
		this.#calls = calls.map((call, index) => {
			const argumentTypes = call.arguments.map(({ type }) => type);
			const compiled = call.arguments.map(share);
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
				distinct: distinct ? new DistinctRows(context, argumentTypes) : null,
				ordered: orderBy.length === 0 ? null : { keys, rows: new OrderedRows(context, types, orderBy) },
				costPerRow: [...compiled.map(({ expression }) => expression), ...keys].reduce(
					(cost, { costPerRow }) => cost + costPerRow,
					(filter?.costPerRow ?? 0) + (distinct ? 10 : 2),
				),
			};
		});
	}

	/**
	 * @param groups u32 by row position: the group of each live row
	 * @param only that group, where there is only one
	 */
	update(batch: Batch, groups: Pointer, region: Region, only?: Pointer): void {
		for (const { arguments: shared } of this.#calls) for (const argument of shared) argument.vector = null;
		for (const call of this.#calls) {
			this.#context.spend(batch.selectedCount * call.costPerRow);
			let rows = call.filter === null ? batch : call.filter.select(batch, region);
			if (rows.selectedCount === 0) continue;
			let columns = call.arguments.map((argument) => this.#evaluate(argument, rows, rows === batch, region));
			if (call.distinct !== null) {
				const selected = call.distinct.select(columns, rows, groups, region);
				if (selected.rows.selectedCount === 0) continue;
				rows = { ...rows, ...selected.rows };
				({ columns } = selected);
			}
			if (call.ordered === null) call.aggregate.update({ columns, rows, groups, only, region });
			else {
				const keys = call.ordered.keys.map((key) => key.evaluate(rows, region));
				call.ordered.rows.append({ ...rows, columns: [groupColumn(groups), ...columns, ...keys] }, region);
			}
		}
	}

	#evaluate(argument: SharedArgument, rows: Batch, isWholeBatch: boolean, region: Region): Vector {
		if (argument.callCount === 1 || !isWholeBatch) return argument.expression.evaluate(rows, region);
		argument.vector ??= flatten(this.#context.engine, argument.expression.evaluate(rows, region), rows, region);
		return argument.vector;
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

/** Equal for equal expressions. */
function keyOf(expression: Expression): string {
	return JSON.stringify(expression, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
