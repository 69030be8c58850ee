/** Vitest set-up of Node projects: installs the compiled kernels. */
import { readFileSync } from "node:fs";
import { installKernels } from "#shared/engine/kernels/kernels.ts";

installKernels(new WebAssembly.Module(readFileSync(new URL("../shared/engine/kernels/build/kernels.wasm", import.meta.url))));
