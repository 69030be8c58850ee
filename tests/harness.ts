/** All six Workers on a state folder of their own, for tests from outside. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LittoralClient } from "../scripts/client.ts";
import { type Littoral, type LittoralOptions, startLittoral } from "../scripts/local/littoral.ts";
import { watchWorkerd } from "../scripts/local/watchdog.ts";

/** For files that share it: nobody ends it but the process. */
export interface SharedHarness {
	littoral: Littoral;
	/** Platform administration. */
	admin: LittoralClient;
	/** Log lines of the Workers since the start, newest last; the oldest are forgotten beyond 50,000. */
	logs: string[];
	/** A new tenant and its owner's client. */
	tenant(): Promise<{ id: string; owner: LittoralClient; apiKey: string }>;
}

export interface Harness extends SharedHarness {
	stop(): Promise<void>;
}

const LOG_LINE_COUNT_MAX = 50_000;
/** An oracle in this process computes for seconds, and the server closes idle connections meanwhile: nobody would notice before the next request fails. */
const HEADERS = { Connection: "close" };

let shared: Promise<Harness> | null = null;

/**
 * The six of this process, for all of its files that ask for nothing special of them: a start takes seconds of processor time. Each file makes tenants of its own, and whoever counts
 * something of the whole deployment counts what it adds. Ends with the process.
 */
export async function sharedHarness(): Promise<SharedHarness> {
	if (shared === null) {
		watchWorkerd();
		const stateDir = mkdtempSync(join(tmpdir(), "littoral-test-"));
		process.once("exit", () => rmSync(stateDir, { recursive: true, force: true }));
		shared = startHarness({ stateDir });
	}
	return await shared;
}

export async function startHarness(options: Partial<LittoralOptions> = {}): Promise<Harness> {
	const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), "littoral-test-"));
	const logs: string[] = [];
	const littoral = await startLittoral({
		port: 0,
		adminKey: randomBytes(24).toString("base64url"),
		onLog: (line) => {
			logs.push(line);
			if (logs.length > LOG_LINE_COUNT_MAX) logs.splice(0, LOG_LINE_COUNT_MAX / 2);
		},
		...options,
		stateDir,
	});
	const admin = new LittoralClient(littoral.url, littoral.adminKey, HEADERS);
	return {
		littoral,
		admin,
		logs,
		async tenant() {
			const id = `t-${randomBytes(5).toString("hex")}`;
			const created = await admin.json<{ tenant: string; api_key: string }>("/v1/tenants", {
				headers: { "Content-Type": "application/json" },
				body: JSON.stringify({ id }),
			});
			return { id, owner: new LittoralClient(littoral.url, created.api_key, HEADERS), apiKey: created.api_key };
		},
		async stop() {
			await littoral.stop();
			if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
		},
	};
}
