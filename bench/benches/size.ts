/** What is uploaded of each Worker, and how long its code takes to start: both by wrangler, as a deployment would. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { FLEET, ROOT } from "../../scripts/fleet.ts";
import type { Bench } from "../runner/bench.ts";

const GZIP_KIB = 1024;
/** The platform refuses what takes longer. */
const START_MS = 1000;

export const sizeBench: Bench = {
	name: "size",
	title: "Each Worker as wrangler uploads it, and the active time of its start-up profile on this machine",
	async run(session) {
		const directory = mkdtempSync(join(tmpdir(), "littoral-bench-"));
		const members = session.sized({ full: FLEET, smoke: FLEET.slice(0, 1) });
		try {
			for (const { name, configPath } of members) {
				const upload = await wrangler(configPath, ["deploy", "--dry-run", "--outdir", join(directory, name)]);
				session.bar({ what: `${name}: gzip`, value: figureIn(upload, /gzip: ([\d.]+) KiB/), atMost: GZIP_KIB, unit: "KiB" });
				const profile = await wrangler(configPath, ["check", "startup", "--outfile", join(directory, `${name}.cpuprofile`)]);
				session.bar({ what: `${name}: start-up, active`, value: figureIn(profile, /Active: ([\d.]+) ms/), atMost: START_MS, unit: "ms" });
			}
		} finally {
			rmSync(directory, { recursive: true, force: true });
		}
	},
};

async function wrangler(configPath: string, input: string[]): Promise<string> {
	const program = join(ROOT, "node_modules/.bin/wrangler");
	const { stdout, stderr } = await promisify(execFile)(program, input, { cwd: dirname(configPath) });
	return stdout + stderr;
}

/** @throws Error where wrangler's words have changed */
function figureIn(output: string, pattern: RegExp): number {
	const [, figure] = pattern.exec(output) ?? [];
	if (figure === undefined) throw new Error(`wrangler said nothing of the form ${pattern}: ${output}`);
	return Number(figure);
}
