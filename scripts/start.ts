/**
 * `npm start`: all six Workers on this machine. PORT (8787), STATE_DIR (.littoral), ADMIN_KEY (made on the first start).
 * Prints one line on stdout once ready; logs of the Workers go to stderr with LOG=1. Builds the kernels itself, since the npm script has to
 * `exec` its one command: a shell between npm and this process would keep SIGTERM to itself.
 */
import { buildStaleKernels } from "./local/kernels.ts";
import { startLittoral } from "./local/littoral.ts";
import { watchWorkerd } from "./local/watchdog.ts";

const PARENT_CHECK_MS = 250;

/** What `docs/monitoring.md` lets an operator set. */
const MONITORING_VARIABLES = Object.fromEntries(
	Object.entries(process.env).flatMap(([name, value]) =>
		/^(OTEL_|LOKI_|ALERT_WEBHOOK_)/.test(name) && value !== undefined ? [[name, value]] : [],
	),
);

watchWorkerd();
buildStaleKernels();
const littoral = await startLittoral({
	port: Number(process.env["PORT"] ?? 8787),
	stateDir: process.env["STATE_DIR"] ?? ".littoral",
	adminKey: process.env["ADMIN_KEY"],
	vars: { monitoring: MONITORING_VARIABLES },
	...(process.env["LOG"] ? { onLog: (line: string) => process.stderr.write(`${line}\n`) } : {}),
});
if (littoral.adminKeyIsNew) process.stdout.write(`ADMIN_KEY=${littoral.adminKey}\n`);
process.stdout.write(`littoral ready at ${littoral.url}\n`);

let stopping = false;
function stop(): void {
	// Ctrl-C comes twice, from the terminal and from npm.
	if (stopping) return;
	stopping = true;
	void littoral.stop().then(() => process.exit(0));
}
for (const signal of ["SIGTERM", "SIGINT"] as const) {
	// Miniflare's own listener exits with 128 + signal at once.
	process.removeAllListeners(signal);
	process.on(signal, stop);
}

// An npm that was killed forwards nothing.
if (process.env["npm_lifecycle_event"] === "start") {
	const parent = process.ppid;
	setInterval(() => {
		if (process.ppid !== parent) stop();
	}, PARENT_CHECK_MS);
}
