/**
 * What a query over cold data would take if nothing were to be done with what it reads: a bare Worker asks the local R2, which holds the same objects, for the ranges that
 * our own query read, in their order. What of a cold time is above it is ours; what is below it is the simulator's, and a network's in production.
 */
import { join } from "node:path";
import type { LittoralClient } from "../../scripts/client.ts";
import { ROOT } from "../../scripts/fleet.ts";
import type { Peer } from "../runner/session.ts";
import { post } from "../world/peers.ts";
import { type BenchServer, type LittoralServer, startWorkers } from "../world/server.ts";
import type { RangeRead } from "../workers/bare-reads.ts";

const NOTING_TENANT = { tenant: join(ROOT, "bench/workers/tenant-with-noted-reads.ts") };
const bucketOf = (server: BenchServer, worker: string) => server.miniflare.getR2Bucket("DATA", worker);

/** What each statement reads of data files, as the first statement of a process over them. */
export async function notedReads(littoral: LittoralServer, client: LittoralClient, statements: readonly string[]): Promise<RangeRead[][]> {
	const noted: RangeRead[][] = [];
	for (const sql of statements) {
		await littoral.restart(NOTING_TENANT);
		await client.at(littoral.url).query(sql);
		const worker = await littoral.miniflare.getWorker("littoral-tenant");
		noted.push((await (await worker.fetch("http://noted/")).json()) as RangeRead[]);
	}
	await littoral.restart();
	return noted;
}

/** The bare Worker, over a copy of all data files. */
export class ReadFloor {
	readonly #stateDir: string;
	#server: BenchServer | null = null;
	/** Of workerds that have ended since the last start, none is counted. */
	readonly cpuMs = (): number => this.#server?.cpuMs() ?? 0;

	/** @param stateDir its own */
	constructor(stateDir: string) {
		this.#stateDir = stateDir;
	}

	async copyFrom(littoral: LittoralServer): Promise<void> {
		const server = await this.#start();
		const [from, to] = await Promise.all([bucketOf(littoral, "littoral-tenant"), bucketOf(server, "bare-reads")]);
		for (const { key } of (await from.list({ prefix: "data/" })).objects) {
			const object = await from.get(key);
			if (object !== null) await to.put(key, await object.arrayBuffer());
		}
	}

	/**
	 * As cold as the system beside it: its workerd starts anew and has read other objects.
	 *
	 * @param warmUp what it reads before, each by a request of its own
	 */
	peer(reads: readonly RangeRead[], warmUp: readonly (readonly RangeRead[])[]): Peer<number> {
		return {
			name: "floor",
			cpuMs: this.cpuMs,
			prepare: async () => {
				await this.#start();
				for (const before of warmUp) await this.#read(before);
			},
			run: () => this.#read(reads),
		};
	}

	async stop(): Promise<void> {
		await this.#server?.stop();
		this.#server = null;
	}

	async #start(): Promise<BenchServer> {
		await this.stop();
		this.#server = await startWorkers(
			[{ name: "bare-reads", main: join(ROOT, "bench/workers/bare-reads.ts"), r2Buckets: { DATA: "bench" } }],
			this.#stateDir,
		);
		return this.#server;
	}

	async #read(reads: readonly RangeRead[]): Promise<number> {
		return (await post(this.#server as BenchServer, "/", JSON.stringify(reads))) as number;
	}
}
