/** `npx drizzle-kit generate --config workers/gateway/drizzle.config.ts` writes the next migration after a change of the schema. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
	dialect: "sqlite",
	schema: "./workers/gateway/src/identity/schema.ts",
	out: "./workers/gateway/migrations",
});
