/**
 * All suites. `shared`: pure code, in Node. `<worker>`: inside workerd. `house`: the rules of the house. `sql`, `e2e`, `faults`: the six together.
 */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/longest-first.ts";
import { SEED } from "./tests/seed.ts";
import { keepTemporaryFilesInMemory } from "./tests/temporary-files.ts";

// Before a test starts: what is fresh is so once, for all of them.
process.env["SEED"] = String(SEED);
keepTemporaryFilesInMemory();

/**
 * Node itself imports the modules, as it does for every script here: vitest's own runner would rewrite each import as a look-up in an object, which takes seconds of each process, and a third
 * of the time of what runs engine and optimizer for long. No module is mocked.
 */
const NATIVE = { viteModuleRunner: false, nodeLoader: false };

const workers = readdirSync(new URL("workers", import.meta.url));

export default defineConfig({
	test: {
		silent: "passed-only",
		// Vitest would leave one processor free; tests wait so often, for the disk, for time to pass and for each other, that one file more is worth it.
		maxWorkers: availableParallelism() + 1,
		sequence: { sequencer: LongestFirst },
		projects: [
			{
				test: {
					name: "shared",
					include: ["shared/**/*.test.ts"],
					isolate: false,
					experimental: NATIVE,
					testTimeout: 120_000,
					hookTimeout: 120_000,
					setupFiles: ["tests/kernels.setup.ts", "tests/seed.setup.ts"],
				},
			},
			...workers.map((worker) => `workers/${worker}/vitest.config.ts`),
			"tests/model/vitest.config.ts",
			...["house", "sql", "slt", "fuzz", "e2e", "faults"].map((name) => ({
				test: {
					name,
					include: [`tests/${name}/**/*.test.ts`],
					// Modules are loaded once for all files that a process runs: no file may leave anything behind in them.
					isolate: false,
					experimental: NATIVE,
					setupFiles: ["tests/kernels.setup.ts"],
					testTimeout: 300_000,
					hookTimeout: 300_000,
				},
			})),
		],
	},
});
