/** PostgreSQL in this process (PGlite). Its first start makes a cluster, which takes longer than all of many tests: the files of it are kept, and every later one starts from them. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { ROOT } from "../scripts/fleet.ts";

function clusterPath(): string {
	const manifest = join(dirname(createRequire(import.meta.url).resolve("@electric-sql/pglite")), "../package.json");
	const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
	return join(ROOT, "node_modules/.cache/littoral", `pglite-${version}.tar`);
}

async function keepCluster(path: string): Promise<void> {
	const maker = await PGlite.create();
	const files = await (await maker.dumpDataDir("none")).bytes();
	await maker.close();
	mkdirSync(dirname(path), { recursive: true });
	// Whole or not at all: another process may make it as well.
	const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
	writeFileSync(unfinished, files);
	renameSync(unfinished, path);
}

/** An empty database of its own. */
export async function startPostgres(): Promise<PGlite> {
	const path = clusterPath();
	if (!existsSync(path)) await keepCluster(path);
	return await PGlite.create({ loadDataDir: new Blob([readFileSync(path)]) });
}
