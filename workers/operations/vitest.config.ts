/** Tests of this Worker inside workerd. The Workers below it are stand-ins that answer `ready`, except the optimizer, which does not. */
import { readD1Migrations, cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { SEED } from "../../tests/seed.ts";

function standIn(
	service: string,
	entrypoint: string,
	ready: string,
): { name: string; modules: true; script: string; compatibilityDate: string } {
	return {
		name: `littoral-${service}`,
		modules: true,
		compatibilityDate: "2026-08-15",
		script: `
			import { WorkerEntrypoint } from "cloudflare:workers";
			const recorded = [];
			export class ${entrypoint} extends WorkerEntrypoint {
				async ready() { ${ready} }
				async push() {}
				async recordHealth(records) { recorded.push(...records); }
				async status() { return { alerts: [], history: recorded }; }
			}
			export default { fetch() { return new Response("stand-in"); } };`,
	};
}

export default defineConfig({
	plugins: [
		cloudflareTest(async () => ({
			wrangler: { configPath: "./wrangler.toml" },
			miniflare: {
				bindings: { MIGRATIONS: await readD1Migrations(new URL("migrations", import.meta.url).pathname), SEED: String(SEED) },
				workers: [
					standIn("tenant", "TenantService", ""),
					standIn("catalog", "CatalogService", ""),
					standIn("optimizer", "OptimizerService", 'throw new Error("down");'),
					standIn("monitoring", "MonitoringService", ""),
				],
			},
		})),
	],
	test: {
		name: "operations",
		include: ["test/**/*.test.ts"],
		testTimeout: 120_000,
		hookTimeout: 120_000,
		setupFiles: ["../../tests/seed.setup.ts"],
	},
});
