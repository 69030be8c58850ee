/** Kernels beside their reference twins in JavaScript: nanoseconds for a value over the rows of one batch, which stay in the caches. */
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { createEngine } from "#shared/engine/kernels/kernels.ts";
import { type CaseRows, KernelCase } from "#shared/engine/kernels/reference/twins/kernel-case.ts";
import type { Twin } from "#shared/engine/kernels/reference/twins/twin.ts";
import { TWINS } from "#shared/engine/kernels/reference/twins/twins.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { median } from "../runner/statistics.ts";

/** Pages for the largest case: sixteen bytes a lane, and some arrays of them. */
const MEMORY_PAGES = 32;
const SAMPLE_COUNT = 5;
/** Of one sample; twins that take longer run once. */
const SAMPLE_MS = 2;
const CALL_COUNT_MAX = 4000;
const SEED = 20_261_123;
/** What it writes is what it reads: a second call has other rows. */
const CALLED_ONCE = new Set(["offsets_in_place"]);

const everyRow = (_: unknown, row: number): number => row;
const ROWS: Record<string, CaseRows> = {
	"all rows": {
		count: BATCH_ROW_COUNT_MAX,
		valid: Array.from({ length: BATCH_ROW_COUNT_MAX }, () => true),
		selection: null,
		seed: SEED,
	},
	"every other row, a tenth NULL": {
		count: BATCH_ROW_COUNT_MAX,
		valid: Array.from({ length: BATCH_ROW_COUNT_MAX }, (_, row) => row % 10 !== 3),
		selection: Array.from({ length: BATCH_ROW_COUNT_MAX }, everyRow).filter((row) => row % 2 === 0),
		seed: SEED,
	},
};
export const ROW_KINDS = Object.keys(ROWS);

export interface BesideTwin {
	kernel: string;
	/** By kind of rows. */
	ns: { kernel: number; twin: number }[];
}

export function kernelsBesideTwins(): BesideTwin[] {
	const engine = createEngine({ pageCount: MEMORY_PAGES + 8 });
	const lease = new Lease(engine.arena, { owner: "bench" });
	const start = lease.allocatePages(MEMORY_PAGES);
	const { views } = engine.arena;
	const twins = Object.entries(TWINS as Record<string, Twin<"take_32">>).filter(([name]) => !CALLED_ONCE.has(name));
	try {
		return twins.map(([name, { run, input }]) => ({
			kernel: name,
			ns: Object.values(ROWS).map((rows) => {
				const values = input(new KernelCase(views, start, rows));
				const kernel = engine.kernels[name as "take_32"];
				const rowCount = rows.selection?.length ?? rows.count;
				return {
					kernel: nanosecondsOf(() => kernel(...values)) / rowCount,
					twin: nanosecondsOf(() => run(views, ...values)) / rowCount,
				};
			}),
		}));
	} finally {
		lease.release();
	}
}

/** Median nanoseconds of a call, after as many that do not count. */
function nanosecondsOf(call: () => unknown): number {
	const samples = Array.from({ length: SAMPLE_COUNT + 1 }, () => {
		const startedMs = performance.now();
		let callCount = 0;
		let elapsedMs = 0;
		while (elapsedMs < SAMPLE_MS && callCount < CALL_COUNT_MAX) {
			call();
			callCount++;
			elapsedMs = performance.now() - startedMs;
		}
		return (elapsedMs * 1e6) / callCount;
	});
	return median(samples.slice(1));
}
