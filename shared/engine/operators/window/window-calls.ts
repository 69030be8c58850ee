/** From a plan's window calls to functions over stored rows, and the columns that they need stored. */
import { assert } from "#shared/base/assert.ts";
import { signatureById } from "#shared/contracts/functions/registry.ts";
import type { Expression, FrameBound, SortKey, WindowCall, WindowFrame } from "#shared/contracts/plan/expression.ts";
import type { PhysicalWindow } from "#shared/contracts/plan/physical.ts";
import type { Pointer } from "../../memory/arena.ts";
import type { Batch } from "../../vector/batch.ts";
import { readValue } from "../../vector/read.ts";
import { DESCRIPTOR_BYTES, type RowColumn, rowLayout, writeDescriptors } from "../../vector/row-layout.ts";
import type { ExecutionContext } from "../execution-context.ts";
import type { StoredColumns } from "../rows/stored-columns.ts";
import { FrameAggregate } from "./window-aggregates.ts";
import { type BoundOffset, FrameFinder, frameOffset } from "./window-frame.ts";
import type { WindowFunction } from "./window-function.ts";
import { rankFunction } from "./window-ranks.ts";
import type { WindowKeys } from "./window-rows.ts";
import { frameValueFunction, shiftFunction } from "./window-values.ts";

const ONE_ROW: Batch = { rowCount: 1, columns: [], selection: 0, selectedCount: 1 };

/** Columns that one call needs stored. */
interface CallColumns {
	arguments: number[];
	filter: number | null;
	rangeKey: number | null;
	start: number | null;
	end: number | null;
}

export interface BoundWindow {
	keys: WindowKeys;
	functions: WindowFunction[];
}

/** @param columns gets every expression that the calls and keys read. @throws what a frame's offsets raise */
export function bindWindow(context: ExecutionContext, node: PhysicalWindow, columns: StoredColumns): BoundWindow {
	const partition = node.partitionKeys.map((key) => columns.columnOf(key));
	const order = node.orderKeys.map(({ expression }) => columns.columnOf(expression));
	const calls = node.calls.map((call) => ({ call, own: columnsOf(call, columns) }));
	// The layout is known only now that every column is.
	const layout = rowLayout(columns.types).columns;
	const describe = (list: { column: number; key: Pick<SortKey, "descending" | "nullsFirst"> }[]): Pointer => {
		const out = context.lease.region().allocate(Math.max(1, list.length) * DESCRIPTOR_BYTES);
		const described = list.map(({ column, key }) => ({ column: layout[column] as RowColumn, vector: null, ...key }));
		writeDescriptors(context.engine, described, out);
		return out;
	};
	const plain = { descending: false, nullsFirst: false };
	const keys: WindowKeys = {
		partition: { descriptors: describe(partition.map((column) => ({ column, key: plain }))), count: partition.length },
		order: { descriptors: describe(order.map((column) => ({ column, key: plain }))), count: order.length },
	};
	const functions = calls.map(({ call, own }) => {
		const direction = node.orderKeys[0] ?? plain;
		const describeOne = (column: number | null): Pointer => (column === null ? 0 : describe([{ column, key: direction }]));
		const frames = new FrameFinder(context, {
			frame: call.frame,
			start: offsetOf(context, call.frame, "start", describeOne(own.start)),
			end: offsetOf(context, call.frame, "end", describeOne(own.end)),
			rangeKey: describeOne(own.rangeKey),
		});
		return bindCall(context, call, own, frames);
	});
	return { keys, functions };
}

/** Positions of the input's columns that the keys and the calls read as they are. */
export function columnsRead({ partitionKeys, orderKeys, calls }: PhysicalWindow): number[] {
	const read = new Set<number>();
	const expressions = [...partitionKeys, ...orderKeys.map(({ expression }) => expression)];
	for (const { arguments: list, filter, frame } of calls) {
		const offsets = [frame.start, frame.end].flatMap((bound) => ("offset" in bound ? [bound.offset] : []));
		expressions.push(...list, ...offsets, ...[filter, frame.rangeKey].filter((part) => part !== null));
	}
	for (const expression of expressions) if (expression.kind === "column") read.add(expression.index);
	return [...read];
}

function columnsOf({ arguments: list, filter, frame }: WindowCall, columns: StoredColumns): CallColumns {
	const boundary = (bound: FrameBound): number | null =>
		frame.mode === "range" && "offset" in bound ? columns.columnOf(bound.offset) : null;
	return {
		arguments: list.map((argument) => columns.columnOf(argument)),
		filter: filter === null ? null : columns.columnOf(filter),
		rangeKey: frame.rangeKey === null ? null : columns.columnOf(frame.rangeKey),
		start: boundary(frame.start),
		end: boundary(frame.end),
	};
}

function offsetOf(context: ExecutionContext, frame: WindowFrame, which: "start" | "end", descriptor: Pointer): BoundOffset {
	const bound = frame[which];
	if (!("offset" in bound)) return null;
	if (frame.mode === "range") return { kind: "boundary", descriptor };
	const value = constantOf(context, bound.offset) as bigint | null;
	return { kind: "count", count: frameOffset(value, which === "start" ? "starting" : "ending") };
}

/** The value of an expression without columns. */
function constantOf(context: ExecutionContext, expression: Expression) {
	if (expression.kind === "constant") return expression.value;
	const region = context.lease.region();
	const value = readValue(context.engine, context.compileExpression(expression).evaluate(ONE_ROW, region), 0);
	region.free();
	return value;
}

function bindCall(context: ExecutionContext, call: WindowCall, own: CallColumns, frames: FrameFinder): WindowFunction {
	const { engine } = context;
	const signature = signatureById(call.functionId);
	if (signature?.kind === "aggregate") return new FrameAggregate(context, call, own, frames);
	const [value, second, third] = own.arguments;
	const name = signature?.name ?? call.functionId;
	const rank = rankFunction(engine, name, value);
	if (rank !== null) return rank;
	assert(value !== undefined, `${name} has an argument`);
	switch (name) {
		case "lag":
		case "lead": {
			const offset = call.arguments[1];
			return shiftFunction(engine, {
				sign: name === "lag" ? -1 : 1,
				value,
				offset:
					offset === undefined || second === undefined
						? { kind: "constant", count: 1 }
						: offset.kind === "constant"
							? { kind: "constant", count: offset.value as number | null }
							: { kind: "column", column: second },
				fallback: third ?? null,
				type: call.type,
			});
		}
		case "first_value":
		case "last_value":
		case "nth_value":
			return frameValueFunction(engine, { which: name, value, nth: second ?? null, frames, type: call.type });
		default:
			throw new Error(`an unknown window function: ${call.functionId}`);
	}
}
