/** Tests of this Worker inside workerd, with stand-ins for the catalog and monitoring. */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

/** A catalog of one table, `t (a integer, x text)`, whose snapshot version goes up with each read. */
const CATALOG = `
	import { WorkerEntrypoint } from "cloudflare:workers";
	let version = 0;
	export class CatalogService extends WorkerEntrypoint {
		async readSnapshots(tenantId, requests) {
			return requests.map(({ table }) => {
				if (table.name !== "t") return null;
				version++;
				const column = (fieldId, name, kind) => ({ fieldId, name, type: { kind }, nullable: true, default: null });
				const columns = [column(1, "a", "integer"), column(2, "x", "text")];
				const schema = { tableId: tenantId, name: "t", schemaVersion: 1, columns, primaryKey: null, sortKey: [] };
				return { schema, version, watermarks: {}, rowCount: 0, byteCount: 0, pages: [] };
			});
		}
		async tableNames() { return ["t", "events"]; }
	}
	export default { fetch() { return new Response("stand-in"); } };`;

const MONITORING = `
	import { WorkerEntrypoint } from "cloudflare:workers";
	export class MonitoringService extends WorkerEntrypoint { async push() {} async scrape() { return ""; } }
	export default { fetch() { return new Response("stand-in"); } };`;

export default defineConfig({
	plugins: [
		cloudflareTest(async () => ({
			wrangler: { configPath: "./wrangler.toml" },
			miniflare: {
				bindings: { MIGRATIONS: await readD1Migrations(new URL("migrations", import.meta.url).pathname) },
				workers: [
					{ name: "littoral-catalog", modules: true, compatibilityDate: "2026-08-15", script: CATALOG },
					{ name: "littoral-monitoring", modules: true, compatibilityDate: "2026-08-15", script: MONITORING },
				],
			},
		})),
	],
	test: { name: "optimizer", include: ["test/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
});
