/** `npm start` as a process of its own that can be killed with everything it started, for the demo and for tests of crashes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { ROOT } from "../fleet.ts";

export interface LittoralProcess {
	url: string;
	/** Ends the process and workerd: SIGKILL leaves them no time for anything. */
	kill(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as { port: number };
	server.close();
	return port;
}

/** Resolves once the Workers are ready. @throws Error when the process ends before */
export async function startProcess(environment: { port: number; stateDir: string; adminKey: string }): Promise<LittoralProcess> {
	const child = spawn(process.execPath, [join(ROOT, "scripts/start.ts")], {
		env: { ...process.env, PORT: String(environment.port), STATE_DIR: environment.stateDir, ADMIN_KEY: environment.adminKey },
		// A process group of its own: workerd is the child's child.
		detached: true,
		stdio: ["ignore", "pipe", "inherit"],
	});
	const exited = once(child, "exit");
	await ready(child);
	return {
		url: `http://127.0.0.1:${environment.port}`,
		async kill(signal) {
			try {
				process.kill(-(child.pid as number), signal);
			} catch {
				// It has ended already.
			}
			await exited;
		},
	};
}

async function ready(child: ChildProcess): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		// Read to the end, also after that line: a closed pipe would end the server.
		child.stdout?.on("data", (chunk: Buffer) => {
			if (chunk.toString().includes("littoral ready at")) resolve();
		});
		child.once("exit", () => reject(new Error("the server ended before it was ready")));
	});
}
