import { expect, test } from "vitest";
import { randomHex } from "./ids.ts";

test("random bytes are never given twice, whatever is left of those drawn", () => {
	const ids = Array.from({ length: 5000 }, (_, index) => randomHex(8 + (index % 9)));
	expect(ids.every((id, index) => id.length === 2 * (8 + (index % 9)) && /^[0-9a-f]+$/.test(id))).toBe(true);
	expect(new Set(ids.map((id) => id.slice(0, 16))).size).toBe(5000);
	expect(randomHex(4096)).not.toContain(ids[4999]);
});
