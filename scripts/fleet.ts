/** The six Workers, in the order in which they are deployed: whoever is called comes before its callers. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

export interface FleetMember {
	name: "monitoring" | "catalog" | "optimizer" | "tenant" | "operations" | "gateway";
	/** Path of its wrangler.toml. */
	configPath: string;
	/** Binding of the D1 database it owns. */
	database: { binding: string; name: string; migrationsDir: string } | null;
}

function internal(name: FleetMember["name"], database: { binding: string; name: string } | null): FleetMember {
	const migrationsDir = join(ROOT, "workers", name, "migrations");
	return { name, configPath: join(ROOT, "workers", name, "wrangler.toml"), database: database && { ...database, migrationsDir } };
}

export const FLEET: readonly FleetMember[] = [
	internal("monitoring", null),
	internal("catalog", { binding: "CATALOG_0", name: "littoral-catalog" }),
	internal("optimizer", { binding: "OPTIMIZER_DB", name: "littoral-optimizer" }),
	internal("tenant", null),
	internal("operations", { binding: "OPERATIONS_DB", name: "littoral-operations" }),
	{ ...internal("gateway", { binding: "IDENTITY", name: "littoral-identity" }), configPath: join(ROOT, "wrangler.toml") },
];
