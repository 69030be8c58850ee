/** The kernels of DELTA_BINARY_PACKED against their twin: every bit width, both ways, on well-formed and on arbitrary bytes; nothing outside their outputs is written. */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { deltaDecode } from "#shared/engine/kernels/reference/parquet.ts";
import { deltaEncode } from "../../tests/parquet/encodings.ts";
import { openKernelBench } from "../../tests/parquet/kernel-bench.ts";

vi.setConfig({ testTimeout: 30_000 });

const { kernels, views, put, output, property, region } = openKernelBench();
const { u8, i32, i64 } = views;

/** Whole numbers whose deltas are wide, narrow or all the same: every bit width, and every mix of them. */
const int64 = fc.oneof(fc.bigInt(-100n, 100n), fc.bigInt(-(1n << 63n), (1n << 63n) - 1n));
const narrow = fc
	.record({
		bits: fc.integer({ min: 0, max: 63 }),
		step: fc.bigInt(-5n, 5n),
		length: fc.integer({ min: 1, max: 4200 }),
		seed: fc.integer(),
	})
	.map(({ bits, step, length, seed }) => {
		let state = BigInt(seed >>> 0) | 1n;
		return Array.from({ length }, (_, index) => {
			state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
			return BigInt.asIntN(64, (state >> BigInt(64 - Math.max(1, bits))) + step * BigInt(index));
		});
	});
const numbers = fc.oneof(fc.array(int64, { minLength: 1, maxLength: 300 }), narrow);

/** Reads `counts` values, one piece after the other, of an opened sequence. @returns null where one is refused */
function readDeltas(state: number, width: 4 | 8, counts: readonly number[]): bigint[] | null {
	const values: bigint[] = [];
	for (const count of counts) {
		const out = output(count * width);
		const result = width === 4 ? kernels.delta_read_i32(state, count, out.pointer) : kernels.delta_read_i64(state, count, out.pointer);
		out.check();
		if (result < 0) return null;
		if (width === 4) values.push(...[...i32.subarray(out.pointer >> 2, (out.pointer >> 2) + count)].map(BigInt));
		else values.push(...i64.subarray(out.pointer >> 3, (out.pointer >> 3) + count));
	}
	return values;
}

const pieces = (count: number, piece: number): number[] =>
	Array.from({ length: Math.ceil(count / piece) }, (_, index) => Math.min(piece, count - index * piece));

test("deltas: integers of both widths, and arbitrary bytes, as the twin, in pieces of any size", () => {
	const encoded = numbers.map((values) => deltaEncode(values));
	let readCount = 0;
	property(fc.tuple(fc.oneof(encoded, fc.uint8Array({ maxLength: 60 })), fc.integer({ min: 1, max: 500 })), ([bytes, piece]) => {
		const input = put(bytes);
		const state = region.allocate(64);
		for (const width of [4, 8] as const) {
			const count = kernels.delta_open(state, input.start, input.end);
			if (count < 0 || count > 10_000) continue;
			const got = readDeltas(state, width, pieces(count, piece));
			const want = deltaDecode(bytes, width === 4 ? 32 : 64);
			kernels.delta_open(state, input.start, input.end);
			if (got === null) {
				expect(kernels.delta_end(state)).toBe(0);
				continue;
			}
			expect(got).toEqual(want?.values);
			expect(kernels.delta_end(state)).toBe(input.start + (want?.next ?? 0));
			readCount++;
		}
	});
	expect(readCount).toBeGreaterThan(50);
});

test("deltas: more values than there are, or cut off anywhere, are refused", () => {
	property(fc.tuple(numbers, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })), ([values, part]) => {
		const bytes = deltaEncode(values);
		const state = region.allocate(64);
		const whole = put(bytes);
		expect(kernels.delta_open(state, whole.start, whole.end)).toBe(values.length);
		const out = output(values.length * 8);
		expect(kernels.delta_read_i64(state, values.length, out.pointer)).toBe(0);
		expect(kernels.delta_read_i64(state, 1, out.pointer)).toBe(-1);
		out.check();
		const cut = put(bytes.subarray(0, Math.floor(part * bytes.length)));
		const count = kernels.delta_open(state, cut.start, cut.end);
		if (count < 0) return;
		const want = deltaDecode(u8.slice(cut.start, cut.end), 64);
		expect(kernels.delta_read_i64(state, count, out.pointer)).toBe(want === null ? -1 : 0);
		out.check();
	});
});

test("deltas: what the kernel encodes, in the bytes it says, twin and kernel decode", () => {
	property(numbers, (values) => {
		const state = region.allocate(64);
		for (const width of [4, 8] as const) {
			const lanes = width === 4 ? Int32Array.from(values, (value) => Number(BigInt.asIntN(32, value))) : BigInt64Array.from(values);
			const { start } = put(new Uint8Array(lanes.buffer));
			const count = values.length;
			const byteCount = width === 4 ? kernels.delta_measure_i32(count, start) : kernels.delta_measure_i64(count, start);
			const encoded = output(byteCount, 16);
			const written =
				width === 4 ? kernels.delta_encode_i32(count, start, encoded.pointer) : kernels.delta_encode_i64(count, start, encoded.pointer);
			encoded.check();
			expect(written).toBe(byteCount);
			const end = encoded.pointer + byteCount;
			const want = [...lanes].map(BigInt);
			expect(deltaDecode(u8.slice(encoded.pointer, end), width === 4 ? 32 : 64)).toEqual({ values: want, next: byteCount });
			expect(kernels.delta_open(state, encoded.pointer, end)).toBe(count);
			expect(kernels.delta_end(state)).toBe(end);
			kernels.delta_open(state, encoded.pointer, end);
			expect(readDeltas(state, width, pieces(count, 2048))).toEqual(want);
		}
	});
});

test("lengths of byte values are the differences of their offsets", () => {
	property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 70 }), (lengths) => {
		let total = 5;
		const offsets = Int32Array.from([5, ...lengths.map((length) => (total += length))]);
		const { start } = put(new Uint8Array(offsets.buffer));
		const out = output(lengths.length * 4);
		kernels.offsets_to_lengths(lengths.length, start, out.pointer);
		out.check();
		expect([...i32.subarray(out.pointer >> 2, (out.pointer >> 2) + lengths.length)]).toEqual(lengths);
	});
});
