/** The storage protocol's code against a plain model: shards, catalog and collector in one workerd. `MODEL_SEED` and `MODEL_STEPS` come from `npm run model`. */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const here = (path: string): string => new URL(path, import.meta.url).pathname;

/** The tenant Worker is bound to these, and the test stands in their place. */
const standIn = (service: string, entrypoint: string) => ({
	name: `littoral-${service}`,
	modules: true as const,
	compatibilityDate: "2026-08-15",
	script: `
		import { WorkerEntrypoint } from "cloudflare:workers";
		export class ${entrypoint} extends WorkerEntrypoint { async push() {} async trace() {} }
		export default { fetch() { return new Response("stand-in"); } };`,
});

export default defineConfig({
	plugins: [
		cloudflareTest(async () => ({
			wrangler: { configPath: "../../workers/tenant/wrangler.toml" },
			miniflare: {
				bindings: {
					MIGRATIONS: await readD1Migrations(here("../../workers/catalog/migrations")),
					MODEL_SEED: process.env["MODEL_SEED"] ?? "",
					MODEL_STEPS: process.env["MODEL_STEPS"] ?? "",
				},
				d1Databases: { CATALOG_0: "model-0", CATALOG_1: "model-1" },
				workers: [
					standIn("catalog", "CatalogService"),
					standIn("optimizer", "OptimizerService"),
					standIn("monitoring", "MonitoringService"),
				],
			},
		})),
	],
	test: { name: "model", include: ["*.test.ts"], testTimeout: 3_600_000, hookTimeout: 120_000 },
});
