/** Tests of this Worker inside workerd. */
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

export default defineConfig({
	plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
	test: { name: "monitoring", include: ["test/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
