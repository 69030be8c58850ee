/** All six Workers in one workerd, as `npm start`, the demo, the tests and the benches run them. */
import { convertV4MiniflareOptions, Miniflare } from "./miniflare.ts";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { unstable_getMiniflareWorkerOptions as getMiniflareWorkerOptions, unstable_readConfig as readConfig } from "wrangler";
import { FLEET, type FleetMember } from "../fleet.ts";
import { bundleWorker, type WorkerModule } from "./bundle.ts";
import { applyMigrations, type MigratableDatabase } from "./migrate.ts";

export interface LittoralOptions {
	/** 0 lets the system choose. */
	port: number;
	/** Folder of all state; survives restarts and kill -9. */
	stateDir: string;
	/** Taken from the state folder, or made and kept there, when absent. */
	adminKey?: string | undefined;
	/** Extra text bindings by Worker. */
	vars?: Partial<Record<FleetMember["name"], Record<string, string>>>;
	/** Requests that one key may send in a period, in the place of the gateway's own number: benches send more. Null: no limiter, as a deployment without one. */
	rateLimitRequestCount?: number | null;
	/** Replaces a Worker's entry file: tests wrap its ports by it. */
	entryPoints?: Partial<Record<FleetMember["name"], string>>;
	/** Called with each line that the Workers log; dropped when absent. */
	onLog?: (line: string) => void;
}

export interface Littoral {
	url: string;
	adminKey: string;
	/** True when the key was made by this start. */
	adminKeyIsNew: boolean;
	miniflare: Miniflare;
	stop(): Promise<void>;
}

/** The key given, or the one kept in the state folder, or a new one kept there. */
function findAdminKey(options: LittoralOptions): { adminKey: string; adminKeyIsNew: boolean } {
	if (options.adminKey) return { adminKey: options.adminKey, adminKeyIsNew: false };
	const path = join(options.stateDir, "admin-key");
	if (existsSync(path)) return { adminKey: readFileSync(path, "utf8").trim(), adminKeyIsNew: false };
	const adminKey = randomBytes(32).toString("base64url");
	writeFileSync(path, `${adminKey}\n`, { mode: 0o600 });
	return { adminKey, adminKeyIsNew: true };
}

const bundles = new Map<string, Promise<WorkerModule[]>>();

async function workerOptions(member: FleetMember, options: LittoralOptions, adminKey: string): Promise<Record<string, unknown>> {
	const config = readConfig({ config: member.configPath });
	const bindings = getMiniflareWorkerOptions(member.configPath).workerOptions as {
		bindings?: Record<string, string>;
		ratelimits?: Record<string, { simple: { limit: number } }>;
	};
	if (options.rateLimitRequestCount === null) delete bindings.ratelimits;
	else if (options.rateLimitRequestCount !== undefined) {
		for (const { simple } of Object.values(bindings.ratelimits ?? {})) simple.limit = options.rateLimitRequestCount;
	}
	const main = options.entryPoints?.[member.name] ?? (config.main as string);
	if (!bundles.has(main)) bundles.set(main, bundleWorker(main));
	const secrets = member.name === "gateway" ? { ADMIN_KEY: adminKey } : {};
	return {
		...bindings,
		name: config.name as string,
		modules: await bundles.get(main),
		bindings: { ...bindings.bindings, ...secrets, ...options.vars?.[member.name] },
		routes: member.name === "gateway" ? ["*/*"] : [],
	};
}

/**
 * Starts the six, applies their migrations, waits until `/ready` answers 200.
 * @throws Error when they are not ready within 60 s
 */
export async function startLittoral(options: LittoralOptions): Promise<Littoral> {
	const stateDir = resolve(options.stateDir);
	mkdirSync(stateDir, { recursive: true });
	const { adminKey, adminKeyIsNew } = findAdminKey({ ...options, stateDir });
	// The gateway stands first: it is the one that gets the requests.
	const workers = await Promise.all(FLEET.toReversed().map((member) => workerOptions(member, options, adminKey)));
	const miniflare = new Miniflare(
		convertV4MiniflareOptions({
			workers,
			host: "127.0.0.1",
			port: options.port,
			cf: false,
			resourcePersistencePath: join(stateDir, "v3"),
			handleStructuredLogs({ message }: { message: string }) {
				options.onLog?.(message);
			},
		} as never),
	);
	try {
		const url = (await miniflare.ready).origin;
		for (const { database, configPath } of FLEET) {
			if (database === null) continue;
			const name = readConfig({ config: configPath }).name as string;
			await applyMigrations(
				(await miniflare.getD1Database(database.binding, name)) as unknown as MigratableDatabase,
				database.migrationsDir,
			);
		}
		await waitUntilReady(url);
		return { url, adminKey, adminKeyIsNew, miniflare, stop: () => miniflare.dispose() };
	} catch (error) {
		await miniflare.dispose();
		throw error;
	}
}

async function waitUntilReady(url: string): Promise<void> {
	let last = "no answer";
	for (let attempt = 0; attempt < 240; attempt++) {
		const response = await fetch(`${url}/ready`).catch(() => null);
		if (response?.status === 200) {
			await response.body?.cancel();
			return;
		}
		last = response === null ? "no answer" : `${response.status} ${await response.text()}`;
		await new Promise((wake) => setTimeout(wake, 250));
	}
	throw new Error(`not ready after 60 s: ${last}`);
}
