/** The Parquet kernels against their twins, on well-formed and on arbitrary bytes; nothing outside their outputs is written. */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import {
	bigEndianDecode,
	hybridDecode,
	isText,
	plainBytesDecode,
	snappyDecompress,
	streamSplitDecode,
} from "#shared/engine/kernels/reference/parquet.ts";
import { openKernelBench } from "../../tests/parquet/kernel-bench.ts";

vi.setConfig({ testTimeout: 30_000 });

const { kernels, views, put, output, property, region } = openKernelBench();
const { u8, i32, i64, data } = views;

const isSame = (left: Uint8Array | null, right: Uint8Array): boolean => left !== null && Buffer.compare(left, right) === 0;

/** Bytes with repetitions near and far, as data has them. */
const repetitive = fc
	.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 80 })), { maxLength: 12 })
	.map((parts) => Uint8Array.from(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat())));

test("snappy: what the kernel compresses, twin and kernel decompress", () => {
	property(fc.oneof(repetitive, fc.uint8Array({ maxLength: 3000 })), (bytes) => {
		const input = put(bytes);
		const table = region.allocate(32_768);
		const room = 32 + bytes.length + Math.ceil(bytes.length / 6);
		const compressed = output(room);
		const byteCount = kernels.snappy_compress(input.start, bytes.length, compressed.pointer, table);
		compressed.check();
		expect(byteCount).toBeLessThanOrEqual(room);
		const packed = u8.slice(compressed.pointer, compressed.pointer + byteCount);
		expect(isSame(snappyDecompress(packed), bytes)).toBe(true);
		let preamble = 1;
		while ((packed[preamble - 1] as number) >= 0x80) preamble++;
		const again = output(bytes.length);
		expect(
			kernels.snappy_decompress(compressed.pointer + preamble, compressed.pointer + byteCount, again.pointer, again.pointer + bytes.length),
		).toBe(0);
		again.check();
		expect(isSame(u8.subarray(again.pointer, again.pointer + bytes.length), bytes)).toBe(true);
	});
});

test("snappy: arbitrary elements give what the twin gives, or are refused, within the output", () => {
	property(fc.tuple(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 300 })), ([elements, byteCount]) => {
		const input = put(elements);
		const out = output(byteCount);
		const result = kernels.snappy_decompress(input.start, input.end, out.pointer, out.pointer + byteCount);
		out.check();
		const declared = byteCount < 128 ? [byteCount] : [(byteCount & 127) | 128, byteCount >> 7];
		const want = snappyDecompress(Uint8Array.from([...declared, ...elements]));
		expect(result).toBe(want === null ? -1 : 0);
		if (want !== null) expect(u8.slice(out.pointer, out.pointer + byteCount)).toEqual(want);
	});
});

/** An element by its tag: a literal of `length` bytes, or a copy of as many as its kind has, from `offset` before. */
function snappyElement({ kind, length, offset }: { kind: number; length: number; offset: number }): number[] {
	const [low, high] = [offset & 0xff, (offset >> 8) & 0xff];
	switch (kind) {
		case 0: {
			const bytes = Array.from({ length }, (_, index) => (length * 7 + index * 31) & 0xff);
			return length <= 60 ? [(length - 1) << 2, ...bytes] : [60 << 2, length - 1, ...bytes];
		}
		case 1:
			return [((high & 7) << 5) | (((length - 1) % 8) << 2) | 1, low];
		case 2:
			return [((length - 1) << 2) | 2, low, high];
		default:
			return [((length - 1) << 2) | 3, low, high, 0, 0];
	}
}

test("snappy: long runs of elements of every kind, length and distance give what the twin gives, or are refused, within the output", () => {
	const distance = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3000 }), fc.constant(0));
	const element = fc.record({ kind: fc.integer({ min: 0, max: 3 }), length: fc.integer({ min: 1, max: 64 }), offset: distance });
	const elements = fc.array(element, { minLength: 1, maxLength: 200 });
	let wholeCount = 0;
	property(fc.tuple(elements, fc.boolean(), fc.integer({ min: -1, max: 1 })), ([described, isSound, surplus]) => {
		// Sound ones begin with what their copies can reach.
		const reach = Array.from({ length: 50 }, () => ({ kind: 0, length: 64, offset: 0 }));
		const all = isSound ? [...reach, ...described.map((one) => ({ ...one, offset: Math.max(1, one.offset) }))] : described;
		const lengths = all.map(({ kind, length }) => (kind === 1 ? ((length - 1) % 8) + 4 : length));
		const byteCount = Math.max(0, lengths.reduce((sum, length) => sum + length, 0) + (isSound ? 0 : surplus));
		const packed = Uint8Array.from(all.flatMap((one) => snappyElement(one)));
		const input = put(packed);
		const out = output(byteCount);
		const result = kernels.snappy_decompress(input.start, input.end, out.pointer, out.pointer + byteCount);
		out.check();
		const preamble = [byteCount & 127, (byteCount >> 7) & 127, byteCount >> 14].map((part, index) => (index < 2 ? part | 128 : part));
		const want = snappyDecompress(Uint8Array.from([...preamble, ...packed]));
		expect(result).toBe(want === null ? -1 : 0);
		if (want === null) return;
		expect(isSame(u8.subarray(out.pointer, out.pointer + byteCount), want)).toBe(true);
		wholeCount++;
	});
	expect(wholeCount).toBeGreaterThan(20);
});

/** Values of some bit width, in runs long and short. */
const runs = fc
	.integer({ min: 1, max: 20 })
	.chain((bitWidth) =>
		fc
			.array(fc.tuple(fc.integer({ min: 0, max: 2 ** bitWidth - 1 }), fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 60 })
			.map((parts) => ({ bitWidth, values: parts.flatMap(([value, times]) => Array.from({ length: times }, () => value)) })),
	);

test("hybrid: what the kernel encodes, twin and kernel decode, in pieces of any size", () => {
	property(fc.tuple(runs, fc.integer({ min: 1, max: 50 })), ([{ bitWidth, values }, piece]) => {
		const { start } = put(new Uint8Array(Int32Array.from(values).buffer));
		const room = values.length * 4 + 64;
		const encoded = output(room);
		const byteCount = kernels.hybrid_encode_i32(values.length, start, bitWidth, encoded.pointer);
		encoded.check();
		expect(byteCount).toBeLessThanOrEqual(room);
		expect(hybridDecode(u8.slice(encoded.pointer, encoded.pointer + byteCount), bitWidth, values.length)).toEqual(values);
		const state = region.allocate(32);
		kernels.hybrid_open(state, encoded.pointer, encoded.pointer + byteCount, bitWidth);
		const decoded: number[] = [];
		for (let done = 0; done < values.length; done += piece) {
			const count = Math.min(piece, values.length - done);
			const out = output(count * 4);
			expect(kernels.hybrid_read_i32(state, count, out.pointer, 2 ** bitWidth)).toBe(0);
			out.check();
			decoded.push(...i32.subarray(out.pointer >> 2, (out.pointer >> 2) + count));
		}
		expect(decoded).toEqual(values);
	});
});

test("hybrid: arbitrary bytes give what the twin gives, or are refused; values at the limit are refused", () => {
	property(
		fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 24 }), fc.integer({ min: 1, max: 60 })),
		([bytes, bitWidth, count]) => {
			const input = put(bytes);
			const state = region.allocate(32);
			const want = hybridDecode(bytes, bitWidth, count);
			const limit = want === null ? 2 ** bitWidth : Math.max(...want);
			for (const maximum of [limit, limit + 1]) {
				kernels.hybrid_open(state, input.start, input.end, bitWidth);
				const out = output(count * 4);
				const result = kernels.hybrid_read_i32(state, count, out.pointer, maximum);
				out.check();
				expect(result).toBe(want === null || maximum === limit ? -1 : 0);
				if (result === 0) expect([...i32.subarray(out.pointer >> 2, (out.pointer >> 2) + count)]).toEqual(want);
			}
		},
	);
});

test("levels: a bitmap in pieces of any size is the levels, with their count", () => {
	const levels = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 30 });
	property(fc.tuple(levels, fc.integer({ min: 1, max: 70 })), ([parts, piece]) => {
		const values = parts.flatMap(([valid, times]) => Array.from({ length: times }, () => Number(valid)));
		const { start } = put(Uint8Array.from(values));
		const encoded = region.allocate(values.length + 128);
		const byteCount = kernels.hybrid_encode_u8(values.length, start, 1, encoded);
		const state = region.allocate(32);
		kernels.hybrid_open(state, encoded, encoded + byteCount, 1);
		for (let done = 0; done < values.length; done += piece) {
			const part = values.slice(done, done + piece);
			const out = output((part.length + 7) >> 3, 2);
			const valid = kernels.hybrid_read_validity(state, part.length, out.pointer);
			out.check();
			expect(valid).toBe(part.filter((value) => value === 1).length);
			expect(part.map((_, row) => ((u8[out.pointer + (row >> 3)] as number) >> (row & 7)) & 1)).toEqual(part);
		}
		expect(kernels.hybrid_read_validity(state, 1, region.allocate(8))).toBeLessThanOrEqual(1);
	});
});

test("booleans: a byte each, in pieces of any size after any that are passed over; what is no level is refused", () => {
	property(
		fc.tuple(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 2100 })),
		([bytes, skipped, count]) => {
			const input = put(bytes);
			const state = region.allocate(32);
			for (const bitWidth of [1, 2]) {
				const want = hybridDecode(bytes, bitWidth, skipped + count);
				kernels.hybrid_open(state, input.start, input.end, bitWidth);
				const passed = kernels.hybrid_skip(state, skipped);
				const out = output(count);
				const result = passed < 0 ? passed : kernels.hybrid_read_bool(state, count, out.pointer);
				out.check();
				const read = want?.slice(skipped);
				expect(result).toBe(read === undefined || read.some((value) => value > 1) ? -1 : 0);
				if (result === 0) expect([...u8.subarray(out.pointer, out.pointer + count)]).toEqual(read);
			}
		},
	);
});

test("byte arrays: whole values or none", () => {
	const wellFormed = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }).map((values) => ({
		count: values.length,
		bytes: Uint8Array.from(values.flatMap((value) => [value.length, 0, 0, 0, ...value])),
	}));
	const arbitrary = fc.record({ count: fc.integer({ min: 0, max: 5 }), bytes: fc.uint8Array({ maxLength: 40 }) });
	property(fc.oneof(wellFormed, arbitrary), ({ count, bytes }) => {
		const input = put(bytes);
		const cursor = region.allocate(4);
		const want = plainBytesDecode(bytes, count);
		const byteCount = kernels.plain_bytes_measure(count, input.start, input.end, cursor);
		expect(byteCount).toBe(want === null ? -1 : want.reduce((total, value) => total + value.length, 0));
		if (want === null) return;
		const offsets = output((count + 1) * 4);
		const values = output(byteCount, 16);
		kernels.plain_bytes_copy(count, input.start, offsets.pointer, values.pointer);
		offsets.check();
		values.check();
		const at = offsets.pointer >> 2;
		const got = want.map((_, index) =>
			u8.slice(values.pointer + (i32[at + index] as number), values.pointer + (i32[at + index + 1] as number)),
		);
		expect(got).toEqual(want.map((value) => value.slice()));
		const encoded = output(byteCount + 4 * count);
		expect(kernels.plain_bytes_encode(count, offsets.pointer, values.pointer, encoded.pointer)).toBe(byteCount + 4 * count);
		encoded.check();
		expect(u8.slice(encoded.pointer, encoded.pointer + byteCount + 4 * count)).toEqual(bytes.slice(0, byteCount + 4 * count));
	});
});

test("byte streams, big-endian numbers and UTF-8 as their twins", () => {
	property(
		fc.tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 20 }), fc.uint8Array({ minLength: 320, maxLength: 320 })),
		([width, count, stream]) => {
			const bytes = stream.slice(0, width * count);
			const { start } = put(bytes);
			const out = output(width * count);
			kernels.stream_split_read(count, start, count, 0, width, out.pointer);
			out.check();
			expect(u8.slice(out.pointer, out.pointer + width * count)).toEqual(streamSplitDecode(bytes, width));
			const numbers = output(count * 16);
			expect(kernels.big_endian_to_i128(count, start, width, numbers.pointer)).toBe(-1);
			numbers.check();
			for (let index = 0; index < count; index++) {
				const at = numbers.pointer + index * 16;
				const value = (data.getBigInt64(at + 8, true) << 64n) | data.getBigUint64(at, true);
				expect(value).toBe(bigEndianDecode(bytes.subarray(index * width, (index + 1) * width)));
			}
		},
	);
	const utf8 = fc.string({ unit: "binary", maxLength: 40 }).map((text) => new TextEncoder().encode(text));
	property(fc.array(fc.oneof(utf8, fc.uint8Array({ maxLength: 8 })), { maxLength: 8 }), (values) => {
		const { start } = put(Uint8Array.from(values.flatMap((value) => [...value])));
		const offsets = region.allocate((values.length + 1) * 4);
		let total = 0;
		[0, ...values.map((value) => (total += value.length))].forEach((offset, index) => data.setInt32(offsets + index * 4, offset, true));
		expect(kernels.utf8_check(0, values.length, offsets, start)).toBe(values.findIndex((value) => !isText(value)));
	});
});

test("NULLs are left out and put back", () => {
	property(fc.array(fc.option(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n)), { minLength: 1, maxLength: 100 }), (values) => {
		const lanes = put(new Uint8Array(BigInt64Array.from(values, (value) => value ?? 0n).buffer));
		const validity = region.allocateZeroed((values.length + 7) >> 3);
		values.forEach((value, row) => {
			if (value !== null) u8[validity + (row >> 3)] = (u8[validity + (row >> 3)] as number) | (1 << (row & 7));
		});
		const dense = output(values.length * 8, 8);
		const count = kernels.compact_i64(0, values.length, validity, lanes.start, dense.pointer);
		dense.check();
		expect([...i64.subarray(dense.pointer >> 3, (dense.pointer >> 3) + count)]).toEqual(values.filter((value) => value !== null));
		const out = output(values.length * 8);
		kernels.spread_i64(values.length, validity, dense.pointer, out.pointer);
		out.check();
		expect([...i64.subarray(out.pointer >> 3, (out.pointer >> 3) + values.length)]).toEqual(values.map((value) => value ?? 0n));
		const extremes = region.allocate(8);
		kernels.extremes_i64(count, dense.pointer, extremes);
		const sorted = values.filter((value) => value !== null).toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));
		const found = [0, 4]
			.map((offset) => data.getInt32(extremes + offset, true))
			.map((index) => (index < 0 ? undefined : data.getBigInt64(dense.pointer + index * 8, true)));
		expect(found).toEqual([sorted[0], sorted.at(-1)]);
	});
});
