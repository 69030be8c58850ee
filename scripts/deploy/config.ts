/** A Worker's configuration for one environment: the checked-in wrangler.toml with every resource renamed and the ids filled in. */
import { dirname, resolve } from "node:path";
import { experimental_readRawConfig as readRawConfig } from "wrangler";
import type { FleetMember } from "../fleet.ts";
import { nameIn } from "./plan.ts";

interface Named {
	[key: string]: unknown;
}

/**
 * @param databaseIds D1 database name in that environment -> id
 * @returns what wrangler reads from a wrangler.json anywhere: paths are absolute
 */
export function environmentConfig(member: FleetMember, environment: string | null, databaseIds: Record<string, string>): Named {
	const { rawConfig } = readRawConfig({ config: member.configPath });
	const config = structuredClone(rawConfig) as Named;
	const folder = dirname(member.configPath);
	const rename = (entry: Named, key: string): void => {
		if (typeof entry[key] === "string") entry[key] = nameIn(environment, entry[key]);
	};
	rename(config, "name");
	config["main"] = resolve(folder, config["main"] as string);
	if (config["build"]) config["build"] = { ...(config["build"] as Named), cwd: folder };
	for (const service of list(config["services"])) rename(service, "service");
	for (const bucket of list(config["r2_buckets"])) rename(bucket, "bucket_name");
	for (const database of list(config["d1_databases"])) {
		rename(database, "database_name");
		database["migrations_dir"] = resolve(folder, database["migrations_dir"] as string);
		database["database_id"] = databaseIds[database["database_name"] as string] ?? "00000000-0000-0000-0000-000000000000";
	}
	const queues = (config["queues"] ?? {}) as Named;
	for (const producer of list(queues["producers"])) rename(producer, "queue");
	for (const consumer of list(queues["consumers"])) {
		rename(consumer, "queue");
		rename(consumer, "dead_letter_queue");
	}
	return config;
}

function list(value: unknown): Named[] {
	return Array.isArray(value) ? (value as Named[]) : [];
}
