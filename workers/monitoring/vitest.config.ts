/** Tests of this Worker inside workerd. */
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

export default defineConfig({
	plugins: [
		cloudflareTest({
			wrangler: { configPath: "./wrangler.toml" },
			miniflare: {
				bindings: { ALERT_WEBHOOK_URL: "https://receiver.invalid/hook", ALERT_WEBHOOK_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
			},
		}),
	],
	test: { name: "monitoring", include: ["test/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
