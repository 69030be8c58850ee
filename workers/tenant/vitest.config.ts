/** Tests of this Worker inside workerd. The Workers below it are stand-ins: tests replace the ports to them, see `test/world.ts`. */
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

function standIn(service: string, entrypoint: string) {
	return {
		name: `littoral-${service}`,
		modules: true as const,
		compatibilityDate: "2026-08-15",
		script: `
			import { WorkerEntrypoint } from "cloudflare:workers";
			export class ${entrypoint} extends WorkerEntrypoint {
				async ready() {}
				async push() {}
				async scrape() { return ""; }
			}
			export default { fetch() { return new Response("stand-in"); } };`,
	};
}

export default defineConfig({
	plugins: [
		cloudflareTest({
			wrangler: { configPath: "./wrangler.toml" },
			miniflare: {
				workers: [
					standIn("catalog", "CatalogService"),
					standIn("optimizer", "OptimizerService"),
					standIn("monitoring", "MonitoringService"),
				],
			},
		}),
	],
	test: {
		name: "tenant",
		include: ["test/**/*.test.ts"],
		// One workerd for many files, whose storage and `world` are one: each test makes its own tenants.
		isolate: false,
		testTimeout: 60_000,
	},
});
