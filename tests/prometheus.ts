/** Debian's Prometheus, where it is installed: its tests say loudly that they were skipped where it is not. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../scripts/local/process.ts";
import { ROOT } from "../scripts/fleet.ts";

export const PROMETHEUS_FOLDER = join(ROOT, "deploy/prometheus");

const IS_INSTALLED = ["prometheus", "promtool"].every((program) => spawnSync(program, ["--version"]).status === 0);

/** For `test.skipIf`. */
export const WITHOUT_PROMETHEUS = !IS_INSTALLED;

/** Names a test so that a run without Prometheus shows why it was skipped. */
export function needsPrometheus(name: string): string {
	return IS_INSTALLED ? name : `${name} [skipped: prometheus and promtool are not installed; apt-get install prometheus]`;
}

/** What promtool prints. @throws Error with its words when it finds a fault */
export function promtool(args: string[], options: { input?: string; folder?: string } = {}): string {
	const { status, stdout, stderr } = spawnSync("promtool", args, {
		cwd: options.folder ?? PROMETHEUS_FOLDER,
		encoding: "utf8",
		...(options.input === undefined ? {} : { input: options.input }),
	});
	if (status !== 0) throw new Error(`promtool ${args.join(" ")}:\n${stdout}${stderr}`);
	return `${stdout}${stderr}`;
}

export interface RunningPrometheus {
	/** The data of an answer of Prometheus's HTTP API. */
	get<Data>(path: string): Promise<Data>;
	stop(): Promise<void>;
}

/** Prometheus by the configuration that is checked in, but for the address, the key and the intervals. */
export async function startPrometheus(target: { url: string; adminKey: string }): Promise<RunningPrometheus> {
	const folder = mkdtempSync(join(tmpdir(), "littoral-prometheus-"));
	const { protocol, host } = new URL(target.url);
	const replacements: [string, string][] = [
		["scheme: https", `scheme: ${protocol.slice(0, -1)}`],
		["littoral.example.com", host],
		["/etc/prometheus/littoral-admin-key", join(folder, "key")],
		["scrape_interval: 15s", "scrape_interval: 1s"],
		["evaluation_interval: 30s", "evaluation_interval: 1s"],
		["rules.yml", join(PROMETHEUS_FOLDER, "rules.yml")],
	];
	let config = readFileSync(join(PROMETHEUS_FOLDER, "prometheus.yml"), "utf8");
	for (const [from, to] of replacements) {
		if (!config.includes(from)) throw new Error(`prometheus.yml has no ${from}`);
		config = config.replace(from, to);
	}
	writeFileSync(join(folder, "key"), target.adminKey);
	writeFileSync(join(folder, "prometheus.yml"), config);
	execFileSync("promtool", ["check", "config", "prometheus.yml"], { cwd: folder, stdio: "pipe" });
	const port = await freePort();
	const child: ChildProcess = spawn(
		"prometheus",
		["--config.file=prometheus.yml", "--storage.tsdb.path=data", `--web.listen-address=127.0.0.1:${port}`],
		{ cwd: folder, stdio: "ignore" },
	);
	const exited = once(child, "exit");
	return {
		async get<Data>(path: string): Promise<Data> {
			const response = await fetch(`http://127.0.0.1:${port}${path}`);
			return ((await response.json()) as { data: Data }).data;
		},
		async stop() {
			child.kill("SIGTERM");
			await exited;
			rmSync(folder, { recursive: true, force: true });
		},
	};
}
