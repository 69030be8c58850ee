/**
 * Kernels against their twins, in the same memory: every type, NULL pattern and selection, lengths from 0 to 2,049, lanes at any multiple of their size. What the
 * kernel answers and writes is what the twin answers and writes, and no other byte changes.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Lease } from "../../memory/lease.ts";
import { createEngine } from "../kernels.ts";
import { type CaseRows, KernelCase } from "./twins/kernel-case.ts";
import { ROWS } from "./kernels.fixture.ts";
import type { KernelName, Twin } from "./twins/twin.ts";
import { TWINS } from "./twins/twins.ts";

const engine = createEngine({ pageCount: 40 });
const { views } = engine.arena;
const MEMORY_PAGES = 32;

type AnyTwin = Twin<"take_32">;

function firstDifference(left: Uint8Array, right: Uint8Array): { at: number; left: number; right: number } | null {
	if (Buffer.compare(left, right) === 0) return null;
	const at = left.findIndex((byte, index) => byte !== right[index]);
	return { at, left: left[at] as number, right: right[at] as number };
}

/** The kernel's answer and what it wrote, and that it wrote nothing else; then the twin's over the same memory. */
function compare(name: KernelName, { run, input }: AnyTwin, rows: CaseRows): void {
	const lease = new Lease(engine.arena, { owner: "twins" });
	try {
		const start = lease.allocatePages(MEMORY_PAGES);
		const laid = new KernelCase(views, start, rows);
		const values = input(laid);
		const before = views.u8.slice(start, laid.end);
		const kernel = engine.kernels[name] as unknown as (...values: unknown[]) => unknown;
		const answer = kernel(...values);
		const byKernel = views.u8.slice(start, laid.end);
		views.u8.set(before, start);
		expect(run(views, ...values)).toEqual(answer);
		const byTwin = views.u8.slice(start, laid.end);
		for (const { at, byteCount, slackBytes, bytesPerResult } of laid.outputs) {
			const compared = bytesPerResult === 0 ? byteCount : Number(answer) * bytesPerResult;
			expect(compared).toBeLessThanOrEqual(byteCount);
			const from = at - start;
			expect(firstDifference(byKernel.subarray(from, from + compared), byTwin.subarray(from, from + compared))).toBeNull();
			byKernel.set(before.subarray(from, from + byteCount + slackBytes), from);
		}
		expect(firstDifference(byKernel, before)).toBeNull();
	} finally {
		lease.release();
	}
}

describe("a kernel and its twin", () => {
	test.each(Object.entries(TWINS) as [KernelName, AnyTwin][])("%s", (name, twin) => {
		fc.assert(
			fc.property(ROWS, (rows) => compare(name, twin, rows)),
			{ numRuns: 60 },
		);
	});
});
