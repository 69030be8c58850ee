/** Memory for tests of the Parquet kernels: inputs with what may be read after them, outputs between guards. */
import fc from "fast-check";
import { afterEach, beforeEach, expect } from "vitest";
import { type Kernels, createEngine } from "#shared/engine/kernels/kernels.ts";
import type { ArenaViews } from "#shared/engine/memory/arena.ts";
import { Lease } from "#shared/engine/memory/lease.ts";

const GUARD_BYTES = 64;
const GUARD = 0xa5;
const RUNS = { numRuns: 100 };

export interface KernelBench {
	kernels: Kernels;
	views: ArenaViews;
	/** Of the test that runs. */
	region: { allocate: (byteCount: number) => number; allocateZeroed: (byteCount: number) => number };
	/** Bytes in the arena with 16 readable bytes after them. */
	put: (bytes: Uint8Array) => { start: number; end: number };
	/** An output of `byteCount` bytes between guards; `slack` bytes after it may be written. */
	output: (byteCount: number, slack?: number) => { pointer: number; check: () => void };
	property: <T>(arbitrary: fc.Arbitrary<T>, body: (value: T) => void) => void;
}

export function openKernelBench(): KernelBench {
	const engine = createEngine({ pageCount: 64 });
	const { u8 } = engine.arena.views;
	let lease = new Lease(engine.arena, { owner: "kernels" });
	let region = lease.region();
	lease.release();
	beforeEach(() => {
		lease = new Lease(engine.arena, { owner: "kernels" });
		region = lease.region();
	});
	afterEach(() => lease.release());
	return {
		kernels: engine.kernels,
		views: engine.arena.views,
		region: {
			allocate: (byteCount) => region.allocate(byteCount),
			allocateZeroed: (byteCount) => region.allocateZeroed(byteCount),
		},
		put: (bytes) => {
			const start = region.allocate(bytes.length + 16);
			u8.set(bytes, start);
			u8.fill(0xff, start + bytes.length, start + bytes.length + 16);
			return { start, end: start + bytes.length };
		},
		output: (byteCount, slack = 0) => {
			const before = region.allocate(GUARD_BYTES + byteCount + slack + GUARD_BYTES);
			u8.fill(GUARD, before, before + byteCount + slack + 2 * GUARD_BYTES);
			const pointer = before + GUARD_BYTES;
			return {
				pointer,
				check: () => {
					expect(u8.subarray(before, pointer).every((byte) => byte === GUARD)).toBe(true);
					const after = pointer + byteCount + slack;
					expect(u8.subarray(after, after + GUARD_BYTES).every((byte) => byte === GUARD)).toBe(true);
				},
			};
		},
		property: (arbitrary, body) =>
			fc.assert(
				fc.property(arbitrary, (value) => {
					region.reset();
					body(value);
				}),
				RUNS,
			),
	};
}
