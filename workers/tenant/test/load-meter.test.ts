/** Reports of load: the meter by itself, and what a real shard sends, when, and when not. */
import { expect, test } from "vitest";
import {
	LOAD_SAMPLE_MS,
	LOAD_SIGNAL_MS,
	OVERLOADED_TAIL_BYTES,
	SHARD_APPENDED_BYTES_PER_SECOND,
	SHARD_COMMITS_PER_SECOND,
	SHARD_REQUESTS_PER_SECOND,
} from "#shared/base/limits.ts";
import { LoadMeter } from "../src/shard/load-meter.ts";
import { Tenant, world } from "./world.ts";

const shard =
	(tailBytes = 0) =>
	() => ({ shard: 1, epoch: 2, activeCount: 3, tailBytes });

test("a window is reported once it is over, with the work that was done in it", () => {
	const meter = new LoadMeter();
	expect(meter.take(shard(), 0)).toBeNull();
	for (let second = 0; second <= 30; second++) {
		const appendCount = SHARD_COMMITS_PER_SECOND / 4;
		meter.count({ appendCount, commitCount: appendCount, byteCount: SHARD_APPENDED_BYTES_PER_SECOND / 4 }, second * 1000);
		if (second < 30) expect(meter.take(shard(), second * 1000)).toBeNull();
	}
	expect(meter.take(shard(9), LOAD_SAMPLE_MS)).toEqual({
		shard: 1,
		epoch: 2,
		activeCount: 3,
		tailBytes: 9,
		fromMs: 0,
		toMs: 30_000,
		appendCount: (31 * SHARD_COMMITS_PER_SECOND) / 4,
		appendedBytes: (31 * SHARD_APPENDED_BYTES_PER_SECOND) / 4,
		busyFraction: 31 / 60,
		refusedCount: 0,
		overloaded: false,
	});
	// The next window begins where this one ended.
	meter.count({ appendCount: 1, commitCount: 1, byteCount: 0 }, 40_000);
	expect(meter.take(shard(), 60_000)).toMatchObject({ fromMs: 30_000, toMs: 60_000, appendCount: 1 });
});

test("appends that share commits are the less work for it, down to what a request is", () => {
	const busyOf = (commitCount: number): number | undefined => {
		const meter = new LoadMeter();
		meter.count({ appendCount: 9000, commitCount, byteCount: 0 }, 0);
		return meter.take(shard(), LOAD_SAMPLE_MS)?.busyFraction;
	};
	expect([busyOf(9000), busyOf(4500), busyOf(600)]).toEqual([0.75, 0.375, 0.3]);
});

test.each([
	["too many commits", { appendCount: 5 * SHARD_COMMITS_PER_SECOND, commitCount: 5 * SHARD_COMMITS_PER_SECOND }, 0, 0],
	["too many appends, however few their commits", { appendCount: 5 * SHARD_REQUESTS_PER_SECOND }, 0, 0],
	["a long tail", { appendCount: 1 }, OVERLOADED_TAIL_BYTES, 0],
	["a refusal", { appendCount: 1 }, 0, 1],
])("%s: said after a short while", (_, work, tailBytes, refusedCount) => {
	const meter = new LoadMeter();
	meter.count({ byteCount: 0, commitCount: 1, ...work }, 0);
	for (let index = 0; index < refusedCount; index++) meter.countRefusal(0);
	expect(meter.take(shard(tailBytes), LOAD_SIGNAL_MS - 1)).toBeNull();
	expect(meter.take(shard(tailBytes), LOAD_SIGNAL_MS)).toMatchObject({ overloaded: true, refusedCount, toMs: LOAD_SIGNAL_MS });
});

test("a long rest is not part of the next window", () => {
	const meter = new LoadMeter();
	meter.count({ appendCount: 1, commitCount: 1, byteCount: 0 }, 0);
	expect(meter.take(shard(), 1_000_000)).toMatchObject({ appendCount: 1, fromMs: 0, toMs: 1_000_000 });
	meter.count({ appendCount: 1, commitCount: 1, byteCount: 0 }, 2_000_000);
	expect(meter.take(shard(), 2_000_000 + LOAD_SAMPLE_MS)).toMatchObject({ fromMs: 2_000_000 });
});

test("a shard at work reports, whether or not the queue takes it; flushes, reads and the idle say nothing and write nothing for it", async () => {
	const tenant = await Tenant.open();
	world.signals = [];
	world.calls = [];
	await tenant.append("a");
	world.clockMs += LOAD_SAMPLE_MS;
	await tenant.append("b");
	await expect.poll(() => world.signals).toHaveLength(1);
	expect(world.signals[0]).toMatchObject({
		kind: "load",
		tenantId: tenant.id,
		sample: { shard: 0, epoch: 1, activeCount: 1, appendCount: 2 },
	});
	await tenant.work(60_000);
	await tenant.read();
	world.clockMs += LOAD_SAMPLE_MS;
	world.inject = (step) => (step === "signals.send" ? "before" : null);
	expect(await tenant.append("c")).toMatchObject({ kind: "done" });
	world.inject = () => null;
	expect(await tenant.read()).toEqual(["a", "b", "c"]);
	expect(world.signals).toHaveLength(1);
	expect(world.calls.filter((call) => call === "signals.send").length).toBe(2);
});
