import { expect, test } from "vitest";
import { Arena } from "./arena.ts";
import { Lease } from "./lease.ts";

test("a released lease leaves no page leased, and another tenant finds zeros", () => {
	const arena = new Arena(8);
	const first = new Lease(arena, { owner: "a" });
	const pointer = first.region().allocate(100);
	arena.views.u8.fill(7, pointer, pointer + 100);
	first.release();
	expect(arena.leasedPageCount).toBe(0);
	const second = new Lease(arena, { owner: "b" });
	const other = second.region().allocate(100);
	expect(other).toBe(pointer);
	expect([...arena.views.u8.subarray(other, other + 100)].every((byte) => byte === 0)).toBe(true);
});

test("a lease beyond its own limit is exhausted, beyond what others left overloaded", () => {
	const arena = new Arena(8);
	const own = new Lease(arena, { owner: "a", byteCountMax: 2 * 65536 });
	own.allocatePages(2 * 65536);
	expect(() => own.allocatePages(1)).toThrow(expect.objectContaining({ code: "resource_exhausted" }));
	const other = new Lease(arena, { owner: "b" });
	expect(() => other.allocatePages(6 * 65536)).toThrow(expect.objectContaining({ code: "overloaded" }));
});
