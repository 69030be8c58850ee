/** Where and when a run took place. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";

export interface Machine {
	processor: string;
	coreCount: number;
	memoryGib: number;
	system: string;
	node: string;
	workerd: string;
	duckdb: string;
}

const packageVersion = (name: string): string =>
	(JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8")) as { version: string }).version;

export function describeMachine(): Machine {
	const workerd = (createRequire(join(ROOT, "noop.js"))("workerd/package.json") as { version: string }).version;
	return {
		processor: cpus()[0]?.model ?? "unknown",
		coreCount: cpus().length,
		memoryGib: Math.round(totalmem() / 1024 ** 3),
		system: `Linux ${release()}`,
		node: process.version,
		workerd,
		duckdb: packageVersion("@duckdb/node-api"),
	};
}

/** Of the last minute. Above the number of cores others were at work: then only ratios of interleaved peers count. */
export function loadAverage(): number {
	return Math.round((loadavg()[0] as number) * 100) / 100;
}

export function commit(): string {
	return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: ROOT, encoding: "utf8" }).trim();
}
