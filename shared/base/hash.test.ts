import { expect, test } from "vitest";
import { crc32c, rendezvous } from "./hash.ts";

test("crc32c gives the check value of the catalogue of CRCs", () => {
	expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

test("rendezvous moves only the keys that a new node wins", () => {
	const keys = Array.from({ length: 1000 }, (_, index) => `key-${index}`);
	let moved = 0;
	for (const key of keys) {
		const before = rendezvous(key, [0, 1]);
		const after = rendezvous(key, [0, 1, 2]);
		if (before !== after) {
			expect(after).toBe(2);
			moved++;
		}
	}
	expect(moved).toBeGreaterThan(250);
	expect(moved).toBeLessThan(420);
});

test("crc32c of any range is what its definition, bit by bit, gives", () => {
	const bytes = Uint8Array.from({ length: 100 }, (_, index) => (index * 151 + 7) & 0xff);
	const byDefinition = (start: number, end: number): number => {
		let crc = 0xffffffff;
		for (const byte of bytes.subarray(start, end)) {
			crc ^= byte;
			for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
		}
		return ~crc >>> 0;
	};
	for (let start = 0; start < 10; start++) {
		for (let end = start; end <= bytes.length; end++) expect(crc32c(bytes, start, end)).toBe(byDefinition(start, end));
	}
});
