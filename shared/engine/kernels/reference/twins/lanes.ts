/** Twins of the kernels that move lanes: gathered, looked up, spread, packed, widened and checked. */
import type { KernelCase } from "./kernel-case.ts";
import { f32, f64, i32, i64, i128, isValid, type Lane, rowAt, setBit, type Twin, type Twins, u8, u32 } from "./twin.ts";
import { anyBool, anyByte, anyFloat, anyI32, anyI64, anyI128, anyTexts } from "./values.ts";

type Value<Kind> = (rows: KernelCase) => () => Kind;

const ENTRY_COUNT = 50;

const outOf = (rows: KernelCase, byteCount: number, lane: { byteCount: number }): number =>
	rows.out(byteCount, { alignment: lane.byteCount });

function take<Kind>(lane: Lane<Kind>, value: Value<Kind>): Twin<"take_32"> {
	const { byteCount } = lane;
	return {
		run: (memory, count, positions, source, out) => {
			for (let index = 0; index < count; index++) {
				const from = source + (memory.u16[(positions >> 1) + index] as number) * byteCount;
				lane.write(memory, out + index * byteCount, lane.read(memory, from));
			}
		},
		input: (rows) => [
			rows.count,
			rows.positions(rows.rowCount + 1),
			rows.lanes(lane, value(rows)),
			outOf(rows, rows.count * byteCount, lane),
		],
	};
}

function lookup<Kind>(lane: Lane<Kind>, value: Value<Kind>, zero: Kind): Twin<"lookup_32"> {
	const { byteCount } = lane;
	return {
		run: (memory, count, codes, validity, source, out) => {
			for (let row = 0; row < count; row++) {
				const from = source + (memory.u32[(codes >> 2) + row] as number) * byteCount;
				lane.write(memory, out + row * byteCount, isValid(memory, validity, row) ? lane.read(memory, from) : zero);
			}
		},
		input: (rows) => [
			rows.rowCount,
			rows.lanes(u32, () => rows.below(ENTRY_COUNT)),
			rows.validity,
			rows.lanes(lane, value(rows), ENTRY_COUNT),
			outOf(rows, rows.rowCount * byteCount, lane),
		],
	};
}

function fill<Kind>(lane: Lane<Kind>, value: Value<Kind>): Twin<"fill_32"> {
	return {
		run: (memory, count, source, out) => {
			for (let row = 0; row < count; row++) lane.write(memory, out + row * lane.byteCount, lane.read(memory, source));
		},
		input: (rows) => [rows.rowCount, rows.lanes(lane, value(rows), 1), outOf(rows, rows.rowCount * lane.byteCount, lane)],
	};
}

function spread<Kind>(lane: Lane<Kind>, value: Value<Kind>, zero: Kind): Twin<"spread_i32"> {
	return {
		run: (memory, rowCount, validity, dense, out) => {
			let taken = 0;
			for (let row = 0; row < rowCount; row++) {
				const valid = isValid(memory, validity, row);
				lane.write(memory, out + row * lane.byteCount, valid ? lane.read(memory, dense + taken++ * lane.byteCount) : zero);
			}
		},
		input: (rows) => [rows.rowCount, rows.validity, rows.lanes(lane, value(rows)), outOf(rows, rows.rowCount * lane.byteCount, lane)],
	};
}

function compact<Kind>(lane: Lane<Kind>, value: Value<Kind>): Twin<"compact_i32"> {
	const { byteCount } = lane;
	return {
		run: (memory, start, end, validity, values, out) => {
			let count = 0;
			for (let row = start; row < end; row++) {
				if (isValid(memory, validity, row)) lane.write(memory, out + count++ * byteCount, lane.read(memory, values + row * byteCount));
			}
			return count;
		},
		input: (rows) => {
			const start = rows.below(rows.rowCount + 1);
			const size = { slackBytes: byteCount, alignment: byteCount, bytesPerResult: byteCount };
			return [start, rows.rowCount, rows.validity, rows.lanes(lane, value(rows)), rows.out((rows.rowCount - start) * byteCount, size)];
		},
	};
}

/** Lane by lane from one type to another, dense. */
function widen<From, To>(from: Lane<From>, to: Lane<To>, value: Value<From>, convert: (value: From) => To): Twin<"widen_i32"> {
	return {
		run: (memory, count, values, out) => {
			for (let row = 0; row < count; row++) {
				to.write(memory, out + row * to.byteCount, convert(from.read(memory, values + row * from.byteCount)));
			}
		},
		input: (rows) => [rows.rowCount, rows.lanes(from, value(rows)), outOf(rows, rows.rowCount * to.byteCount, to)],
	};
}

/** The same of live rows. */
function convert<From, To>(from: Lane<From>, to: Lane<To>, value: Value<From>, converted: (value: From) => To): Twin<"convert_i32_i64"> {
	return {
		run: (memory, count, selection, values, out) => {
			for (let index = 0; index < count; index++) {
				const row = rowAt(memory, selection, index);
				to.write(memory, out + row * to.byteCount, converted(from.read(memory, values + row * from.byteCount)));
			}
		},
		input: (rows) => [rows.count, rows.selection, rows.lanes(from, value(rows)), outOf(rows, rows.rowCount * to.byteCount, to)],
	};
}

export const LANE_TWINS: Twins = {
	take_8: take(u8, anyByte),
	take_32: take(i32, anyI32),
	take_64: take(i64, anyI64),
	take_128: take(i128, anyI128),
	lookup_8: lookup(u8, anyByte, 0),
	lookup_32: lookup(i32, anyI32, 0),
	lookup_64: lookup(i64, anyI64, 0n),
	lookup_128: lookup(i128, anyI128, 0n),
	fill_8: fill(u8, anyByte),
	fill_32: fill(i32, anyI32),
	fill_64: fill(i64, anyI64),
	fill_128: fill(i128, anyI128),
	spread_bool: spread(u8, anyBool, 0),
	spread_i32: spread(i32, anyI32, 0),
	spread_i64: spread(i64, anyI64, 0n),
	spread_i128: spread(i128, anyI128, 0n),
	compact_bool: compact(u8, anyBool),
	compact_i32: compact(i32, anyI32),
	compact_i64: compact(i64, anyI64),
	compact_i128: compact(i128, anyI128),
	widen_i32_i64: widen(i32, i64, anyI32, BigInt),
	widen_i64_i128: widen(i64, i128, anyI64, (value) => value),
	widen_i32: widen(i32, i64, anyI32, BigInt),
	widen_u32: widen(u32, i64, anyI32, BigInt),
	truncate_i64: widen(i64, i32, anyI64, (value) => Number(BigInt.asIntN(32, value))),
	narrow_f64_f32: widen(f64, f32, anyFloat, Math.fround),
	convert_i32_i64: convert(i32, i64, anyI32, BigInt),
	convert_i32_f32: convert(i32, f32, anyI32, Math.fround),
	convert_i32_f64: convert(i32, f64, anyI32, (value) => value),
	convert_i64_f64: convert(i64, f64, anyI64, Number),
	convert_f32_f64: convert(f32, f64, anyFloat, (value) => value),
	fill_valid_32: {
		run: (memory, count, validity, value, out) => {
			for (let row = 0; row < count; row++) memory.i32[(out >> 2) + row] = isValid(memory, validity, row) ? value : 0;
		},
		input: (rows) => [rows.rowCount, rows.validity, 7, rows.out(rows.rowCount * 4, { alignment: 4 })],
	},
	take_validity: {
		run: (memory, count, positions, validity, out) => {
			let nulls = 0;
			for (let index = 0; index < count; index++) {
				const valid = isValid(memory, validity, memory.u16[(positions >> 1) + index] as number);
				setBit(memory, out, index, valid);
				nulls += Number(!valid);
			}
			return nulls;
		},
		input: (rows) => [
			rows.count,
			rows.positions(Math.max(1, rows.rowCount)),
			rows.bitmap,
			rows.out((rows.count + 7) >> 3, { alignment: 1 }),
		],
	},
	narrow_i64: {
		run: (memory, count, values, out, minimum, maximum) => {
			let bad = 0;
			for (let row = 0; row < count; row++) {
				const value = memory.i64[(values >> 3) + row] as bigint;
				const isOutside = value < BigInt(minimum) || value > BigInt(maximum);
				memory.i32[(out >> 2) + row] = isOutside ? 0 : Number(value);
				bad += Number(isOutside);
			}
			return bad;
		},
		input: (rows) => [rows.rowCount, rows.lanes(i64, anyI64(rows)), rows.out(rows.rowCount * 4, { alignment: 4 }), -100, 2 ** 31 - 1],
	},
	count_outside_i32: {
		run: (memory, count, values, minimum, maximum) => {
			let bad = 0;
			for (let row = 0; row < count; row++) {
				const value = memory.i32[(values >> 2) + row] as number;
				bad += Number(value < minimum || value > maximum);
			}
			return bad;
		},
		input: (rows) => [rows.rowCount, rows.lanes(i32, anyI32(rows)), -1, 100],
	},
	count_below_i64: {
		run: (memory, count, values, minimum) => {
			let bad = 0;
			for (let row = 0; row < count; row++) bad += Number((memory.i64[(values >> 3) + row] as bigint) < minimum);
			return bad;
		},
		input: (rows) => [rows.rowCount, rows.lanes(i64, anyI64(rows)), -1n],
	},
	scale_up_i64: {
		run: (memory, count, values, factor, out) => {
			let bad = 0;
			for (let row = 0; row < count; row++) {
				const scaled = (memory.i64[(values >> 3) + row] as bigint) * factor;
				const isOutside = scaled > 2n ** 63n - 1n || scaled < -(2n ** 63n - 1n);
				memory.i64[(out >> 3) + row] = isOutside ? 0n : scaled;
				bad += Number(isOutside);
			}
			return bad;
		},
		input: (rows) => [
			rows.rowCount,
			rows.lanes(i64, anyI64(rows)),
			rows.pick([1n, 100n, 10n ** 9n]),
			rows.out(rows.rowCount * 8, { alignment: 8 }),
		],
	},
	pack_bits: {
		run: (memory, count, values, out) => {
			for (let row = 0; row < count; row++) setBit(memory, out, row, memory.u8[values + row] !== 0);
		},
		input: (rows) => [rows.rowCount, rows.lanes(u8, anyBool(rows)), rows.out((rows.rowCount + 7) >> 3, { alignment: 1 })],
	},
	unpack_bits: {
		run: (memory, count, input, start, out) => {
			for (let row = 0; row < count; row++) memory.u8[out + row] = Number(isValid(memory, input, start + row));
		},
		input: (rows) => {
			const start = rows.below(rows.rowCount + 1);
			return [rows.rowCount - start, rows.bitmap, start, rows.out(rows.rowCount - start, { alignment: 1 })];
		},
	},
	offsets_in_place: {
		run: (memory, rowCount, lengths) => {
			let total = 0;
			for (let row = 0; row <= rowCount; row++) {
				const length = row === rowCount ? 0 : (memory.i32[(lengths >> 2) + row] as number);
				memory.i32[(lengths >> 2) + row] = total;
				total += length;
			}
			return total;
		},
		input: (rows) => {
			const lengths = rows.out((rows.rowCount + 1) * 4, { alignment: 4 });
			for (let row = 0; row < rows.rowCount; row++) rows.memory.i32[(lengths >> 2) + row] = rows.below(50);
			return [rows.rowCount, lengths];
		},
	},
	take_offsets: {
		run: (memory, count, positions, offsets, out) => {
			let total = 0;
			memory.i32[out >> 2] = 0;
			for (let index = 0; index < count; index++) {
				const row = memory.u16[(positions >> 1) + index] as number;
				total += (memory.i32[(offsets >> 2) + row + 1] as number) - (memory.i32[(offsets >> 2) + row] as number);
				memory.i32[(out >> 2) + index + 1] = total;
			}
			return total;
		},
		input: (rows) => [
			rows.count,
			rows.positions(rows.rowCount + 1),
			rows.texts(anyTexts(rows)).offsets,
			rows.out((rows.count + 1) * 4, { alignment: 4 }),
		],
	},
};
