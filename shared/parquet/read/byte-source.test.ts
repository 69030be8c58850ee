import { expect, test } from "vitest";
import { type ByteRange, coalesce, memorySource, readCoalesced } from "./byte-source.ts";

const range = (offset: number, byteCount: number): ByteRange => ({ offset, byteCount });

const CASES: { ranges: ByteRange[]; gap: number; joined: ByteRange[] }[] = [
	{ ranges: [], gap: 10, joined: [] },
	{ ranges: [range(100, 10), range(0, 10)], gap: 10, joined: [range(0, 10), range(100, 10)] },
	{ ranges: [range(20, 10), range(0, 10)], gap: 10, joined: [range(0, 30)] },
	{ ranges: [range(21, 10), range(0, 10)], gap: 10, joined: [range(0, 10), range(21, 10)] },
	{ ranges: [range(0, 50), range(10, 5), range(50, 1)], gap: 0, joined: [range(0, 51)] },
];
for (const { ranges, gap, joined } of CASES) {
	test(`${JSON.stringify(ranges)} within ${gap} are read as ${JSON.stringify(joined)}`, async () => {
		expect(coalesce(ranges, gap)).toEqual(joined);
		const bytes = Uint8Array.from({ length: 200 }, (_, index) => index);
		const asked: ByteRange[] = [];
		const source = memorySource(bytes);
		const parts = await readCoalesced({ byteCount: 200, read: async (all) => (asked.push(...all), source.read(all)) }, ranges, gap);
		expect(asked).toEqual(joined);
		expect(parts.map((part) => [...part])).toEqual(ranges.map(({ offset, byteCount }) => [...bytes.subarray(offset, offset + byteCount)]));
	});
}
