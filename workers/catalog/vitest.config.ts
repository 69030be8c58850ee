/** Tests of this Worker inside workerd, with a second database bound, and a stand-in for monitoring. */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { SEED } from "../../tests/seed.ts";

export default defineConfig({
	plugins: [
		cloudflareTest(async () => ({
			wrangler: { configPath: "./wrangler.toml" },
			miniflare: {
				bindings: { MIGRATIONS: await readD1Migrations(new URL("migrations", import.meta.url).pathname), SEED: String(SEED) },
				d1Databases: { CATALOG_1: "catalog-1" },
				workers: [
					{
						name: "littoral-monitoring",
						modules: true,
						compatibilityDate: "2026-08-15",
						script: `
							import { WorkerEntrypoint } from "cloudflare:workers";
							export class MonitoringService extends WorkerEntrypoint { async push() {} async scrape() { return ""; } }
							export default { fetch() { return new Response("stand-in"); } };`,
					},
				],
			},
		})),
	],
	test: {
		name: "catalog",
		include: ["test/**/*.test.ts"],
		// One workerd for many files, whose storage is one: each test makes its own tenants.
		isolate: false,
		testTimeout: 120_000,
		hookTimeout: 120_000,
		setupFiles: ["../../tests/seed.setup.ts"],
	},
});
