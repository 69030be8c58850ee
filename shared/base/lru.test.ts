import { expect, test } from "vitest";
import { Lru } from "./lru.ts";

test("what was used last is kept within the bound", () => {
	const cache = new Lru<number>(10);
	cache.set("a", 1, 4);
	cache.set("b", 2, 4);
	cache.get("a");
	cache.set("c", 3, 4);
	cache.set("huge", 4, 11);
	expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.get("huge"), cache.weight]).toEqual([1, undefined, 3, undefined, 8]);
	cache.set("a", 5, 10);
	expect([cache.get("a"), cache.get("c"), cache.weight]).toEqual([5, undefined, 10]);
	expect([cache.has("a"), cache.has("c")]).toEqual([true, false]);
	cache.delete("a");
	expect(cache.weight).toBe(0);
});
