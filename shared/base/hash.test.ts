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
