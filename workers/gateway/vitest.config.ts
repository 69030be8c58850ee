/** Tests of this Worker inside workerd, on its real D1. The Workers behind it are stand-ins that echo: `test/fakes/services.ts`. */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { build } from "esbuild";
import { defineConfig } from "vitest/config";

const here = (path: string): string => new URL(path, import.meta.url).pathname;

async function bundledFakes(): Promise<string> {
	const { outputFiles } = await build({
		entryPoints: [here("test/fakes/services.ts")],
		bundle: true,
		write: false,
		format: "esm",
		external: ["cloudflare:*"],
	});
	return outputFiles[0]?.text ?? "";
}

export default defineConfig({
	plugins: [
		cloudflareTest(async () => {
			const script = await bundledFakes();
			return {
				wrangler: { configPath: "../../wrangler.toml" },
				miniflare: {
					bindings: { ADMIN_KEY: "test-admin-key", MIGRATIONS: await readD1Migrations(here("migrations")) },
					workers: ["operations", "tenant", "catalog", "monitoring"].map((service) => ({
						name: `littoral-${service}`,
						modules: true as const,
						compatibilityDate: "2026-08-15",
						script,
					})),
				},
			};
		}),
	],
	test: { name: "gateway", include: ["test/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000, setupFiles: ["test/setup.ts"] },
});
