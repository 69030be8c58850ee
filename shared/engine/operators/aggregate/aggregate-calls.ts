/** The aggregates of one hash aggregation: their states' places behind the keys, FILTER, DISTINCT, and what each is fed from a batch. */
import type { AggregateCall, Expression } from "#shared/contracts/plan/expression.ts";
import { evaluateNarrow } from "../../expression/evaluator.ts";
import { singleColumn } from "../../expression/single-column.ts";
import { codedRows } from "../../functions/aggregates/coded-rows.ts";
import { aggregateFunction } from "../../functions/aggregates/registry.ts";
import type { Aggregate, AggregateInput, Runs } from "../../functions/aggregates/aggregate.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Region } from "../../memory/region.ts";
import type { Batch } from "../../vector/batch.ts";
import { flatten } from "../../vector/copy.ts";
import type { RowPointers } from "../../vector/row-gather.ts";
import type { Vector } from "../../vector/vector.ts";
import { DistinctRows, GROUP_ADDRESS, groupColumn } from "./distinct-rows.ts";
import type { CompiledExpression, CompiledPredicate } from "../evaluator.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { GroupTable } from "./group-table.ts";
import { OrderedRows } from "../sort/ordered-rows.ts";

interface BoundCall {
	aggregate: Aggregate;
	arguments: SharedArgument[];
	filter: CompiledPredicate | null;
	/** Null without DISTINCT. */
	distinct: DistinctRows | null;
	/** Keys of ORDER BY that are not arguments. */
	otherKeys: CompiledExpression[];
	/** With ORDER BY: where each key stands among arguments and other keys, and the rows that wait for the input's end. */
	ordered: { keyPlaces: number[]; rows: OrderedRows } | null;
	costPerRow: number;
}

/** So many calls are worth bringing the rows into the order of their groups, where these have so many rows on average, and are no more than `rows_in_runs` takes. */
const RUN_TAKERS_MIN = 2;
const RUN_ROWS_MIN = 16;
const RUN_COUNT_MAX = 128;
/** Of `rows_in_runs`, and one more a row. */
const RUN_SCRATCH_BYTES = 2048;

/** An argument of one call, or of several that name the same: those without FILTER compute it once a batch. */
interface SharedArgument {
	expression: CompiledExpression;
	callCount: number;
	/** Every call takes free NUMERIC in 64 bits as well. */
	isNarrow: boolean;
	/** Every call takes a dictionary's codes. */
	takesCodes: boolean;
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
	/** Calls that every row goes to, in any order of groups. */
	readonly #runTakerCount: number;

	/** @param offsets of each state in a group's row */
	constructor(context: ExecutionContext, calls: AggregateCall[], groups: GroupTable, offsets: number[]) {
		this.#context = context;
		const shared = new Map<string, SharedArgument>();
		const share = (argument: Expression): SharedArgument => {
			// One that several columns make, or that differs at every call, is each call's own.
			const key = singleColumn(argument) === null ? null : keyOf(argument);
			const known = key === null ? undefined : shared.get(key);
			const own = known ?? {
				expression: context.compileExpression(argument),
				callCount: 0,
				isNarrow: true,
				takesCodes: true,
				vector: null,
			};
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
			const others: Expression[] = [];
			const keyPlaces = orderBy.map(({ expression }) => {
				const key = keyOf(expression);
				const place = call.arguments.findIndex((argument) => keyOf(argument) === key);
				return place >= 0 ? place : call.arguments.length + others.push(expression) - 1;
			});
			const otherKeys = others.map((expression) => context.compileExpression(expression));
			const types = { group: GROUP_ADDRESS, arguments: argumentTypes };
			const aggregate = aggregateFunction(call.functionId).bind({
				engine: context.engine,
				argumentTypes,
				type: call.type,
				offset: offsets[index] as number,
				heap,
			});
			const isDirect = !distinct && orderBy.length === 0;
			for (const argument of compiled) {
				argument.isNarrow &&= isDirect && aggregate.takesNarrow === true;
				argument.takesCodes &&= isDirect && aggregate.takesCodes === true;
			}
			return {
				aggregate,
				arguments: compiled,
				filter,
				distinct: distinct ? new DistinctRows(context, [...argumentTypes, ...others.map(({ type }) => type)]) : null,
				otherKeys,
				ordered: orderBy.length === 0 ? null : { keyPlaces, rows: new OrderedRows(context, types, orderBy) },
				costPerRow: [...compiled.map(({ expression }) => expression), ...otherKeys].reduce(
					(cost, { costPerRow }) => cost + costPerRow,
					(filter?.costPerRow ?? 0) + (distinct ? 10 : 2),
				),
			};
		});
		this.#runTakerCount = this.#calls.filter(
			({ aggregate, filter, distinct, ordered }) =>
				aggregate.takesRuns === true && filter === null && distinct === null && ordered === null,
		).length;
	}

	/** Rows are being written: whoever updates asks `context.spillBlocked` between its batches. */
	get isSpilling(): boolean {
		return this.#calls.some(({ distinct }) => distinct?.isSpilling === true);
	}

	/**
	 * @param groups u32 by row position: the group of each live row
	 * @param only that group, where there is only one
	 */
	update(batch: Batch, groups: Pointer, region: Region, only?: Pointer): void {
		for (const { arguments: shared } of this.#calls) for (const argument of shared) argument.vector = null;
		const runs = only === undefined && this.#runTakerCount >= RUN_TAKERS_MIN ? this.#runsOf(batch, groups, region) : undefined;
		for (const call of this.#calls) {
			this.#context.spend(batch.selectedCount * call.costPerRow);
			const rows = call.filter === null ? batch : call.filter.select(batch, region);
			if (rows.selectedCount === 0) continue;
			const columns: Vector[] = call.arguments.map((argument) =>
				this.#evaluate(argument, rows, { isWholeBatch: rows === batch, isOneGroup: only !== undefined }, region),
			);
			for (const key of call.otherKeys) columns.push(key.evaluate(rows, region));
			if (call.distinct === null) feed(call, { rows, columns, groups, only, runs: rows === batch ? runs : undefined, region });
			else feed(call, { ...call.distinct.select(columns, rows, groups, region), only, region });
		}
	}

	/** Undefined where the groups are too many for it. */
	#runsOf({ selectedCount, selection }: Batch, groups: Pointer, region: Region): Runs | undefined {
		const countMax = Math.min(RUN_COUNT_MAX, Math.floor(selectedCount / RUN_ROWS_MIN));
		if (countMax === 0) return undefined;
		const scratch = region.allocate(RUN_SCRATCH_BYTES + selectedCount);
		const pairs = region.allocate(countMax * 8);
		const positions = region.allocate(selectedCount * 2);
		const count = this.#context.engine.kernels.rows_in_runs(selectedCount, selection, groups, countMax, scratch, pairs, positions);
		return count === 0 ? undefined : { count, pairs, positions };
	}

	#evaluate(
		argument: SharedArgument,
		rows: Batch,
		{ isWholeBatch, isOneGroup }: { isWholeBatch: boolean; isOneGroup: boolean },
		region: Region,
	): Vector {
		if (isWholeBatch && argument.vector !== null) return argument.vector;
		const { expression, isNarrow, takesCodes } = argument;
		const vector = isNarrow ? evaluateNarrow(expression, rows, region) : expression.evaluate(rows, region);
		if (argument.callCount === 1 || !isWholeBatch) return vector;
		argument.vector =
			takesCodes && isOneGroup && codedRows(vector, rows) !== null ? vector : flatten(this.#context.engine, vector, rows, region);
		return argument.vector;
	}

	/** After the last update, until it returns true: a step of what waited for the input's end. */
	settle(region: Region): boolean | "blocked" {
		for (const call of this.#calls) {
			if (call.distinct !== null) {
				const more = call.distinct.step(region);
				if (more === "blocked") return more;
				if (more === null) call.distinct = null;
				else feed(call, { ...more, region });
				return false;
			}
			if (call.ordered !== null) {
				if (call.ordered.rows.step(call.aggregate, region)) call.ordered = null;
				return false;
			}
		}
		return true;
	}

	/** True where states can be moved to other groups: no call keeps rows of its own. */
	get areMovable(): boolean {
		return this.#calls.every(({ distinct, ordered }) => distinct === null && ordered === null);
	}

	/** Adds the states of some groups of `source`, which has the same calls, to `groups` of this: u32 by the position in `stored`. */
	moveFrom(source: AggregateCalls, stored: RowPointers, groups: Pointer, region: Region): void {
		const rows = { rowCount: stored.count, selection: 0, selectedCount: stored.count };
		for (const [index, { aggregate }] of this.#calls.entries()) {
			const columns = (source.#calls[index] as BoundCall).aggregate.partial(stored, region);
			aggregate.merge({ columns, rows, groups, region });
		}
	}

	/** The results of one call. */
	finish(call: number, groups: RowPointers, region: Region): Vector {
		return (this.#calls[call] as BoundCall).aggregate.finish(groups, region);
	}
}

/** @param input `columns` of the arguments and, behind them, of the other keys */
function feed({ aggregate, arguments: { length }, ordered }: BoundCall, input: AggregateInput): void {
	const { columns, rows, groups, region } = input;
	if (rows.selectedCount === 0) return;
	if (ordered === null) return aggregate.update(input);
	const keys = ordered.keyPlaces.map((place) => columns[place] as Vector);
	ordered.rows.append({ ...rows, columns: [groupColumn(groups), ...columns.slice(0, length), ...keys] }, region);
}

/** Equal for equal expressions. */
function keyOf(expression: Expression): string {
	return JSON.stringify(expression, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
