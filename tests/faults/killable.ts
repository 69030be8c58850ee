/** All six Workers on one state folder, whose workerd dies by SIGKILL and comes up again under the same address: nothing is left but what was durable. */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LittoralClient } from "../../scripts/client.ts";
import { type Littoral, type LittoralOptions, startLittoral } from "../../scripts/local/littoral.ts";
import { freePort } from "../../scripts/local/process.ts";

export class KillableLittoral {
	readonly #options: LittoralOptions & { adminKey: string };
	#running: { littoral: Littoral; workerd: ChildProcess };

	private constructor(options: LittoralOptions & { adminKey: string }, running: { littoral: Littoral; workerd: ChildProcess }) {
		this.#options = options;
		this.#running = running;
	}

	static async start(options: Pick<LittoralOptions, "entryPoints" | "vars" | "onLog"> = {}): Promise<KillableLittoral> {
		const all = {
			port: await freePort(),
			stateDir: mkdtempSync(join(tmpdir(), "littoral-kill-")),
			adminKey: randomBytes(24).toString("base64url"),
			...options,
		};
		return new KillableLittoral(all, await startWatched(all));
	}

	get littoral(): Littoral {
		return this.#running.littoral;
	}

	/** Stays valid over kills. */
	get admin(): LittoralClient {
		return new LittoralClient(this.littoral.url, this.#options.adminKey);
	}

	async newTenant(id: string): Promise<LittoralClient> {
		const headers = { "Content-Type": "application/json" };
		const { api_key: key } = await this.admin.json<{ api_key: string }>("/v1/tenants", { headers, body: JSON.stringify({ id }) });
		return new LittoralClient(this.littoral.url, key);
	}

	/** SIGKILL to workerd, in which all Workers, Durable Objects, D1 and R2 run; then a new one on the same folder. */
	async killAndRestart(): Promise<void> {
		const { littoral, workerd } = this.#running;
		const exited = once(workerd, "exit");
		workerd.kill("SIGKILL");
		await exited;
		await littoral.stop();
		this.#running = await startWatched(this.#options);
	}

	async stop(): Promise<void> {
		await this.littoral.stop();
		rmSync(this.#options.stateDir, { recursive: true, force: true });
	}
}

/** Starts the six and says which process they run in. */
async function startWatched(options: LittoralOptions): Promise<{ littoral: Littoral; workerd: ChildProcess }> {
	const children: ChildProcess[] = [];
	const note = (message: unknown) => children.push((message as { process: ChildProcess }).process);
	subscribe("child_process", note);
	try {
		const littoral = await startLittoral(options);
		const workerd = children.findLast((child) => child.spawnfile.includes("workerd"));
		if (workerd === undefined) throw new Error(`no workerd among ${children.map((child) => child.spawnfile).join(", ")}`);
		return { littoral, workerd };
	} finally {
		unsubscribe("child_process", note);
	}
}
