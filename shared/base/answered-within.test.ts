import { afterEach, expect, test, vi } from "vitest";
import { answeredWithin } from "./answered-within.ts";

afterEach(() => void vi.useRealTimers());

test("an answer, or a failure, in time is the call's own, and no timer is left", async () => {
	vi.useFakeTimers();
	expect(await answeredWithin(1000, "a part", Promise.resolve(7))).toBe(7);
	await expect(answeredWithin(1000, "a part", Promise.reject(new Error("its own")))).rejects.toThrow("its own");
	expect(vi.getTimerCount()).toBe(0);
});

test("a call without an answer ends as unavailable, at its time, and what comes of it later is nobody's", async () => {
	vi.useFakeTimers();
	const call = Promise.withResolvers<number>();
	let outcome = "waits";
	const waiting = answeredWithin(1000, "a part", call.promise).catch((error: unknown) => void (outcome = String(error)));
	await vi.advanceTimersByTimeAsync(999);
	expect(outcome).toBe("waits");
	await vi.advanceTimersByTimeAsync(1);
	await waiting;
	expect(outcome).toContain("a part does not answer; try again");
	call.reject(new Error("too late"));
	await vi.advanceTimersByTimeAsync(1);
});
