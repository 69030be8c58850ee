/** `npx drizzle-kit generate --config workers/catalog/drizzle.config.ts` writes the next migration after a change of the tables. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({
	dialect: "sqlite",
	schema: "./workers/catalog/src/database/tables.ts",
	out: "./workers/catalog/migrations",
});
