/** `drizzle-kit generate --config workers/operations/drizzle.config.ts` writes the next migration. */
export default {
	dialect: "sqlite",
	schema: "./workers/operations/src/*/tables.ts",
	out: "./workers/operations/migrations",
};
