/** Twins of comparisons, of lists of constants, and of the extremes of a page. NaN equals NaN and is above everything, -0 equals 0. */
import type { KernelCase } from "./kernel-case.ts";
import { f32, f64, i32, i64, i128, type Lane, rowAt, type Twin, type Twins, u8 } from "./twin.ts";
import { anyBool, anyFloat, anyI32, anyI64, anyI128, anyTexts } from "./values.ts";

/** `op` of the kernels: equal, different, less, at most. */
const HOLDS = [(order: number) => order === 0, (order: number) => order !== 0, (order: number) => order < 0, (order: number) => order <= 0];

const holds = (op: number, order: number): number => Number((HOLDS[op] as (typeof HOLDS)[number])(order));

const orderOf = (left: number | bigint, right: number | bigint): number => (left < right ? -1 : left > right ? 1 : 0);
function orderOfFloats(left: number, right: number): number {
	if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
	return orderOf(left, right);
}
const orderUnsigned = (left: bigint, right: bigint): number => orderOf(BigInt.asUintN(128, left), BigInt.asUintN(128, right));

const DAY = 86_400_000_000n;
/** An interval's lanes: months, days, microseconds; its months have 30 days, its days 24 hours. */
function microsecondsOf(interval: bigint): bigint {
	const months = BigInt.asIntN(32, interval);
	const days = BigInt.asIntN(32, interval >> 32n);
	return (months * 30n + days) * DAY + (interval >> 64n);
}

function comparison<Kind>(
	lane: Lane<Kind>,
	order: (left: Kind, right: Kind) => number,
	value: (rows: KernelCase) => () => Kind,
): Twin<"compare_i32"> {
	return {
		run: (memory, op, count, selection, left, leftConstant, right, rightConstant, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const a = lane.read(memory, left + (leftConstant === 1 ? 0 : row * lane.byteCount));
				const b = lane.read(memory, right + (rightConstant === 1 ? 0 : row * lane.byteCount));
				memory.u8[out + row] = holds(op, order(a, b));
			}
		},
		input: (rows) => {
			const [left, right] = [rows.lanes(lane, value(rows)), rows.lanes(lane, value(rows))];
			const out = rows.out(rows.rowCount, { alignment: 1 });
			return [rows.below(4), rows.count, rows.selection, left, rows.flag, right, rows.flag, out];
		},
	};
}

function membership<Kind extends number | bigint>(lane: Lane<Kind>, value: (rows: KernelCase) => () => Kind): Twin<"in_sorted_i32"> {
	return {
		run: (memory, count, selection, values, list, listCount, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const wanted = lane.read(memory, values + row * lane.byteCount);
				let isIn = false;
				for (let entry = 0; entry < listCount; entry++) isIn ||= lane.read(memory, list + entry * lane.byteCount) === wanted;
				memory.u8[out + row] = Number(isIn);
			}
		},
		input: (rows) => {
			const count = rows.below(9);
			const sorted = Array.from({ length: count }, value(rows)).toSorted(orderOf);
			const list = rows.lanes(lane, () => sorted.shift() as Kind, count);
			const values = rows.lanes(lane, value(rows));
			return [rows.count, rows.selection, values, list, count, rows.out(rows.rowCount, { alignment: 1 })];
		},
	};
}

/** Rows of the first least and the first largest value that is a number, -1 for none. @returns how many are NaN */
function extremes<Kind extends number | bigint>(
	lane: Lane<Kind>,
	value: (rows: KernelCase) => () => Kind,
	order: (left: Kind, right: Kind) => number = orderOf,
): Twin<"extremes_i32"> {
	return {
		run: (memory, count, values, out) => {
			const read = (row: number): Kind => lane.read(memory, values + row * lane.byteCount);
			let [least, largest, nanCount] = [-1, -1, 0];
			for (let row = 0; row < count; row++) {
				if (Number.isNaN(read(row))) {
					nanCount++;
					continue;
				}
				if (least < 0 || order(read(row), read(least)) < 0) least = row;
				if (largest < 0 || order(read(row), read(largest)) > 0) largest = row;
			}
			memory.i32.set([least, largest], out >> 2);
			return nanCount;
		},
		input: (rows) => [rows.rowCount, rows.lanes(lane, value(rows)), rows.out(8, { alignment: 4 })],
	};
}

const wideExtremes = (order: (left: bigint, right: bigint) => number) => extremes(i128, anyI128, order).run;

export const COMPARISON_TWINS: Twins = {
	compare_bool: comparison(u8, orderOf, anyBool),
	compare_i32: comparison(i32, orderOf, anyI32),
	compare_i64: comparison(i64, orderOf, anyI64),
	compare_f32: comparison(f32, orderOfFloats, anyFloat),
	compare_f64: comparison(f64, orderOfFloats, anyFloat),
	compare_i128: comparison(i128, orderOf, anyI128),
	compare_u128: comparison(i128, orderUnsigned, anyI128),
	compare_interval: comparison(i128, (left, right) => orderOf(microsecondsOf(left), microsecondsOf(right)), anyI128),
	compare_bytes: {
		run: (memory, op, padded, count, selection, left, leftOffsets, leftConstant, right, rightOffsets, rightConstant, out) => {
			const textOf = (values: number, offsets: number, row: number): Uint8Array => {
				const start = memory.i32[(offsets >> 2) + row] as number;
				let end = memory.i32[(offsets >> 2) + row + 1] as number;
				while (padded === 1 && end > start && memory.u8[values + end - 1] === 0x20) end--;
				return memory.u8.subarray(values + start, values + end);
			};
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				const a = textOf(left, leftOffsets, leftConstant === 1 ? 0 : row);
				const b = textOf(right, rightOffsets, rightConstant === 1 ? 0 : row);
				memory.u8[out + row] = holds(op, Buffer.compare(a, b));
			}
		},
		input: (rows) => {
			const texts = anyTexts(rows);
			const left = rows.texts(texts);
			const right = rows.texts(anyTexts(rows).map((text, row) => (rows.flag === 1 ? (texts[row] as Uint8Array) : text)));
			const out = rows.out(rows.rowCount, { alignment: 1 });
			const operands = [left.values, left.offsets, rows.flag, right.values, right.offsets, rows.flag] as const;
			return [rows.below(4), rows.flag, rows.count, rows.selection, ...operands, out];
		},
	},
	in_sorted_i32: membership(i32, anyI32),
	in_sorted_i64: membership(i64, anyI64),
	extremes_bool: extremes(u8, anyBool),
	extremes_i32: extremes(i32, anyI32),
	extremes_i64: extremes(i64, anyI64),
	extremes_f32: extremes(f32, anyFloat),
	extremes_f64: extremes(f64, anyFloat),
	extremes_i128: {
		run: (memory, count, values, signed, out) => wideExtremes(signed ? orderOf : orderUnsigned)(memory, count, values, out),
		input: (rows) => [rows.rowCount, rows.lanes(i128, anyI128(rows)), rows.flag === 1, rows.out(8, { alignment: 4 })],
	},
};
