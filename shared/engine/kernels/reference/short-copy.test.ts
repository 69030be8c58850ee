import { expect, test } from "vitest";
import { kernels, views, withRegion } from "./kernels.fixture.ts";

test("strings of every length are gathered whole, and no byte beside them is touched", () => {
	const lengths = [...Array.from({ length: 140 }, (_, length) => length), 1000];
	withRegion((region) => {
		const [rows, offsets] = [region.allocate(lengths.length * 4), region.allocate((lengths.length + 1) * 4)];
		const slots = region.allocate(lengths.length * 8);
		const total = lengths.reduce((sum, length) => sum + length, 0);
		const [source, out] = [region.allocate(total + 1), region.allocate(total + 2)];
		for (let at = 0; at <= total; at++) views.u8[source + at] = (at * 31) % 251;
		views.u8.fill(0xee, out, out + total + 2);
		// The strings are gathered in the opposite order, so that each is written between neighbours of other lengths.
		let end = 0;
		for (const [index, length] of lengths.toReversed().entries()) {
			views.u32[rows / 4 + index] = slots + index * 8;
			views.i32[offsets / 4 + index] = end;
			views.u32[slots / 4 + index * 2] = source + total - end - length;
			end += length;
		}
		views.i32[offsets / 4 + lengths.length] = end;
		kernels.rows_gather_bytes(lengths.length, rows, 0, offsets, out + 1);
		let at = 0;
		for (const length of lengths.toReversed()) {
			const from = source + total - at - length;
			expect([...views.u8.subarray(out + 1 + at, out + 1 + at + length)]).toEqual([...views.u8.subarray(from, from + length)]);
			at += length;
		}
		expect([views.u8[out], views.u8[out + 1 + total]]).toEqual([0xee, 0xee]);
	});
});
