/**
 * All suites. `shared`: pure code, in Node. `<worker>`: inside workerd. `house`: the rules of the house. `sql`, `e2e`, `faults`: the six together.
 */
import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

const workers = readdirSync(new URL("workers", import.meta.url));

export default defineConfig({
	test: {
		silent: "passed-only",
		projects: [
			{
				test: {
					name: "shared",
					include: ["shared/**/*.test.ts"],
					testTimeout: 120_000,
					hookTimeout: 120_000,
					setupFiles: ["tests/kernels.setup.ts"],
				},
			},
			...workers.map((worker) => `workers/${worker}/vitest.config.ts`),
			"tests/model/vitest.config.ts",
			...["house", "sql", "slt", "fuzz", "e2e", "faults"].map((name) => ({
				test: {
					name,
					include: [`tests/${name}/**/*.test.ts`],
					setupFiles: ["tests/kernels.setup.ts"],
					testTimeout: 300_000,
					hookTimeout: 300_000,
				},
			})),
		],
	},
});
