/** The isolate's engine for jobs: an arena of the size that one job may take, made when the first job runs, and replaced after a trap. */
import { ARENA_PAGE_BYTES, COMPACTION_ARENA_BYTES } from "#shared/base/limits.ts";
import { createEngine, type Engine } from "#shared/engine/kernels/kernels.ts";

let engine: Engine | null = null;

export function compactionEngine(): Engine {
	// Page 0 is never leased.
	if (engine === null || engine.arena.poisoned) engine = createEngine({ pageCount: COMPACTION_ARENA_BYTES / ARENA_PAGE_BYTES + 1 });
	return engine;
}
