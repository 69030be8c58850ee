/** The kernels as a start needs them: built, once. */
import { execFileSync } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../fleet.ts";

const BUILD = join(ROOT, "scripts/build-kernels.ts");
const KERNELS = join(ROOT, "shared/engine/kernels");

/** Builds them unless what stands there is newer than every source. @throws Error when they do not compile; asc's messages go to stderr */
export function buildStaleKernels(): void {
	const built = statSync(join(KERNELS, "build/kernels.wasm"), { throwIfNoEntry: false });
	const sources = [BUILD, ...globSync(join(KERNELS, "assembly/**/*.ts"))];
	if (built !== undefined && sources.every((source) => statSync(source).mtimeMs < built.mtimeMs)) return;
	execFileSync(process.execPath, [BUILD], { stdio: ["ignore", "ignore", "inherit"] });
}
