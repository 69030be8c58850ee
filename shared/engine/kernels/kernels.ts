/**
 * The isolate's kernels, bound to its arena. Workers cannot compile at request time: each entry point imports `build/kernels.wasm` and installs it.
 */
import { assert } from "#shared/base/assert.ts";
import { Arena } from "../memory/arena.ts";
import type { KernelExports } from "./build/kernels.d.ts";

export type Kernels = KernelExports;

/** An arena and the kernels that work on it; replaced as a whole after a trap. */
export interface Engine {
	arena: Arena;
	kernels: Kernels;
}

let installed: WebAssembly.Module | null = null;
let current: Engine | null = null;

/** Called once per isolate, at module scope of a Worker or in a test's set-up. */
export function installKernels(module: WebAssembly.Module): void {
	installed = module;
}

/** Binds the kernels to an arena of its own; tests pass a small one, one of their own, or wrap the exports to watch calls. */
export function createEngine(options: { pageCount?: number; arena?: Arena; wrap?: (kernels: Kernels) => Kernels } = {}): Engine {
	assert(installed !== null, "installKernels comes first");
	const arena = options.arena ?? new Arena(options.pageCount);
	const instance = new WebAssembly.Instance(installed, { env: { memory: arena.memory } });
	const kernels = instance.exports as unknown as Kernels;
	return { arena, kernels: options.wrap ? options.wrap(kernels) : kernels };
}

/** The isolate's engine; a poisoned one is replaced here. */
export function isolateEngine(): Engine {
	if (current === null || current.arena.poisoned) current = createEngine();
	return current;
}
