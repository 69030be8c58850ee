/** Servers that the benches time: workerd processes, each with its processor time. */
import { convertV4MiniflareOptions, Miniflare } from "../../scripts/local/miniflare.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LittoralClient } from "../../scripts/client.ts";
import { bundleWorker } from "../../scripts/local/bundle.ts";
import { type Littoral, type LittoralOptions, startLittoral } from "../../scripts/local/littoral.ts";
import { childrenNamed, processCpuMs } from "../runner/processor-time.ts";

export interface BenchServer {
	url: string;
	miniflare: Miniflare;
	/** Of its workerd. */
	cpuMs: () => number;
	stop(): Promise<void>;
}

/** Miniflare's own workerd. */
const { default: workerdPath } = createRequire(createRequire(import.meta.url).resolve("miniflare"))("workerd") as { default: string };
const WITHOUT_LOG = { MINIFLARE_WORKERD_PATH: join(import.meta.dirname, "workerd-without-log.sh"), BENCH_WORKERD: workerdPath };

/** Starts something that starts one workerd, whose log goes nowhere. */
async function withWorkerd<Started>(start: () => Promise<Started>): Promise<{ started: Started; cpuMs: () => number }> {
	const before = new Set(childrenNamed("workerd"));
	Object.assign(process.env, WITHOUT_LOG);
	const started = await start().finally(() => {
		for (const name of Object.keys(WITHOUT_LOG)) delete process.env[name];
	});
	const [pid] = childrenNamed("workerd").filter((candidate) => !before.has(candidate));
	if (pid === undefined) throw new Error("workerd was not found among this process's children");
	return { started, cpuMs: () => processCpuMs(pid) };
}

/** Far above what a bench sends; the limiter itself stays in the path. */
const RATE_LIMIT_REQUEST_COUNT = 100_000_000;

export interface LittoralServer extends BenchServer {
	littoral: Littoral;
	admin: LittoralClient;
	/** A new tenant, and its owner's client. */
	tenant(id: string): Promise<LittoralClient>;
	/** Ends workerd and starts it anew on the same state: nothing is cached. @param entryPoints in the place of those it was started with, until the next restart */
	restart(entryPoints?: LittoralOptions["entryPoints"]): Promise<void>;
}

/** The six Workers on a state folder of their own. */
export async function startLittoralServer(
	options: Pick<LittoralOptions, "entryPoints" | "rateLimitRequestCount"> = {},
): Promise<LittoralServer> {
	const stateDir = mkdtempSync(join(tmpdir(), "littoral-bench-"));
	const adminKey = crypto.randomUUID();
	const start = async (entryPoints = options.entryPoints) => {
		const { started, cpuMs } = await withWorkerd(() =>
			startLittoral({
				port: 0,
				stateDir,
				adminKey,
				rateLimitRequestCount: RATE_LIMIT_REQUEST_COUNT,
				...options,
				...(entryPoints === undefined ? {} : { entryPoints }),
			}),
		);
		return { littoral: started, cpuMs, admin: new LittoralClient(started.url, adminKey), url: started.url, miniflare: started.miniflare };
	};
	const server: LittoralServer = {
		...(await start()),
		async tenant(id) {
			const { api_key: apiKey } = await server.admin.json<{ api_key: string }>("/v1/tenants", {
				headers: { "Content-Type": "application/json" },
				body: JSON.stringify({ id }),
			});
			return new LittoralClient(server.url, apiKey);
		},
		async restart(entryPoints) {
			await server.littoral.stop();
			Object.assign(server, await start(entryPoints));
		},
		async stop() {
			await server.littoral.stop();
			rmSync(stateDir, { recursive: true, force: true });
		},
	};
	return server;
}

/**
 * Workers of the bench itself, in one workerd; the first gets the requests.
 *
 * @param workers Miniflare's options, `main` bundled
 * @param kept a folder for their state, which outlives them; without it they have one of their own
 */
export async function startWorkers(
	workers: readonly ({ main: string; name: string } & Record<string, unknown>)[],
	kept?: string,
): Promise<BenchServer> {
	const stateDir = kept ?? mkdtempSync(join(tmpdir(), "littoral-bench-"));
	const options = await Promise.all(
		workers.map(async ({ main, ...rest }, index) => ({
			compatibilityDate: "2026-08-15",
			compatibilityFlags: ["nodejs_compat"],
			...rest,
			modules: await bundleWorker(main),
			routes: index === 0 ? ["*/*"] : [],
		})),
	);
	const { started: miniflare, cpuMs } = await withWorkerd(async () => {
		const made = new Miniflare(
			convertV4MiniflareOptions({ workers: options, host: "127.0.0.1", port: 0, cf: false, resourcePersistencePath: stateDir } as never),
		);
		await made.ready;
		return made;
	});
	return {
		url: (await miniflare.ready).origin,
		miniflare,
		cpuMs,
		async stop() {
			await miniflare.dispose();
			if (kept === undefined) rmSync(stateDir, { recursive: true, force: true });
		},
	};
}
