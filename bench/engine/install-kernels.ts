/** The kernels that were built, for this process. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { installKernels } from "#shared/engine/kernels/kernels.ts";
import { ROOT } from "../../scripts/fleet.ts";

export function installBuiltKernels(): void {
	installKernels(new WebAssembly.Module(readFileSync(join(ROOT, "shared/engine/kernels/build/kernels.wasm"))));
}
